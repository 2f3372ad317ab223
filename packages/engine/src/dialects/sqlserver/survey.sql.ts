/** What `discover` asks of a SQL Server database: its catalog, then the rows. */
import { ident, joined, param, type Sql, sql, textLiteral } from '../sql-text.ts'
import { OWN_SCHEMA } from './names.ts'
import { joinBaseType, TYPE_FACETS } from './type-names.sql.ts'
import { canBeKey, isInstant } from './types.ts'

const sys = (view: string): Sql => ident('sys', view)

const OBJECTS = sql`${sys('objects')} AS o JOIN ${sys('schemas')} AS n ON n.schema_id = o.schema_id`

/** Everything that a person made; the versions that a table left behind are not a table of theirs. */
const SURVEYED = sql`o.type IN (N'U', N'V') AND o.is_ms_shipped = 0 AND n.name <> ${textLiteral(OWN_SCHEMA)}
   AND NOT EXISTS (SELECT 1 FROM ${sys('tables')} AS h WHERE h.object_id = o.object_id AND h.temporal_type = 1)`

/** schema, name, whether it is a view, rows */
export const TABLES = sql`
SELECT n.name, o.name, CASE o.type WHEN N'V' THEN 1 ELSE 0 END,
       (SELECT SUM(p.rows) FROM ${sys('partitions')} AS p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1))
  FROM ${OBJECTS} WHERE ${SURVEYED} ORDER BY n.name, o.name`

/** schema, table, name, nullable, whether an index begins with it, whether the database numbers it, then `TYPE_FACETS` */
export const COLUMNS = sql`
SELECT n.name, o.name, c.name, c.is_nullable,
       CASE WHEN EXISTS (SELECT 1 FROM ${sys('indexes')} AS i JOIN ${sys('index_columns')} AS x ON x.object_id = i.object_id AND x.index_id = i.index_id
         WHERE i.object_id = o.object_id AND x.column_id = c.column_id AND x.key_ordinal = 1 AND i.type IN (1, 2) AND i.has_filter = 0 AND i.is_disabled = 0) THEN 1 ELSE 0 END,
       CASE WHEN c.is_identity = 1 OR d.definition LIKE N'%NEXT VALUE FOR%' THEN 1 ELSE 0 END, ${TYPE_FACETS}
  FROM ${OBJECTS} JOIN ${sys('columns')} AS c ON c.object_id = o.object_id ${joinBaseType(sys('types'))}
  LEFT JOIN ${sys('default_constraints')} AS d ON d.object_id = c.default_object_id
 WHERE ${SURVEYED} ORDER BY n.name, o.name, c.column_id`

/** schema, table, its place among the table's keys, how it is declared, a column; the primary key first */
export const KEYS = sql`
SELECT n.name, o.name, i.index_id, CASE WHEN i.is_primary_key = 1 THEN N'primary key' WHEN i.is_unique_constraint = 1 THEN N'unique constraint' ELSE N'unique index' END, c.name
  FROM ${OBJECTS} JOIN ${sys('indexes')} AS i ON i.object_id = o.object_id
  JOIN ${sys('index_columns')} AS x ON x.object_id = i.object_id AND x.index_id = i.index_id AND x.key_ordinal > 0
  JOIN ${sys('columns')} AS c ON c.object_id = x.object_id AND c.column_id = x.column_id
 WHERE ${SURVEYED} AND i.is_unique = 1 AND i.has_filter = 0 AND i.is_disabled = 0
 ORDER BY n.name, o.name, CASE i.is_primary_key WHEN 1 THEN 0 ELSE 1 END, i.index_id, x.key_ordinal`

