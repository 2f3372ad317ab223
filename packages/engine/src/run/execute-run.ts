/** One planned run, from its lease to its end: prepare → capture → steps → settle. New and resumed runs alike. */
import { NO_ROWS, type RowCounts, addCounts } from '@tidemark/contract/row-counts'
import { scopeText } from '@tidemark/contract/flow'
import { parseRunId } from '@tidemark/contract/ids'
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import { captureRows } from '../capture/capture-rows.ts'
import { type BatchRow, type LedgerStore, type RunRow } from '../control/control-store.ts'
import type { Bench, CapturedBatch, DialectModule, FenceKey } from '../dialects/contract.ts'
import { readyToRead, spoolOf, travelling } from '../lane/spool.ts'
import { findNothing, type FlowPlan, parsePlan } from '../plan/flow-plan.ts'
import { AppError, asAppError, Cancelled } from '../runtime/app-error.ts'
import { explainDrift, refuseDrift } from './refuse-drift.ts'
import { refuseLostBatches, refuseLostTable, refuseOtherSource } from './refuse-other-ends.ts'
import { type Captured, capturedOf, parseSplit, splitJson, splitOf } from './captured.ts'
import { attend } from './attend.ts'
import { withDeletes, withVersion } from './delete-batches.ts'
import type { HeldLease } from './hold-lease.ts'
import { extract, tellPrepared, tellSettled } from './kept-run.ts'
import type { RunDeps, Stop } from './run-deps.ts'
import { RejectBudget } from './reject-budget.ts'
import { recordBatch, runSteps } from './run-steps.ts'
import { settle } from './settle.ts'
import { stepName, stepNames } from './step-names.ts'

/** Executes the stored plan, under the brake on deletes unless that is lifted now. Returns the run as the ledger has it then; a failure is in it, not thrown. */
export async function executeRun(
  deps: RunDeps,
  lease: HeldLease,
  id: RunRow['id'],
  resumed: boolean,
  stop: Stop,
  allowsDeletes = false,
): Promise<RunRow> {
  const { ledger } = deps.store
  const before = await ledger.getRun(id)
  const nothing = findNothing(before.plan)
  if (nothing !== null) {
    await ledger.endRun(id, lease.token, {
      state: 'nothing_to_do',
      reason: nothing.reason,
      error: null,
      look: nothing.look ?? null,
    })
    return finished(deps, id)
  }
  const stored = parsePlan(before.plan)
  const plan = allowsDeletes ? { ...stored, allowsDeletes } : stored
  const own: Stop = {
    soft: AbortSignal.any([stop.soft, stop.hard, lease.lost]),
    hard: AbortSignal.any([stop.hard, lease.lost]),
  }
  await ledger.startRun(id, lease.token, deps.owner.worker)
  deps.emit('run:planned', {
    run: id,
    flow: plan.flow,
    scope: scopeText(plan.scope),
    resumed,
    lane: plan.lane,
    after: plan.window?.after ?? null,
    upTo: plan.window?.upTo ?? null,
    decidedBy: plan.window?.decidedBy ?? null,
  })
  try {
    await using opened = await deps.openBench(plan.definition, id)
    await forgetEnded(ledger, opened.bench)
    await work(deps, lease, id, plan, opened, own).catch(async (error: unknown) => {
      throw own.hard.aborted ? error : await explainDrift(opened.bench, plan, error)
    })
    // the ledger has the run as it ended; what cannot be forgotten now is forgotten by the next one
    await forgetEnded(ledger, opened.bench).catch(() => undefined)
  } catch (error) {
    await endRun(deps, lease, id, error)
    return finished(deps, id, error instanceof Cancelled ? [] : asAppError(error).remedy)
  }
  deps.removeWork(id)
  return finished(deps, id)
}

/** Captured keys of runs that ended, here or elsewhere, are of no use. */
async function forgetEnded(ledger: LedgerStore, { work: place }: Bench): Promise<void> {
  if (!place.capturesKeys) return
  for (const name of await place.runs()) {
    const run = await ledger.findRun(parseRunId(name))
    if (run !== null && !(UNFINISHED_RUN_STATES as readonly string[]).includes(run.state)) await place.remove(name)
  }
}

