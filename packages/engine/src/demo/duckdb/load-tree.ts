/** Puts a tree of files into the source. DuckDB reads the contents itself, so none passes through JavaScript. */
import path from 'node:path'
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import { streamId, unitsOf } from '../business-units.ts'
import { type LoadReport, type Office, reportOf } from '../demo-database.ts'
import type { Tree, TreeEntry } from '../read-tree.ts'

/** Of one statement: what it holds in memory at once. */
const CHUNK = { entries: 500, bytes: 16 * 1024 * 1024 }

export async function loadTree(
  session: DuckdbSession,
  office: Office,
  tree: Tree,
  signal: AbortSignal,
): Promise<LoadReport> {
  await session.run(
    'CREATE TEMP TABLE chunk (locator VARCHAR, name VARCHAR, parent VARCHAR, is_directory BOOLEAN, created BIGINT, written BIGINT, unit VARCHAR, file VARCHAR, pattern VARCHAR)',
  )
  const unitOf = unitsOf(tree.entries)
  const load = async (entries: readonly TreeEntry[]): Promise<number> => {
    signal.throwIfAborted()
    try {
      return await office.inTransaction(() => loadChunk(session, office, tree.root, entries, unitOf))
    } catch (error) {
      // one file that cannot be read fails its chunk: halves find it
      if (!isReadError(error)) throw error
      const half = Math.floor(entries.length / 2)
      if (half === 0) return 1
      return (await load(entries.slice(0, half))) + (await load(entries.slice(half)))
    }
  }
  let unreadable = 0
  for (const entries of chunksOf(tree.entries)) unreadable += await load(entries)
  await session.run('DROP TABLE chunk')
  return await reportOf(office, unreadable)
}

/** How many of the entries could not be read. */
async function loadChunk(
  session: DuckdbSession,
  { words }: Office,
  root: string,
  entries: readonly TreeEntry[],
  unitOf: (locator: string) => string,
): Promise<number> {
  const folder = path.sep === '/' ? root : root.replaceAll(path.sep, '/')
  const rows = entries.map((e) => ({
    locator: e.locator,
    name: e.name,
    parent: e.parent,
    is_directory: e.isDirectory,
    created: String(e.created),
    written: String(e.written),
    unit: unitOf(e.locator),
    file: e.isDirectory ? null : `${folder}/${e.locator}`,
    pattern: e.isDirectory ? null : patternOf(`${folder}/${e.locator}`),
  }))
  const shape =
    '[{"locator":"VARCHAR","name":"VARCHAR","parent":"VARCHAR","is_directory":"BOOLEAN","created":"BIGINT","written":"BIGINT","unit":"VARCHAR","file":"VARCHAR","pattern":"VARCHAR"}]'
  await session.run('DELETE FROM chunk')
  await session.run(`INSERT INTO chunk SELECT unnest(from_json($1, '${shape}'), recursive := true)`, [
    JSON.stringify(rows),
  ])
  await session.run('SET VARIABLE chunk_files = (SELECT list(pattern) FROM chunk WHERE pattern IS NOT NULL)')
  const content = entries.some((e) => !e.isDirectory)
    ? "SELECT DISTINCT ON (filename) filename, content FROM read_blob(getvariable('chunk_files'))"
    : 'SELECT CAST(NULL AS VARCHAR) AS filename, CAST(NULL AS BLOB) AS content'
  const inserted = await session.run(
    `INSERT INTO files SELECT ${streamId('locator')}, name, locator, parent, is_directory, content, make_timestamp(created), make_timestamp(written)
      FROM chunk LEFT JOIN (${content}) AS c ON c.filename = chunk.file WHERE is_directory OR content IS NOT NULL`,
  )
  await session.run(
    `INSERT INTO metadata SELECT f.stream_id, ${words.now}, chunk.unit FROM chunk JOIN files AS f ON f.stream_id = ${streamId('chunk.locator')}`,
  )
  return entries.length - Number(inserted)
}

/** Every path is a pattern to DuckDB. One that looks like one is written so that it matches itself; what it matches besides is joined away. */
const patternOf = (file: string): string =>
  /[*?[]/.test(file) ? file.replaceAll(/[*?[]/g, '[$&]').replaceAll('\\', '?') : file

const isReadError = (error: unknown): boolean => error instanceof Error && error.message.startsWith('IO Error')

export function* chunksOf(entries: readonly TreeEntry[], limit = CHUNK): Generator<readonly TreeEntry[]> {
  let chunk: TreeEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    if (chunk.length > 0 && (chunk.length >= limit.entries || bytes + entry.bytes > limit.bytes)) {
      yield chunk
      chunk = []
      bytes = 0
    }
    chunk.push(entry)
    bytes += entry.bytes
  }
  if (chunk.length > 0) yield chunk
}
