/** How a worker that joined a run was through with it. */
import type { ErrorCode } from '@tidemark/contract/error-codes'
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { RunState } from '@tidemark/contract/states'
import type { RunRow } from '../control/control-store.ts'
import { AppError, asAppError, Cancelled } from '../runtime/app-error.ts'
import { isLive, nobody, type Ownership } from './find-owner.ts'
import type { RunDeps, Stop } from './run-deps.ts'

/** What this worker brought in, and how the run stood when it was through. */
export interface Joined {
  readonly run: RunRow
  readonly rows: RowCounts
  readonly batches: number
  readonly durationMs: number
  /** `joined`: nothing was left to claim, and the owner settles */
  readonly status: RunState | 'joined'
  readonly reason: string | null
  readonly error: { readonly code: ErrorCode; readonly message: string } | null
  readonly remedy: readonly string[]
}

/** How it ended for this worker, by what the ledger says now. */
export async function outcome(
  { store }: RunDeps,
  id: RunRow['id'],
  owned: Ownership | null,
  error: unknown,
  stop: Stop,
): Promise<Pick<Joined, 'run' | 'status' | 'reason' | 'error' | 'remedy'>> {
  const run = await store.ledger.getRun(id)
  const ended = (
    status: Joined['status'],
    reason: string | null,
    e: AppError | null = null,
  ): Pick<Joined, 'run' | 'status' | 'reason' | 'error' | 'remedy'> => ({
    run,
    status,
    reason,
    error: e && { code: e.code, message: e.message },
    remedy: e?.remedy ?? [],
  })
  if (error !== null && (error instanceof Cancelled || stop.soft.aborted || stop.hard.aborted))
    return ended(
      'cancelled',
      `${error instanceof Cancelled ? error.message : 'asked to stop'}; the run goes on without it`,
    )
  if (run.state !== 'running') return { run, status: run.state, reason: run.reason, error: run.error, remedy: [] }
  const work = await store.ledger.findWork(id)
  if (error === null) {
    if (isLive(await store.leases.find(run.flow))) return ended('joined', 'nothing is left for it: the owner settles')
    return ended('failed', null, nobody(id, `all batches of ${id} are in, and nobody is there to settle it`))
  }
  if (work.token !== owned?.token || !work.held)
    return ended('failed', null, new AppError('TM3002', `${id} is run by another now`))
  return ended('failed', null, asAppError(error))
}
