/** `tidemark snapshot stats`: what the archives of the last days weigh, by flow and scope. */
import type { SnapshotStatsDocument } from '@tidemark/contract/archive-documents'
import { parseScopeText } from '@tidemark/contract/flow'
import type { AppContext } from '../app-context.ts'
import { countJson } from '../run-json.ts'
import { type KnownArchive, knownArchives } from './archive-json.ts'

const DAY_MS = 86_400_000

export async function snapshotStats(ctx: AppContext, days: number): Promise<SnapshotStatsDocument> {
  const since = Temporal.Now.instant()
    .subtract({ milliseconds: days * DAY_MS })
    .toString({ smallestUnit: 'millisecond' })
  const known = await knownArchives(ctx, null)
  const groups = Map.groupBy(known, ({ flow, entry }) => JSON.stringify([flow, entry.scope]))
  return {
    days,
    scopes: [...groups.keys()].sort().map((name) => scopeOf(groups.get(name) ?? [], since)),
  }
}

function scopeOf(known: readonly KnownArchive[], since: string): SnapshotStatsDocument['scopes'][number] {
  const recent = known.flatMap(({ entry: { manifest } }) =>
    manifest !== null && manifest.taken_at >= since ? [manifest] : [],
  )
  const sum = (of: 'rows' | 'bytes' | 'uncompressed_bytes'): bigint =>
    recent.reduce((total, manifest) => total + BigInt(manifest[of]), 0n)
  const [bytes, uncompressed] = [sum('bytes'), sum('uncompressed_bytes')]
  return {
    flow: known[0]?.flow ?? '',
    scope: { ...parseScopeText(known[0]?.entry.scope ?? '{}') },
    archives: recent.length,
    pending: known.filter(({ entry }) => entry.state === 'pending').length,
    rows: countJson(sum('rows')),
    bytes: countJson(bytes),
    uncompressed_bytes: countJson(uncompressed),
    compression_ratio: bytes === 0n ? null : Number((uncompressed * 100n) / bytes) / 100,
    oldest: recent[0]?.taken_at ?? null,
    newest: recent.at(-1)?.taken_at ?? null,
  }
}
