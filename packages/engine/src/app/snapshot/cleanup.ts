/** `tidemark snapshot cleanup`: archives that nothing holds any more go. A dry run lists exactly those. */
import type { CleanupDocument } from '@tidemark/contract/archive-documents'
import { parseScopeText } from '@tidemark/contract/flow'
import { asAppError } from '../../runtime/app-error.ts'
import { type ArchiveEntry, removeEntry } from '../../snapshot/archive-entry.ts'
import { HotSide } from '../../snapshot/hot-side.ts'
import type { AppContext } from '../app-context.ts'
import { openArchiveOf } from '../archives.ts'
import { hotPlace } from '../hot-place.ts'
import { archiveJson, type KnownArchive, knownArchives } from './archive-json.ts'

const DAY_MS = 86_400_000
/** An archive with this tag stays, whatever its age. */
const HOLD = 'hold'

export interface CleanupOptions {
  /** null: every flow */
  readonly flow: string | null
  /** younger ones stay; null: by their own retention alone */
  readonly keepDays: number | null
  /** only those that have all of these tags */
  readonly tags: Readonly<Record<string, string>>
  readonly dryRun: boolean
}

type Kept = CleanupDocument['kept'][number]

export async function cleanUp(ctx: AppContext, options: CleanupOptions): Promise<CleanupDocument> {
  const now = Temporal.Now.instant()
  const gone: KnownArchive[] = []
  const kept: Kept[] = []
  const known = await knownArchives(ctx, options.flow)
  for (const archive of known.filter(({ entry }) => isMeant(entry, options, now))) {
    const { flow, entry } = archive
    const why = whyKept(archive, known, options.keepDays, now)
    if (why === null) gone.push(archive)
    // without an age, what is not due is not worth a word
    else if (options.keepDays !== null || why === 'held' || why === 'newest')
      kept.push({ snapshot: entry.snapshot, flow, scope: { ...parseScopeText(entry.scope) }, why })
  }
  const document = { dry_run: options.dryRun, keep_days: options.keepDays, kept }
  if (options.dryRun) return { ...document, archives: gone.map(archiveJson), failed: [] }

  const record = async (subject: string, archives: readonly { readonly flow: string; readonly snapshot: string }[]) => {
    if (archives.length === 0) return
    const names = archives.map(({ flow, snapshot }) => `${snapshot} of ${flow}`)
    const { ledger } = await ctx.store('write')
    await ledger.audit('snapshot cleanup', subject, ctx.by, JSON.stringify(names), null)
  }
  // before the first of them goes: whoever dies in the midst has said what it was about
  await record(
    'archives',
    gone.map(({ flow, entry }) => ({ flow, snapshot: entry.snapshot })),
  )
  const removed: KnownArchive[] = []
  const failed: CleanupDocument['failed'] = []
  for (const archive of gone) {
    try {
      await remove(ctx, archive)
      removed.push(archive)
    } catch (error) {
      const { code, message } = asAppError(error)
      failed.push({ snapshot: archive.entry.snapshot, flow: archive.flow, error: { code, message } })
    }
  }
  await record('archives that could not be deleted', failed)
  return { ...document, archives: removed.map(archiveJson), failed }
}

const isMeant = ({ takenAt, tags }: ArchiveEntry, { keepDays, tags: wanted }: CleanupOptions, now: Temporal.Instant) =>
  (keepDays === null || isPast(Temporal.Instant.from(takenAt).add({ milliseconds: keepDays * DAY_MS }), now)) &&
  Object.entries(wanted).every(([name, value]) => tags[name] === value)

const isPast = (at: Temporal.Instant, now: Temporal.Instant): boolean => Temporal.Instant.compare(at, now) <= 0

/** Null: nothing holds it. */
function whyKept(
  { flow, entry }: KnownArchive,
  all: readonly KnownArchive[],
  keepDays: number | null,
  now: Temporal.Instant,
): Kept['why'] | null {
  const { state, tags, retentionUntil, scope, takenAt } = entry
  if (state === 'pending') return 'pending'
  const promised = retentionUntil === null ? keepDays === null : !isPast(Temporal.Instant.from(retentionUntil), now)
  if (promised) return 'retention'
  if ((tags[HOLD] ?? 'false') !== 'false') return 'held'
  const later = all.some(
    (other) =>
      other.flow === flow &&
      other.entry.scope === scope &&
      other.entry.state === 'archived' &&
      other.entry.takenAt > takenAt,
  )
  return later || state === 'lost' ? null : 'newest'
}

/** What is not deleted is still known: it is tried again. */
async function remove(ctx: AppContext, { flow, entry }: KnownArchive): Promise<void> {
  if (entry.state === 'archived') {
    await using store = await openArchiveOf(ctx, entry.connection)
    await store.remove({ flow, snapshot: entry.snapshot })
  }
  await using hot = await HotSide.open(hotPlace(ctx.project, ctx.config), flow, 'write')
  await hot.desk.exec(removeEntry(hot.catalog, entry.snapshot))
}
