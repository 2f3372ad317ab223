/** Runs of the ledger as the documents of `contract/api.ts`. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { RunDocument, RunFacts, RunJson, RunsDocument } from '@tidemark/contract/api'
import { parseScopeText } from '@tidemark/contract/flow'
import type { Extracted } from '../capture/capture-mode.ts'
import { type RunRow } from '../control/control-store.ts'
import type { Planned } from '../plan/flow-plan.ts'
import type { Joined } from '../run/joined.ts'
import { asAppError } from '../runtime/app-error.ts'

/** A JSON number up to 2^53, text beyond. */
export const countJson = (n: bigint): number | string => (n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : String(n))

export const rowsJson = (r: RowCounts): RunJson['rows'] => ({
  read: countJson(r.read),
  inserted: countJson(r.inserted),
  updated: countJson(r.updated),
  deleted: countJson(r.deleted),
  skipped_same: countJson(r.skippedSame),
  skipped_older: countJson(r.skippedOlder),
  rejected: countJson(r.rejected),
})

export const windowJson = (
  w: { readonly after: string | null; readonly upTo: string | null; readonly decidedBy: string } | null,
): RunJson['window'] => w && { after: w.after, up_to: w.upTo, decided_by: w.decidedBy }

const factsOf = (run: RunRow): RunFacts => ({
  run: run.id,
  flow: run.flow,
  scope: parseScopeText(run.scope),
  status: run.state,
  reason: run.reason,
  lane: run.lane,
  window: windowJson(run.window),
  waiting: run.waiting && { rows: countJson(run.waiting.rows), until: run.waiting.until },
  rows: rowsJson(run.rows),
  batches: run.batchesDone,
  duration_ms: run.durationMs,
  error: run.error,
})

export const runJson = (run: RunRow): RunJson => ({ ...factsOf(run), remarks: [] })

/** The run, with what one worker that joined it did. */
export const joinedJson = ({ run, ...own }: Joined): RunJson => ({
  ...runJson(run),
  status: own.status,
  reason: own.reason,
  waiting: null,
  rows: rowsJson(own.rows),
  batches: own.batches,
  duration_ms: own.durationMs,
  error: own.error,
})

export const runsJson = (run: RunRow): RunsDocument['runs'][number] => ({
  ...factsOf(run),
  group: run.group,
  actor: run.actor,
  command: run.command,
  started_at: run.startedAt,
  finished_at: run.finishedAt,
  attempts: run.attempts,
  superseded_by: run.supersededBy,
})

const nothingYet = { run: null, lane: null, window: null, waiting: null, rows: rowsJson(NO_ROWS), batches: 0 } as const

/** A flow that could not even be planned. */
export function failedJson(flow: string, scope: Readonly<Record<string, string>>, error: unknown, ms: number): RunJson {
  const e = asAppError(error)
  return {
    ...nothingYet,
    flow,
    scope,
    status: 'failed',
    reason: null,
    duration_ms: ms,
    error: { code: e.code, message: e.message },
    remarks: [],
  }
}

/** A flow that has no run: nobody got to it. */
export const notBegunJson = (
  flow: string,
  scope: Readonly<Record<string, string>>,
  status: 'skipped' | 'cancelled',
  reason: string,
  ms: number,
): RunJson => ({ ...nothingYet, flow, scope, status, reason, duration_ms: ms, error: null, remarks: [] })

/** What a run would do: read, counted, and not written. */
export interface Weighed {
  readonly counts: RowCounts
  readonly batches: number
  /** by a capture that takes all rows out first; null: it does not */
  readonly found: Pick<Extracted, 'reason'> | null
}

export function dryRunJson(
  flow: string,
  scope: Readonly<Record<string, string>>,
  planned: Planned,
  { counts, batches, found }: Weighed,
  ms: number,
): RunJson {
  const it = planned.kind === 'nothing' ? planned.nothing : planned.plan
  const common = { ...nothingYet, flow, scope, duration_ms: ms, error: null, lane: it.lane, remarks: [] }
  return {
    ...common,
    status: planned.kind === 'nothing' ? 'nothing_to_do' : 'dry_run',
    reason:
      planned.kind === 'nothing'
        ? planned.nothing.reason
        : ['nothing was written', ...(found === null ? [] : [found.reason])].join('; '),
    window: windowJson(it.window),
    waiting: it.waiting && { rows: countJson(BigInt(it.waiting.rows)), until: it.waiting.until },
    rows: rowsJson(counts),
    batches,
  }
}

export const runDocument = (group: string | null, runs: readonly RunJson[]): RunDocument => ({ group, runs: [...runs] })
