/** The spool: what a selection takes, as a table of the run's work file, in the target's columns. No clear value of a mask is in it. */
import type { FlowRelation } from '../contract.ts'
import { readsSpool } from '../lanes.ts'
import type { BatchPart } from '../row-policy.ts'
import { spooledRelation } from '../spooled-relation.ts'
import { ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { fromSource } from '../relational/selection.sql.ts'
import { landingValue, mainKey, sourceKeyJson } from '../relational/columns.sql.ts'
import { type Catalogs, column, type SourceNames, work } from '../relational/names.ts'
import { leavingValue } from './departing.sql.ts'
import { attachedNumbers } from './names.ts'

/** A source's names, and besides them the spool's. */
export const withSpool = (names: SourceNames, catalog: string): SourceNames => {
  const spool = attachedNumbers(() => ident(catalog, 'main', 'spool'))
  const of = (table: readonly string[]): SourceNames => (readsSpool({ source: { table } }) ? spool : names)
  return {
    averageBytes: (table) => of(table).averageBytes(table),
    table: (table) => of(table).table(table),
    rowNumber: (table, alias) => of(table).rowNumber(table, alias),
    slice: (table, alias, first, last) => of(table).slice(table, alias, first, last),
  }
}

/** `taken`: predicates of which one is enough. */
export function createSpool(c: Catalogs, r: FlowRelation, taken: readonly Sql[]): Sql {
  const position = spooledRelation(r).position?.ref.column
  const columns = [
    ...r.columns.map((x) => sql`${landingValue(c, x)} AS ${ident(x.target)}`),
    ...(r.position && position !== undefined && !r.columns.some((x) => x.target === position)
      ? [sql`${column(r.position.ref)} AS ${ident(position)}`]
      : []),
  ]
  return sql`CREATE OR REPLACE TABLE ${work(c, 'spool')} AS
SELECT ${joined(columns, ', ')}
${spoolRows(c, r, taken)}`
}

/** FROM and WHERE of the rows that the spool takes. */
export const spoolRows = (c: Catalogs, r: FlowRelation, taken: readonly Sql[]): Sql =>
  sql`FROM ${fromSource(c, r)}
WHERE (${joined(
    taken.map((p) => sql`(${p})`),
    ' OR ',
    sql`FALSE`,
  )})`

/** Name and type of each column that a table of the work file has. */
export const columnsOfWork = (catalog: string, table: string): Sql =>
  sql`SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ${param(catalog)} AND table_name = ${param(table)} ORDER BY column_index`

/** In the transaction of the extraction: a spool without it is none. */
export const markSpooled = (c: Catalogs): Sql =>
  sql`CREATE OR REPLACE TABLE ${work(c, 'spooled')} AS SELECT 'spool:' || CAST(uuid() AS VARCHAR) AS id`

export const findSpooled = (c: Catalogs): Sql => sql`SELECT id FROM ${work(c, 'spooled')}`

/** Keys to delete as another engine reads them. `columns`: name and type of each that the table has. */
export const listGone = (
  c: Catalogs,
  columns: readonly (readonly (string | null)[])[],
  { first, last }: BatchPart,
): Sql => {
  const texts = columns.flatMap(([name, type]) =>
    name === 'n' ? [] : [sql`CAST(${leavingValue(type ?? '', ident('g', name ?? ''))} AS VARCHAR)`],
  )
  return sql`SELECT CAST(to_json(list([${joined(texts, ', ')}] ORDER BY g.n)) AS VARCHAR) FROM ${work(c, 'gone')} AS g
WHERE g.n BETWEEN CAST(${param(first)} AS BIGINT) AND CAST(${param(last)} AS BIGINT)`
}

export const keysInSpool = (c: Catalogs, r: FlowRelation, keys: readonly string[]): Sql => {
  const key = sourceKeyJson(c, spooledRelation(r), mainKey(c, spooledRelation(r)))
  return sql`SELECT DISTINCT ${key} AS k FROM ${work(c, 'spool')} AS m WHERE ${key} IN (SELECT unnest(CAST(CAST(${param(JSON.stringify(keys))} AS JSON) AS VARCHAR[]))) ORDER BY k`
}
