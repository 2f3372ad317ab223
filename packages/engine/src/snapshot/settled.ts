/**
 * After the ledger's settle: the run's snapshot is kept, what is still to be archived is, and the oldest of its scope go.
 * May be repeated.
 */
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { KeptRun } from '../capture/capture-mode.ts'
import type { Bench, FenceKey } from '../dialects/contract.ts'
import { AppError } from '../runtime/app-error.ts'
import { archivePending } from './archive-pending.ts'
import type { Archives } from './archive-entry.ts'
import { type HotPlace, HotSide, RUN_WAIT_MS } from './hot-side.ts'
import { settledInTarget } from './hot-target.ts'

/** TM6208 where the target could not be told, TM6204 where an archive could not be written: it stays pending. */
export async function settled(
  place: HotPlace,
  run: KeptRun,
  archives: Archives,
  bench: Bench,
  fence: FenceKey,
): Promise<readonly AppError[]> {
  const keep = (run.options as SnapshotOptions).keep ?? place.keep
  const tidy = async (): Promise<boolean> => {
    await using hot = await HotSide.open(place, run.flow, 'write', RUN_WAIT_MS)
    await hot.tidy(keep, null, (other) => run.stateOf(other))
    return [...(await hot.archiveStates()).values()].includes('pending')
  }
  const isPending = await tidy()
  await run.hit('snapshot:kept')
  const undone = await settledInTarget(place, run, bench, fence)
  if (!isPending) return undone
  const tried = await archivePending(place, run.flow, archives, run.hit)
  await tidy()
  const failures = tried.flatMap(({ entry, error }) => (error === null ? [] : [{ id: entry.snapshot, error }]))
  const [first] = failures
  if (first === undefined) return undone
  const ids = failures.map(({ id }) => id).join(', ')
  return [
    ...undone,
    new AppError('TM6204', `${ids} of ${run.flow}: ${first.error.message}`, {
      cause: first.error,
      remedy: [`tidemark snapshot archive ${run.flow} --retry   writes it; the next run does too`],
    }),
  ]
}
