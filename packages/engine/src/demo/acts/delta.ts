import { addFiles, announceFiles, deliverAnnounced, editFiles, moveFolder } from '../changes.ts'
import { numberOf } from '../demo-database.ts'
import { FLOW } from '../demo-yaml.ts'
import { count, counted } from '../narrator.ts'
import { did, found, playOneRun, type Stage } from '../stage.ts'

const EDITED = 25

/** Files edited, added and moved; metadata whose files are still on their way. */
export async function delta(stage: Stage): Promise<void> {
  const { narrator, database, arrivals } = stage
  narrator.act('A day of changes')
  const { edited, added, move, changed, announced } = await database.inOffice(async (office) => {
    const edited = await editFiles(office, { files: EDITED, unit: null, salt: 'a day of changes' })
    const added = await addFiles(office, arrivals)
    const move = await moveFolder(office, arrivals)
    const changed = await numberOf(
      office,
      "SELECT count(*) FROM files WHERE stream_id IN (SELECT stream_id FROM edited) OR path_locator = $1 OR starts_with(path_locator, $1 || '/')",
      [move?.to ?? null],
    )
    return { edited, added, move, changed, announced: await announceFiles(office, arrivals) }
  })
  narrator.text(`${counted(edited, 'file')} edited; ${added} rows added in a new folder "${arrivals}"`)
  if (move !== null)
    narrator.text(
      `folder ${move.from} moved into it: ${counted(move.rowsBelow, 'row')} in ${counted(move.levels, 'level')} below it have new locators,`,
      'but only the metadata of the folder itself were touched',
    )
  narrator.text(`metadata of ${announced} files that are not there yet`)

  const run = await playOneRun(stage)
  narrator.check(
    did(run, added, changed),
    `${added} inserted, ${count(changed)} updated${move === null ? '' : ': the whole subtree came along'}`,
    found(run),
  )
  const remembered = await unmatched(stage)
  narrator.check(
    remembered === announced,
    `${announced} positions without a file are remembered (tidemark status)`,
    `${remembered}`,
  )

  narrator.act('Rows that arrive late')
  const late = await database.inOffice((office) => deliverAnnounced(office, arrivals))
  narrator.text(`The ${late} files are there now; their metadata lie before the watermark, in a window long read.`)
  const next = await playOneRun(stage)
  narrator.check(did(next, late, 0), `${late} inserted: they were remembered and looked up again`, found(next))
  const left = await unmatched(stage)
  narrator.check(left === 0, 'none is waited for any more', `${left}`)
}

/** Positions that are remembered because their row is not there yet. */
async function unmatched({ tidemark }: Stage): Promise<number> {
  const { flows } = await tidemark.status()
  return flows.filter((f) => f.flow === FLOW).reduce((n, f) => n + Number(f.unmatched), 0)
}
