/** `tidemark plan`: what a run would do, from questions alone. */
import type { PlanDocument } from '@tidemark/contract/api'
import { silent } from '@tidemark/contract/events'
import { type FlowSpec, scopeText } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import { CREATE_NOTE, describeCapture } from '../plan/describe.ts'
import { type Planned, parsePlan } from '../plan/flow-plan.ts'
import { AppError } from '../runtime/app-error.ts'
import { planFlow, type PlanWish } from '../run/plan-flow.ts'
import type { OpenedBench } from '../run/run-deps.ts'
import { type AppContext, openBench } from './app-context.ts'
import type { RunOptions } from './app.ts'
import { countJson, windowJson } from './run-json.ts'
import { selectFlows } from './select-flows.ts'

type PlanJson = PlanDocument['plans'][number]

export function planWish(o: RunOptions): PlanWish {
  if ((o.after === null) !== (o.upTo === null)) throw new AppError('TM1002', '--after and --up-to belong together: they name the period to deliver again')
  if (o.full && o.after !== null) throw new AppError('TM1002', '--full reads everything, --after and --up-to a period: choose one')
  return {
    full: o.full,
    period: o.after !== null && o.upTo !== null ? { after: o.after, upTo: o.upTo } : null,
    buffer: o.buffer,
    batchRows: o.batchRows,
    lane: o.lane,
    acceptChange: o.acceptChange,
  }
}

export async function plan(ctx: AppContext, options: RunOptions, signal: AbortSignal): Promise<PlanDocument> {
  const catalog = await ctx.catalog('read')
  const plans: PlanJson[] = []
  for (const definition of selectFlows(catalog, options)) {
    signal.throwIfAborted()
    await using opened = await openBench(ctx, catalog, definition, null, options.waitMs, silent)
    plans.push(await planOne(ctx, opened, definition, options))
  }
  return { plans }
}

async function planOne(ctx: AppContext, { bench, dialect }: OpenedBench, definition: FlowSpec, options: RunOptions): Promise<PlanJson> {
  const store = await ctx.store('read')
  const unfinished = options.fresh ? null : await store.ledger.findUnfinished(definition.id, scopeText(options.scope))
  const planned = await planFlow({ store, bench, abilities: dialect.abilities, modes: ctx.modes }, definition, options.scope, planWish(options))
  const it = planned.kind === 'nothing' ? planned.nothing : planned.plan
  const { relation } = it
  const rows = planned.kind === 'nothing' ? 0n : BigInt(planned.plan.estimatedRows)
  const batches = planned.kind === 'nothing' ? 0 : Number((rows + BigInt(planned.plan.batch.rows) - 1n) / BigInt(planned.plan.batch.rows))
  const create = planned.kind === 'run' && planned.plan.createTable ? bench.target.createTableText(relation) : null
  const apply = definition.apply.kind
  return {
    flow: definition.id,
    scope: options.scope,
    source: `${definition.source.connection}:${formatTableName(definition.source.table)}`,
    target: `${definition.target.connection}:${formatTableName(definition.target.table)}`,
    lane: 'pushdown',
    capture: describeCapture(definition, planned.kind === 'nothing' ? null : planned.plan.goal),
    apply,
    shape: definition.shape.kind,
    resumes: unfinished?.id ?? null,
    window: windowJson(it.window),
    nothing_to_do: planned.kind === 'nothing' ? planned.nothing.reason : null,
    waiting: it.waiting && { rows: countJson(BigInt(it.waiting.rows)), until: it.waiting.until },
    rows: countJson(rows),
    batches,
    steps: stepsOf(definition, planned, rows, batches),
    columns: relation.columns.map((c) => ({ source: c.source, target: c.target, type: c.targetType, fidelity: 'lossless' })),
    create_table: create,
    notes: [
      ...(unfinished ? [`run ${unfinished.id} is unfinished and will be resumed first, with its own window ${windowText(unfinished.plan)}`] : []),
      ...it.notes,
      ...(create === null ? [] : [CREATE_NOTE]),
    ],
    sql:
      planned.kind === 'run' && (apply === 'latest' || apply === 'insert-missing')
        ? bench.explain(relation, planned.plan.selection, apply).map(({ name, text }) => ({ name, text }))
        : [],
  }
}

function windowText(planText: string): string {
  const { window } = parsePlan(planText)
  return window ? `${window.after ?? 'the beginning'} … ${window.upTo ?? 'the end'}` : ''
}

/** Ancestors and what a move brings along are known only once the capture is fixed. */
function stepsOf(definition: FlowSpec, planned: Planned, rows: bigint, batches: number): PlanJson['steps'] {
  if (planned.kind === 'nothing') return []
  if (definition.shape.kind === 'flat') return [{ name: 'rows', rows: countJson(rows), batches }]
  return [
    { name: 'roots', rows: null, batches: null },
    { name: 'ancestors', rows: null, batches: null },
    { name: 'children', rows: countJson(rows), batches },
  ]
}
