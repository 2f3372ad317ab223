/** `tidemark run`: flow by flow; one that fails does not stop the others. */
import type { RunDocument, RunJson } from '@tidemark/contract/api'
import type { Emit, EngineEvents } from '@tidemark/contract/events'
import { type FlowSpec, scopeText } from '@tidemark/contract/flow'
import type { GroupId } from '@tidemark/contract/ids'
import { AppError, asAppError, Cancelled } from '../runtime/app-error.ts'
import { runFlow } from '../run/run-flow.ts'
import type { RunDeps } from '../run/run-deps.ts'
import { type AppContext, runDeps, sweepWork } from './app-context.ts'
import type { RunOptions } from './app.ts'
import { dryRun } from './dry-run.ts'
import { planWish } from './plan-wish.ts'
import { failedJson, runDocument, runJson } from './run-json.ts'
import { selectFlows } from './select-flows.ts'

/** A flow that could not be planned has no run, but whoever watches hears of its end like of any other. */
const refused = (
  flow: FlowSpec,
  { scope, duration_ms: ms }: RunJson,
  { code, remedy }: AppError,
): EngineEvents['run:ended'] => ({
  run: null,
  flow: flow.id,
  scope: scopeText(scope),
  status: 'failed',
  reason: null,
  inserted: 0n,
  updated: 0n,
  skipped: 0n,
  ms,
  code,
  remedy,
})

export const DEFAULT_WORKERS = 2

export async function run(ctx: AppContext, options: RunOptions, emit: Emit, signal: AbortSignal): Promise<RunDocument> {
  if (options.acceptChange && options.reason === null)
    throw new AppError('TM1002', '--accept-change needs --reason TEXT: the ledger keeps why')
  if (options.dryRun) return dryRun(ctx, options, emit, signal)
  const flows = selectFlows(await ctx.catalog('write'), options)
  const deps = await runDeps(ctx, { emit, waitMs: options.waitMs, workers: options.parallel ?? DEFAULT_WORKERS })
  await sweepWork(ctx, deps.store)
  const group = await deps.store.ledger.newGroupId()
  await deps.store.ledger.createGroup(group, ctx.by)
  const runs: RunJson[] = []
  for (const flow of flows) {
    if (signal.aborted || ctx.hardSignal.aborted) break
    runs.push(...(await oneFlow(ctx, deps, flow, options, group, signal, flows.length === 1)))
  }
  return runDocument(group, runs)
}

/** A single flow that cannot be planned throws, with all that its error says; among several it is one of the answers. */
async function oneFlow(
  ctx: AppContext,
  deps: RunDeps,
  definition: FlowSpec,
  options: RunOptions,
  group: GroupId,
  signal: AbortSignal,
  alone: boolean,
): Promise<readonly RunJson[]> {
  const startedAt = performance.now()
  try {
    const request = {
      definition,
      scope: options.scope,
      group,
      wish: { ...planWish(options), fresh: options.fresh, reason: options.reason },
    }
    return (await runFlow(deps, request, { soft: signal, hard: ctx.hardSignal })).map(runJson)
  } catch (error) {
    if (alone || error instanceof Cancelled) throw error
    const failed = failedJson(definition.id, options.scope, error, Math.round(performance.now() - startedAt))
    deps.emit('run:ended', refused(definition, failed, asAppError(error)))
    return [failed]
  }
}
