/** Writes what is still to be archived, from the images that are kept for it. */
import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { ARCHIVE_FORMAT, type ArchiveManifest } from '@tidemark/contract/archive-manifest'
import type { ArchiveStore } from '../dialects/archive/archive-store.ts'
import { piecesOf, sumsOf } from '../dialects/archive/pieces.ts'
import { AppError, asAppError } from '../runtime/app-error.ts'
import type { Hit } from '../runtime/failpoint.ts'
import { type ArchiveEntry, type Archives, updateEntry } from './archive-entry.ts'
import { type HotPlace, HotSide, RUN_WAIT_MS } from './hot-side.ts'
import { keptDigest, measure } from './measure.ts'
import type { SnapshotRow } from './snapshot-row.ts'

const PIECE = 1024 ** 2

export interface Tried {
  /** as it is now */
  readonly entry: ArchiveEntry
  /** null: it is archived */
  readonly error: AppError | null
}

/** The hot side is closed while a file is on its way: others may look meanwhile. */
export async function archivePending(
  place: HotPlace,
  flow: string,
  archives: Archives,
  hit: Hit,
): Promise<readonly Tried[]> {
  const tried: Tried[] = []
  const stores = new Map<string | null, ArchiveStore>()
  // one that does not answer is not asked again for each of them
  const down = new Map<string | null, AppError>()
  await using closing = new AsyncDisposableStack()
  for (const { entry, row, image } of await pendingIn(place, flow)) {
    try {
      const silent = down.get(entry.connection)
      if (silent !== undefined) throw silent
      const store = stores.get(entry.connection) ?? closing.use(await archives.open(entry.connection))
      stores.set(entry.connection, store)
      const manifest = await archiveOne(place, { flow, entry, row, image }, store, hit)
      const archived = await recordArchived(place, flow, store, manifest)
      await hit('archive:stored')
      tried.push({ entry: archived, error: null })
    } catch (error) {
      const e = asAppError(error)
      if (e.code === 'TM6201') down.set(entry.connection, e)
      const now = await recordFailed(place, flow, entry.snapshot, { image, problem: e.message })
      tried.push({ entry: now ?? entry, error: now?.state === 'archived' ? null : e })
    }
  }
  return tried
}

interface Pending {
  readonly entry: ArchiveEntry
  readonly row: SnapshotRow
  readonly image: string
}

/** Of snapshots whose runs settled. */
async function pendingIn(place: HotPlace, flow: string): Promise<readonly Pending[]> {
  await using hot = await HotSide.open(place, flow, 'read')
  if (hot === null) return []
  const rows = new Map((await hot.list()).filter(({ state }) => state === 'kept').map((row) => [row.id, row]))
  return (await hot.entries('pending')).flatMap((entry) => {
    const row = rows.get(entry.snapshot)
    return row === undefined ? [] : [{ entry, row, image: hot.image(row.id) }]
  })
}

const entryIn = async (hot: HotSide, snapshot: string): Promise<ArchiveEntry | undefined> =>
  (await hot.entries()).find((entry) => entry.snapshot === snapshot)

/** Beside the file stands what is recorded here, whatever tags were set or whoever else wrote it meanwhile. */
async function recordArchived(
  place: HotPlace,
  flow: string,
  store: ArchiveStore,
  written: ArchiveManifest,
): Promise<ArchiveEntry> {
  await using hot = await HotSide.open(place, flow, 'write', RUN_WAIT_MS)
  const now = await entryIn(hot, written.snapshot)
  if (now === undefined) throw new AppError('TM6207', written.snapshot)
  const manifest: ArchiveManifest = { ...written, retention_until: now.retentionUntil, tags: now.tags }
  if (!isDeepStrictEqual(await store.find(written), manifest)) await store.amend(manifest)
  const archived: ArchiveEntry = { ...now, state: 'archived', problem: null, location: store.location, manifest }
  await hot.desk.exec(updateEntry(hot.catalog, archived))
  return archived
}

/** Unless another writer was faster. Null: it is not known any more. */
async function recordFailed(
  place: HotPlace,
  flow: string,
  snapshot: string,
  { image, problem }: { readonly image: string; readonly problem: string },
): Promise<ArchiveEntry | null> {
  await using hot = await HotSide.open(place, flow, 'write', RUN_WAIT_MS)
  const now = await entryIn(hot, snapshot)
  if (now === undefined || now.state === 'archived') return now ?? null
  const failed: ArchiveEntry = { ...now, state: existsSync(image) ? 'pending' : 'lost', problem }
  await hot.desk.exec(updateEntry(hot.catalog, failed))
  return failed
}

async function archiveOne(
  place: HotPlace,
  { flow, entry, row, image }: Pending & { readonly flow: string },
  store: ArchiveStore,
  hit: Hit,
): Promise<ArchiveManifest> {
  const there = await store.find({ flow, snapshot: entry.snapshot })
  if (there !== null && (there.run !== row.run || there.taken_at !== row.takenAt))
    throw new AppError('TM6205', `${entry.snapshot} of ${flow} in ${store.location}, by run ${there.run}`)
  const manifest = await manifestOf(place, { flow, entry, row, image })
  await store.put(manifest, image, hit)
  return manifest
}

async function manifestOf(
  place: HotPlace,
  { flow, entry, row, image }: Pending & { readonly flow: string },
): Promise<ArchiveManifest> {
  if (!existsSync(image))
    throw new AppError('TM6202', `the image of ${row.id} of ${flow} went before it was archived: ${image}`)
  const { sha256, bytes } = await sumsOf(piecesOf(image, PIECE))
  await using hot = await HotSide.open(place, flow, 'read')
  if (hot === null) throw new TypeError('snapshots without a hot side')
  const { rows, schemaHash, uncompressedBytes } = await measure(hot.desk, image)
  if (bytes !== row.imageBytes || rows !== row.rows)
    throw new AppError('TM6203', `the image of ${row.id} of ${flow} is not as it was written: ${image}`)
  return {
    format: ARCHIVE_FORMAT,
    flow,
    snapshot: row.id,
    scope: row.scope,
    run: row.run,
    taken_at: row.takenAt,
    archived_at: Temporal.Now.instant().toString({ smallestUnit: 'millisecond' }),
    retention_until: entry.retentionUntil,
    tags: entry.tags,
    rows: countOf(rows),
    sha256,
    bytes: countOf(bytes),
    uncompressed_bytes: countOf(uncompressedBytes),
    compression_ratio: bytes === 0n ? 0 : Number((uncompressedBytes * 100n) / bytes) / 100,
    schema_hash: schemaHash,
    row_digest: await keptDigest(hot, row.id),
    key: [...row.key],
    compared: row.compared.map(({ name, type, steps }) => ({ name, type, steps: [...steps] })),
    columns: row.columns.map(({ name, type }) => ({ name, type })),
    engine: row.engine,
  }
}

/** A JSON number up to 2^53, text beyond. */
const countOf = (n: bigint): number | string => (n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : String(n))
