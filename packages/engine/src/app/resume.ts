/** `tidemark resume RUN | --last`, `cancel RUN`, `reset RUN`. */
import type { RunDocument } from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import { parseRunId } from '@tidemark/contract/ids'
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { ControlStore, RunRow } from '../control/control-store.ts'
import { holdLease } from '../run/hold-lease.ts'
import { resumeRun } from '../run/run-flow.ts'
import { AppError } from '../runtime/app-error.ts'
import { type AppContext, impatient, runDeps } from './app-context.ts'
import { runDocument, runJson } from './run-json.ts'
import { DEFAULT_WORKERS } from './default-workers.ts'

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

const isAtWork = (run: RunRow): boolean => run.state === 'running' || run.state === 'planned'

export async function resume(
  ctx: AppContext,
  options: { readonly run: string | null; readonly waitMs: number; readonly parallel: number | null },
  emit: Emit,
  signal: AbortSignal,
): Promise<RunDocument> {
  const store = await ctx.store('write')
  const run = options.run === null ? await newestUnfinished(store) : await findRun(store, options.run)
  if (!isUnfinished(run))
    throw new AppError(
      'TM3006',
      `${run.id} is ${run.state}${run.supersededBy === null ? '' : ` by ${run.supersededBy}`}`,
    )
  const deps = await runDeps(ctx, options.parallel ?? DEFAULT_WORKERS, {
    emit,
    waitMs: options.waitMs,
    stop: AbortSignal.any([signal, ctx.hardSignal]),
    beside: [],
  })
  return runDocument(run.group, [runJson(await resumeRun(deps, run, { soft: signal, hard: ctx.hardSignal }))])
}

async function newestUnfinished(store: ControlStore): Promise<RunRow> {
  const runs = await store.ledger.listRuns({ limit: 1000 })
  const run = runs.find(isUnfinished)
  if (!run) throw new AppError('TM3006', 'no run is unfinished')
  return run
}

/** Asks the worker of a running run to stop; ends an unfinished one that nobody works on. */
export async function cancel(
  ctx: AppContext,
  id: string,
): Promise<{ readonly run: string; readonly was: string; readonly now: string }> {
  const store = await ctx.store('write')
  const run = await findRun(store, id)
  if (!isAtWork(run))
    throw new AppError('TM3012', `${run.id} is ${run.state}: only a running run can be cancelled`, {
      remedy: [`tidemark show ${run.id}   shows how it ended`],
    })
  await store.ledger.requestCancel(run.id, ctx.by)
  await takeOver(ctx, run)
  return { run: run.id, was: run.state, now: (await store.ledger.getRun(run.id)).state }
}

/** Takes the lease of a worker that is dead or done, and ends the run in its place. One that is at work ends it itself. */
async function takeOver(ctx: AppContext, run: RunRow): Promise<void> {
  const deps = await runDeps(ctx, 1, impatient(ctx))
  try {
    await using lease = await holdLease(deps, run.flow, ctx.hardSignal)
    if (!isAtWork(await deps.store.ledger.getRun(run.id))) return // it ended while the lease was taken
    await deps.store.ledger.startRun(run.id, lease.token, deps.owner.worker)
    await deps.store.ledger.endRun(run.id, lease.token, {
      state: 'cancelled',
      reason: 'cancelled while nobody worked on it',
      error: null,
    })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'TM3001') throw error
  }
}

/** Clears the progress of an unfinished run; the rows it delivered stay. */
export async function reset(ctx: AppContext, id: string): Promise<{ readonly run: string; readonly flow: string }> {
  const store = await ctx.store('write')
  const run = await findRun(store, id)
  if (!isUnfinished(run))
    throw new AppError('TM3012', `${run.id} is ${run.state}: only an unfinished run has progress to clear`, {
      remedy: [`tidemark show ${run.id}   shows how it ended`],
    })
  const deps = await runDeps(ctx, 1, impatient(ctx))
  await using _lease = await holdLease(deps, run.flow, ctx.hardSignal)
  await store.ledger.resetRun(run.id, ctx.by)
  deps.removeWork(run.id)
  return { run: run.id, flow: run.flow }
}
