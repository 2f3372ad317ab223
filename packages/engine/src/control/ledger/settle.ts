import type { RunId } from '@tidemark/contract/ids'
import { RUN, STEP, statesBefore } from '@tidemark/contract/states'
import { AppError } from '../../runtime/app-error.ts'
import type { Settlement } from '../control-store.ts'
import type { RunStanding } from '../sql/statements.ts'
import { first, type StoreTransaction } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { holding, mustChange, transition } from './guard.ts'
import { setWatermark } from './watermarks.ts'

const GONE = 'the source has no such row any more'

const EVENT = {
  succeeded: 'succeed',
  succeeded_with_rejects: 'succeed_with_rejects',
  nothing_to_do: 'find_nothing',
} as const

/** A watermark is earned: the run's end, its watermark and what it leaves for later runs are one commit, or none of it. */
export async function settle(
  { session, sql }: StoreParts,
  id: RunId,
  token: bigint,
  settlement: Settlement,
): Promise<void> {
  await session.transaction(async (tx) => {
    const run = await holding(tx, sql, id, token)
    if (!run.live) {
      throw new AppError('TM3002', `the lease of ${run.flow} under token ${token} has expired`, {
        facts: { run: id, token },
      })
    }
    const go = transition(RUN, run.state, EVENT[settlement.state], id)
    if (go === 'ignored') return
    await finishSteps(tx, sql, id)
    await moveWatermark(tx, sql, id, run, settlement.watermark)
    await remember(tx, sql, id, run, settlement)
    const { reason, rows } = settlement
    mustChange(await tx.all(sql.run.end({ id, states: go.from, to: go.to, reason, error: null, rows })), id)
  })
}

/** Every batch is in, so every step is done; one without batches starts and finishes here. */
async function finishSteps(tx: StoreTransaction, sql: StoreParts['sql'], id: RunId): Promise<void> {
  const open = (await first(tx, sql.batch.countOpen({ run: id }))) ?? 0
  if (open > 0) throw new AppError('TM3010', `${id} has ${open} unfinished batches`, { facts: { run: id, open } })
  for (const { step, state } of await tx.all(sql.batch.steps({ run: id }))) {
    if (state === 'done' || state === 'superseded') continue
    if (state !== 'running')
      await tx.all(sql.batch.moveStep({ run: id, step, states: statesBefore(STEP, 'start'), to: 'running' }))
    mustChange(
      await tx.all(sql.batch.finishStep({ run: id, step, states: statesBefore(STEP, 'finish') })),
      `${id} step ${step}`,
    )
  }
}

async function moveWatermark(
  tx: StoreTransaction,
  sql: StoreParts['sql'],
  id: RunId,
  { flow, scope }: RunStanding,
  watermark: Settlement['watermark'],
): Promise<void> {
  if (watermark === null) return
  const { expected, position, coverage, source } = watermark
  await setWatermark(tx, sql, { flow, scope, position, run: id, coverage, source }, expected)
}

async function remember(
  tx: StoreTransaction,
  sql: StoreParts['sql'],
  run: RunId,
  { flow, scope }: RunStanding,
  { unmatched, rejects, look }: Settlement,
): Promise<void> {
  const { found, givenUp } = unmatched
  if (found.length > 0) await tx.all(sql.remembered.closeUnmatched({ flow, run, keys: found, to: 'found' }))
  if (givenUp.length > 0) await tx.all(sql.remembered.closeUnmatched({ flow, run, keys: givenUp, to: 'given_up' }))
  if (unmatched.open.length > 0) await tx.all(sql.remembered.openUnmatched({ flow, run, rows: unmatched.open }))
  const { delivered, gone = [] } = rejects
  if (delivered.length > 0) await tx.all(sql.remembered.closeRejects({ flow, run, keys: delivered, reason: null }))
  if (gone.length > 0) await tx.all(sql.remembered.closeRejects({ flow, run, keys: gone, reason: GONE }))
  if (rejects.open.length > 0) await tx.all(sql.remembered.openRejects({ flow, run, batch: null, rows: rejects.open }))
  if (look !== null) await tx.all(sql.remembered.putLook({ flow, scope, value: look, run }))
}
