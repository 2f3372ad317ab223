/** What the hot side has lost, taken back from the archive, if its bytes are what was archived. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import type { ArchiveOptions } from '@tidemark/contract/capture'
import { type ArchiveStore, archiveText } from '../dialects/archive/archive-store.ts'
import { copyOut, expectSound } from '../dialects/archive/pieces.ts'
import { type ImageColumn, readImage } from '../dialects/duckdb/image.sql.ts'
import { param, sql } from '../dialects/sql-text.ts'
import { AppError } from '../runtime/app-error.ts'
import { type ArchiveEntry, type Archives, insertEntry, removeEntry } from './archive-entry.ts'
import type { HotSide } from './hot-side.ts'
import { hotTable, insertSnapshot } from './hot.sql.ts'
import { HASHED, hashRows, PRESENT, presentFrom } from './judge.sql.ts'
import { keptDigest } from './measure.ts'
import { NO_SCHEMA_CHANGE, type SnapshotRow } from './snapshot-row.ts'

export interface Wanted {
  readonly flow: string
  readonly id: string
}

/** The image of a snapshot that the hot side has. False: it was never archived. */
export async function bringBackImage(
  hot: HotSide,
  archives: Archives,
  archive: ArchiveOptions | null,
  { flow, id }: Wanted,
): Promise<boolean> {
  const entry = (await hot.entries()).find(({ snapshot }) => snapshot === id)
  if (entry !== undefined && entry.manifest === null) return false
  // of one that came back from the target nothing is known but where it would be
  const connection = entry === undefined ? archive?.connection : entry.connection
  if (connection === undefined) return false
  await using store = await archives.open(connection)
  const manifest = entry?.manifest ?? (await store.find({ flow, snapshot: id }))
  if (manifest === null) return false
  await fetchImage(hot, store, manifest)
  if (entry === undefined) await hot.desk.exec(insertEntry(hot.catalog, archivedEntry(manifest, connection, store)))
  return true
}

const archivedEntry = (
  m: ArchiveManifest,
  connection: ArchiveEntry['connection'],
  store: ArchiveStore,
): ArchiveEntry => ({
  snapshot: m.snapshot,
  scope: m.scope,
  takenAt: m.taken_at,
  connection,
  state: 'archived',
  retentionUntil: m.retention_until,
  tags: m.tags,
  problem: null,
  location: store.location,
  manifest: m,
})

/** A snapshot that the hot side does not have any more, with its rows, made by this engine. Null: it was never archived. */
export async function bringBack(
  hot: HotSide,
  archives: Archives,
  archive: ArchiveOptions | null,
  { flow, id, engine }: Wanted & { readonly engine: string },
): Promise<SnapshotRow | null> {
  if (archive === null) return null
  await using store = await archives.open(archive.connection)
  const manifest = await store.find({ flow, snapshot: id })
  if (manifest === null) return null
  await fetchImage(hot, store, manifest)
  const row = await rowOf(hot, manifest, engine)
  const { desk, catalog } = hot
  using _room = await desk.room(row.columns.length)
  const image = hot.image(id)
  const key = row.key.flatMap((name): readonly ImageColumn[] => row.columns.filter((column) => column.name === name))
  await desk.exec(presentFrom(image, key, row.compared))
  await desk.exec(hashRows(readImage(image), row.compared))
  await desk.inTransaction(async () => {
    await desk.exec(insertSnapshot(catalog, row))
    await desk.exec(
      sql`INSERT INTO ${hotTable(catalog, 'hot_row')} (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT ${param(id)}, p.key, h.row_hash, p.first_hash, p.second_hash, p.place FROM ${PRESENT} AS p JOIN ${HASHED} AS h ON h.place = p.place`,
    )
    await desk.exec(removeEntry(catalog, id))
    await desk.exec(insertEntry(catalog, archivedEntry(manifest, archive.connection, store)))
    // what is compared from now on is what was compared then
    if ((await keptDigest(hot, id)) !== manifest.row_digest)
      throw new AppError('TM6203', `${archiveText(manifest)} in ${store.location}: its rows have other hashes`)
  })
  return row
}

async function fetchImage(hot: HotSide, store: ArchiveStore, manifest: ArchiveManifest): Promise<void> {
  const path = hot.image(manifest.snapshot)
  if (existsSync(path)) return
  const part = hot.part(manifest.snapshot)
  try {
    expectSound(manifest, await copyOut(store, manifest, part), store.location)
    renameSync(part, path)
  } finally {
    rmSync(part, { force: true })
  }
}

/** What it was compared with is not known any more: it counts as the first of its scope, and stands before all that are there. */
async function rowOf(hot: HotSide, m: ArchiveManifest, engine: string): Promise<SnapshotRow> {
  const numbers = (await hot.list()).map(({ number }) => number)
  const rows = BigInt(m.rows)
  return {
    id: m.snapshot,
    number: (numbers[0] ?? 1n) - 1n,
    scope: m.scope,
    run: m.run,
    takenAt: m.taken_at,
    state: 'kept',
    previous: null,
    rows,
    counts: { added: rows, changed: 0n, deleted: 0n, unchanged: 0n },
    schema: NO_SCHEMA_CHANGE,
    engine,
    key: m.key,
    compared: m.compared,
    columns: m.columns,
    imageBytes: BigInt(m.bytes),
  }
}
