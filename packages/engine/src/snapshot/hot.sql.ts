/** The tables of the hot side, and what is said to them. */
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

const COLUMNS = sql`id, number, scope, run, taken_at, state, previous, rows, new_rows, changed_rows, deleted_rows, unchanged_rows, schema_change, engine, key, compared, columns, image_bytes`

export const listSnapshots = (catalog: string): Sql =>
  sql`SELECT ${COLUMNS} FROM ${hotTable(catalog, 'snapshot')} ORDER BY number`

export const insertSnapshot = (catalog: string, s: SnapshotRow): Sql =>
  sql`INSERT INTO ${hotTable(catalog, 'snapshot')} (${COLUMNS}) VALUES (${joined(
    [
      s.id,
      s.number,
      s.scope,
      s.run,
      s.takenAt,
      s.state,
      s.previous,
      s.rows,
      s.counts.added,
      s.counts.changed,
      s.counts.deleted,
      s.counts.unchanged,
      JSON.stringify(s.schema),
      s.engine,
      JSON.stringify(s.key),
      JSON.stringify(s.compared),
      JSON.stringify(s.columns),
      s.imageBytes,
    ].map((value) => param(value)),
    ', ',
  )})`

export function snapshotOf(row: readonly (string | null)[]): SnapshotRow {
  const text = (i: number): string => row[i] ?? ''
  const number = (i: number): bigint => BigInt(row[i] ?? '0')
  return {
    id: text(0),
    number: number(1),
    scope: text(2),
    run: text(3),
    takenAt: text(4),
    state: text(5) === 'kept' ? 'kept' : 'building',
    previous: row[6] ?? null,
    rows: number(7),
    counts: { added: number(8), changed: number(9), deleted: number(10), unchanged: number(11) },
    schema: JSON.parse(text(12)) as SnapshotRow['schema'],
    engine: text(13),
    key: JSON.parse(text(14)) as SnapshotRow['key'],
    compared: JSON.parse(text(15)) as SnapshotRow['compared'],
    columns: JSON.parse(text(16)) as SnapshotRow['columns'],
    imageBytes: number(17),
  }
}

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
