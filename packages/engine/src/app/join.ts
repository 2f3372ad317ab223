/** `tidemark run --join RUN`: one more worker on a run that another owns. */
import type { RunDocument } from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import { joinRun } from '../run/join-run.ts'
import { type AppContext, runDeps } from './app-context.ts'
import { DEFAULT_WORKERS } from './default-workers.ts'
import { findRun } from './resume.ts'
import { joinedJson, runDocument } from './run-json.ts'

export async function join(
  ctx: AppContext,
  options: { readonly run: string; readonly waitMs: number; readonly parallel: number | null },
  emit: Emit,
  signal: AbortSignal,
): Promise<RunDocument> {
  const run = await findRun(await ctx.store('write'), options.run)
  const deps = await runDeps(ctx, options.parallel ?? DEFAULT_WORKERS, {
    emit,
    waitMs: options.waitMs,
    stop: AbortSignal.any([signal, ctx.hardSignal]),
    beside: [],
  })
  return runDocument(run.group, [joinedJson(await joinRun(deps, run.id, { soft: signal, hard: ctx.hardSignal }))])
}