async function work(
  deps: RunDeps,
  lease: HeldLease,
  id: RunRow['id'],
  plan: FlowPlan,
  { bench, dialect }: { readonly bench: Bench; readonly dialect: DialectModule },
  stop: Stop,
): Promise<void> {
  const { ledger } = deps.store
  await outgrowFence(deps, lease, id, plan, bench)
  let fence: FenceKey = { store: deps.store.id, flow: plan.flow, scope: scopeText(plan.scope), token: lease.token }
  const shared = dialect.abilities.sharedByProcesses
  await refuseOtherSource(bench, plan)
  await refuseDrift(bench, plan)
  const prepare = async (anew: boolean): Promise<void> => {
    const { relation } = plan
    const createTable =
      relation.target.beside === null &&
      plan.createTable &&
      (await bench.target.describe(relation.target.table)) === null
    await bench.target.prepare(relation, createTable, fence, anew)
    await bench.target.raiseFence(fence, deps.leaseMs, stop.hard)
  }
  // a resumed run may have a former owner in the target; a new one leaves nothing there until its capture was sound
  const begun = (await ledger.getRun(id)).captured !== null
  if (begun) {
    const swapped = (await bench.target.swapped(fence, id)) !== null
    if (!swapped) await refuseLostTable(bench, plan, await ledger.listBatches(id))
    await prepare(false)
    await learnFromMarkers(deps, fence, id, plan, bench)
    // it stopped before its first batch: what lies beside, if anything does, is of a run that was given up
    if (!swapped && plan.relation.target.beside !== null && (await bench.target.markers(fence, id)).length === 0)
      await prepare(true)
  }
  const deliver = async (prepared: boolean, anew: boolean): Promise<Captured> => {
    const captured = await deps.pool.use(stop.soft, () => capture(deps, lease, id, plan, bench, anew))
    if (!prepared) await prepare(true)
    await tellPrepared(deps, id, plan, bench, fence)
    const batches = await ledger.listBatches(id)
    deps.emit('run:captured', {
      run: id,
      flow: plan.flow,
      scope: fence.scope,
      rows: BigInt(captured.rows),
      batches: batches.filter((b) => b.state !== 'superseded').length,
      done: batches.filter((b) => b.state === 'done').length,
    })
    const kept = total(batches, captured).rejected + BigInt(captured.quarantined.length)
    const budget = new RejectBudget(plan.definition.onReject.max, kept, (await ledger.getRun(id)).rows.rejected)
    await using attendance = await attend(deps, plan, id, fence.token) // from now on others may join
    const hard = AbortSignal.any([stop.hard, attendance.lost])
    await runSteps(
      {
        deps,
        bench,
        dialect,
        fence,
        plan: travelling(withVersion(plan, captured.extracted)),
        run: id,
        token: fence.token,
        stop: { soft: AbortSignal.any([stop.soft, attendance.lost]), hard },
        hard,
        hit: deps.hit,
        budget,
        slotOf: (n) => n,
        tally: () => {},
      },
      batches,
    )
    stop.soft.throwIfAborted()
    if (shared) budget.learn((await ledger.getRun(id)).rows.rejected)
    return captured
  }
  const isAsleep = async (): Promise<boolean> => shared && (await ledger.listWorkers(id)).some((w) => w.expired)
  /** A token of its own again: who worked under the former one can commit nothing more, whether it sleeps or not. */
  const lockOut = async (): Promise<void> => {
    await lease.outgrow(lease.token)
    fence = { ...fence, token: lease.token }
    await ledger.startRun(id, fence.token, deps.owner.worker)
    await bench.target.raiseFence(fence, deps.leaseMs, stop.hard)
    await learnFromMarkers(deps, fence, id, plan, bench)
  }
  const done = async (): Promise<number> => (await ledger.listBatches(id)).filter((b) => b.state === 'done').length
  let captured: Captured | null = null
  for (let known = -1, prepared = begun, moved = false; captured === null; prepared = true) {
    const before = await done()
    captured = await deliver(prepared, moved).catch(async (error: unknown) => {
      if (!(error instanceof AppError)) throw error
      // places in a source that changed say nothing any more: what is left is captured again
      moved = error.code === 'TM5006' && known < before
      // a batch that was taken over stands still behind the open transaction of the worker that had it
      const stuck = error.code === 'TM5003' && known < 0 && (await isAsleep())
      if (!moved && !stuck) throw error
      known = before
      if (shared) await lockOut()
      return null
    })
  }
  // it may wake up when its batch is long done by another, and its marker forgotten
  if (await isAsleep()) await lockOut()
  const batches = await ledger.listBatches(id)
  for (const { batch } of batches.filter((b) => isReadAgain(b, captured)))
    await ledger.quarantine(id, batch, fence.token, [])
  const from = (await ledger.getWatermark(plan.flow, fence.scope))?.position ?? null
  await settle({
    ledger,
    bench,
    fence,
    run: id,
    plan,
    captured,
    rows: total(batches, captured),
    hit: deps.hit,
  })
  // the ledger has settled, and that stays: what is left undone the next run does
  const undone = await tellSettled(deps, id, plan, bench, fence).catch((error: unknown) => [asAppError(error)])
  for (const error of undone) remark(deps, id, plan, error)
  if (plan.watermark !== null)
    deps.emit('watermark:advanced', {
      run: id,
      flow: plan.flow,
      scope: fence.scope,
      from,
      to: plan.watermark.position,
    })
}

