/** The source of the demo: a FileTable as SQL Server has them, and a table of metadata beside it. */
import path from 'node:path'
import { type DuckdbLimits, type DuckdbSession, openDuckdbFile } from '../drivers/duckdb.ts'

export const UNITS = ['north', 'south', 'west'] as const

export const limitsOf = (project: string): DuckdbLimits => ({
  memoryBytes: 512 * 1024 * 1024,
  threads: 2,
  tempDir: path.join(project, '.tidemark', 'demo-tmp'),
})

export const officeFile = (project: string): string => path.join(project, 'data', 'office.duckdb')
export const archiveFile = (project: string): string => path.join(project, 'data', 'archive.duckdb')

/** The moment of the transaction, stamped by the database: what `modified_on` promises. */
export const NOW = "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)"

/** A key that follows from the path a row was born with. */
export const streamId = (locator: string): string => `CAST(md5(${locator}) AS UUID)`

export const TABLES = [
  `CREATE TABLE files (
    stream_id UUID NOT NULL,
    name VARCHAR NOT NULL,
    path_locator VARCHAR NOT NULL,
    parent_path_locator VARCHAR,
    is_directory BOOLEAN NOT NULL,
    file_stream BLOB,
    creation_time TIMESTAMP NOT NULL,
    last_write_time TIMESTAMP NOT NULL)`,
  `CREATE TABLE metadata (
    stream_id UUID NOT NULL,
    modified_on TIMESTAMP NOT NULL,
    owning_business_unit VARCHAR NOT NULL)`,
]

/** Opens the source for the time of `work` alone: a DuckDB file belongs to one process, and the next run wants it. */
export async function inOffice<T>(project: string, work: (session: DuckdbSession) => Promise<T>): Promise<T> {
  await using file = await openDuckdbFile(officeFile(project), 'write', limitsOf(project))
  using session = await file.session()
  await session.run(`USE ${quoted(file.catalog)}`)
  return await work(session)
}

/** One transaction, so that all its rows carry one stamp. */
export async function inTransaction<T>(session: DuckdbSession, work: () => Promise<T>): Promise<T> {
  await session.begin()
  try {
    const result = await work()
    await session.commit()
    return result
  } catch (error) {
    await session.rollback()
    throw error
  }
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** The first value of the first row as a number. */
export async function numberOf(session: DuckdbSession, text: string, params: readonly unknown[] = []): Promise<number> {
  const [row] = await session.rows(text, params)
  return Number(row?.[0] ?? 0)
}