/** schema, table, the reference's number, column, the other's schema and name, its column */
export const REFERENCES = sql`
SELECT n.name, o.name, f.object_id, c.name, m.name, r.name, d.name
  FROM ${OBJECTS} JOIN ${sys('foreign_keys')} AS f ON f.parent_object_id = o.object_id
  JOIN ${sys('foreign_key_columns')} AS k ON k.constraint_object_id = f.object_id
  JOIN ${sys('columns')} AS c ON c.object_id = k.parent_object_id AND c.column_id = k.parent_column_id
  JOIN ${sys('objects')} AS r ON r.object_id = f.referenced_object_id JOIN ${sys('schemas')} AS m ON m.schema_id = r.schema_id
  JOIN ${sys('columns')} AS d ON d.object_id = k.referenced_object_id AND d.column_id = k.referenced_column_id
 WHERE ${SURVEYED} ORDER BY n.name, o.name, f.name, k.constraint_column_id`

export const countUpTo = (table: Sql, limit: bigint): Sql =>
  sql`SELECT COUNT_BIG(*) FROM (SELECT TOP (CONVERT(bigint, ${param(limit)})) 1 AS x FROM ${table}) AS q`

export interface LookColumn {
  readonly name: string
  readonly type: string
  readonly isTime: boolean
}

const CLOCK = sql`SYSUTCDATETIME()`

/** A column's four cells: values, distinct ones, those ahead of the clock, the greatest of them. */
export const LOOK_CELLS = 4

export function look(table: Sql, columns: readonly LookColumn[]): Sql {
  const cells = columns.map(({ name, type, isTime }) => {
    const column = ident('t', name)
    const values = sql`COUNT_BIG(CASE WHEN ${column} IS NOT NULL THEN 1 END)`
    const distinct = canBeKey(type) ? sql`COUNT_BIG(DISTINCT ${column})` : sql`0`
    if (!isTime) return sql`${values}, ${distinct}, 0, NULL`
    const ahead = sql`CASE WHEN ${reading(type, column)} > ${CLOCK} THEN ${reading(type, column)} END`
    return sql`${values}, ${distinct}, COUNT_BIG(${ahead}), CONVERT(nvarchar(27), MAX(${ahead}), 121)`
  })
  return sql`SELECT ${joined([sql`COUNT_BIG(*)`, ...cells], ', ')} FROM ${table} AS t`
}

/** As a wall clock of UTC. */
const reading = (type: string, column: Sql): Sql =>
  isInstant(type) ? sql`CONVERT(datetime2(7), SWITCHOFFSET(${column}, 0))` : sql`CONVERT(datetime2(7), ${column})`

export const isWithinADay = (newest: string): Sql =>
  sql`SELECT CASE WHEN CONVERT(datetime2(7), ${param(newest)}, 121) <= DATEADD(hour, 24, ${CLOCK}) THEN 1 ELSE 0 END`

export const duplicates = (table: Sql, columns: readonly string[]): Sql => {
  const list = joined(
    columns.map((name) => ident('t', name)),
    ', ',
  )
  return sql`SELECT COUNT_BIG(*) FROM (SELECT TOP (1) 1 AS x FROM ${table} AS t GROUP BY ${list} HAVING COUNT_BIG(*) > 1) AS q`
}

/** How deep a tree may be that is looked at whole. */
const DEEPEST = sql`32767`

/** Rows that name a parent, and rows that no path of parents leads to a row without one. Locators are unique. */
export const treeCounts = (table: Sql, locator: string, parent: string): Sql => sql`
WITH placed(l) AS (
  SELECT ${ident('r', locator)} FROM ${table} AS r WHERE ${ident('r', parent)} IS NULL
  UNION ALL
  SELECT ${ident('c', locator)} FROM ${table} AS c JOIN placed ON ${ident('c', parent)} = placed.l)
SELECT (SELECT COUNT_BIG(${ident('t', parent)}) FROM ${table} AS t), (SELECT COUNT_BIG(*) FROM ${table} AS t) - (SELECT COUNT_BIG(*) FROM placed)
OPTION (MAXRECURSION ${DEEPEST})`
