/** The watermarks of an installation in the ledger, as if they had been earned here: with coverage and source. */
import { type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import type { ResolvedCatalog } from '../../definition/resolve.ts'
import { holdLease } from '../../run/hold-lease.ts'
import { AppError } from '../../runtime/app-error.ts'
import { type AppContext, impatient, runDeps } from '../app-context.ts'
import { positionAt, withMarkPlace } from '../mark-place.ts'
import type { ImportedWatermark } from './translate-installation.ts'

export interface KeptWatermark extends ImportedWatermark {
  readonly definition: FlowSpec
  /** as the source has its values */
  readonly canonicalScope: Scope
  readonly canonical: string
  /** the ledger has that very one */
  readonly there: boolean
  readonly coverage: string
  readonly source: string
}

/** Looks at each flow's source and target; TM1042 where the ledger has another. Nothing is written. */
export async function prepareWatermarks(
  ctx: AppContext,
  catalog: ResolvedCatalog,
  watermarks: readonly ImportedWatermark[],
): Promise<readonly KeptWatermark[]> {
  const kept: KeptWatermark[] = []
  const others: string[] = []
  for (const watermark of watermarks) {
    const { flow, scope, position } = watermark
    const definition = catalog.flows.find((f) => f.id === flow)
    if (definition === undefined) throw new TypeError(`${flow} is in no module`)
    const found = await withMarkPlace(ctx, catalog, { definition, scope, mode: 'read' }, async (place) => {
      const own = place.facts.ledger.watermark
      // what an unscoped one says does not bind a scope that has none yet
      const to = await positionAt({ ...place, mark: null }, position)
      if (own !== null && own.position !== to)
        others.push(`${flow} ${scopeText(place.scope)} has ${own.position ?? 'none'}, the installation ${to}`)
      const { coverage, source, scope: canonicalScope } = place
      return { definition, canonicalScope, canonical: to, there: own !== null, coverage, source }
    }).catch((error: unknown) => {
      throw about(definition, error)
    })
    kept.push({ ...watermark, ...found })
  }
  if (others.length > 0) throw new AppError('TM1042', others.join('\n'))
  return kept
}

const about = (definition: FlowSpec, error: unknown): unknown =>
  error instanceof AppError
    ? new AppError(
        error.code,
        `${error.detail} (the watermark of ${definition.id}, which reads ${formatTableName(definition.source.table)})`,
        { cause: error, facts: error.facts, remedy: error.remedy },
      )
    : error

/** Compare-and-set: one that came there meanwhile is TM3003. */
export async function writeWatermarks(
  ctx: AppContext,
  watermarks: readonly KeptWatermark[],
  reason: string,
): Promise<void> {
  const { ledger } = await ctx.store('write')
  const deps = await runDeps(ctx, 1, impatient(ctx))
  for (const { definition, canonicalScope, canonical, there, coverage, source } of watermarks) {
    if (there) continue
    await using _lease = await holdLease(deps, definition.id, ctx.hardSignal)
    await ledger.rewind(
      definition.id,
      scopeText(canonicalScope),
      { version: null },
      { position: canonical, coverage, source },
      { ...ctx.by, reason },
    )
  }
}
