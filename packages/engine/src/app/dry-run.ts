/** `tidemark run --dry-run`: reads and judges every row, and writes nothing anywhere. */
import { NO_ROWS, addCounts } from '@tidemark/contract/row-counts'
import type { RunDocument, RunJson } from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import type { FlowSpec } from '@tidemark/contract/flow'
import { captureRows, type CaptureReport } from '../capture/capture-rows.ts'
import type { Extracted } from '../capture/capture-mode.ts'
import type { Bench } from '../dialects/contract.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { readyToRead, travelling } from '../lane/spool.ts'
import { canonicalScope } from '../run/canonical-scope.ts'
import { withDeletes } from '../run/delete-batches.ts'
import { lookAt } from '../run/kept-run.ts'
import { planFlow } from '../run/plan-flow.ts'
import { neverHit } from '../runtime/failpoint.ts'
import { type AppContext, openBench } from './app-context.ts'
import type { RunOptions } from './app.ts'
import { planWish } from './plan-wish.ts'
import { dryRunJson, failedJson, runDocument, type Weighed } from './run-json.ts'
import { selectFlows } from './select-flows.ts'
import { rowPolicy } from '../run/error-answer.ts'
import { stepName } from '../run/step-names.ts'

export async function dryRun(
  ctx: AppContext,
  options: RunOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<RunDocument> {
  const flows = selectFlows(await ctx.catalog('read'), options)
  const runs: RunJson[] = []
  for (const definition of flows) {
    signal.throwIfAborted()
    const startedAt = performance.now()
    try {
      runs.push(await one(ctx, definition, options, emit, signal))
    } catch (error) {
      if (flows.length === 1 || signal.aborted) throw error
      runs.push(failedJson(definition.id, options.scope, error, Math.round(performance.now() - startedAt)))
    }
  }
  return runDocument(null, runs)
}

async function one(
  ctx: AppContext,
  definition: FlowSpec,
  options: RunOptions,
  emit: Emit,
  signal: AbortSignal,
): Promise<RunJson> {
  const startedAt = performance.now()
  await using opened = await openBench(ctx, await ctx.catalog('read'), definition, null, {
    waitMs: options.waitMs,
    emit,
    stop: AbortSignal.any([signal, ctx.hardSignal]),
    beside: [],
  })
  const { bench, dialect } = opened
  const scope = await canonicalScope(bench.source, definition, options.scope)
  const store = await ctx.store('read')
  const planned = await planFlow(
    { store, bench, abilities: dialect.abilities, modes: ctx.modes },
    definition,
    scope,
    planWish(options),
  )
  const weighed =
    planned.kind === 'nothing'
      ? NOTHING
      : await weigh(bench, planned.plan, await lookAt(ctx.modes, store.id, planned.plan, bench), signal)
  return dryRunJson(definition.id, scope, planned, weighed, Math.round(performance.now() - startedAt))
}

/** What the run would capture, kept in memory: the same rows in the same batches. */
export async function captureInMemory(bench: Bench, plan: FlowPlan): Promise<CaptureReport> {
  const { shape } = plan.definition
  await readyToRead(bench, plan, neverHit)
  const { relation, selection } = travelling(plan)
  return captureRows(bench.work, {
    relation,
    selection,
    orphans: shape.kind === 'tree' ? shape.orphans : null,
    batch: plan.batch,
    epoch: 1,
    done: [],
    left: null,
    remembersUnmatched: false,
  })
}

/** A dry run counts them all. */
const ANY = 1_000_000_000_000n

const NOTHING: Weighed = { counts: NO_ROWS, batches: 0, found: null }

/** `extracted`: what the capture's keeper left in the spool; null: it has none. */
async function weigh(bench: Bench, plan: FlowPlan, extracted: Extracted | null, signal: AbortSignal): Promise<Weighed> {
  const { apply } = plan.definition
  const report = await captureInMemory(bench, plan)
  const { relation, selection } = travelling(plan)
  const batches = withDeletes(plan, report.batches, extracted, '')
  let counts = { ...NO_ROWS, deleted: BigInt(extracted?.deletes ?? '0') }
  for (const batch of batches) {
    signal.throwIfAborted()
    if (batch.deletes) continue
    counts = addCounts(
      counts,
      await bench.weigh(
        relation,
        selection,
        batch,
        apply.kind === 'insert-missing' ? apply.kind : 'latest',
        rowPolicy(plan.definition, stepName(plan, batch.step), ANY),
      ),
    )
  }
  if (plan.relation.target.beside !== null) counts = { ...counts, deleted: await bench.weighSwap(relation, selection) }
  const rejected = counts.rejected + BigInt(report.quarantined.length)
  return { counts: { ...counts, rejected }, batches: batches.length, found: extracted }
}
