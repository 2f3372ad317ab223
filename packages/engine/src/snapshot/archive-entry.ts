/** What the hot side knows of archives: those that are written, and those that are still to be. They outlive their snapshots. */
import { ArchiveManifest, ArchiveTags } from '@tidemark/contract/archive-manifest'
import type { ArchiveOptions } from '@tidemark/contract/capture'
import type { ArchiveStore } from '../dialects/archive/archive-store.ts'
import { joined, param, type Sql, sql, textLiteral } from '../dialects/sql-text.ts'
import { hotTable } from './hot.sql.ts'
import type { SnapshotRow } from './snapshot-row.ts'

export interface Archives {
  /** Of a connection of the project, null: of the database of `KESTRA_POSTGRES_*`. Nothing is reached yet. */
  open(connection: string | null): Promise<ArchiveStore>
}

/** `lost`: its image went before it was archived. */
export type ArchiveState = 'pending' | 'archived' | 'lost'

export interface ArchiveEntry {
  readonly snapshot: string
  /** `scopeText` */
  readonly scope: string
  readonly takenAt: string
  /** null: the database of `KESTRA_POSTGRES_*` */
  readonly connection: string | null
  readonly state: ArchiveState
  /** null: for ever */
  readonly retentionUntil: string | null
  readonly tags: ArchiveTags
  /** why it could not be archived, the last time; null: nobody tried yet, or it is */
  readonly problem: string | null
  /** where it lies; null: nowhere yet */
  readonly location: string | null
  /** null: not archived yet */
  readonly manifest: ArchiveManifest | null
}

/** Null: the flow archives nothing. */
export const pendingOf = (
  archive: ArchiveOptions | null,
  retainMs: number | null,
): ((row: SnapshotRow) => ArchiveEntry) | null =>
  archive === null
    ? null
    : ({ id, scope, takenAt }) => ({
        snapshot: id,
        scope,
        takenAt,
        connection: archive.connection,
        state: 'pending',
        retentionUntil: retainedUntil(takenAt, archive.retainMs ?? retainMs),
        tags: {},
        problem: null,
        location: null,
        manifest: null,
      })

const retainedUntil = (takenAt: string, retainMs: number | null): string | null =>
  retainMs === null
    ? null
    : Temporal.Instant.from(takenAt).add({ milliseconds: retainMs }).toString({ smallestUnit: 'millisecond' })

export const createArchive = (catalog: string): Sql => sql`CREATE TABLE IF NOT EXISTS ${hotTable(catalog, 'archive')} (
  snapshot VARCHAR NOT NULL, scope VARCHAR NOT NULL, taken_at VARCHAR NOT NULL, connection VARCHAR,
  state VARCHAR NOT NULL, retention_until VARCHAR, tags VARCHAR NOT NULL, problem VARCHAR, location VARCHAR, manifest VARCHAR)`

export const hasArchive = (catalog: string): Sql =>
  sql`SELECT count(*) FROM duckdb_tables() WHERE database_name = ${textLiteral(catalog)} AND table_name = 'archive'`

const COLUMNS = sql`snapshot, scope, taken_at, connection, state, retention_until, tags, problem, location, manifest`

export const listEntries = (catalog: string, state: ArchiveState | null): Sql =>
  sql`SELECT ${COLUMNS} FROM ${hotTable(catalog, 'archive')} WHERE ${state === null ? sql`TRUE` : sql`state = ${param(state)}`} ORDER BY taken_at, snapshot`

/** What a run has to know: a manifest of hundreds of columns is read by who asks for it. */
export const listStates = (catalog: string): Sql => sql`SELECT snapshot, state FROM ${hotTable(catalog, 'archive')}`

const stateOf = (text: string): ArchiveState => (text === 'archived' || text === 'lost' ? text : 'pending')

export const stateOfRow = (row: readonly (string | null)[]): readonly [snapshot: string, state: ArchiveState] => [
  row[0] ?? '',
  stateOf(row[1] ?? ''),
]

export function entryOf(row: readonly (string | null)[]): ArchiveEntry {
  const text = (i: number): string => row[i] ?? ''
  const manifest = row[9] ?? null
  return {
    snapshot: text(0),
    scope: text(1),
    takenAt: text(2),
    connection: row[3] ?? null,
    state: stateOf(text(4)),
    retentionUntil: row[5] ?? null,
    tags: ArchiveTags.parse(JSON.parse(text(6))),
    problem: row[7] ?? null,
    location: row[8] ?? null,
    manifest: manifest === null ? null : ArchiveManifest.parse(JSON.parse(manifest)),
  }
}

const valuesOf = (e: ArchiveEntry): Sql =>
  joined(
    [
      e.snapshot,
      e.scope,
      e.takenAt,
      e.connection,
      e.state,
      e.retentionUntil,
      JSON.stringify(e.tags),
      e.problem,
      e.location,
      e.manifest === null ? null : JSON.stringify(e.manifest),
    ].map((value) => param(value)),
    ', ',
  )

export const insertEntry = (catalog: string, entry: ArchiveEntry): Sql =>
  sql`INSERT INTO ${hotTable(catalog, 'archive')} (${COLUMNS}) VALUES (${valuesOf(entry)})`

export const updateEntry = (catalog: string, e: ArchiveEntry): Sql =>
  sql`UPDATE ${hotTable(catalog, 'archive')} SET state = ${param(e.state)}, retention_until = ${param(e.retentionUntil)},
  tags = ${param(JSON.stringify(e.tags))}, problem = ${param(e.problem)}, location = ${param(e.location)},
  manifest = ${param(e.manifest === null ? null : JSON.stringify(e.manifest))} WHERE snapshot = ${param(e.snapshot)}`

export const removeEntry = (catalog: string, snapshot: string): Sql =>
  sql`DELETE FROM ${hotTable(catalog, 'archive')} WHERE snapshot = ${param(snapshot)}`

/** Of snapshots that are given up. */
export const removePending = (catalog: string, snapshots: readonly string[]): Sql =>
  sql`DELETE FROM ${hotTable(catalog, 'archive')} WHERE state = 'pending' AND snapshot IN (${joined(
    snapshots.map((id) => param(id)),
    ', ',
  )})`
