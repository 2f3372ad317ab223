/** The tables of the hot side, and what is said to them. */
import { asHeader, HEADER_COLUMNS, type HotHeader } from '../dialects/hot-tables.ts'
import { ident, joined, param, type Sql, sql, whole } from '../dialects/sql-text.ts'
import type { SnapshotRow } from './snapshot-row.ts'

export type HotTable = 'snapshot' | 'hot_row' | 'difference' | 'archive'

export const hotTable = (catalog: string, name: HotTable | 'hot'): Sql => ident(catalog, 'main', name)

export const createHot = (catalog: string): readonly Sql[] => [
  sql`CREATE TABLE IF NOT EXISTS ${hotTable(catalog, 'snapshot')} (
  id VARCHAR NOT NULL, number BIGINT NOT NULL, scope VARCHAR NOT NULL, run VARCHAR NOT NULL, taken_at VARCHAR NOT NULL,
  state VARCHAR NOT NULL, previous VARCHAR, rows BIGINT NOT NULL, new_rows BIGINT NOT NULL, changed_rows BIGINT NOT NULL,
  deleted_rows BIGINT NOT NULL, unchanged_rows BIGINT NOT NULL, schema_change VARCHAR NOT NULL, engine VARCHAR NOT NULL,
  key VARCHAR NOT NULL, compared VARCHAR NOT NULL, columns VARCHAR NOT NULL, image_bytes BIGINT NOT NULL)`,
  sql`CREATE TABLE IF NOT EXISTS ${hotTable(catalog, 'hot_row')} (
  snapshot VARCHAR NOT NULL, key VARCHAR NOT NULL, row_hash VARCHAR NOT NULL, first_hash UBIGINT NOT NULL,
  second_hash UBIGINT NOT NULL, place BIGINT NOT NULL)`,
  sql`CREATE TABLE IF NOT EXISTS ${hotTable(catalog, 'difference')} (
  snapshot VARCHAR NOT NULL, key VARCHAR NOT NULL, kind VARCHAR NOT NULL)`,
  // by the names of its own file, whatever that is attached as
  sql`CREATE VIEW IF NOT EXISTS ${hotTable(catalog, 'hot')} AS
SELECT r.snapshot, r.key, r.row_hash, s.taken_at, s.scope, s.run, s.state, r.first_hash, r.second_hash, s.engine
FROM main.hot_row AS r JOIN main.snapshot AS s ON s.id = r.snapshot`,
]

const COLUMNS = joined(
  HEADER_COLUMNS.map((name) => ident(name)),
  ', ',
)

export const listSnapshots = (catalog: string): Sql =>
  sql`SELECT ${COLUMNS} FROM ${hotTable(catalog, 'snapshot')} ORDER BY number`

export const insertSnapshot = (catalog: string, s: SnapshotRow): Sql =>
  sql`INSERT INTO ${hotTable(catalog, 'snapshot')} (${COLUMNS}) VALUES (${joined(
    Object.values(headerOf(s)).map((value) => param(value)),
    ', ',
  )})`

/** In the order of HEADER_COLUMNS. */
export const headerOf = (s: SnapshotRow): HotHeader => ({
  id: s.id,
  number: String(s.number),
  scope: s.scope,
  run: s.run,
  taken_at: s.takenAt,
  state: s.state,
  previous: s.previous,
  rows: String(s.rows),
  new_rows: String(s.counts.added),
  changed_rows: String(s.counts.changed),
  deleted_rows: String(s.counts.deleted),
  unchanged_rows: String(s.counts.unchanged),
  schema_change: JSON.stringify(s.schema),
  engine: s.engine,
  key: JSON.stringify(s.key),
  compared: JSON.stringify(s.compared),
  columns: JSON.stringify(s.columns),
  image_bytes: String(s.imageBytes),
})

export const snapshotOf = (row: readonly (string | null)[]): SnapshotRow => snapshotOfHeader(asHeader(row))

export function snapshotOfHeader(h: HotHeader): SnapshotRow {
  const text = (name: keyof HotHeader): string => h[name] ?? ''
  const number = (name: keyof HotHeader): bigint => BigInt(h[name] ?? '0')
  return {
    id: text('id'),
    number: number('number'),
    scope: text('scope'),
    run: text('run'),
    takenAt: text('taken_at'),
    state: text('state') === 'kept' ? 'kept' : 'building',
    previous: h.previous,
    rows: number('rows'),
    counts: {
      added: number('new_rows'),
      changed: number('changed_rows'),
      deleted: number('deleted_rows'),
      unchanged: number('unchanged_rows'),
    },
    schema: JSON.parse(text('schema_change')) as SnapshotRow['schema'],
    engine: text('engine'),
    key: JSON.parse(text('key')) as SnapshotRow['key'],
    compared: JSON.parse(text('compared')) as SnapshotRow['compared'],
    columns: JSON.parse(text('columns')) as SnapshotRow['columns'],
    imageBytes: number('image_bytes'),
  }
}

/** Rows that another hot side has, under the snapshot's name. `rows`: with the columns of `keptRows`. */
export const insertRows = (catalog: string, id: string, rows: Sql): Sql =>
  sql`INSERT INTO ${hotTable(catalog, 'hot_row')} (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT ${param(id)}, key, row_hash, first_hash, second_hash, place FROM ${rows} AS r`

/** Of the difference that a snapshot was found with. */
export const differenceKeys = (catalog: string, id: string, kind: string, limit: bigint): Sql =>
  sql`SELECT key FROM ${hotTable(catalog, 'difference')} WHERE snapshot = ${param(id)} AND kind = ${param(kind)} ORDER BY key LIMIT ${whole(limit)}`

export const keepSnapshot = (catalog: string, id: string): Sql =>
  sql`UPDATE ${hotTable(catalog, 'snapshot')} SET state = 'kept' WHERE id = ${param(id)}`

export const removeSnapshots = (catalog: string, ids: readonly string[]): readonly Sql[] =>
  (['hot_row', 'difference', 'snapshot'] as const).map(
    (name) =>
      sql`DELETE FROM ${hotTable(catalog, name)} WHERE ${name === 'snapshot' ? sql`id` : sql`snapshot`} IN (${joined(
        ids.map((id) => param(id)),
        ', ',
      )})`,
  )
