/** `tidemark plan`: what a run would do, from questions alone. */
import type { PlanDocument } from '@tidemark/contract/api'
import { type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import { CREATE_NOTE, describeCapture } from '../plan/describe.ts'
import { type ColumnFidelity, fidelityReport, RefusedColumns } from '../plan/fidelity.ts'
import { type FlowPlan, parsePlan } from '../plan/flow-plan.ts'
import type { Bench } from '../dialects/contract.ts'
import { canonicalScope } from '../run/canonical-scope.ts'
import { explainRun } from '../run/explain-run.ts'
import { planFlow } from '../run/plan-flow.ts'
import { stepName, stepNames } from '../run/step-names.ts'
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
  ).catch((error: unknown) => {
    if (error instanceof RefusedColumns) return error
    throw error
  })
  const head = headOf(definition, scope, unfinished?.id ?? null)
  if (planned instanceof RefusedColumns) return stopped(head, planned)
  const it = planned.kind === 'nothing' ? planned.nothing : planned.plan
  const { relation } = it
  const { steps, largest } = planned.kind === 'nothing' ? NO_STEPS : await stepsOf(bench, planned.plan)
  const rows = steps.reduce((n, s) => n + s.rows, 0n)
  const create = planned.kind === 'run' && planned.plan.createTable ? bench.target.createTableText(relation) : null
  return {
    ...head,
    lane: it.lane,
    capture: describeCapture(definition, planned.kind === 'nothing' ? null : planned.plan.goal),
    window: windowJson(it.window),
    nothing_to_do: planned.kind === 'nothing' ? planned.nothing.reason : null,
    waiting: it.waiting && { rows: countJson(BigInt(it.waiting.rows)), until: it.waiting.until },
    rows: countJson(rows),
    batches: steps.reduce((n, s) => n + s.batches, 0),
    steps: steps.map((s) => ({ ...s, rows: countJson(s.rows) })),
    columns: fidelityReport(relation.columns, bench.target).map(columnJson),
    stops: null,
    create_table: create,
    notes: [
      ...(unfinished
        ? [
            `run ${unfinished.id} is unfinished and will be resumed first, with its own window ${windowText(unfinished.plan)}`,
          ]
        : []),
      ...it.notes,
      ...(planned.kind === 'run' && largest > BigInt(planned.plan.batch.rows)
        ? [`what moves together is one batch of ${largest} rows: the target refers from row to row`]
        : []),
      ...(create === null ? [] : [CREATE_NOTE]),
    ],
    sql:
      planned.kind === 'run'
        ? (await explainRun(ctx.modes, store.id, planned.plan, bench)).map(({ name, text }) => ({ name, text }))
        : [],
  }
}

const headOf = (d: FlowSpec, scope: Scope, resumes: string | null) => ({
  flow: d.id,
  scope,
  source: `${d.source.connection}:${formatTableName(d.source.table)}`,
  target: `${d.target.connection}:${formatTableName(d.target.table)}`,
  lane: 'pushdown',
  capture: d.capture.kind,
  apply: d.apply.kind,
  shape: d.shape.kind,
  resumes,
})

/** A run would end before its first row: what is known is which columns stand in its way. */
const stopped = (head: ReturnType<typeof headOf>, refused: RefusedColumns): PlanJson => ({
  ...head,
  window: null,
  nothing_to_do: null,
  waiting: null,
  rows: 0,
  batches: 0,
  steps: [],
  columns: refused.report.map(columnJson),
  stops: { code: refused.code, message: refused.message, remedy: [...refused.remedy] },
  create_table: null,
  notes: [],
  sql: [],
})

const columnJson = ({ column, fidelity }: ColumnFidelity): PlanJson['columns'][number] => ({
  source: column.source,
  target: column.target,
  source_type: column.sourceType,
  type: column.targetType,
  fidelity: fidelity.kind,
  reason: fidelity.why,
})

function windowText(planText: string): string {
  const { window } = parsePlan(planText)
  return window ? `${window.after ?? 'the beginning'} … ${window.upTo ?? 'the end'}` : ''
}

interface StepEstimate {
  readonly name: string
  readonly rows: bigint
  readonly batches: number
}

interface Steps {
  readonly steps: readonly StepEstimate[]
  /** rows of the largest batch of a tree; 0: no batch is larger than the plan says */
  readonly largest: bigint
}

const NO_STEPS: Steps = { steps: [], largest: 0n }

/** A flat flow is counted. A tree is captured in memory: its ancestors and subtrees are known only then. */
async function stepsOf(bench: Bench, plan: FlowPlan): Promise<Steps> {
  if (plan.relation.tree === null) {
    const rows = BigInt(plan.estimatedRows)
    const size = BigInt(plan.batch.rows)
    return {
      ...NO_STEPS,
      steps: [{ name: stepNames(plan).at(-1) ?? '', rows, batches: Number((rows + size - 1n) / size) }],
    }
  }
  const { batches } = await captureInMemory(bench, plan)
  const steps = [1, 2, 3].map((step) => {
    const own = batches.filter((b) => b.step === step)
    return { name: stepName(plan, step), rows: own.reduce((n, b) => n + b.rows, 0n), batches: own.length }
  })
  return { steps, largest: batches.reduce((n, b) => (b.rows > n ? b.rows : n), 0n) }
}
