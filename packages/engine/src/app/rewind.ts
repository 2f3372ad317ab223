/** `tidemark rewind`: the one thing that moves a watermark back. Previewed, with a reason, audited. */
import { type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import { holdLease } from '../run/hold-lease.ts'
import { AppError } from '../runtime/app-error.ts'
import type { RewindPreview } from './app.ts'
import { type AppContext, impatient, runDeps } from './app-context.ts'
import { positionAt, withMarkPlace } from './mark-place.ts'
import { selectFlows } from './select-flows.ts'

interface RewindRequest {
  readonly flow: string
  readonly scope: Scope
  readonly to: string
}

interface Prepared {
  readonly definition: FlowSpec
  readonly preview: RewindPreview
  readonly expected: number | null
  readonly coverage: string
  readonly source: string
}

async function prepare(ctx: AppContext, request: RewindRequest, mode: 'read' | 'write'): Promise<Prepared> {
  const catalog = await ctx.catalog(mode)
  const [definition] = selectFlows(catalog, { flows: [request.flow], all: false, module: null })
  if (!definition) throw new AppError('TM1003', request.flow)
  return await withMarkPlace(ctx, catalog, { definition, scope: request.scope, mode }, async (place) => {
    const { bench, facts, relation, scope, mark, coverage, source } = place
    const to = await positionAt(place, request.to)
    const tally = await bench.source.tally(
      relation,
      {
        window: { after: to, upTo: mark },
        withNullPosition: false,
        absent: null,
        unmatched: [],
        again: [],
        gained: [],
      },
      0n,
      facts.target !== null,
    )
    return {
      definition,
      expected: facts.ledger.watermark?.version ?? null,
      coverage,
      source,
      preview: {
        flow: definition.id,
        scope,
        from: mark,
        to,
        redelivered: tally.rows,
        supersedes: facts.ledger.unfinished ? [facts.ledger.unfinished.id] : [],
      },
    }
  })
}

export const previewRewind = async (ctx: AppContext, request: RewindRequest): Promise<RewindPreview> =>
  (await prepare(ctx, request, 'read')).preview

export async function rewind(
  ctx: AppContext,
  request: RewindRequest & { readonly reason: string },
): Promise<RewindPreview> {
  if (request.reason.trim() === '') throw new AppError('TM1002', 'a rewind needs --reason TEXT: the ledger keeps why')
  const store = await ctx.store('write')
  const deps = await runDeps(ctx, 1, impatient(ctx))
  const { definition } = await prepare(ctx, request, 'write')
  await using _lease = await holdLease(deps, definition.id, ctx.hardSignal)
  // prepared again under the lease: what was previewed may have moved
  const { preview, expected, coverage, source } = await prepare(ctx, request, 'write')
  const superseded = await store.ledger.rewind(
    definition.id,
    scopeText(preview.scope),
    { version: expected },
    { position: preview.to, coverage, source },
    { ...ctx.by, reason: request.reason },
  )
  for (const run of superseded) deps.removeWork(run)
  return { ...preview, supersedes: superseded }
}
