/** `tidemark snapshot list`: what is kept, the newest first. */
import type { SnapshotsDocument } from '@tidemark/contract/snapshot-documents'
import { hotFlows } from '../../snapshot/hot-side.ts'
import type { AppContext } from '../app-context.ts'
import { hotPlace } from '../hot-place.ts'
import { knownFlow } from '../select-flows.ts'
import { openHot, snapshotsOf } from './snapshot-json.ts'

export async function listSnapshots(
  ctx: AppContext,
  options: { readonly flow: string | null },
): Promise<SnapshotsDocument> {
  const store = await ctx.store('read')
  const flows =
    options.flow === null
      ? hotFlows(hotPlace(ctx.project, ctx.config))
      : [knownFlow((await ctx.catalog('read')).flows, options.flow).id]
  const snapshots: SnapshotsDocument['snapshots'] = []
  for (const flow of flows) {
    await using hot = await openHot(ctx, flow)
    if (hot !== null) snapshots.push(...(await snapshotsOf(store, flow, hot)).map(({ json }) => json))
  }
  return { snapshots: snapshots.toSorted((a, b) => (a.taken_at < b.taken_at ? 1 : -1)) }
}
