/** A flow and scope as their watermark is kept: what rewinds and imports write has to be what a run would. */
import type { FlowSpec, Scope } from '@tidemark/contract/flow'
import type { Bench, FlowRelation } from '../dialects/contract.ts'
import type { ResolvedCatalog } from '../definition/resolve.ts'
import { coverageOf } from '../plan/coverage.ts'
import type { FlowFacts } from '../plan/flow-facts.ts'
import { canonicalValues, gatherFacts } from '../plan/gather-facts.ts'
import { inForce } from '../plan/make-plan.ts'
import { resolveRelation } from '../plan/relation.ts'
import { canonicalScope } from '../run/canonical-scope.ts'
import { modeOf } from '../run/plan-flow.ts'
import { AppError } from '../runtime/app-error.ts'
import { type AppContext, impatient, openBench } from './app-context.ts'

export interface MarkPlace {
  readonly bench: Bench
  readonly facts: FlowFacts
  /** with its values in canonical text */
  readonly relation: FlowRelation
  readonly scope: Scope
  /** position of the watermark in force; null: there is none, or it has none yet */
  readonly mark: string | null
  /** JSON, as the ledger keeps them */
  readonly coverage: string
  readonly source: string
}

/** Opens source and target to read; they are closed when `use` is done. TM3008 for a flow without a position. */
export async function withMarkPlace<T>(
  ctx: AppContext,
  catalog: ResolvedCatalog,
  { definition, scope: given, mode }: { definition: FlowSpec; scope: Scope; mode: 'read' | 'write' },
  use: (place: MarkPlace) => Promise<T>,
): Promise<T> {
  const store = await ctx.store(mode)
  await using opened = await openBench(ctx, catalog, definition, null, impatient(ctx))
  const { bench } = opened
  const scope = await canonicalScope(bench.source, definition, given)
  const wish = modeOf(ctx.modes, definition.capture.kind).position(definition.capture.options)
  if (wish === null)
    throw new AppError('TM3008', `${definition.id} has no position: its capture is ${definition.capture.kind}`, {
      remedy: [`tidemark run ${definition.id} --full   reads everything again`],
    })
  const facts = await gatherFacts(bench, store, definition, scope)
  const { source, target } = bench
  const resolved = resolveRelation({ definition, shapes: facts, scope, position: wish, source, target })
  const relation = await canonicalValues(source, resolved.relation)
  return await use({
    bench,
    facts,
    relation,
    scope,
    mark: inForce(facts)?.position ?? null,
    coverage: JSON.stringify(coverageOf(definition, relation)),
    source: JSON.stringify(facts.identity),
  })
}

/** Canonical text of a position that is not beyond what was delivered, or, where nothing was, not beyond the clock. */
export async function positionAt({ bench, relation, mark, facts }: MarkPlace, text: string): Promise<string> {
  const { position } = relation
  if (position === null) throw new TypeError('a watermark needs a position')
  const to = await bench.source.canonical(position.type, text)
  if (to === null) throw new AppError('TM3008', `"${text}" is no ${position.type}`)
  const limit = mark ?? (await latestSafe(bench, relation, facts.ledger.look))
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
