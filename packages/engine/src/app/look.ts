/** `tidemark runs | show | watermarks | connections`: the ledger, read. */
import type { RunsDocument, ShowDocument, WatermarksDocument } from '@tidemark/contract/api'
import { type ErrorCode, ERRORS } from '@tidemark/contract/error-codes'
import { parseScopeText, scopeText } from '@tidemark/contract/flow'
import { ARCHIVE_ONLY_KINDS } from '@tidemark/contract/project-schema'
import type { ControlStore, RunRow } from '../control/control-store.ts'
import { asAppError } from '../runtime/app-error.ts'
import type { ConnectionReport } from './app.ts'
import { type AppContext, connectionOf, limitsOf } from './app-context.ts'
import { findRun } from './resume.ts'
import { rowsJson, runsJson } from './run-json.ts'
import { knownFlow } from './select-flows.ts'

const WHOLE = scopeText({})

export async function runs(
  ctx: AppContext,
  options: { readonly flow: string | null; readonly limit: number },
): Promise<RunsDocument> {
  const store = await ctx.store('read')
  const flow = options.flow === null ? {} : { flow: knownFlow((await ctx.catalog('read')).flows, options.flow).id }
  return { runs: (await store.ledger.listRuns({ ...flow, limit: options.limit })).map(runsJson) }
}

export async function show(ctx: AppContext, id: string): Promise<ShowDocument> {
  const store = await ctx.store('read')
  const run = await findRun(store, id)
  return {
    run: runsJson(run),
    steps: (await store.ledger.listSteps(run.id)).map((s) => ({
      step: s.step,
      name: s.name,
      status: s.state,
      batches: s.batches,
      batches_done: s.batchesDone,
      rows: rowsJson(s.rows),
    })),
    workers: run.state === 'running' ? await workersOf(store, run.id) : [],
    remedy: run.error === null ? [] : remedyOf(run, run.error.code),
    plan: JSON.parse(run.plan) as Record<string, unknown>,
  }
}

async function workersOf(store: ControlStore, run: RunRow['id']): Promise<ShowDocument['workers']> {
  const batches = (await store.ledger.listBatches(run)).filter((b) => b.state === 'running')
  return (await store.ledger.listWorkers(run)).map((w) => ({
    worker: w.worker,
    who: `${w.actor}, process ${w.pid} on ${w.host}`,
    owner: w.isOwner,
    until: w.expiresAt,
    expired: w.expired,
    batches: batches
      .filter((b) => b.worker === w.worker && b.claimedAt !== null)
      .map((b) => ({ batch: b.batch, step: b.step, attempt: b.attempts, since: b.claimedAt ?? '' })),
  }))
}

/** Of the registry, with the names of this run. */
const remedyOf = (run: RunRow, code: ErrorCode): string[] =>
  ERRORS[code].remedy.map((line) =>
    line
      .replaceAll(/\bFLOW\b/g, run.flow)
      .replaceAll('resume --last', `resume ${run.id}`)
      .replaceAll(/\bRUN\b/g, run.id),
  )

export async function watermarks(ctx: AppContext): Promise<WatermarksDocument> {
  const store = await ctx.store('read')
  const marks = await store.ledger.listWatermarks()
  // of each flow, the whole of it before its scopes
  const inOrder = marks.toSorted((a, b) =>
    a.flow === b.flow ? Number(b.scope === WHOLE) - Number(a.scope === WHOLE) : a.flow < b.flow ? -1 : 1,
  )
  return {
    watermarks: inOrder.map((w) => ({
      flow: w.flow,
      scope: { ...parseScopeText(w.scope) },
      position: w.position,
      run: w.run,
      updated_at: w.updatedAt,
      source: (JSON.parse(w.source) as { readonly system: string }).system,
    })),
  }
}

export async function connections(ctx: AppContext): Promise<readonly ConnectionReport[]> {
  const catalog = await ctx.catalog('read')
  const reports: ConnectionReport[] = []
  for (const connection of catalog.connections.values()) {
    const report = { id: connection.id, kind: connection.kind }
    try {
      if (ARCHIVE_ONLY_KINDS.includes(connection.kind)) {
        reports.push({
          ...report,
          ok: true,
          ...(await (await import('./archives.ts')).probeArchive(ctx, connection.id)),
        })
        continue
      }
      const { target, location, kind } = await connectionOf(ctx, catalog, connection.id)
      try {
        reports.push({
          ...report,
          location,
          ok: true,
          detail: await (await ctx.loadDialect(kind)).probe(target, limitsOf(ctx)),
        })
      } catch (error) {
        reports.push({ ...report, location, ok: false, detail: asAppError(error).message })
      }
    } catch (error) {
      reports.push({ ...report, location: '', ok: false, detail: asAppError(error).message })
    }
  }
  return reports
}
