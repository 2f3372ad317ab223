/** `tidemark plan`: what a run would do, from questions alone. */
import type { PlanDocument } from '@tidemark/contract/api'
import { type FlowSpec, scopeText } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import { CREATE_NOTE, describeCapture } from '../plan/describe.ts'
import { type FlowPlan, parsePlan } from '../plan/flow-plan.ts'
import type { Bench } from '../dialects/contract.ts'
import { canonicalScope } from '../run/canonical-scope.ts'
import { planFlow } from '../run/plan-flow.ts'
import { stepName } from '../run/run-steps.ts'
import type { OpenedBench } from '../run/run-deps.ts'
import { type AppContext, impatient, openBench } from './app-context.ts'
import type { RunOptions } from './app.ts'
import { countJson, windowJson } from './run-json.ts'
import { planWish } from './plan-wish.ts'
import { captureInMemory } from './dry-run.ts'
import { selectFlows } from './select-flows.ts'

type PlanJson = PlanDocument['plans'][number]

export async function plan(ctx: AppContext, options: RunOptions, signal: AbortSignal): Promise<PlanDocument> {
  const catalog = await ctx.catalog('read')
  const plans: PlanJson[] = []
  for (const definition of selectFlows(catalog, options)) {
    signal.throwIfAborted()
    await using opened = await openBench(ctx, catalog, definition, null, {
      ...impatient(ctx),
      waitMs: options.waitMs,
      stop: signal,
    })
    plans.push(await planOne(ctx, opened, definition, options))
  }
  return { plans }
}

async function planOne(
  ctx: AppContext,
  { bench, dialect }: OpenedBench,
  definition: FlowSpec,
  options: RunOptions,
): Promise<PlanJson> {
  const store = await ctx.store('read')
  const scope = await canonicalScope(bench.source, definition, options.scope)
  const unfinished = options.fresh ? null : await store.ledger.findUnfinished(definition.id, scopeText(scope))
  const planned = await planFlow(
    { store, bench, abilities: dialect.abilities, modes: ctx.modes },
    definition,
    scope,
    planWish(options),
  )
  const it = planned.kind === 'nothing' ? planned.nothing : planned.plan
  const { relation } = it
  const steps = planned.kind === 'nothing' ? [] : await stepsOf(bench, planned.plan)
  const rows = steps.reduce((n, s) => n + s.rows, 0n)
  const create = planned.kind === 'run' && planned.plan.createTable ? bench.target.createTableText(relation) : null
  const apply = definition.apply.kind
  return {
    flow: definition.id,
    scope,
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
    batches: steps.reduce((n, s) => n + s.batches, 0),
    steps: steps.map((s) => ({ ...s, rows: countJson(s.rows) })),
    columns: relation.columns.map((c) => ({
      source: c.source,
      target: c.target,
      type: c.targetType,
      fidelity: 'lossless',
    })),
    create_table: create,
    notes: [
      ...(unfinished
        ? [
            `run ${unfinished.id} is unfinished and will be resumed first, with its own window ${windowText(unfinished.plan)}`,
          ]
        : []),
      ...it.notes,
      ...(create === null ? [] : [CREATE_NOTE]),
    ],
    sql:
      planned.kind === 'run'
        ? bench
            .explain(relation, planned.plan.selection, apply === 'insert-missing' ? apply : 'latest')
            .map(({ name, text }) => ({ name, text }))
        : [],
  }
}

function windowText(planText: string): string {
  const { window } = parsePlan(planText)
  return window ? `${window.after ?? 'the beginning'} … ${window.upTo ?? 'the end'}` : ''
}

interface StepEstimate {
  readonly name: string
  readonly rows: bigint
  readonly batches: number
}

/** A flat flow is counted. A tree is captured in memory: its ancestors and subtrees are known only then. */
async function stepsOf(bench: Bench, plan: FlowPlan): Promise<readonly StepEstimate[]> {
  if (plan.relation.tree === null) {
    const rows = BigInt(plan.estimatedRows)
    const size = BigInt(plan.batch.rows)
    return [{ name: stepName(plan, 1), rows, batches: Number((rows + size - 1n) / size) }]
  }
  const { batches } = await captureInMemory(bench, plan)
  return [1, 2, 3].map((step) => {
    const own = batches.filter((b) => b.step === step)
    return { name: stepName(plan, step), rows: own.reduce((n, b) => n + b.rows, 0n), batches: own.length }
  })
}
