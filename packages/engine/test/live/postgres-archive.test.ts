/** Archives in PostgreSQL, and the functions that whoever looks after the database has. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { describe, expect, test } from 'vitest'
import type { ArchiveStore } from '../../src/dialects/archive/archive-store.ts'
import { sumsOf, piecesOf } from '../../src/dialects/archive/pieces.ts'
import { openPostgresStore } from '../../src/dialects/archive/postgres-store.ts'
import { neverHit } from '../../src/runtime/failpoint.ts'
import { archiveStoreContract } from '../contract/archive-store-contract.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS } from '../support/postgres-server.ts'

const DAY_MS = 86_400_000

for (const version of VERSIONS)
  archiveStoreContract(
    `PostgreSQL ${version}`,
    async () => {
      const db = await TestDatabase.create(version)
      return {
        open: () => openPostgresStore({ url: db.url }),
        [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
      }
    },
    2 * 1024 ** 2 + 7,
  )

const daysAgo = (days: number): string =>
  Temporal.Now.instant()
    .subtract({ milliseconds: days * DAY_MS })
    .toString({ smallestUnit: 'millisecond' })

/** An archive of 3 MiB, so many days old. */
async function archive(store: ArchiveStore, days: number, over: Partial<ArchiveManifest> = {}): Promise<void> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'tidemark-archive-'))
  const file = path.join(dir, 'image')
  writeFileSync(file, randomBytes(3 * 1024 ** 2))
  const { sha256, bytes } = await sumsOf(piecesOf(file, 1024 ** 2))
  const manifest: ArchiveManifest = {
    format: 1,
    flow: 'm.t',
    snapshot: `s-${days}`,
    scope: '{}',
    run: 'r-00001',
    taken_at: daysAgo(days),
    archived_at: daysAgo(days),
    retention_until: null,
    tags: {},
    rows: 10,
    sha256,
    bytes: Number(bytes),
    uncompressed_bytes: 4 * Number(bytes),
    compression_ratio: 4,
    schema_hash: sha256,
    row_digest: '',
    key: ['id'],
    compared: [],
    columns: [],
    engine: 'v1',
    ...over,
  }
  await store.put(manifest, file, neverHit)
  rmSync(dir, { recursive: true })
}

