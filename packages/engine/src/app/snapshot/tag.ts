/** `tidemark snapshot tag`: tags and retention of an archive, beside its file and in the hot side. */
import type { TagDocument } from '@tidemark/contract/archive-documents'
import { AppError } from '../../runtime/app-error.ts'
import { type ArchiveEntry, updateEntry } from '../../snapshot/archive-entry.ts'
import { HotSide } from '../../snapshot/hot-side.ts'
import type { AppContext } from '../app-context.ts'
import { openArchiveOf } from '../archives.ts'
import { hotPlace } from '../hot-place.ts'
import { archiveJson, knownArchives } from './archive-json.ts'

export interface TagOptions {
  readonly snapshot: string
  readonly set: Readonly<Record<string, string>>
  readonly remove: readonly string[]
  /** from now on; null: as it is */
  readonly retainMs: number | null
}

export async function tagArchive(ctx: AppContext, options: TagOptions): Promise<TagDocument> {
  const found = (await knownArchives(ctx, null)).find(({ entry }) => entry.snapshot === options.snapshot)
  if (found === undefined)
    throw new AppError('TM6207', options.snapshot, { remedy: ['tidemark snapshot archive   lists what is'] })
  const { flow } = found
  const { entry, now } = await amended(ctx, flow, found.entry, options)
  const { ledger } = await ctx.store('write')
  const said = (e: ArchiveEntry): string => JSON.stringify({ tags: e.tags, retention_until: e.retentionUntil })
  await ledger.audit('snapshot tag', `archive of ${entry.snapshot} of ${flow}`, ctx.by, said(entry), said(now))
  return { archive: archiveJson({ flow, entry: now }) }
}

/** While that is said nobody else says anything of the flow's archives: one that is on its way is amended once it is there. */
async function amended(
  ctx: AppContext,
  flow: string,
  { snapshot }: ArchiveEntry,
  options: TagOptions,
): Promise<{ readonly entry: ArchiveEntry; readonly now: ArchiveEntry }> {
  await using hot = await HotSide.open(hotPlace(ctx.project, ctx.config), flow, 'write')
  const entry = (await hot.entries()).find((e) => e.snapshot === snapshot)
  if (entry === undefined) throw new AppError('TM6207', snapshot)
  const missing = options.remove.find((name) => entry.tags[name] === undefined)
  if (missing !== undefined) throw new AppError('TM1002', `${snapshot} has no tag ${missing}`)
  const tags = Object.fromEntries(
    Object.entries({ ...entry.tags, ...options.set }).filter(([name]) => !options.remove.includes(name)),
  )
  const retentionUntil =
    options.retainMs === null
      ? entry.retentionUntil
      : Temporal.Now.instant().add({ milliseconds: options.retainMs }).toString({ smallestUnit: 'millisecond' })
  const manifest = entry.manifest && { ...entry.manifest, tags, retention_until: retentionUntil }
  // beside the file first: where that fails, nothing was said
  if (manifest !== null) {
    await using store = await openArchiveOf(ctx, entry.connection)
    await store.amend(manifest)
  }
  const now: ArchiveEntry = { ...entry, tags, retentionUntil, manifest }
  await hot.desk.exec(updateEntry(hot.catalog, now))
  return { entry, now }
}
