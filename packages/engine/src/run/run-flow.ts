/**
 * `run` of one flow and scope: first what was left unfinished, then the new window. Both are in the answer.
 * lease → resume → plan → store the plan → execute.
 */
import type { ErrorCode } from '@tidemark/contract/error-codes'
import { type Scope, scopeText } from '@tidemark/contract/flow'
import type { RunRow } from '../control/control-store.ts'
import type { FlowPlan, NothingToDo, Planned } from '../plan/flow-plan.ts'
import { nothingJson, planJson } from '../plan/flow-plan.ts'
import { AppError } from '../runtime/app-error.ts'
import { canonicalScope } from './canonical-scope.ts'
import { executeRun } from './execute-run.ts'
import { type HeldLease, holdLease } from './hold-lease.ts'
import { planFlow } from './plan-flow.ts'
import type { FlowRequest, RunDeps, Stop } from './run-deps.ts'

/** source or target are not those of the unfinished run: reading everything again is the answer to that */
const REPAIRED_BY_FULL: readonly (ErrorCode | null)[] = ['TM3007', 'TM4008']
/** Applies that have a brake to lift. */
const DELETING: ReadonlySet<string> = new Set(['replace', 'live', 'forensic'])

/** the watermark is not the one it was planned from, and never will be again: only a new plan helps */
const CANNOT_SETTLE: ErrorCode = 'TM3003'
const ENDED_WELL: readonly RunRow['state'][] = ['succeeded', 'succeeded_with_rejects', 'nothing_to_do']

export async function runFlow(deps: RunDeps, asked: FlowRequest, stop: Stop): Promise<readonly RunRow[]> {
  const { ledger } = deps.store
  const { definition, wish } = asked
  await using lease = await holdLease(deps, definition.id, stop.soft)
  await deps.hit('lease:after')
  const request = { ...asked, scope: await knownScope(deps, asked) }
  const scope = scopeText(request.scope)
  const runs: RunRow[] = []
  if (wish.allowsDeletes && DELETING.has(definition.apply.kind))
    await ledger.audit('allow-deletes', definition.id, { ...deps.by, reason: wish.reason }, null, scope)
  const unfinished = await ledger.findUnfinished(definition.id, scope)
  const giveUp = async (by: string): Promise<void> => {
    for (const id of await ledger.supersede(definition.id, scope, by, deps.by)) deps.removeWork(id)
  }
  if (unfinished && (wish.fresh || wish.acceptChange)) await giveUp(wish.fresh ? '--fresh' : '--accept-change')
  else if (unfinished) {
    const resumed = await executeRun(deps, lease, unfinished.id, true, stop, wish.allowsDeletes)
    if (wish.full && REPAIRED_BY_FULL.includes(resumed.error?.code ?? null)) await giveUp('--full')
    else if (resumed.error?.code === CANNOT_SETTLE) await giveUp(CANNOT_SETTLE)
    else {
      runs.push(resumed)
      if (!ENDED_WELL.includes(resumed.state)) return runs
    }
  }
  const planned = await plan(deps, request, stop)
  runs.push(
    planned.kind === 'nothing'
      ? await recordNothing(deps, lease, request, planned.nothing, stop)
      : await start(deps, lease, request, planned.plan, stop),
  )
  return runs
}

async function knownScope(deps: RunDeps, { definition, scope }: FlowRequest): Promise<Scope> {
  if (Object.keys(scope).length === 0) return scope
  await using opened = await deps.openBench(definition, null)
  return await canonicalScope(opened.bench.source, definition, scope)
}

/** Under a bench that cannot write: a definition that is refused leaves nothing behind, not even an empty file. */
async function plan(deps: RunDeps, request: FlowRequest, stop: Stop): Promise<Planned> {
  await using opened = await deps.openBench(request.definition, null)
  return await deps.pool.use(stop.soft, () =>
    planFlow(
      { store: deps.store, bench: opened.bench, abilities: opened.dialect.abilities, modes: deps.modes },
      request.definition,
      request.scope,
      request.wish,
    ),
  )
}

async function start(
  deps: RunDeps,
  lease: HeldLease,
  request: FlowRequest,
  plan: FlowPlan,
  stop: Stop,
): Promise<RunRow> {
  const { ledger } = deps.store
  if (request.wish.acceptChange)
    await ledger.audit(
      'accept-change',
      request.definition.id,
      { ...deps.by, reason: request.wish.reason },
      null,
      JSON.stringify(plan.coverage),
    )
  const id = await ledger.newRunId()
  await ledger.createRun(
    {
      id,
      group: request.group,
      flow: plan.flow,
      scope: scopeText(plan.scope),
      lane: plan.lane,
      window: plan.window,
      waiting: plan.waiting && { rows: BigInt(plan.waiting.rows), until: plan.waiting.until },
      plan: planJson(plan),
      by: { ...deps.by, reason: request.wish.reason },
    },
    lease.token,
  )
  await deps.hit('plan:stored')
  return executeRun(deps, lease, id, false, stop)
}

/** "Nothing to do" is an answer of its own, with its reason; the watermark's position stays, and no file is touched. */
async function recordNothing(
  deps: RunDeps,
  lease: HeldLease,
  request: FlowRequest,
  nothing: NothingToDo,
  stop: Stop,
): Promise<RunRow> {
  const { ledger } = deps.store
  const { accepted } = nothing
  if (accepted !== null) {
    const change = { coverage: JSON.stringify(accepted.coverage), source: JSON.stringify(accepted.identity) }
    await ledger.acceptChange(request.definition.id, scopeText(request.scope), { version: accepted.expected }, change, {
      ...deps.by,
      reason: request.wish.reason,
    })
  }
  const id = await ledger.newRunId()
  await ledger.createRun(
    {
      id,
      group: request.group,
      flow: request.definition.id,
      scope: scopeText(request.scope),
      lane: nothing.lane,
      window: nothing.window,
      waiting: nothing.waiting && { rows: BigInt(nothing.waiting.rows), until: nothing.waiting.until },
      plan: nothingJson(nothing),
      by: deps.by,
    },
    lease.token,
  )
  return executeRun(deps, lease, id, false, stop)
}

/** `resume`: exactly the unfinished run, and nothing after it. */
export async function resumeRun(deps: RunDeps, run: RunRow, stop: Stop): Promise<RunRow> {
  await using lease = await holdLease(deps, run.flow, stop.soft)
  const now = await deps.store.ledger.getRun(run.id)
  const newest = await deps.store.ledger.findUnfinished(run.flow, run.scope)
  if (newest?.id !== run.id)
    throw new AppError(
      'TM3006',
      `${run.id} is ${now.state}${now.supersededBy === null ? '' : ` by ${now.supersededBy}`}`,
    )
  return await executeRun(deps, lease, run.id, true, stop)
}
