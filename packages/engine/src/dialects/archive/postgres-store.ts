/** Archives in a PostgreSQL database: the file in chunks, so that it is never in memory as a whole, here or there. */
import { createHash } from 'node:crypto'
import type { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import { translate as translatePostgres } from '../postgres/errors.ts'
import { connectionOf, openSession } from '../postgres/session.ts'
import { type ArchiveName, type ArchiveStore, archiveText } from './archive-store.ts'
import { manifestText, parseManifest } from './manifest-text.ts'
import { expectSent, piecesOf, Sums } from './pieces.ts'
import { INSTALL } from './postgres-archive.sql.ts'

const CHUNK = 1024 ** 2

const AMEND = `UPDATE tidemark.archive SET tags = $3::jsonb, retention_until = $4::timestamptz, manifest = $5 WHERE flow = $1 AND snapshot = $2`
const INSERT = `INSERT INTO tidemark.archive (flow, snapshot, scope, run, taken_at, archived_at, retention_until, tags, rows, sha256,
  bytes, uncompressed_bytes, schema_hash, chunks, chunks_sha256, manifest)
VALUES ($1, $2, $3::jsonb, $4, $5::timestamptz, $6::timestamptz, $7::timestamptz, $8::jsonb, $9::bigint, $10, $11::bigint, $12::bigint, $13, $14::int, $15, $16)`
const INSERT_CHUNK = `INSERT INTO tidemark.archive_chunk (flow, snapshot, chunk, sha256, bytes) VALUES ($1, $2, $3::int, $4, pg_catalog.decode($5, 'base64'))`

/** Opened when it is first asked: who only looks makes no tables. */
export function openPostgresStore(options: Readonly<Record<string, unknown>>): ArchiveStore {
  const connection = connectionOf(options, 'target')
  const { location } = connection
  let opened: Promise<PostgresSession> | null = null
  const session = (): Promise<PostgresSession> => (opened ??= openSession(connection, 'target'))

  const saying = async <T>(work: (db: PostgresSession) => Promise<T>): Promise<T> => {
    try {
      return await work(await session())
    } catch (error) {
      if (opened !== null && (await opened.catch(() => null))?.closed !== false) opened = null
      throw translate(error, location)
    }
  }
  /** Null: nothing was ever archived there. */
  const looking = async <T>(work: (db: PostgresSession) => Promise<T>): Promise<T | null> =>
    saying(async (db) => ((await isInstalled(db)) ? work(db) : null))

  const find = async (name: ArchiveName): Promise<ArchiveManifest | null> => {
    const rows = await looking((db) =>
      db.rows('SELECT manifest FROM tidemark.archive WHERE flow = $1 AND snapshot = $2', [name.flow, name.snapshot]),
    )
    const text = rows?.[0]?.[0] ?? null
    return text === null ? null : parseManifest(text, name, location)
  }

  return {
    location,
    find,
    put: (manifest, path, hit) =>
      saying(async (db) => {
        await install(db)
        const { flow, snapshot } = manifest
        await db.begin()
        try {
          await db.run('DELETE FROM tidemark.archive WHERE flow = $1 AND snapshot = $2', [flow, snapshot])
          const sums = new Sums()
          const chunks: string[] = []
          for await (const piece of piecesOf(path, CHUNK)) {
            sums.add(piece)
            const sha256 = createHash('sha256').update(piece).digest('hex')
            const text = Buffer.from(piece).toString('base64')
            await db.run(INSERT_CHUNK, [flow, snapshot, String(chunks.length), sha256, text])
            chunks.push(sha256)
            await hit('archive:begun')
          }
          expectSent(manifest, sums)
          await hit('archive:file')
          await db.run(INSERT, insertedOf(manifest, chunks))
          await db.commit()
        } catch (error) {
          await db.rollback()
          throw error
        }
        await hit('archive:manifest')
      }),
    amend: async (manifest) => {
      const { flow, snapshot, tags, retention_until: until } = manifest
      const text = manifestText(manifest)
      const changed = await looking((db) => db.run(AMEND, [flow, snapshot, JSON.stringify(tags), until, text]))
      if (changed !== 1n) throw new AppError('TM6202', `${archiveText(manifest)} in ${location}`)
    },
    size: async (name) => {
      const rows = await looking((db) =>
        db.rows(
          'SELECT pg_catalog.sum(pg_catalog.octet_length(bytes)) FROM tidemark.archive_chunk WHERE flow = $1 AND snapshot = $2',
          [name.flow, name.snapshot],
        ),
      )
      const total = rows?.[0]?.[0] ?? null
      return total === null ? null : BigInt(total)
    },
    read: async function* (name) {
      const key = [name.flow, name.snapshot]
      const numbers = await looking((db) =>
        db.rows('SELECT chunk FROM tidemark.archive_chunk WHERE flow = $1 AND snapshot = $2 ORDER BY chunk', key),
      )
      if (numbers === null || numbers.length === 0) throw new AppError('TM6202', `${archiveText(name)} in ${location}`)
      for (const [chunk] of numbers) {
        const [row] = await saying((db) =>
          db.rows(
            "SELECT pg_catalog.encode(bytes, 'base64') FROM tidemark.archive_chunk WHERE flow = $1 AND snapshot = $2 AND chunk = $3::int",
            [...key, chunk ?? null],
          ),
        )
        // one that went meanwhile makes the whole shorter, and whoever reads it compares its length
        yield Buffer.from(row?.[0] ?? '', 'base64')
      }
    },
    remove: async (name) => {
      await looking((db) =>
        db.run('DELETE FROM tidemark.archive WHERE flow = $1 AND snapshot = $2', [name.flow, name.snapshot]),
      )
    },
    [Symbol.asyncDispose]: async () => {
      await (await opened?.catch(() => null))?.[Symbol.asyncDispose]()
    },
  }
}

const isInstalled = async (db: PostgresSession): Promise<boolean> =>
  (await db.rows("SELECT pg_catalog.to_regclass('tidemark.archive') IS NOT NULL"))[0]?.[0] === 't'

/** Tables and functions, where they are missing or of another version. Two that begin at once take turns. */
async function install(db: PostgresSession): Promise<void> {
  const version = createHash('sha256').update(INSTALL).digest('hex').slice(0, 16)
  const told = await db.rows(
    "SELECT pg_catalog.obj_description(pg_catalog.to_regclass('tidemark.archive'), 'pg_class')",
  )
  if (told[0]?.[0] === `tidemark ${version}`) return
  await db.begin()
  try {
    await db.rows("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('tidemark.archive'))")
    await db.script(INSTALL)
    await db.script(`COMMENT ON TABLE tidemark.archive IS 'tidemark ${version}'`)
    await db.commit()
  } catch (error) {
    await db.rollback()
    throw error
  }
}

const insertedOf = (m: ArchiveManifest, chunks: readonly string[]): readonly (string | null)[] => [
  m.flow,
  m.snapshot,
  m.scope,
  m.run,
  m.taken_at,
  m.archived_at,
  m.retention_until,
  JSON.stringify(m.tags),
  String(m.rows),
  m.sha256,
  String(m.bytes),
  String(m.uncompressed_bytes),
  m.schema_hash,
  String(chunks.length),
  createHash('sha256').update(chunks.join('')).digest('hex'),
  manifestText(m),
]

function translate(error: unknown, location: string): unknown {
  if (error instanceof AppError && error.code.startsWith('TM62')) return error
  const said = translatePostgres(error, location)
  const detail = said instanceof AppError ? said.detail : said.message
  return new AppError('TM6201', detail.startsWith(location) ? detail : `${location}: ${detail}`, { cause: error })
}
