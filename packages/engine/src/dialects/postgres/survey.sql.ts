/** What `discover` asks of a PostgreSQL database: its catalog, then the rows. */
import { catalogText, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { OWN_SCHEMA } from './names.ts'
import { typeName } from './type-names.sql.ts'
import { canBeKey, isInstant } from './types.ts'

/** Everything that a person made, a partitioned table as one. */
const SURVEYED = sql`c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', ${catalogText(`'${OWN_SCHEMA}'`)})`

const RELATIONS = sql`pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace`

export const TABLES = sql`
SELECT n.nspname, c.relname, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END,
       CASE WHEN c.relkind <> 'v' AND c.reltuples >= 0 THEN CAST(CAST(round(CAST(c.reltuples AS numeric)) AS bigint) AS text) END
  FROM ${RELATIONS} WHERE ${SURVEYED} ORDER BY 1, 2`

/** schema, table, name, type, nullable, whether an index begins with it, whether the database numbers it */
export const COLUMNS = sql`
SELECT n.nspname, c.relname, a.attname, ${typeName(sql`a.atttypid`, sql`a.atttypmod`)}, NOT a.attnotnull,
       EXISTS (SELECT 1 FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL),
       a.attidentity <> '' OR coalesce(pg_get_expr(f.adbin, f.adrelid) LIKE 'nextval(%', FALSE)
  FROM ${RELATIONS}
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_attrdef AS f ON f.adrelid = c.oid AND f.adnum = a.attnum
 WHERE ${SURVEYED} ORDER BY a.attnum`

const namesOf = (relation: Sql, numbers: Sql): Sql =>
  sql`(SELECT json_agg(b.attname ORDER BY x.place) FROM unnest(${numbers}) WITH ORDINALITY AS x(attnum, place) JOIN pg_catalog.pg_attribute AS b ON b.attrelid = ${relation} AND b.attnum = x.attnum)`

/** schema, table, how it is declared, columns; the primary key first */
export const KEYS = sql`
SELECT n.nspname, c.relname, CASE WHEN i.indisprimary THEN 'primary key' WHEN k.oid IS NOT NULL THEN 'unique constraint' ELSE 'unique index' END,
       CAST(${namesOf(sql`c.oid`, sql`(CAST(i.indkey AS int2[]))[0:i.indnkeyatts - 1]`)} AS text)
  FROM ${RELATIONS}
  JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid
  LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = i.indexrelid AND k.contype = 'u'
 WHERE ${SURVEYED} AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
 ORDER BY NOT i.indisprimary, i.indexrelid`

/** schema, table, columns, the other's schema and name, its columns */
export const REFERENCES = sql`
SELECT n.nspname, c.relname, CAST(${namesOf(sql`c.oid`, sql`k.conkey`)} AS text), m.nspname, d.relname, CAST(${namesOf(sql`d.oid`, sql`k.confkey`)} AS text)
  FROM ${RELATIONS}
  JOIN pg_catalog.pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'f' AND k.conparentid = 0
  JOIN pg_catalog.pg_class AS d ON d.oid = k.confrelid JOIN pg_catalog.pg_namespace AS m ON m.oid = d.relnamespace
 WHERE ${SURVEYED} ORDER BY k.conname`

export const countUpTo = (table: Sql, limit: bigint): Sql =>
  sql`SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT CAST(${param(limit)} AS bigint)) AS q`

export interface LookColumn {
  readonly name: string
  readonly type: string
  readonly isTime: boolean
}

const CLOCK = sql`(now() AT TIME ZONE 'UTC')`

/** A column's four cells: values, distinct ones, those ahead of the clock, the greatest of them. */
export const LOOK_CELLS = 4

export function look(table: Sql, columns: readonly LookColumn[]): Sql {
  const cells = columns.map(({ name, type, isTime }) => {
    const column = ident('t', name)
    const distinct = canBeKey(type) ? sql`count(DISTINCT ${column})` : sql`0`
    if (!isTime) return sql`count(${column}), ${distinct}, 0, NULL`
    const ahead = sql`FILTER (WHERE ${instant(type, column)} > ${CLOCK})`
    return sql`count(${column}), ${distinct}, count(*) ${ahead}, CAST(max(${instant(type, column)}) ${ahead} AS text)`
  })
  return sql`SELECT ${joined([sql`count(*)`, ...cells], ', ')} FROM ${table} AS t`
}

/** As a wall clock of UTC. */
const instant = (type: string, column: Sql): Sql =>
  isInstant(type) ? sql`(${column} AT TIME ZONE 'UTC')` : sql`CAST(${column} AS timestamp)`

export const isWithinADay = (newest: string): Sql =>
  sql`SELECT CAST(${param(newest)} AS timestamp) <= ${CLOCK} + interval '24 hours'`

export const duplicates = (table: Sql, columns: readonly string[]): Sql => {
  const list = joined(
    columns.map((name) => ident('t', name)),
    ', ',
  )
  return sql`SELECT count(*) FROM (SELECT 1 FROM ${table} AS t GROUP BY ${list} HAVING count(*) > 1 LIMIT 1) AS q`
}

export const treeCounts = (table: Sql, locator: string, parent: string): Sql => sql`
WITH RECURSIVE placed(l) AS (
  SELECT ${ident('r', locator)} FROM ${table} AS r WHERE ${ident('r', parent)} IS NULL
  UNION
  SELECT ${ident('c', locator)} FROM ${table} AS c JOIN placed ON ${ident('c', parent)} = placed.l)
SELECT (SELECT count(${ident('t', parent)}) FROM ${table} AS t), (SELECT count(*) FROM ${table}) - (SELECT count(*) FROM placed)`
