import { numberOf } from '../demo-database.ts'
import { count, counted } from '../narrator.ts'
import { did, found, playOneRun, type Stage } from '../stage.ts'

/** Deploys the definitions and moves everything there is. */
export async function initialLoad(stage: Stage): Promise<void> {
  const { narrator, tidemark, database } = stage
  narrator.act('Initial load')
  const rows = await database.inOffice((office) => numberOf(office, 'SELECT count(*) FROM files'))

  narrator.command('tidemark deploy --yes')
  const deployed = await tidemark.play(['deploy', '--yes'])
  narrator.check(deployed.exit === 0, 'the YAML of the project is in the control tables', deployed.stderr.trim())

  const run = await playOneRun(stage)
  narrator.check(
    did(run, rows, 0),
    `${count(rows)} rows inserted, all there are: ${counted(run.batches, 'batch', 'batches')}, parents before children`,
    found(run),
  )
  narrator.text(`The watermark is now ${run.window?.up_to ?? 'unknown'} (UTC).`)

  const again = await playOneRun(stage)
  narrator.check(again.status === 'nothing_to_do', `nothing to do: ${again.reason ?? ''}`, found(again))
}
