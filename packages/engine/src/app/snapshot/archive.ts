/** `tidemark snapshot archive`: what is archived, or is still to be; `--retry` writes that. */
import type { ArchivesDocument } from '@tidemark/contract/archive-documents'
import { archivePending } from '../../snapshot/archive-pending.ts'
import type { AppContext } from '../app-context.ts'
import { openArchiveOf } from '../archives.ts'
import { hotPlace } from '../hot-place.ts'
import { archiveJson, flowsOf, type KnownArchive, knownArchives } from './archive-json.ts'

export async function listArchives(ctx: AppContext, flow: string | null): Promise<ArchivesDocument> {
  return { archives: (await knownArchives(ctx, flow)).toReversed().map(archiveJson) }
}

export async function retryArchives(ctx: AppContext, flow: string | null): Promise<ArchivesDocument> {
  const archives = { open: (id: string | null) => openArchiveOf(ctx, id) }
  const tried: KnownArchive[] = []
  for (const id of await flowsOf(ctx, flow)) {
    const place = hotPlace(ctx.project, ctx.config)
    tried.push(...(await archivePending(place, id, archives, ctx.hit)).map(({ entry }) => ({ flow: id, entry })))
  }
  return { archives: tried.map(archiveJson) }
}
