/** What makes the rows loaded beside a table the table's own. */
import { type FlowRelation, landingTable } from '../contract.ts'
import { columnNames } from '../relational/apply.sql.ts'
import { type Catalogs, keyEquals, targetKey, targetTable } from '../relational/names.ts'
import { ident, joined, param, type Sql, sql } from '../sql-text.ts'

type Name = readonly [schema: string, table: string]

const oidOf = ([schema, table]: Name): Sql =>
  sql`(SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ${param(schema)} AND c.relname = ${param(table)})`

const columnsOf = (
  name: Name,
): Sql => sql`SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation, a.attidentity, a.attgenerated,
    a.attstorage, a.attcompression, a.attoptions::text, a.attacl::text, pg_get_expr(d.adbin, d.adrelid)
  FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attrelid = ${oidOf(name)} AND a.attnum > 0 AND NOT a.attisdropped`

const constraintsOf = (name: Name): Sql =>
  sql`SELECT pg_get_constraintdef(oid), contype FROM pg_constraint WHERE conrelid = ${oidOf(name)}`

const indexesOf = (name: Name): Sql =>
  sql`SELECT count(*), count(*) FILTER (WHERE indisclustered OR indisreplident) FROM pg_index WHERE indrelid = ${oidOf(name)}`

const tableOf = (
  name: Name,
): Sql => sql`SELECT relkind, relpersistence, relowner, reltablespace, relam, relacl::text, reloptions::text, relhasrules, relhastriggers,
    relrowsecurity, relforcerowsecurity, relispartition, relhassubclass, reloftype, relreplident
  FROM pg_class WHERE oid = ${oidOf(name)}`

const same = (of: (name: Name) => Sql, a: Name, b: Name): Sql =>
  sql`NOT EXISTS (${of(a)} EXCEPT ${of(b)}) AND NOT EXISTS (${of(b)} EXCEPT ${of(a)})`

/**
 * Nothing of the table's definition would be lost with it: rights, indexes, constraints, defaults, triggers, policies,
 * comments, publications, statistics, and nothing else is made of it.
 */
export const isPlain = (table: Name, beside: Name): Sql => sql`SELECT (${same(tableOf, table, beside)})
  AND (${same(columnsOf, table, beside)}) AND (${same(constraintsOf, table, beside)}) AND (${same(indexesOf, table, beside)})
  AND NOT EXISTS (SELECT 1 FROM pg_description WHERE classoid = 'pg_class'::regclass AND objoid = ${oidOf(table)})
  AND NOT EXISTS (SELECT 1 FROM pg_seclabel WHERE classoid = 'pg_class'::regclass AND objoid = ${oidOf(table)})
  AND NOT EXISTS (SELECT 1 FROM pg_publication_rel WHERE prrelid = ${oidOf(table)})
  AND NOT EXISTS (SELECT 1 FROM pg_statistic_ext WHERE stxrelid = ${oidOf(table)})
  AND NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = ${oidOf(table)} OR inhparent = ${oidOf(table)})
  AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ${oidOf(table)}
    AND (d.deptype = 'n' OR (d.classid = 'pg_class'::regclass AND EXISTS (SELECT 1 FROM pg_class AS q WHERE q.oid = d.objid AND q.relkind = 'S'))))
  AND NOT EXISTS (SELECT 1 FROM pg_depend AS d JOIN pg_type AS y ON y.oid = d.refobjid
    WHERE d.refclassid = 'pg_type'::regclass AND y.typrelid = ${oidOf(table)} AND d.deptype = 'n')`

/** The primary key's constraint. */
export const keyName = (table: Name): Sql =>
  sql`SELECT conname FROM pg_constraint WHERE contype = 'p' AND conrelid = ${oidOf(table)}`

export const renameKey = (c: Catalogs, r: FlowRelation, from: string, to: string): Sql =>
  sql`ALTER TABLE ${targetTable(c, r.target.table)} RENAME CONSTRAINT ${ident(from)} TO ${ident(to)}`

/**
 * The target keeps its definition, and rows of other tables that refer to one of its rows keep it: what is gone goes,
 * what is there is changed where it differs, what is new comes.
 */
export function replaceRows(c: Catalogs, r: FlowRelation): readonly Sql[] {
  const target = targetTable(c, r.target.table)
  const beside = targetTable(c, landingTable(r))
  const equals = keyEquals(r, targetKey(r, 't'), targetKey(r, 'b'))
  const content = r.columns.filter((x) => !r.key.some((k) => k.target === x.target))
  const differs = content.map(
    (x) => sql`NOT (${c.kit.sameContent(x.targetType, ident('t', x.target), ident('b', x.target))})`,
  )
  return [
    sql`DELETE FROM ${target} AS t WHERE NOT EXISTS (SELECT 1 FROM ${beside} AS b WHERE ${equals})`,
    ...(content.length === 0
      ? []
      : [
          sql`UPDATE ${target} AS t SET ${joined(
            content.map((x) => sql`${ident(x.target)} = ${ident('b', x.target)}`),
            ', ',
          )} FROM ${beside} AS b WHERE ${equals} AND (${joined(differs, ' OR ')})`,
        ]),
    sql`INSERT INTO ${target} (${columnNames(r)}) OVERRIDING SYSTEM VALUE SELECT ${columnNames(r)} FROM ${beside} AS b
WHERE NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${equals})`,
    sql`DROP TABLE ${beside}`,
  ]
}

/** Where unique values change hands, or keys repeat: all rows go and come. */
export const refill = (c: Catalogs, r: FlowRelation): readonly Sql[] => [
  sql`DELETE FROM ${targetTable(c, r.target.table)}`,
  sql`INSERT INTO ${targetTable(c, r.target.table)} (${columnNames(r)}) OVERRIDING SYSTEM VALUE SELECT ${columnNames(r)} FROM ${targetTable(c, landingTable(r))}`,
  sql`DROP TABLE ${targetTable(c, landingTable(r))}`,
]

export const uniqueBeside = (c: Catalogs, r: FlowRelation, columns: readonly string[]): Sql =>
  sql`CREATE UNIQUE INDEX ON ${targetTable(c, landingTable(r))} (${joined(
    columns.map((name) => ident(name)),
    ', ',
  )})`
