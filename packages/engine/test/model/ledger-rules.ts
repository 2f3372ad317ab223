/** What holds in the ledger whenever no run is under way. */
import { NO_ROWS, addCounts } from '@tidemark/contract/row-counts'
import type { FlowId } from '@tidemark/contract/ids'
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import { type LedgerStore, type RunRow } from '../../src/control/control-store.ts'

const ENDED_WELL: readonly string[] = ['succeeded', 'succeeded_with_rejects', 'nothing_to_do']
const isUnfinished = (run: RunRow): boolean => UNFINISHED_RUN_STATES.some((s) => s === run.state)
const text = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v))

function need(holds: boolean, rule: string, facts: unknown): void {
  if (!holds) throw new Error(`${rule}: ${text(facts)}`)
}

/** Throws at the first rule that is broken. `runs`: newest first. */
export async function checkLedger(
  ledger: LedgerStore,
  flow: FlowId,
  runs: readonly RunRow[],
  checked: ReadonlySet<string>,
): Promise<void> {
  const seen = new Set<string>()
  for (const run of runs) {
    need(!isUnfinished(run) || !seen.has(run.scope), 'only the newest run of a scope is unfinished', {
      run: run.id,
      state: run.state,
    })
    seen.add(run.scope)
    if (!checked.has(run.id)) await checkRun(ledger, run)
  }
  const byId = new Map(runs.map((r) => [String(r.id), r]))
  for (const mark of await ledger.listWatermarks()) {
    if (mark.flow !== flow || !mark.run.startsWith('r-')) continue
    const run = byId.get(mark.run)
    need(run !== undefined && ENDED_WELL.includes(run.state), 'a watermark names the run that earned it', mark)
    need(
      run?.scope === mark.scope && run.window?.upTo === mark.position,
      "a watermark is the upTo of its own scope's run",
      { mark, window: run?.window },
    )
  }
}

async function checkRun(ledger: LedgerStore, run: RunRow): Promise<void> {
  const batches = await ledger.listBatches(run.id)
  const done = batches.filter((b) => b.state === 'done')
  const open = batches.filter((b) => b.state !== 'done' && b.state !== 'superseded')
  need(new Set(batches.map((b) => b.batch)).size === batches.length, 'batch numbers are unique in a run', run.id)
  need(run.batchesDone === done.length, 'a run counts the batches that are done', {
    run: run.id,
    said: run.batchesDone,
    is: done.length,
  })
  need(
    run.error === null || run.state === 'failed' || run.state === 'superseded',
    'only a failed run has an error',
    run,
  )
  if (!ENDED_WELL.includes(run.state)) return
  need(open.length === 0, 'a run that ended well has no open batch', { run: run.id, open })
  need(run.finishedAt !== null, 'a run that ended says when', run.id)
  for (const step of await ledger.listSteps(run.id))
    need(step.state === 'done', 'a run that ended well has no open step', step)
  const rows = { ...done.reduce((sum, b) => addCounts(sum, b.rows), NO_ROWS), rejected: run.rows.rejected }
  need(text(rows) === text(run.rows), 'the rows of a run are those of its batches', { run: run.rows, batches: rows })
}
