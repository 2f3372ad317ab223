import type { RowCounts } from '@tidemark/contract/row-counts'
import type { RunId } from '@tidemark/contract/ids'
import { BATCH, STEP, statesBefore } from '@tidemark/contract/states'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchStanding, RunError } from '../sql/statements.ts'
import { first, type StoreReader } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { holding, mustChange, transition, unexpectedState } from './guard.ts'

/** A start in state `running` changes nothing, and each page not written is time saved at the next sync. */
const STEP_STARTS = statesBefore(STEP, 'start').filter((state) => state !== 'running')

const nameOf = (run: RunId, batch: number): string => `${run} batch ${batch}`

/** Under the lease, the run running: where the batch stands. */
async function working(
  tx: StoreReader,
  sql: StoreParts['sql'],
  run: RunId,
  batch: number,
  token: bigint,
): Promise<BatchStanding> {
  const { state } = await holding(tx, sql, run, token)
  if (state !== 'running') throw unexpectedState(run, state)
  const standing = await first(tx, sql.batch.standing({ run, batch }))
  if (standing === null) throw new AppError('TM3010', `${nameOf(run, batch)} does not exist`)
  return standing
}

/** A claim on a running batch takes it over from a worker that died. */
export async function claimBatch(
  { session, sql }: StoreParts,
  run: RunId,
  batch: number,
  token: bigint,
): Promise<void> {
  await session.transaction(async (tx) => {
    const { step, state } = await working(tx, sql, run, batch, token)
    const go = transition(BATCH, state, 'claim', nameOf(run, batch))
    if (go === 'ignored') return
    mustChange(await tx.all(sql.batch.claim({ run, batch, states: go.from, token })), nameOf(run, batch))
    await tx.all(sql.batch.moveStep({ run, step, states: STEP_STARTS, to: 'running' }))
  })
}

export async function batchDone(
  { session, sql }: StoreParts,
  run: RunId,
  batch: number,
  token: bigint,
  rows: RowCounts,
): Promise<void> {
  await session.transaction(async (tx) => {
    const { step, state } = await working(tx, sql, run, batch, token)
    const go = transition(BATCH, state, 'commit', nameOf(run, batch))
    if (go === 'ignored') return
    mustChange(await tx.all(sql.batch.commit({ run, batch, states: go.from, rows })), nameOf(run, batch))
    await tx.all(sql.batch.addToStep({ run, step, rows }))
    await tx.all(sql.batch.finishStep({ run, step, states: statesBefore(STEP, 'finish') }))
    mustChange(await tx.all(sql.run.addBatch({ id: run, states: ['running'], rows })), run)
  })
}

/** The step fails with it, until the batch is claimed again. */
export async function batchFailed(
  { session, sql }: StoreParts,
  run: RunId,
  batch: number,
  token: bigint,
  error: RunError,
): Promise<void> {
  await session.transaction(async (tx) => {
    const { step, state } = await working(tx, sql, run, batch, token)
    const go = transition(BATCH, state, 'fail', nameOf(run, batch))
    if (go === 'ignored') return
    mustChange(await tx.all(sql.batch.fail({ run, batch, states: go.from, error })), nameOf(run, batch))
    await tx.all(sql.batch.moveStep({ run, step, states: ['running'], to: 'failed' }))
  })
}
