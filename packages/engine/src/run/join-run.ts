/**
 * A worker that helps with a run of another: it takes no lease, plans, captures and settles nothing. It claims batches under
 * the owner's token, so the fence admits it as long as that token is the newest, and the markers let each batch in once.
 */
import { scopeText } from '@tidemark/contract/flow'
import { addCounts, NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { RunRow } from '../control/control-store.ts'
import type { FenceKey } from '../dialects/contract.ts'
import { travelling } from '../lane/spool.ts'
import { findNothing, type FlowPlan, parsePlan } from '../plan/flow-plan.ts'
import { AppError, Cancelled } from '../runtime/app-error.ts'
import { attend } from './attend.ts'
import type { Captured } from './captured.ts'
import { type Ownership, refuseEnded, waitForOwner } from './find-owner.ts'
import { type Joined, outcome } from './joined.ts'
import { refuseDrift } from './refuse-drift.ts'
import { refuseOtherSource } from './refuse-other-ends.ts'
import { refuseOneProcess, refuseOwnKeys } from './refuse-unshared.ts'
import { RejectBudget } from './reject-budget.ts'
import type { RunDeps, Stop } from './run-deps.ts'
import { runSteps } from './run-steps.ts'

interface Tally {
  rows: RowCounts
  batches: number
}

/** Places in the source that changed, and a batch behind the open transaction of a worker that sleeps. */
const ANSWERED_BY_OWNER: readonly string[] = ['TM5006', 'TM5003']

/** Until nothing is left to claim, the run ends, or another takes it over. Throws where there is nothing to join. */
export async function joinRun(deps: RunDeps, id: RunRow['id'], stop: Stop): Promise<Joined> {
  const begun = performance.now()
  const tally: Tally = { rows: NO_ROWS, batches: 0 }
  const before = await deps.store.ledger.getRun(id)
  refuseEnded(before)
  const plan = planOf(before)
  const dialect = await deps.dialect(plan.definition)
  refuseOneProcess(dialect, plan)
  let owned = await waitForOwner(deps, plan, id, stop.soft, null)
  if (owned !== null) refuseOwnKeys(dialect, plan, await deps.store.ledger.listBatches(id))
  let error: unknown = null
  for (
    let at = owned;
    at !== null;
    at = isOver(error, stop) ? null : await ownedAnew(deps, plan, id, at, error, stop)
  ) {
    owned = at
    error = await workAlong(deps, plan, id, at, tally, stop).then(
      () => null,
      (e: unknown) => e,
    )
  }
  const durationMs = Math.round(performance.now() - begun)
  const joined = { ...(await outcome(deps, id, owned, error, stop)), ...tally, durationMs }
  tellEnd(deps, plan, joined)
  return joined
}

const isOver = (error: unknown, stop: Stop): boolean =>
  error === null || stop.soft.aborted || stop.hard.aborted || error instanceof Cancelled

async function workAlong(
  deps: RunDeps,
  plan: FlowPlan,
  id: RunRow['id'],
  { token }: Ownership,
  tally: Tally,
  asked: Stop,
): Promise<void> {
  const { ledger } = deps.store
  await using opened = await deps.openBench(plan.definition, id)
  const { bench, dialect } = opened
  await using attendance = await attend(deps, plan, id, token)
  const hard = AbortSignal.any([asked.hard, attendance.lost])
  const stop: Stop = { soft: AbortSignal.any([asked.soft, hard]), hard }
  const batches = await ledger.listBatches(id)
  refuseOwnKeys(dialect, plan, batches)
  await refuseOtherSource(bench, plan)
  await refuseDrift(bench, plan)
  const run = await ledger.getRun(id)
  const captured = JSON.parse(run.captured ?? 'null') as Captured | null
  const fence: FenceKey = { store: deps.store.id, flow: plan.flow, scope: scopeText(plan.scope), token }
  tellBegin(deps, plan, run, batches.filter((b) => b.state !== 'superseded').length, captured)
  const out = run.rows.rejected + BigInt(captured?.quarantined.length ?? 0)
  const { openBatches: most } = dialect.abilities
  await runSteps(
    {
      deps,
      bench,
      dialect,
      fence,
      plan: travelling(plan),
      run: id,
      token,
      stop,
      hard,
      hit: deps.hit,
      budget: new RejectBudget(plan.definition.onReject.max, out, run.rows.rejected),
      // the owner counts from the first one up
      slotOf: (n) => (most === null ? n : Math.max(0, most - 1 - n)),
      tally: (rows) => {
        tally.rows = addCounts(tally.rows, rows)
        tally.batches += 1
      },
    },
    batches,
  )
}

/**
 * The owner may go on under a new token, to capture again or to lock out a worker that sleeps: it is still the same run.
 * Null: the run is over, another has it, or what failed is not about the token.
 */
async function ownedAnew(
  deps: RunDeps,
  plan: FlowPlan,
  id: RunRow['id'],
  owned: Ownership,
  error: unknown,
  stop: Stop,
): Promise<Ownership | null> {
  const work = await deps.store.ledger.findWork(id)
  const moved = work.token !== owned.token || (error instanceof AppError && ANSWERED_BY_OWNER.includes(error.code))
  if (work.state !== 'running' || !moved) return null
  return await waitForOwner(deps, plan, id, stop.soft, owned).catch((e: unknown) => {
    if (stop.soft.aborted || e instanceof AppError) return null
    throw e
  })
}

function planOf(run: RunRow): FlowPlan {
  if (findNothing(run.plan) !== null) throw new AppError('TM3012', `${run.id} found nothing to do`)
  return parsePlan(run.plan)
}

function tellBegin(deps: RunDeps, plan: FlowPlan, run: RunRow, batches: number, captured: Captured | null): void {
  const about = { run: run.id, flow: plan.flow, scope: scopeText(plan.scope) }
  deps.emit('run:planned', {
    ...about,
    resumed: false,
    lane: plan.lane,
    after: plan.window?.after ?? null,
    upTo: plan.window?.upTo ?? null,
    decidedBy: plan.window?.decidedBy ?? null,
  })
  deps.emit('run:captured', { ...about, rows: BigInt(captured?.rows ?? '0'), batches, done: run.batchesDone })
}

function tellEnd(
  { emit, owner }: RunDeps,
  plan: FlowPlan,
  { run, status, reason, rows, batches, durationMs, error, remedy }: Joined,
): void {
  const about = { run: run.id, flow: plan.flow, scope: run.scope }
  emit('worker:left', { ...about, worker: owner.worker, batches, rows: rows.read })
  emit('run:ended', {
    ...about,
    status,
    reason,
    inserted: rows.inserted,
    updated: rows.updated,
    skipped: rows.skippedSame + rows.skippedOlder,
    durationMs,
    code: error?.code ?? null,
    message: error?.message ?? null,
    remedy,
  })
}