describe.each(VERSIONS)('functions of an archive in PostgreSQL %s', (version) => {
  test('get_archive_statistics counts and weighs each scope within its days', async () => {
    await using db = await TestDatabase.create(version)
    await using store = openPostgresStore({ url: db.url })
    for (const days of [1, 10, 50]) await archive(store, days)
    await archive(store, 2, { snapshot: 's-x', scope: '{"customer":"x"}' })
    const columns = 'flow, scope, archives, total_rows, total_bytes, compression_ratio, oldest < newest'
    expect(await db.rows(`SELECT ${columns} FROM tidemark.get_archive_statistics()`)).toEqual([
      ['m.t', '{"customer": "x"}', '1', '10', '3145728', '4.00', 'f'],
      ['m.t', '{}', '2', '20', '6291456', '4.00', 't'],
    ])
    expect(await db.rows("SELECT archives FROM tidemark.get_archive_statistics(90) WHERE scope = '{}'")).toEqual([
      ['3'],
    ])
  })

  test('cleanup_old_archives deletes what its dry run lists: old, not held, not promised for longer, not the newest', async () => {
    await using db = await TestDatabase.create(version)
    await using store = openPostgresStore({ url: db.url })
    for (const days of [95, 100, 110]) await archive(store, days)
    await archive(store, 120, { tags: { hold: 'true' } })
    await archive(store, 130, { retention_until: daysAgo(-1) })
    await archive(store, 140, { retention_until: daysAgo(1), tags: { hold: 'false' } })
    await archive(store, 99, { snapshot: 's-x', scope: '{"customer":"x"}' })
    const gone = [['s-140'], ['s-110'], ['s-100']]
    expect(await db.rows('SELECT snapshot FROM tidemark.cleanup_old_archives(90, true)')).toEqual(gone)
    expect(await db.rows('SELECT count(*) FROM tidemark.archive')).toEqual([['7']])
    expect(await db.rows('SELECT snapshot FROM tidemark.cleanup_old_archives()')).toEqual(gone)
    expect(await db.rows('SELECT snapshot FROM tidemark.archive ORDER BY taken_at')).toEqual([
      ['s-130'],
      ['s-120'],
      ['s-x'],
      ['s-95'],
    ])
    expect(await db.rows('SELECT DISTINCT snapshot FROM tidemark.archive_chunk ORDER BY 1')).toEqual([
      ['s-120'],
      ['s-130'],
      ['s-95'],
      ['s-x'],
    ])
  })

  test('validate_archive_integrity reads the bytes: one flipped, a chunk cut, a chunk gone, all gone', async () => {
    await using db = await TestDatabase.create(version)
    await using store = openPostgresStore({ url: db.url })
    for (const days of [5, 4, 3, 2, 1]) await archive(store, days)
    const all = 'SELECT snapshot, is_valid, problem FROM tidemark.validate_archive_integrity()'
    expect((await db.rows(all)).map(([, valid]) => valid)).toEqual(['t', 't', 't', 't', 't'])
    const of = (snapshot: string, chunk: number) => `WHERE snapshot = '${snapshot}' AND chunk = ${chunk}`
    await db.exec(
      `UPDATE tidemark.archive_chunk SET bytes = set_byte(bytes, 77, get_byte(bytes, 77) # 1) ${of('s-5', 1)}`,
      // with a hash of its own, as somebody may write who knows of it
      `UPDATE tidemark.archive_chunk SET bytes = set_byte(bytes, 77, get_byte(bytes, 77) # 1) ${of('s-4', 2)}`,
      `UPDATE tidemark.archive_chunk SET sha256 = encode(sha256(bytes), 'hex') ${of('s-4', 2)}`,
      `UPDATE tidemark.archive_chunk SET bytes = substr(bytes, 1, 1000) ${of('s-3', 0)}`,
      "DELETE FROM tidemark.archive_chunk WHERE snapshot = 's-2'",
    )
    expect(await db.rows(all)).toEqual([
      ['s-5', 'f', 'bytes have changed: the SHA-256 of a chunk is another one'],
      ['s-4', 'f', 'bytes have changed: the SHA-256 of a chunk is another one'],
      ['s-3', 'f', '2098152 of 3145728 bytes in 3 of 3 chunks'],
      ['s-2', 'f', 'the file is gone'],
      ['s-1', 't', null],
    ])
    expect(await db.rows("SELECT snapshot FROM tidemark.validate_archive_integrity('s-1')")).toEqual([['s-1']])
  })

  test('two that archive at once, of two flows, both install and both archive', async () => {
    await using db = await TestDatabase.create(version)
    const stores = [1, 2, 3].map(() => openPostgresStore({ url: db.url }))
    await Promise.all(stores.map((store, i) => archive(store, i, { flow: `m.t${i}` })))
    expect(await db.rows('SELECT count(*), count(DISTINCT flow) FROM tidemark.archive')).toEqual([['3', '3']])
    for (const store of stores) await store[Symbol.asyncDispose]()
  })
})

test('an archive in PostgreSQL that cannot be reached says which, and no password', async () => {
  await using store = openPostgresStore({ url: 'postgres://someone:hidden-word@127.0.0.1:1/nowhere' })
  const refused = await store.find({ flow: 'm.t', snapshot: 's-1' }).catch((error: Error) => error)
  expect(refused).toMatchObject({ code: 'TM6201', message: expect.stringContaining('127.0.0.1:1/nowhere') })
  expect((refused as Error).message).not.toContain('hidden-word')
})
