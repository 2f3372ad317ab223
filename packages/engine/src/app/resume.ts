/** `tidemark resume RUN | --last`, `cancel RUN`, `reset RUN`. */
import type { RunDocument } from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import { parseRunId } from '@tidemark/contract/ids'
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { ControlStore, RunRow } from '../control/control-store.ts'
import { holdLease } from '../run/hold-lease.ts'
import { resumeRun } from '../run/run-flow.ts'
import { AppError } from '../runtime/app-error.ts'
import { type AppContext, runDeps } from './app-context.ts'
import { runDocument, runJson } from './run-json.ts'
import { DEFAULT_WORKERS } from './run.ts'

/** Throws TM1004 for an id that the ledger does not have. */
export async function findRun(store: ControlStore, id: string): Promise<RunRow> {
  const run = /^r-[0-9a-z]{5}$/.test(id) ? await store.ledger.findRun(parseRun(id)) : null
  if (run === null) throw new AppError('TM1004', id)
  return run
}

function parseRun(id: string): RunRow['id'] {
  try {
    return parseRunId(id)
  } catch (error) {
    throw new AppError('TM1004', id, { cause: error })
  }
}

const isUnfinished = (run: RunRow): boolean => (UNFINISHED_RUN_STATES as readonly string[]).includes(run.state)

export async function resume(
  ctx: AppContext,
  options: { readonly run: string | null; readonly waitMs: number; readonly parallel: number | null },
  emit: Emit,
  signal: AbortSignal,
): Promise<RunDocument> {
  const store = await ctx.store('write')
  const run = options.run === null ? await newestUnfinished(store) : await findRun(store, options.run)
  if (!isUnfinished(run)) throw new AppError('TM3006', `${run.id} is ${run.state}${run.supersededBy === null ? '' : ` by ${run.supersededBy}`}`)
  const deps = await runDeps(ctx, { emit, waitMs: options.waitMs, workers: options.parallel ?? DEFAULT_WORKERS })
  return runDocument(run.group, [runJson(await resumeRun(deps, run, { soft: signal, hard: ctx.hardSignal }))])
}

async function newestUnfinished(store: ControlStore): Promise<RunRow> {
  const runs = await store.ledger.listRuns({ limit: 1000 })
  const run = runs.find(isUnfinished)
  if (!run) throw new AppError('TM3006', 'no run is unfinished')
  return run
}

/** Asks the worker of a running run to stop; ends an unfinished one that nobody works on. */
export async function cancel(ctx: AppContext, id: string): Promise<{ readonly run: string; readonly was: string; readonly now: string }> {
  const store = await ctx.store('write')
  const run = await findRun(store, id)
  if (run.state !== 'running' && run.state !== 'planned') throw new AppError('TM3006', `${run.id} is ${run.state}: only a running run can be cancelled`)
  await store.ledger.requestCancel(run.id, ctx.by)
  const lease = await store.leases.find(run.flow)
  const held = lease?.owner != null && !lease.expired
  if (!(await takesOver(ctx, run)) && held) return { run: run.id, was: run.state, now: 'asked to stop' }
  const now = await store.ledger.getRun(run.id)
  return { run: run.id, was: run.state, now: now.state }
}

/** Takes the lease of a worker that is dead or done, and ends the run in its place. False: it is at work. */
async function takesOver(ctx: AppContext, run: RunRow): Promise<boolean> {
  const deps = await runDeps(ctx, { emit: () => {}, waitMs: 0, workers: 1 })
  try {
    await using lease = await holdLease(deps, run.flow, ctx.hardSignal)
    await deps.store.ledger.startRun(run.id, lease.token, deps.owner.worker)
    await deps.store.ledger.endRun(run.id, lease.token, { state: 'cancelled', reason: 'cancelled while nobody worked on it', error: null })
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'TM3001') return false
    throw error
  }
}

/** Clears the progress of an unfinished run; the rows it delivered stay. */
export async function reset(ctx: AppContext, id: string): Promise<{ readonly run: string; readonly flow: string }> {
  const store = await ctx.store('write')
  const run = await findRun(store, id)
  if (!isUnfinished(run)) throw new AppError('TM3006', `${run.id} is ${run.state}: only an unfinished run has progress to clear`)
  const deps = await runDeps(ctx, { emit: () => {}, waitMs: 0, workers: 1 })
  await using _lease = await holdLease(deps, run.flow, ctx.hardSignal)
  await store.ledger.resetRun(run.id, ctx.by)
  deps.removeWork(run.id)
  return { run: run.id, flow: run.flow }
}