function remark({ emit }: RunDeps, run: RunRow['id'], plan: FlowPlan, { code, message, remedy }: AppError): void {
  emit('run:remarked', { run, flow: plan.flow, scope: scopeText(plan.scope), code, message, remedy })
}

/** A target whose fence is ahead of the lease has seen a newer state of this store than the one it was restored to. */
async function outgrowFence(
  deps: RunDeps,
  lease: HeldLease,
  id: RunRow['id'],
  plan: FlowPlan,
  bench: Bench,
): Promise<void> {
  const seen = await bench.target.fenceToken(deps.store.id, plan.flow)
  if (seen <= lease.token) return
  await lease.outgrow(seen)
  await deps.store.ledger.startRun(id, lease.token, deps.owner.worker)
}

const total = (batches: readonly BatchRow[], captured: Captured): RowCounts =>
  batches
    .filter((b) => b.state === 'done')
    .map((b) => (isReadAgain(b, captured) ? { ...b.rows, rejected: 0n } : b.rows))
    .reduce(addCounts, NO_ROWS)

/** What such a batch left out was captured again, since the target lacks it: it landed, or is another batch's reject. */
function isReadAgain({ state, rows, split }: BatchRow, { epoch }: Captured): boolean {
  if (state !== 'done' || rows.rejected === 0n) return false
  const { read_at, epoch: own } = parseSplit(split)
  return read_at !== null && own < epoch
}

/** A batch that committed just before a crash is in, though the ledger never heard of it. */
async function learnFromMarkers(
  deps: RunDeps,
  fence: FenceKey,
  id: RunRow['id'],
  plan: FlowPlan,
  bench: Bench,
): Promise<void> {
  const { ledger } = deps.store
  const batches = await ledger.listBatches(id)
  const markers = await bench.target.markers(fence, id)
  refuseLostBatches(plan, batches, markers)
  const open = new Set(batches.filter((b) => b.state !== 'done' && b.state !== 'superseded').map((b) => b.batch))
  for (const marker of markers) {
    if (!open.has(marker.batch)) continue
    await ledger.claimBatch(id, marker.batch, fence.token)
    await recordBatch(ledger, { bench, fence }, { run: id, batch: marker.batch }, marker)
  }
}

/**
 * The capture of this run: the stored one where it still holds, else a new one over the same window. A tree whose
 * source changed is captured again, because a captured row may hang elsewhere now. `anew`: a batch found that the stored
 * one holds no more, though the source may look as it did: what it was read under has ended.
 */
