/** Which of a wave's free batches a worker gets, and who attends to a run. */
import type { RunId } from '@tidemark/contract/ids'
import { BATCH, STEP, statesBefore } from '@tidemark/contract/states'
import { AppError } from '../../runtime/app-error.ts'
import type { LeaseOwner } from '../control-store.ts'
import type { Claim, RunWork, WaveRange } from '../run-workers.ts'
import { first } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { holding, unexpectedState } from './guard.ts'

const STEP_STARTS = statesBefore(STEP, 'start').filter((state) => state !== 'running')
const CLAIMS_FROM = statesBefore(BATCH, 'claim')

/**
 * Most claims are one statement. It finds nothing where the step is not under way (its first claim, or one of its batches
 * failed) and where no batch is free from `wave.from` on: then the whole wave is looked at.
 */
export async function claimNext(
  { session, sql, batchKeep }: StoreParts,
  run: RunId,
  wave: WaveRange,
  token: bigint,
  worker: string,
): Promise<Claim> {
  const claim = { run, states: CLAIMS_FROM, token, worker }
  const [claimed] = await session.write(sql.batch.claimNext({ ...claim, wave, inStep: true }), batchKeep)
  if (claimed !== undefined) return claimed
  return await session.transaction(async (tx) => {
    const { state } = await holding(tx, sql, run, token)
    if (state !== 'running') throw unexpectedState(run, state)
    const standing = await first(tx, sql.batch.wave({ run, wave, token }))
    const open = standing?.open ?? 0
    const failed = standing?.failed ?? null
    if (failed !== null) {
      const error = (await first(tx, sql.batch.standing({ run, batch: failed })))?.error ?? null
      return {
        batch: null,
        open,
        failed: { batch: failed, code: error?.code ?? 'TM9001', message: error?.message ?? '' },
      }
    }
    const whole = { ...wave, from: wave.first }
    const late = await first(tx, sql.batch.claimNext({ ...claim, wave: whole, inStep: false }))
    if (late === null) return { batch: null, open, failed: null }
    await tx.all(sql.batch.moveStep({ run, step: wave.step, states: STEP_STARTS, to: 'running' }))
    return late
  }, batchKeep)
}

export async function join(
  { session, sql, batchKeep }: StoreParts,
  run: RunId,
  token: bigint,
  worker: LeaseOwner,
  ttlMs: number,
): Promise<boolean> {
  return await session.transaction(async (tx) => {
    const joined = (await tx.all(sql.worker.join({ run, token, worker, ttlMs }))).length === 1
    if (joined) await tx.all(sql.worker.clear({ run, token }))
    return joined
  }, batchKeep)
}

export async function attend(
  { session, sql, batchKeep }: StoreParts,
  run: RunId,
  token: bigint,
  worker: string,
  ttlMs: number,
): Promise<boolean> {
  return (await session.write(sql.worker.attend({ run, token, worker, ttlMs }), batchKeep)).length === 1
}

export async function leave({ session, sql, batchKeep }: StoreParts, run: RunId, worker: string): Promise<void> {
  await session.write(sql.worker.leave({ run, worker }), batchKeep)
}

/** TM1004: there is no run of that id. */
export async function findWork({ session, sql }: StoreParts, run: RunId): Promise<RunWork> {
  const work = await first(session, sql.worker.standing({ run }))
  if (work === null) throw new AppError('TM1004', run, { facts: { run } })
  return work
}
