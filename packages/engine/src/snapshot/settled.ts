/** After the ledger's settle: the run's snapshot is kept, and the oldest of its scope go. May be repeated. */
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { KeptRun } from '../capture/capture-mode.ts'
import { HotSide, type HotPlace } from './hot-side.ts'

export async function settled(place: HotPlace, run: KeptRun): Promise<void> {
  await using hot = await HotSide.open(place, run.flow, 'write')
  const { keep } = run.options as SnapshotOptions
  await hot.tidy(keep, null, (other) => run.stateOf(other))
  await run.hit('snapshot:kept')
}
