/** What `discover` asks of a DuckDB file: its catalog, then the rows. */
import { ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { canBeKey } from './types.ts'

export const TABLES = (catalog: string): Sql => sql`
SELECT schema_name, table_name, 'table', CAST(estimated_size AS VARCHAR) FROM duckdb_tables()
 WHERE database_name = ${param(catalog)} AND schema_name <> 'tidemark' AND NOT internal AND NOT temporary
UNION ALL
SELECT schema_name, view_name, 'view', NULL FROM duckdb_views()
 WHERE database_name = ${param(catalog)} AND schema_name <> 'tidemark' AND NOT internal AND NOT temporary
ORDER BY 1, 2`

export const COLUMNS = (catalog: string): Sql => sql`
SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default FROM duckdb_columns()
 WHERE database_name = ${param(catalog)} ORDER BY column_index`

export const CONSTRAINTS = (catalog: string): Sql => sql`
SELECT schema_name, table_name, constraint_type, to_json(constraint_column_names), referenced_table,
       to_json(referenced_column_names)
  FROM duckdb_constraints() WHERE database_name = ${param(catalog)}
   AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') ORDER BY constraint_index`

/** `expressions` prints a list of SQL texts; a column's text is its name, quoted where it must be. */
export const INDEXES = (catalog: string): Sql => sql`
SELECT schema_name, table_name, is_unique, to_json(TRY_CAST(expressions AS VARCHAR[])) FROM duckdb_indexes()
 WHERE database_name = ${param(catalog)} ORDER BY index_name`

export const countUpTo = (table: Sql, limit: bigint): Sql =>
  sql`SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT CAST(${param(limit)} AS BIGINT))`

export interface LookColumn {
  readonly name: string
  readonly type: string
  readonly isTime: boolean
}

const CLOCK = sql`(now() AT TIME ZONE 'UTC')`

/** A column's four cells: values, distinct ones (estimated), those ahead of the clock, the greatest of them. */
export const LOOK_CELLS = 4

export function look(table: Sql, columns: readonly LookColumn[]): Sql {
  const cells = columns.map(({ name, type, isTime }) => {
    const column = ident('t', name)
    const distinct = canBeKey(type) ? sql`approx_count_distinct(${column})` : sql`0`
    if (!isTime) return sql`count(${column}), ${distinct}, 0, NULL`
    const ahead = sql`FILTER (${instant(type, column)} > ${CLOCK})`
    return sql`count(${column}), ${distinct}, count(*) ${ahead}, CAST(max(${instant(type, column)}) ${ahead} AS VARCHAR)`
  })
  return sql`SELECT ${joined([sql`count(*)`, ...cells], ', ')} FROM ${table} t`
}

/** As a wall clock of UTC. */
const instant = (type: string, column: Sql): Sql =>
  type === 'TIMESTAMP WITH TIME ZONE' ? sql`(${column} AT TIME ZONE 'UTC')` : sql`CAST(${column} AS TIMESTAMP)`

export const isWithinADay = (newest: string): Sql =>
  sql`SELECT CAST(${param(newest)} AS TIMESTAMP) <= ${CLOCK} + to_hours(24)`

export const duplicates = (table: Sql, columns: readonly string[]): Sql => {
  const list = joined(
    columns.map((name) => ident(name)),
    ', ',
  )
  return sql`SELECT count(*) FROM (SELECT 1 FROM ${table} GROUP BY ${list} HAVING count(*) > 1 LIMIT 1)`
}

/** Row numbers grow with insertion, and are not given again. Every `stride`-th row is looked at. */
export const stepsBack = (table: Sql, column: string, stride: bigint): Sql => sql`
SELECT count(*) FROM (
  SELECT ${ident('t', column)} <= lag(${ident('t', column)}) OVER (ORDER BY t.rowid) AS back
    FROM ${table} t WHERE t.rowid % CAST(${param(stride)} AS BIGINT) = 0) WHERE back`

export const treeCounts = (table: Sql, locator: string, parent: string): Sql => sql`
WITH RECURSIVE placed(l) AS (
  SELECT ${ident('r', locator)} FROM ${table} r WHERE ${ident('r', parent)} IS NULL
  UNION
  SELECT ${ident('c', locator)} FROM ${table} c JOIN placed ON ${ident('c', parent)} = placed.l)
SELECT (SELECT count(${ident('t', parent)}) FROM ${table} t), (SELECT count(*) FROM ${table}) - (SELECT count(*) FROM placed)`
