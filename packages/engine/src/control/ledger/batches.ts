import type { RowCounts } from '@tidemark/contract/row-counts'
import type { RunId } from '@tidemark/contract/ids'
import { BATCH, STEP, statesBefore } from '@tidemark/contract/states'
import { AppError } from '../../runtime/app-error.ts'
import type { RunError } from '../sql/statements.ts'
import type { NewReject } from '../control-store.ts'
import { first } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { batchAtWork, mustChange, nameOf, transition } from './guard.ts'
import { putRejects } from './rejects.ts'

/** A start in state `running` changes nothing, and each page not written is time saved at the next sync. */
const STEP_STARTS = statesBefore(STEP, 'start').filter((state) => state !== 'running')
const COMMITS_FROM = statesBefore(BATCH, 'commit')
const CLAIMS_FROM = statesBefore(BATCH, 'claim')
const FINISH_FROM = statesBefore(STEP, 'finish')

/**
 * A claim on a running batch takes it over from a worker that died. Most are one statement; where that finds nothing to
 * change, the questions are asked one by one: what refuses it, or the first batch of its step.
 */
export async function claimBatch(
  { session, sql, batchKeep }: StoreParts,
  run: RunId,
  batch: number,
  token: bigint,
): Promise<void> {
  if ((await session.write(sql.batch.claimInStep({ run, batch, states: CLAIMS_FROM, token }), batchKeep)).length === 1)
    return
  await session.transaction(async (tx) => {
    const { step, state } = await batchAtWork(tx, sql, run, batch, token)
    const go = transition(BATCH, state, 'claim', nameOf(run, batch))
    if (go === 'ignored') return
    mustChange(await tx.all(sql.batch.claim({ run, batch, states: go.from, token })), nameOf(run, batch))
    await tx.all(sql.batch.moveStep({ run, step, states: STEP_STARTS, to: 'running' }))
  }, batchKeep)
}

/** The lease is looked at by the statement that changes the batch; where that changes nothing, why is asked. */
export async function batchDone(
  { session, sql, batchKeep }: StoreParts,
  run: RunId,
  batch: number,
  token: bigint,
  rows: RowCounts,
  rejects?: readonly NewReject[],
): Promise<void> {
  const keep = rejects === undefined || rejects.length === 0 ? batchKeep : 'synced'
  await session.transaction(async (tx) => {
    const step = await first(tx, sql.batch.commit({ run, batch, states: COMMITS_FROM, token, rows }))
    if (step === null) {
      const { state } = await batchAtWork(tx, sql, run, batch, token)
      if (transition(BATCH, state, 'commit', nameOf(run, batch)) === 'ignored') return
      throw new AppError('TM3010', `${nameOf(run, batch)} changed in between`)
    }
    await tx.all(sql.batch.addToStep({ run, step, finishFrom: FINISH_FROM, rows }))
    mustChange(await tx.all(sql.run.addBatch({ id: run, states: ['running'], rows })), run)
    if (rejects !== undefined) await putRejects(tx, sql, run, batch, rejects)
  }, keep)
}

/** The step fails with it, until the batch is claimed again. */
export async function batchFailed(
  { session, sql }: StoreParts,
  run: RunId,
  batch: number,
  token: bigint,
  error: RunError,
  worker?: string,
): Promise<boolean> {
  return await session.transaction(async (tx) => {
    const { step, state, worker: has } = await batchAtWork(tx, sql, run, batch, token)
    if (worker !== undefined && worker !== has) return false
    const go = transition(BATCH, state, 'fail', nameOf(run, batch))
    if (go === 'ignored') return true
    mustChange(await tx.all(sql.batch.fail({ run, batch, states: go.from, error })), nameOf(run, batch))
    await tx.all(sql.batch.moveStep({ run, step, states: ['running'], to: 'failed' }))
    return true
  })
}
