/** `tidemark run`: several flows side by side; one that fails stops none but those that wait for it. */
import { mkdirSync } from 'node:fs'
import type { RunDocument, RunJson } from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import { type FlowSpec, scopeText } from '@tidemark/contract/flow'
import type { GroupId } from '@tidemark/contract/ids'
import { AppError, asAppError, Cancelled } from '../runtime/app-error.ts'
import { runFlow } from '../run/run-flow.ts'
import type { RunDeps } from '../run/run-deps.ts'
import { type AppContext, connectionOf, runDeps, sweepWork } from './app-context.ts'
import type { RunOptions } from './app.ts'
import { DEFAULT_WORKERS } from './default-workers.ts'
import { sameTable } from './copied-position.ts'
import { dryRun } from './dry-run.ts'
import { inOrder } from './in-order.ts'
import { planWish } from './plan-wish.ts'
import { notBegunJson, failedJson, runDocument, runJson } from './run-json.ts'
import { selectFlows } from './select-flows.ts'

const ENDED_WELL: readonly RunJson['status'][] = ['succeeded', 'succeeded_with_rejects', 'nothing_to_do']

export async function run(ctx: AppContext, options: RunOptions, emit: Emit, signal: AbortSignal): Promise<RunDocument> {
  if (options.acceptChange && options.reason === null)
    throw new AppError('TM1002', '--accept-change needs --reason TEXT: the ledger keeps why')
  if (options.dryRun) return dryRun(ctx, options, emit, signal)
  const flows = selectFlows(await ctx.catalog('write'), options)
  const workers = options.parallel ?? DEFAULT_WORKERS
  const stop = AbortSignal.any([signal, ctx.hardSignal])
  const deps = await runDeps(ctx, workers, { emit, waitMs: options.waitMs, stop, beside: flows })
  await sweepWork(ctx, deps.store)
  const group = await deps.store.ledger.newGroupId()
  await deps.store.ledger.createGroup(group, ctx.by)
  const one = (flow: FlowSpec): Promise<readonly RunJson[]> => oneFlow(ctx, deps, flow, options, group, signal)
  const [alone, ...others] = flows
  // with all that its error says
  if (alone !== undefined && others.length === 0) return runDocument(group, await one(alone))

  // of all of them: none may take it away under another
  mkdirSync(ctx.project.engine.tempDir, { recursive: true })
  const notRun = (flow: FlowSpec, json: RunJson, error: AppError | null = null): readonly RunJson[] => {
    tellEnd(deps.emit, flow, json, error)
    return [json]
  }
  const answers = await inOrder(flows, {
    most: workers,
    isStopped: () => stop.aborted,
    work: async (flow) => {
      const startedAt = performance.now()
      try {
        return await one(flow)
      } catch (error) {
        const ms = Math.round(performance.now() - startedAt)
        return error instanceof Cancelled
          ? notRun(flow, notBegunJson(flow.id, options.scope, 'cancelled', error.message, ms))
          : notRun(flow, failedJson(flow.id, options.scope, error, ms), asAppError(error))
      }
    },
    clash: await sharesTarget(ctx, flows),
    endedWell: (runs) => runs.every((r) => ENDED_WELL.includes(r.status)),
    leftOut: (flow, because) =>
      notRun(
        flow,
        because.length > 0
          ? notBegunJson(flow.id, options.scope, 'skipped', waitsFor(because), 0)
          : notBegunJson(flow.id, options.scope, 'cancelled', 'not begun', 0),
      ),
  })
  return runDocument(group, answers.flat())
}

/**
 * Two flows that fill one table may bring the same key. Each looks whether the table holds it in a transaction that does
 * not see the other's, so both would insert it: they take turns.
 */
async function sharesTarget(
  ctx: AppContext,
  flows: readonly FlowSpec[],
): Promise<(a: FlowSpec, b: FlowSpec) => boolean> {
  const catalog = await ctx.catalog('write')
  const places = new Map<string, string>()
  for (const { target } of flows) {
    // one that leads nowhere is an error of its own flow
    const found = await connectionOf(ctx, catalog, target.connection).catch(() => null)
    places.set(target.connection, found === null ? target.connection : `${found.kind} ${found.location}`)
  }
  return ({ target: a }, { target: b }) =>
    places.get(a.connection) === places.get(b.connection) && sameTable(a.table, b.table)
}

const waitsFor = (flows: readonly FlowSpec[]): string =>
  `waits for ${flows.map((flow) => flow.id).join(', ')}, which did not end well`

/** A flow without a run: whoever watches hears of its end like of any other. */
function tellEnd(emit: Emit, flow: FlowSpec, json: RunJson, error: AppError | null): void {
  emit('run:ended', {
    run: null,
    flow: flow.id,
    scope: scopeText(json.scope),
    status: json.status,
    reason: json.reason,
    inserted: 0n,
    updated: 0n,
    skipped: 0n,
    durationMs: json.duration_ms,
    code: error?.code ?? null,
    message: error?.message ?? null,
    remedy: error?.remedy ?? [],
  })
}

/** Throws where the flow could not be planned. */
async function oneFlow(
  ctx: AppContext,
  deps: RunDeps,
  definition: FlowSpec,
  options: RunOptions,
  group: GroupId,
  signal: AbortSignal,
): Promise<readonly RunJson[]> {
  const request = {
    definition,
    scope: options.scope,
    group,
    wish: { ...planWish(options), fresh: options.fresh, reason: options.reason },
  }
  return (await runFlow(deps, request, { soft: signal, hard: ctx.hardSignal })).map(runJson)
}
