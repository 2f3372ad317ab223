/** `tidemark rewind`: the one thing that moves a watermark back. Previewed, with a reason, audited. */
import { type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import type { Bench, FlowRelation } from '../dialects/contract.ts'
import { canonicalValues, gatherFacts } from '../plan/gather-facts.ts'
import { inForce } from '../plan/make-plan.ts'
import { coverageOf } from '../plan/coverage.ts'
import { resolveRelation } from '../plan/relation.ts'
import { canonicalScope } from '../run/canonical-scope.ts'
import { holdLease } from '../run/hold-lease.ts'
import { modeOf } from '../run/plan-flow.ts'
import { AppError } from '../runtime/app-error.ts'
import type { RewindPreview } from './app.ts'
import { type AppContext, impatient, openBench, runDeps } from './app-context.ts'
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
  const store = await ctx.store(mode)
  await using opened = await openBench(ctx, catalog, definition, null, impatient(ctx))
  const { bench } = opened
  const scope = await canonicalScope(bench.source, definition, request.scope)
  const wish = modeOf(ctx.modes, definition.capture.kind).position(definition.capture.options)
  if (wish === null)
    throw new AppError('TM3008', `${definition.id} keeps no watermark: its capture is ${definition.capture.kind}`)
  const facts = await gatherFacts(bench, store, definition, scope)
  const relation = await canonicalValues(
    bench.source,
    resolveRelation({
      definition,
      shapes: facts,
      scope,
      position: wish,
      source: bench.source,
      target: bench.target,
    }).relation,
  )
  const mark = inForce(facts)
  const to = await positionOf(bench, relation, request.to, mark?.position ?? null, facts.ledger.look)
  const tally = await bench.source.tally(
    relation,
    {
      window: { after: to, upTo: mark?.position ?? null },
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
    coverage: JSON.stringify(coverageOf(definition, relation)),
    source: JSON.stringify(facts.identity),
    preview: {
      flow: definition.id,
      scope,
      from: mark?.position ?? null,
      to,
      redelivered: tally.rows,
      supersedes: facts.ledger.unfinished ? [facts.ledger.unfinished.id] : [],
    },
  }
}

/** Canonical text of a position that is not beyond what was delivered, or, where nothing was, not beyond the clock. */
async function positionOf(
  bench: Bench,
  relation: FlowRelation,
  text: string,
  mark: string | null,
  earlierLook: string | null,
): Promise<string> {
  const { position } = relation
  if (position === null) throw new TypeError('a rewind needs a position')
  const to = await bench.source.canonical(position.type, text)
  if (to === null) throw new AppError('TM3008', `"${text}" is no ${position.type}`)
  const limit = mark ?? (await latestSafe(bench, relation, earlierLook))
  if (limit !== null && (await bench.source.compare(position.type, to, limit)) > 0)
    throw new AppError(
      'TM3008',
      `${to} lies beyond ${mark === null ? `what can be read safely now, ${limit}` : `the watermark ${limit}`}: rows in between would never be delivered`,
    )
  return to
}

async function latestSafe(bench: Bench, relation: FlowRelation, earlierLook: string | null): Promise<string | null> {
  const { position } = relation
  if (position === null) return null
  const table = relation.source.joins.find((j) => j.as === position.ref.table)?.table ?? relation.source.table
  const moment = await bench.source.moment(position, table)
  return (await bench.source.bounds({ position, moment, buffer: 0n, watermark: null, earlierLook })).upTo
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
