/** `tidemark rejects list | retry | dismiss`: what is in quarantine, and what becomes of it. */
import type { RejectsDocument, RunDocument } from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import type { ControlStore, RejectRow } from '../control/control-store.ts'
import { runFlow } from '../run/run-flow.ts'
import { AppError } from '../runtime/app-error.ts'
import type { App, RejectSelection } from './app.ts'
import { type AppContext, runDeps } from './app-context.ts'
import { parseRejectKey } from './reject-key.ts'
import { runDocument, runJson } from './run-json.ts'
import { DEFAULT_WORKERS } from './default-workers.ts'
import { findFlow, knownFlow } from './select-flows.ts'

const documentOf = (rows: readonly RejectRow[]): RejectsDocument => ({
  rejects: rows.map((r) => ({
    id: r.id,
    flow: r.flow,
    key: parseRejectKey(r.key),
    code: r.code,
    message: r.message,
    status: r.state,
    run: r.run,
    batch: r.batch,
    times: r.times,
    created_at: r.createdAt,
    last_at: r.lastAt,
    closed_at: r.closedAt,
    closed_by: r.closedBy,
    closed_reason: r.closedReason,
  })),
})

export async function listRejects(
  ctx: AppContext,
  { flow, all, limit }: Parameters<App['listRejects']>[0],
): Promise<RejectsDocument> {
  const store = await ctx.store('read')
  const id = flow === null ? null : knownFlow((await ctx.catalog('read')).flows, flow).id
  return documentOf(await store.ledger.listRejects(id, { state: all ? 'all' : 'open', limit }))
}

export async function openRejects(ctx: AppContext, which: RejectSelection): Promise<RejectsDocument> {
  return documentOf(await chosen(ctx, await ctx.store('read'), which))
}

async function chosen(
  ctx: AppContext,
  store: ControlStore,
  { flow, keys, ids }: RejectSelection,
): Promise<readonly RejectRow[]> {
  const { id } = knownFlow((await ctx.catalog('read')).flows, flow)
  const open = await store.ledger.listRejects(id)
  if (keys.length + ids.length === 0) return open
  const wanted = new Set(keys.map((key) => JSON.stringify(parseRejectKey(key))))
  const numbers = new Set(ids)
  const missing = [
    ...[...wanted].filter((key) => !open.some((r) => r.key === key)),
    ...[...numbers].filter((n) => !open.some((r) => r.id === n)),
  ]
  if (missing.length > 0) throw new AppError('TM3013', `${id} has no open reject ${missing.join(', ')}`)
  return open.filter((r) => wanted.has(r.key) || numbers.has(r.id))
}

/** A run of its own, which reads these keys and nothing else. What was left unfinished before is resumed first. */
export async function retryRejects(
  ctx: AppContext,
  { flow, keys, waitMs, parallel }: Parameters<App['retryRejects']>[0],
  emit: Emit,
  signal: AbortSignal,
): Promise<RunDocument> {
  const store = await ctx.store('write')
  const definition = findFlow((await ctx.catalog('write')).flows, flow)
  const rejects = await chosen(ctx, store, { flow, keys, ids: [] })
  if (rejects.length === 0) return runDocument(null, [])
  const deps = await runDeps(ctx, parallel ?? DEFAULT_WORKERS, {
    emit,
    waitMs,
    stop: AbortSignal.any([signal, ctx.hardSignal]),
    beside: [],
  })
  const wish = {
    full: false,
    period: null,
    buffer: null,
    batchRows: null,
    workers: DEFAULT_WORKERS,
    lane: null,
    acceptChange: false,
    allowsDeletes: false,
    fresh: false,
    reason: null,
    onlyAgain: rejects.map((r) => r.key),
  }
  const runs = await runFlow(deps, { definition, scope: {}, group: null, wish }, { soft: signal, hard: ctx.hardSignal })
  return runDocument(null, runs.map(runJson))
}

export async function dismissRejects(
  ctx: AppContext,
  { flow, ids, reason }: Parameters<App['dismissRejects']>[0],
): Promise<RejectsDocument> {
  const store = await ctx.store('write')
  const { id } = knownFlow((await ctx.catalog('write')).flows, flow)
  if (reason.trim() === '') throw new AppError('TM1002', 'a reject is dismissed with a reason: the ledger keeps it')
  if (ids.length === 0) return documentOf([])
  return documentOf(await store.ledger.dismissRejects(id, ids, { ...ctx.by, reason }))
}
