import { AppError } from '../../runtime/app-error.ts'
import type { Actor, Pruned } from '../control-store.ts'
import { first, type StoreReader } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { audit } from './audit.ts'

export async function previewPrune({ session, sql }: StoreParts, keepMs: number): Promise<Pruned> {
  return await session.snapshot((view) => counted(view, sql, keepMs))
}

/** The audit keeps that it was done, and every other action whose subject was such a run. */
export async function pruneRuns({ session, sql }: StoreParts, keepMs: number, by: Actor): Promise<Pruned> {
  return await session.transaction(async (tx) => {
    const { prune } = sql
    const lock = prune.lock()
    if (lock !== null) await tx.all(lock)
    const pruned = await counted(tx, sql, keepMs)
    const { before } = pruned
    const parts = [...prune.deleteRemembered({ before }), ...prune.deleteProgress({ before })]
    for (const statement of [...parts, prune.deleteRuns({ before })]) await tx.all(statement)
    const groups = (await tx.all(prune.deleteGroups({ before }))).length
    await audit(tx, sql, {
      action: 'prune-runs',
      subject: `runs that ended before ${before}`,
      by,
      before: null,
      after: JSON.stringify({ runs: pruned.runs, batches: pruned.batches, groups, kept: pruned.kept }),
    })
    return { ...pruned, groups }
  })
}

async function counted(view: StoreReader, sql: StoreParts['sql'], keepMs: number): Promise<Pruned> {
  const before = await first(view, sql.prune.cutoff({ keepMs }))
  const runs = before === null ? null : await first(view, sql.prune.count({ before }))
  const groups = before === null ? null : await first(view, sql.prune.countGroups({ before }))
  if (before === null || runs === null || groups === null) throw new AppError('TM3005', 'the store does not count')
  return { before, ...runs, groups }
}
