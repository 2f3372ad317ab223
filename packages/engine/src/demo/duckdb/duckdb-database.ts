/** Source and target are two DuckDB files of the project: a FileTable as SQL Server has them, and its copy. */
import path from 'node:path'
import { type DuckdbLimits, type DuckdbSession, openDuckdbFile } from '../../drivers/duckdb.ts'
import type { DemoDatabase, Office, OfficeWords } from '../demo-database.ts'
import { loadTree } from './load-tree.ts'

const TABLES = [
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

const WORDS: OfficeWords = {
  now: "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)",
  bytes: (text) => `encode(${text})`,
  jsonArray: (values) => `CAST(json_array(${values.join(', ')}) AS VARCHAR)`,
  sha256: (bytes) => `sha256(${bytes})`,
}

export const limitsOf = (project: string): DuckdbLimits => ({
  memoryBytes: 512 * 1024 * 1024,
  threads: 2,
  tempDir: path.join(project, '.tidemark', 'demo-tmp'),
})

export const officeFile = (project: string): string => path.join(project, 'data', 'office.duckdb')
export const archiveFile = (project: string): string => path.join(project, 'data', 'archive.duckdb')

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

export function openDuckdbDatabase(project: string): DemoDatabase {
  /** A DuckDB file belongs to one process, and the next run wants it. */
  const inSession = async <T>(work: (session: DuckdbSession) => Promise<T>): Promise<T> => {
    await using file = await openDuckdbFile(officeFile(project), 'write', limitsOf(project))
    using session = await file.session()
    await session.run(`USE ${quoted(file.catalog)}`)
    return await work(session)
  }
  return {
    definitions: {
      connections: [
        'office: { kind: duckdb, path: data/office.duckdb }     # the source: a tree of files in a table, their metadata in another',
        'archive: { kind: duckdb, path: data/archive.duckdb }   # the target, made by the first run',
      ],
      source: { connection: 'office', files: 'files', metadata: 'metadata' },
      target: { connection: 'archive', files: 'files' },
      env: [],
    },
    place: 'data/office.duckdb, files',
    stays: true,
    shared: false,
    load: (tree, signal) =>
      inSession(async (session) => {
        for (const statement of TABLES) await session.run(statement)
        return await loadTree(session, officeIn(session), tree, signal)
      }),
    inOffice: (work) => inSession((session) => work(officeIn(session))),
    inBoth: async (work) => {
      await using office = await openDuckdbFile(officeFile(project), 'read', limitsOf(project))
      await using archive = await openDuckdbFile(archiveFile(project), 'read', limitsOf(project))
      using session = await office.session()
      const [source = '', target = ''] = [office, archive].map((file) => `${quoted(file.catalog)}.main.files`)
      return await work(officeIn(session), source, target)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

const officeIn = (session: DuckdbSession): Office => ({
  words: WORDS,
  rows: (text, params) => session.rows(text, params),
  run: (text, params) => session.run(text, params),
  inTransaction: async (work) => {
    await session.begin()
    try {
      const result = await work()
      await session.commit()
      return result
    } catch (error) {
      await session.rollback()
      throw error
    }
  },
})
