import type { ShowDocument } from '@tidemark/contract/api'
import { editFiles } from '../changes.ts'
import { numberOf } from '../demo-database.ts'
import { FLOW } from '../demo-yaml.ts'
import { count, counted } from '../narrator.ts'
import { did, found, playRun, type Stage } from '../stage.ts'

const MOST_EDITED = 1_500
const BATCHES = 15
/** dies when it is about to commit so many-th batch */
const DEADLY = 6

/** A run dies in mid-batch, as a machine does; the next command goes on from there. */
export async function killAndResume(stage: Stage): Promise<void> {
  const { narrator, database, tidemark } = stage
  narrator.act('A crash in mid-run')
  const edited = await database.inOffice(async (office) =>
    editFiles(office, {
      files: Math.min(MOST_EDITED, await numberOf(office, 'SELECT count(*) FROM files WHERE NOT is_directory')),
      unit: null,
      salt: 'before the crash',
    }),
  )
  const batchRows = String(Math.max(1, Math.ceil(edited / BATCHES)))
  narrator.text(
    `${counted(edited, 'file')} edited. The run is killed with SIGKILL when it is about to commit its ${DEADLY}th batch.`,
  )
  const options = ['run', FLOW, '--batch-rows', batchRows]
  narrator.command(`TIDEMARK_FAILPOINT=batch:before-commit:${DEADLY} tidemark ${options.join(' ')}`)
  const ended = await tidemark.play([...options, '--json'], `batch:before-commit:${DEADLY}`)
  narrator.check(
    ended.exit !== 0 && ended.stdout === '',
    'it is dead: no answer, no goodbye',
    `exit ${ended.exit}\n${ended.stdout}${ended.stderr}`,
  )

  const { runs } = await tidemark.runs(FLOW)
  const [killed] = runs
  const before = batchesOf(await tidemark.show(killed?.run ?? ''))
  narrator.check(
    killed?.status === 'running' && before.done > 0 && before.done < before.all,
    `the ledger has ${killed?.run} as running, ${before.done} of its ${before.all} batches in`,
    `${killed?.run} ${killed?.status}, ${before.done} of ${before.all}`,
  )

  const few = await database.inOffice((office) => editFiles(office, { files: 2, unit: null, salt: 'after the crash' }))
  narrator.text(`${counted(few, 'more file')} edited before somebody notices. The same command again:`)
  const [resumed, next] = await playRun(stage)
  narrator.check(
    resumed?.run === killed?.run && resumed?.status === 'succeeded' && resumed.rows.skipped_same === 0,
    `${resumed?.run} again, the same window: the ${before.done} batches that were in were not done again`,
    resumed === undefined ? 'no run' : `${resumed.run} ${found(resumed)}`,
  )
  const after = batchesOf(await tidemark.show(resumed?.run ?? ''))
  narrator.check(after.done === after.all, `all of its ${after.all} batches are in`, `${after.done} of ${after.all}`)
  const touched = Number(resumed?.rows.updated ?? 0) + Number(next?.rows.updated ?? 0)
  narrator.check(
    next !== undefined && did(next, 0, few) && touched >= edited,
    `then ${next?.run ?? 'a new run'} with what came after it: ${count(touched)} rows updated by both, none lost`,
    next === undefined ? 'no second run' : `${found(next)} after ${count(resumed?.rows.updated ?? 0)}`,
  )
}

const batchesOf = ({ steps }: ShowDocument): { readonly done: number; readonly all: number } => ({
  done: steps.reduce((n, s) => n + s.batches_done, 0),
  all: steps.reduce((n, s) => n + s.batches, 0),
})
