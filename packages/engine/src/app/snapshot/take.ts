/** `tidemark snapshot take`: a run of one flow that takes snapshots, and what it took. */
import type { SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import type { Emit } from '@tidemark/contract/events'
import { AppError } from '../../runtime/app-error.ts'
import type { AppContext } from '../app-context.ts'
import type { RunOptions } from '../app.ts'
import { run } from '../run.ts'
import { findFlow } from '../select-flows.ts'
import { openHot, snapshotsOf } from './snapshot-json.ts'

export async function takeSnapshot(
  ctx: AppContext,
  options: RunOptions & { readonly flow: string },
  emit: Emit,
  signal: AbortSignal,
): Promise<SnapshotTakeDocument> {
  const { id, capture } = findFlow((await ctx.catalog('write')).flows, options.flow)
  if (capture.kind !== 'snapshot')
    throw new AppError('TM1019', `${id} has capture: ${capture.kind}, and takes no snapshots`, {
      remedy: [`tidemark run ${id}`, 'or capture: snapshot in its definition'],
    })
  const document = await run(ctx, { ...options, flows: [id], all: false, module: null }, emit, signal)
  await using hot = await openHot(ctx, id)
  const taken = hot === null ? [] : await snapshotsOf(await ctx.store('read'), id, hot)
  return {
    ...document,
    snapshots: taken.map(({ json }) => json).filter((s) => document.runs.some((r) => r.run === s.run)),
  }
}