async function capture(
  deps: RunDeps,
  lease: HeldLease,
  id: RunRow['id'],
  plan: FlowPlan,
  bench: Bench,
  anew: boolean,
): Promise<Captured> {
  const { ledger } = deps.store
  const run = await ledger.getRun(id)
  const stored = run.captured === null ? null : (JSON.parse(run.captured) as Captured)
  const batches = await ledger.listBatches(id)
  const finished = batches.every((b) => b.state === 'done' || b.state === 'superseded')
  if (stored !== null && finished) return stored
  const extracted = await extract(deps, id, plan, bench, stored !== null)
  const fingerprint = await readyToRead(bench, plan, deps.hit)
  if (stored !== null && !anew) {
    const same = stored.fingerprint === fingerprint
    const mayHaveMoved = plan.relation.tree !== null || plan.relation.target.beside !== null
    const holds = stored.byRows
      ? same
      : !bench.work.capturesKeys || ((await bench.work.exists(stored.epoch)) && (!mayHaveMoved || same))
    if (holds) return stored
  }
  const epoch = (stored?.epoch ?? 0) + 1
  // what was read by place is not known by key, and what was loaded beside may be old: what the target has is left out
  const read = travelling(plan)
  const asItIs = stored !== null && (stored.byRows || (plan.relation.target.beside !== null && bench.work.capturesKeys))
  const selection =
    asItIs && read.selection.absent === null && bench.work.capturesKeys
      ? { ...read.selection, absent: 'row' as const }
      : read.selection
  const done = asItIs
    ? []
    : batches
        .filter((b) => b.state === 'done' && parseSplit(b.split).epoch === stored?.epoch)
        .map((b) => parseSplit(b.split))
  const shape = plan.definition.shape
  const report = await captureRows(bench.work, {
    relation: read.relation,
    selection,
    orphans: shape.kind === 'tree' ? shape.orphans : null,
    batch: plan.batch,
    epoch,
    done: done.map((s) => ({ first: BigInt(s.first), last: BigInt(s.last) })),
    left: leftOf(stored, batches),
    remembersUnmatched: plan.watermark !== null,
  })
  const area = plan.spoolsWhole ? spoolOf(bench) : null
  const again = area === null ? null : await area.inSpool(plan.relation, plan.selection.again)
  const cut = withDeletes(plan, report.batches, extracted, fingerprint)
  const captured = capturedOf(
    { ...report, batches: cut, deliveredAgain: again ?? report.deliveredAgain },
    epoch,
    fingerprint,
    extracted,
  )
  await deps.hit('capture:before-stored')
  const numbered = batches.reduce((max, b) => Math.max(max, b.batch), 0)
  const taken = await stepsTaken(ledger, id, plan, cut)
  const steps = [...new Set(cut.map((b) => taken + b.step))]
  await ledger.addBatches(
    id,
    lease.token,
    JSON.stringify(captured),
    steps.map((step) => ({ step, name: stepName(plan, step) })),
    cut.map((b, i) => ({
      step: taken + b.step,
      batch: numbered + i + 1,
      wave: b.wave,
      split: splitJson(b, epoch),
    })),
  )
  await deps.hit('capture:stored')
  return captured
}

/** Ranges that are still to be read, where nothing but ranges was captured. */
function leftOf(stored: Captured | null, batches: readonly BatchRow[]): readonly CapturedBatch[] | null {
  const own = batches
    .filter((b) => parseSplit(b.split).epoch === stored?.epoch)
    .map((b) => ({ state: b.state, split: splitOf(b.split, b.step, b.wave) }))
  if (own.length === 0 || own.some(({ split }) => split.range === null)) return null
  return own.filter(({ state }) => state !== 'done').map(({ split }) => split)
}

/** A finished step stays finished: where a new capture has rows for one, its steps are numbered after those there are. */
async function stepsTaken(
  ledger: LedgerStore,
  id: RunRow['id'],
  plan: FlowPlan,
  batches: readonly CapturedBatch[],
): Promise<number> {
  const known = await ledger.listSteps(id)
  if (!known.some((s) => s.state === 'done' && batches.some((b) => b.step === s.step))) return 0
  const { length } = stepNames(plan)
  return Math.ceil(Math.max(...known.map((s) => s.step)) / length) * length
}

async function endRun(deps: RunDeps, lease: HeldLease, id: RunRow['id'], error: unknown): Promise<void> {
  const e = asAppError(error)
  const cancelled = error instanceof Cancelled
  try {
    await deps.store.ledger.endRun(id, lease.token, {
      state: cancelled ? 'cancelled' : 'failed',
      reason: cancelled ? error.message : null,
      error: cancelled ? null : { code: e.code, message: e.message },
    })
  } catch (second) {
    // a lost lease may write nothing any more: the first error is the one to tell
    if (second instanceof AppError && second.code === 'TM3002') throw error
    throw new AggregateError([error, second], e.message, { cause: error })
  }
}

async function finished(deps: RunDeps, id: RunRow['id'], remedy: readonly string[] = []): Promise<RunRow> {
  const run = await deps.store.ledger.getRun(id)
  deps.emit('run:ended', {
    run: id,
    flow: run.flow,
    scope: run.scope,
    status: run.state,
    reason: run.reason,
    inserted: run.rows.inserted,
    updated: run.rows.updated,
    skipped: run.rows.skippedSame + run.rows.skippedOlder,
    durationMs: run.durationMs,
    code: run.error?.code ?? null,
    message: run.error?.message ?? null,
    remedy,
  })
  return run
}
