/** Batches in order: waves one after the other, the batches of a wave side by side. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchRow, LedgerStore } from '../control/control-store.ts'
import type { DialectModule } from '../dialects/contract.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { asAppError, Cancelled } from '../runtime/app-error.ts'
import { splitOf } from './captured.ts'
import { explainDrift } from './refuse-drift.ts'
import { landBatch } from './land-batch.ts'
import type { RejectBudget } from './reject-budget.ts'
import type { BatchDeps, BatchReport } from './run-batch.ts'
import type { RunDeps, Stop } from './run-deps.ts'
import { stepName } from './step-names.ts'

export interface StepsContext extends BatchDeps {
  readonly deps: RunDeps
  readonly dialect: DialectModule
  readonly plan: FlowPlan
  readonly run: BatchRow['run']
  readonly token: bigint
  readonly stop: Stop
  readonly budget: RejectBudget
}

export async function runSteps(ctx: StepsContext, batches: readonly BatchRow[]): Promise<void> {
  const open = batches.filter((b) => b.state !== 'done' && b.state !== 'superseded').sort((a, b) => a.batch - b.batch)
  let step = 0
  for (const wave of waves(open)) {
    const first = wave[0]
    if (first && first.step !== step) {
      step = first.step
      ctx.deps.emit('step:started', {
        run: ctx.run,
        flow: ctx.plan.flow,
        scope: ctx.fence.scope,
        step: stepName(ctx.plan, step),
        batches: open.filter((b) => b.step === step).length,
      })
    }
    await runWave(ctx, wave)
  }
}

function waves(batches: readonly BatchRow[]): readonly (readonly BatchRow[])[] {
  const byWave: BatchRow[][] = []
  for (const batch of batches) {
    const last = byWave.at(-1)
    if (last && last[0]?.wave === batch.wave && last[0].step === batch.step) last.push(batch)
    else byWave.push([batch])
  }
  return byWave
}

/** Each batch takes a worker of the command, until none is left, one failed, or somebody asked to stop. */
async function runWave(ctx: StepsContext, wave: readonly BatchRow[]): Promise<void> {
  const failures: unknown[] = []
  const underWay = new Set<Promise<void>>()
  /** slots of the flow's fence that no batch under way has */
  const slots = Array.from({ length: mostAtOnce(ctx, wave) }, (_, slot) => slot)
  const isOver = (): boolean => failures.length > 0 || ctx.stop.soft.aborted || ctx.stop.hard.aborted
  const work = async (batch: BatchRow, slot: number, worker: Disposable): Promise<void> => {
    using _worker = worker
    try {
      await stopIfAsked(ctx)
      await commitBatch(ctx, batch, slot)
    } catch (error) {
      failures.push(error)
    }
    slots.unshift(slot)
  }
  for (const batch of wave) {
    if (slots.length === 0) await Promise.race(underWay)
    if (isOver()) break
    const worker = await ctx.deps.pool.take(ctx.stop.soft).catch(() => null) // asked to stop: told below
    const slot = slots.shift()
    if (worker === null || slot === undefined || isOver()) {
      worker?.[Symbol.dispose]()
      break
    }
    const done: Promise<void> = work(batch, slot, worker).finally(() => underWay.delete(done))
    underWay.add(done)
  }
  await Promise.all(underWay)
  ctx.stop.hard.throwIfAborted()
  if (failures.length > 0) throw failures[0]
  ctx.stop.soft.throwIfAborted()
}

const mostAtOnce = ({ dialect, plan, deps }: StepsContext, wave: readonly BatchRow[]): number =>
  Math.min(
    plan.definition.steps[stepName(plan, wave[0]?.step ?? 1)]?.maxDop ?? Infinity,
    plan.definition.parallel ?? Infinity,
    deps.pool.size,
    dialect.abilities.openBatches ?? Infinity,
    wave.length,
  )

/** `tidemark cancel` speaks through the ledger: the batches in flight end, no other begins. */
async function stopIfAsked({ deps, run }: StepsContext): Promise<void> {
  if (await deps.store.ledger.isCancelRequested(run)) throw new Cancelled('cancelled by request')
}

async function commitBatch(ctx: StepsContext, batch: BatchRow, worker: number): Promise<void> {
  const { deps, plan } = ctx
  const { ledger } = deps.store
  const startedAt = performance.now()
  await ledger.claimBatch(batch.run, batch.batch, ctx.token)
  let report: BatchReport
  try {
    report = await landBatch(ctx, batch, worker)
  } catch (failure) {
    const error = ctx.stop.hard.aborted ? failure : await explainDrift(ctx.bench, plan, failure)
    const e = asAppError(error)
    if (!ctx.stop.hard.aborted && !(error instanceof Cancelled))
      await ledger.batchFailed(batch.run, batch.batch, ctx.token, e.code, e.message)
    throw error
  }
  await recordBatch(ledger, ctx, batch, report.counts)
  await ctx.hit('batch:recorded')
  deps.emit('batch:committed', {
    run: batch.run,
    flow: plan.flow,
    scope: ctx.fence.scope,
    step: stepName(plan, batch.step),
    batch: batch.batch,
    rows: report.counts.read,
    bytes: splitOf(batch.split, batch.step, batch.wave).bytes,
    alreadyIn: report.alreadyIn,
    durationMs: Math.round(performance.now() - startedAt),
  })
}

/** What the target holds of the batch becomes the ledger's: its counts, and the rows it left out. */
export async function recordBatch(
  ledger: LedgerStore,
  { bench, fence }: Pick<BatchDeps, 'bench' | 'fence'>,
  { run, batch }: Pick<BatchRow, 'run' | 'batch'>,
  rows: RowCounts,
): Promise<void> {
  const rejects = rows.rejected > 0n ? await bench.target.rejects(fence, run, batch) : undefined
  await ledger.batchDone(run, batch, fence.token, rows, rejects)
}
