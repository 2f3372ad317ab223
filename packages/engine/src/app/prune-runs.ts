import type { PruneDocument } from '@tidemark/contract/api'
import type { App } from './app.ts'
import type { AppContext } from './app-context.ts'

export async function pruneRuns(
  ctx: AppContext,
  { keepMs, dryRun }: Parameters<App['pruneRuns']>[0],
): Promise<PruneDocument> {
  const { ledger } = await ctx.store(dryRun ? 'read' : 'write')
  const pruned = dryRun ? await ledger.previewPrune(keepMs) : await ledger.pruneRuns(keepMs, ctx.by)
  return { dry_run: dryRun, ...pruned }
}
