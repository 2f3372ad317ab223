import { UNITS } from '../business-units.ts'
import { editFiles } from '../changes.ts'
import { did, found, playOneRun, positionOf, type Stage } from '../stage.ts'

const EDITED = { [UNITS[0]]: 12, [UNITS[1]]: 9 }

/** One business unit alone: the others, and the watermark of all, stay where they are. */
export async function scopedRun(stage: Stage): Promise<void> {
  const { narrator, database, tidemark } = stage
  const [ours, theirs] = UNITS
  narrator.act('One business unit alone')
  const before = positionOf(await tidemark.watermarks())
  const edited = await database.inOffice(async (office) => ({
    ours: await editFiles(office, { files: EDITED[ours], unit: ours, salt: 'one unit' }),
    theirs: await editFiles(office, { files: EDITED[theirs], unit: theirs, salt: 'one unit' }),
  }))
  narrator.text(`${edited.ours} files of ${ours} edited, ${edited.theirs} of ${theirs}.`)

  const scoped = await playOneRun(stage, '--scope', `business_unit=${ours}`)
  narrator.check(did(scoped, 0, edited.ours), `${edited.ours} updated: ${ours} alone`, found(scoped))
  const marks = await tidemark.watermarks()
  const [whole, own, other] = [
    positionOf(marks),
    positionOf(marks, { business_unit: ours }),
    positionOf(marks, { business_unit: theirs }),
  ]
  narrator.check(
    whole === before && own !== null && own !== before && other === null,
    `watermark of ${ours}: ${own}; of all: ${whole}, where it was`,
    `of all ${before} → ${whole}, of ${ours} ${own}, of ${theirs} ${other}`,
  )

  const all = await playOneRun(stage)
  narrator.check(
    did(all, 0, edited.theirs) && all.rows.skipped_same === edited.ours,
    `${edited.theirs} updated: ${theirs} is not lost; the ${edited.ours} of ${ours} were the same already`,
    found(all),
  )
}
