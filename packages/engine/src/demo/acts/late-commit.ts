import { editFiles, putLetter } from '../changes.ts'
import { FLOW } from '../demo-yaml.ts'
import { counted } from '../narrator.ts'
import { did, found, playOneRun, type Stage } from '../stage.ts'

const EDITED = 5

/** A transaction that began before others, writes and commits after them: its rows bear a stamp older than theirs. */
export async function lateCommit(stage: Stage): Promise<void> {
  const { narrator, database, arrivals, tidemark } = stage
  if (!database.shared) return
  narrator.act('A transaction that commits late')
  const edited = await database.inOffice((slow) =>
    slow.inTransaction(async () => {
      // it has only read, so it has no number yet: that it is open is all there is to know of it
      const [[began] = []] = await slow.rows('SELECT CAST(now() AS VARCHAR)')
      const edited = await database.inOffice((others) =>
        editFiles(others, { files: EDITED, unit: null, salt: 'while another is open' }),
      )
      narrator.text(
        `Somebody opens a transaction at ${began} and has not written yet.`,
        `Others edit ${counted(edited, 'file')} after that, and commit.`,
      )
      const held = await playOneRun(stage)
      narrator.check(
        held.status === 'nothing_to_do' && Number(held.waiting?.rows) === edited,
        `nothing to do yet: the window ends below that transaction, and ${edited} rows wait`,
        `${found(held)}, ${held.waiting?.rows ?? 0} rows wait`,
      )
      narrator.command(`tidemark plan ${FLOW}`)
      const plan = await tidemark.play(['plan', FLOW])
      const holder = plan.stdout.split('\n').find((line) => line.includes('held back by transaction')) ?? ''
      narrator.quote(holder)
      narrator.check(holder !== '', 'the plan says which transaction holds it back', `${plan.stdout}${plan.stderr}`)
      await putLetter(slow, arrivals)
      return edited
    }),
  )
  narrator.text(
    'Now it writes a letter, stamped with its own beginning, and commits: older than all that the run has seen.',
  )
  const after = await playOneRun(stage)
  narrator.check(did(after, 1, edited), `1 inserted, ${edited} updated: the window had not passed it`, found(after))
}
