/** Where a text stands in what a run leaves behind: every byte of every file but the source's, and every value of every table. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { withStoreClosed } from './store-files.ts'
import type { World } from './world.ts'

const LIMITS = { memoryBytes: null, threads: 2, tempDir: null }

function filesOf(dir: string): readonly string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((f) => f.isFile())
    .map((f) => join(f.parentPath, f.name))
}

function inBytes(path: string, text: string): boolean {
  const bytes = readFileSync(path)
  return [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le'), Buffer.from(Buffer.from(text).toString('hex'))].some(
    (needle) => bytes.includes(needle),
  )
}

/** DuckDB compresses text: a value may be there though its bytes are not. */
async function inDuckdb(path: string, text: string): Promise<readonly string[]> {
  await using file = await openDuckdbFile(path, 'read', LIMITS)
  using session = await file.session()
  const tables = await session.rows(
    'SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY ALL',
    [file.catalog],
  )
  const found: string[] = []
  for (const [schema, table] of tables) {
    const [row] = await session.rows(
      `SELECT count(*) FROM "${file.catalog}"."${schema}"."${table}" AS t WHERE contains(CAST(t AS VARCHAR), ?)`,
      [text],
    )
    if (row?.[0] !== '0') found.push(`${basename(path)}:${schema}.${table}`)
  }
  return found
}

function inSqlite(path: string, text: string): readonly string[] {
  using db = new DatabaseSync(path, { readOnly: true })
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  return tables.flatMap(({ name }) => {
    const statement = db.prepare(`SELECT * FROM "${String(name)}"`)
    statement.setReadBigInts(true)
    const rows = statement.all()
    const held = rows.some((row) => Object.values(row).some((v) => String(v).includes(text)))
    return held ? [`${basename(path)}:${String(name)}`] : []
  })
}

/** `apart`: files that hold it by right. Nobody may have the control store open. */
export async function searchFolder(
  dir: string,
  text: string,
  apart: (path: string) => boolean,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const path of filesOf(dir)) {
    if (apart(path)) continue
    if (inBytes(path, text)) found.push(basename(path))
    if (path.endsWith('.duckdb')) found.push(...(await inDuckdb(path, text)))
    if (path.endsWith('control.db')) found.push(...inSqlite(path, text))
  }
  return found
}

/** The write-ahead log of the open store, and then everything. */
export async function searchDisk(w: World, text: string): Promise<readonly string[]> {
  const log = join(w.dir, 'control.db-wal')
  const found = inBytes(log, text) ? [basename(log)] : []
  await withStoreClosed(w, async () => {
    found.push(...(await searchFolder(w.dir, text, (path) => path.startsWith(w.sourcePath))))
  })
  return found
}
