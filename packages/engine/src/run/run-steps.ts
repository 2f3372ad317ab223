/** Batches in order: waves one after the other, the batches of a wave side by side. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchRow, LedgerStore } from '../control/control-store.ts'
import type { DialectModule } from '../dialects/contract.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { asAppError, Cancelled } from '../runtime/app-error.ts'
import { splitOf } from './captured.ts'
import { FreeBatches } from './free-batches.ts'
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
  /** the slot of the fence that the n-th batch at once takes: workers of other processes take other ones */
  slotOf(n: number): number
  /** told each batch that this worker brought in */
  tally(rows: RowCounts): void
}

const POLL_MS = 250

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

/**
 * Each batch takes a worker of the command and is claimed, until all are in, one failed, or somebody asked to stop. Other
 * processes may have batches of the wave: the next one does not begin before those are in too.
 */
async function runWave(ctx: StepsContext, wave: readonly BatchRow[]): Promise<void> {
  const failures: unknown[] = []
  const underWay = new Set<Promise<void>>()
  /** slots of the flow's fence that no batch under way has */
  const slots = Array.from({ length: mostAtOnce(ctx, wave) }, (_, n) => ctx.slotOf(n))
  const free = new FreeBatches(ctx, wave)
  const isOver = (): boolean => failures.length > 0 || ctx.stop.soft.aborted || ctx.stop.hard.aborted
  const work = async (batch: BatchRow, slot: number, worker: Disposable): Promise<void> => {
    using _worker = worker
    // a server that waits for its disk does not keep the next batch waiting
    const moved = (): void => {
      if (commitsAside(ctx)) worker[Symbol.dispose]()
    }
    try {
      if (!(await commitBatch({ ...ctx, moved }, batch, slot))) free.lost()
    } catch (error) {
      failures.push(error)
    }
    slots.unshift(slot)
  }
  while (!free.allClaimed && !isOver()) {
    if (slots.length === 0) {
      await Promise.race(underWay)
      continue
    }
    const worker = await ctx.deps.pool.take(ctx.stop.soft).catch(() => null) // asked to stop: told below
    if (worker === null) break
    const batch = await claimed(ctx, free, isOver).catch((error: unknown) => {
      failures.push(error)
      return null
    })
    const slot = slots.shift()
    if (batch !== null && slot !== undefined) {
      const done: Promise<void> = work(batch, slot, worker).finally(() => underWay.delete(done))
      underWay.add(done)
      continue
    }
    worker[Symbol.dispose]() // not held while others are waited for
    if (slot !== undefined) slots.unshift(slot)
    if (free.open === 0 || isOver()) break
    if (underWay.size === 0) free.tellWaiting()
    await Promise.race([...underWay, sleep(POLL_MS, undefined, { signal: ctx.stop.soft }).catch(() => {})])
  }
  await Promise.all(underWay)
  ctx.stop.hard.throwIfAborted()
  if (failures.length > 0) throw failures[0]
  ctx.stop.soft.throwIfAborted()
}

/** Null: none is free, or the wave is over. */
async function claimed(ctx: StepsContext, free: FreeBatches, isOver: () => boolean): Promise<BatchRow | null> {
  if (isOver()) return null
  await stopIfAsked(ctx)
  if (ctx.dialect.abilities.sharedByProcesses)
    ctx.budget.learn((await ctx.deps.store.ledger.getRun(ctx.run)).rows.rejected)
  return await free.claim()
}

/** A batch that is about to commit takes no worker: the target lets any number be open. */
const commitsAside = ({ dialect }: StepsContext): boolean => dialect.abilities.openBatches === null

const mostAtOnce = (ctx: StepsContext, wave: readonly BatchRow[]): number =>
  Math.min(
    ctx.plan.definition.steps[stepName(ctx.plan, wave[0]?.step ?? 1)]?.maxDop ?? Infinity,
    ctx.plan.definition.parallel ?? Infinity,
    ctx.deps.pool.size + (commitsAside(ctx) ? 1 : 0),
    ctx.dialect.abilities.openBatches ?? Infinity,
    wave.length,
  )

/** `tidemark cancel` speaks through the ledger: the batches in flight end, no other begins. */
async function stopIfAsked({ deps, run }: StepsContext): Promise<void> {
  if (await deps.store.ledger.isCancelRequested(run)) throw new Cancelled('cancelled by request')
}

/** False: it failed here, but another worker has taken it over meanwhile. */
async function commitBatch(ctx: StepsContext, batch: BatchRow, worker: number): Promise<boolean> {
  const { deps, plan } = ctx
  const { ledger } = deps.store
  const startedAt = performance.now()
  await ctx.hit('batch:claimed')
  let report: BatchReport
  try {
    report = await landBatch(ctx, batch, worker)
  } catch (failure) {
    const error = ctx.stop.hard.aborted ? failure : await explainDrift(ctx.bench, plan, failure)
    const e = asAppError(error)
    if (ctx.stop.hard.aborted || error instanceof Cancelled) throw error
    if (!(await ledger.batchFailed(batch.run, batch.batch, ctx.token, e.code, e.message, deps.owner.worker)))
      return false
    throw error
  }
  await recordBatch(ledger, ctx, batch, report.counts)
  if (!report.alreadyIn) ctx.tally(report.counts)
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
  return true
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
