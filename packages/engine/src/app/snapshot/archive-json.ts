/** What is known of archives as documents. */
import { parseScopeText } from '@tidemark/contract/flow'
import type { ArchiveJson } from '@tidemark/contract/archive-documents'
import type { ArchiveEntry } from '../../snapshot/archive-entry.ts'
import { hotFlows } from '../../snapshot/hot-side.ts'
import type { AppContext } from '../app-context.ts'
import { hotPlace } from '../hot-place.ts'
import { knownFlow } from '../select-flows.ts'
import { openHot } from './snapshot-json.ts'

export interface KnownArchive {
  readonly flow: string
  readonly entry: ArchiveEntry
}

/** Of one flow, or of all that have taken snapshots. */
export const flowsOf = async (ctx: AppContext, flow: string | null): Promise<readonly string[]> =>
  flow === null ? hotFlows(hotPlace(ctx.project, ctx.config)) : [knownFlow((await ctx.catalog('read')).flows, flow).id]

/** Oldest first. */
export async function knownArchives(ctx: AppContext, flow: string | null): Promise<readonly KnownArchive[]> {
  const known: KnownArchive[] = []
  for (const id of await flowsOf(ctx, flow)) {
    await using hot = await openHot(ctx, id)
    if (hot !== null) known.push(...(await hot.entries()).map((entry) => ({ flow: id, entry })))
  }
  return known.toSorted((a, b) => (a.entry.takenAt < b.entry.takenAt ? -1 : a.entry.takenAt > b.entry.takenAt ? 1 : 0))
}

export const archiveJson = ({ flow, entry: e }: KnownArchive): ArchiveJson => ({
  snapshot: e.snapshot,
  flow,
  scope: { ...parseScopeText(e.scope) },
  taken_at: e.takenAt,
  connection: e.connection,
  state: e.state,
  problem: e.problem,
  tags: { ...e.tags },
  retention_until: e.retentionUntil,
  location: e.location,
  archived_at: e.manifest?.archived_at ?? null,
  rows: e.manifest?.rows ?? null,
  bytes: e.manifest?.bytes ?? null,
  uncompressed_bytes: e.manifest?.uncompressed_bytes ?? null,
  compression_ratio: e.manifest?.compression_ratio ?? null,
  sha256: e.manifest?.sha256 ?? null,
  schema_hash: e.manifest?.schema_hash ?? null,
})
