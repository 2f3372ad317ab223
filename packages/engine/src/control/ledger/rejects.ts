import type { FlowId, RunId } from '@tidemark/contract/ids'
import { AppError } from '../../runtime/app-error.ts'
import type { Actor, NewReject, RejectFilter, RejectRow } from '../control-store.ts'
import type { StoreReader } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { audit } from './audit.ts'
import { batchAtWork, standingOf } from './guard.ts'

type Sql = StoreParts['sql']

export async function listRejects(
  { session, sql }: StoreParts,
  flow: FlowId | null,
  filter: RejectFilter = { state: 'open', limit: null },
): Promise<readonly RejectRow[]> {
  return (await session.all(sql.remembered.rejects({ flow, ...filter }))).toReversed()
}

export async function quarantine(
  { session, sql }: StoreParts,
  run: RunId,
  batch: number,
  token: bigint,
  rejects: readonly NewReject[],
): Promise<void> {
  await session.transaction(async (tx) => {
    await batchAtWork(tx, sql, run, batch, token)
    await putRejects(tx, sql, run, batch, rejects)
  })
}

/** Within a transaction that is under way: these keys, and no others, are what the batch left out. */
export async function putRejects(
  tx: StoreReader,
  sql: Sql,
  run: RunId,
  batch: number,
  rejects: readonly NewReject[],
): Promise<void> {
  await tx.all(sql.remembered.closeOthersOfBatch({ run, batch, keys: rejects.map((r) => r.key) }))
  if (rejects.length === 0) return
  const { flow } = await standingOf(tx, sql, run)
  await tx.all(sql.remembered.openRejects({ flow, run, batch, rows: rejects }))
}

/** Either all that were shown, or none: one that closed or vanished meanwhile was decided upon by somebody else. */
export async function dismissRejects(
  { session, sql }: StoreParts,
  flow: FlowId,
  ids: readonly number[],
  by: Actor,
): Promise<readonly RejectRow[]> {
  return await session.transaction(async (tx) => {
    const wanted = new Set(ids)
    const all = await tx.all(sql.remembered.rejects({ flow, state: 'open', limit: null }))
    const open = all.filter((r) => wanted.has(r.id)).toReversed()
    const number = await audit(tx, sql, {
      action: 'dismiss-rejects',
      subject: `rejects of ${flow}`,
      by,
      before: JSON.stringify(open.map(({ id, key, code, message, run }) => ({ id, key, code, message, run }))),
      after: JSON.stringify({ state: 'dismissed' }),
    })
    const closed = await tx.all(
      sql.remembered.dismissRejects({ flow, ids: [...wanted], by: `dismiss-${number}`, reason: by.reason }),
    )
    const missed = [...wanted].filter((id) => !closed.some((r) => r.id === id))
    if (missed.length > 0)
      throw new AppError('TM3013', `${flow}: ${missed.join(', ')}`, { facts: { flow, ids: missed.join(', ') } })
    return closed.toSorted((a, b) => a.id - b.id)
  })
}
