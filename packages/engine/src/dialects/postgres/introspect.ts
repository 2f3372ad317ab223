/** What is in a PostgreSQL database. Names are as they are: nothing is folded, and everything is quoted. */
import type { TableName } from '@tidemark/contract/flow'
import type { PostgresSession } from '../../drivers/postgres.ts'
import type { ColumnFacts, SourceIdentity, TableFacts } from '../contract.ts'
import type { SelfReference } from '../flow-relation.ts'
import { param, type Sql, sql } from '../sql-text.ts'
import { schemaAndTable } from './names.ts'
import { query } from './run-sql.ts'
import { typesOf } from './type-of.ts'

/** tables, partitioned and foreign ones, views, materialized views */
const READABLE = sql`('r', 'p', 'f', 'v', 'm')`

const relationIs = ([schema, name]: readonly [string, string]): Sql =>
  sql`n.nspname = ${param(schema)} AND c.relname = ${param(name)} AND c.relkind IN ${READABLE}`

/** −1: never counted */
const estimate = sql`CASE c.relkind
    WHEN 'v' THEN NULL
    WHEN 'p' THEN (SELECT CASE WHEN min(l.reltuples) >= 0 THEN sum(l.reltuples) END FROM pg_catalog.pg_partition_tree(c.oid) AS t
      JOIN pg_catalog.pg_class AS l ON l.oid = t.relid WHERE t.isleaf)
    ELSE CASE WHEN c.reltuples >= 0 THEN c.reltuples END
  END`

/** Columns of unique indexes over all rows: those of constraints and of none. A list in JSON, the primary key first. */
const uniqueKeys = sql`(SELECT json_agg(k.columns ORDER BY NOT k.indisprimary, k.indexrelid) FROM (
    SELECT i.indexrelid, i.indisprimary, (SELECT json_agg(b.attname ORDER BY x.place) FROM unnest(CAST(i.indkey AS int2[])) WITH ORDINALITY AS x(attnum, place)
        JOIN pg_catalog.pg_attribute AS b ON b.attrelid = i.indrelid AND b.attnum = x.attnum WHERE x.place <= i.indnkeyatts) AS columns
    FROM pg_catalog.pg_index AS i
    WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL) AS k)`

/** What is true of the table is found once: without the `OFFSET` the planner would ask it anew for each column. */
const describe = (place: readonly [string, string]): Sql => sql`
SELECT a.attname, CAST(a.atttypid AS text), a.atttypmod, NOT a.attnotnull, a.attgenerated <> '', a.attidentity,
       (SELECT quote_ident(o.nspname) || '.' || quote_ident(l.collname) FROM pg_catalog.pg_collation AS l
          JOIN pg_catalog.pg_namespace AS o ON o.oid = l.collnamespace WHERE l.oid = a.attcollation AND NOT l.collisdeterministic),
       t.estimate, t.keys
FROM (SELECT c.oid, CAST(round(CAST(${estimate} AS numeric)) AS text) AS estimate, CAST(${uniqueKeys} AS text) AS keys
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE ${relationIs(place)} OFFSET 0) AS t
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

export async function describeTable(
  session: PostgresSession,
  table: TableName,
  schema: string,
  where: string,
): Promise<TableFacts | null> {
  const rows = await query(session, describe(schemaAndTable(table, schema)), where, 'TM4019')
  const [first] = rows
  if (first === undefined) return null
  const columns = rows.map(([name, type, modifier]) => ({
    name: name ?? '',
    type: type ?? '',
    modifier: modifier ?? '-1',
  }))
  const types = await typesOf(session, columns, where)
  return {
    table,
    columns: rows.map((row, i) => columnFacts(row, types[i] ?? '')),
    uniqueKeys: JSON.parse(first[8] ?? '[]') as string[][],
    estimatedRows: first[7] == null ? null : BigInt(first[7]),
  }
}

function columnFacts(row: readonly (string | null)[], type: string): ColumnFacts {
  const [name, , , nullable, generated, identity, collation] = row
  return {
    name: name ?? '',
    type,
    nullable: nullable === 't',
    generated: generated === 't',
    ...(collation == null ? {} : { collation }),
    ...(identity === 'a' || identity === 'd' ? { identity: identity === 'a' ? 'always' : 'by default' } : {}),
  }
}

/** Those that refuse a change of the referred row; the others make their rows follow by themselves. */
export async function selfReferences(
  session: PostgresSession,
  table: TableName,
  schema: string,
  where: string,
): Promise<readonly SelfReference[]> {
  const rows = await query(
    session,
    sql`SELECT a.attname, b.attname
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_constraint AS k ON k.contype = 'f' AND k.conrelid = c.oid AND k.confrelid = c.oid AND k.confupdtype IN ('a', 'r')
CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS x(own, other, place)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = x.own
JOIN pg_catalog.pg_attribute AS b ON b.attrelid = c.oid AND b.attnum = x.other
WHERE ${relationIs(schemaAndTable(table, schema))} AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true' ORDER BY k.conname, x.place`,
    where,
    'TM4019',
  )
  return rows.map(([column, referenced]) => ({ column: column ?? '', referenced: referenced ?? '' }))
}

export interface PositionFacts {
  /** its rows are another server's */
  readonly foreign: boolean
  /** sessions take so many numbers of a sequence at once, and use them later; 1: each as it is needed */
  readonly cache: bigint
}

/** What the catalog says of a column that is a position. */
export async function positionFacts(
  session: PostgresSession,
  table: TableName,
  column: string,
  schema: string,
  where: string,
): Promise<PositionFacts> {
  const [row] = await query(
    session,
    sql`SELECT c.relkind = 'f', CAST(coalesce((SELECT max(s.seqcache) FROM pg_catalog.pg_sequence AS s WHERE s.seqrelid IN (
    SELECT d.objid FROM pg_catalog.pg_depend AS d WHERE d.classid = CAST('pg_catalog.pg_class' AS regclass) AND d.refobjid = c.oid AND d.refobjsubid = a.attnum
    UNION SELECT d.refobjid FROM pg_catalog.pg_attrdef AS f JOIN pg_catalog.pg_depend AS d ON d.classid = CAST('pg_catalog.pg_attrdef' AS regclass) AND d.objid = f.oid
      WHERE f.adrelid = c.oid AND f.adnum = a.attnum)), 1) AS text)
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = ${param(column)}
WHERE ${relationIs(schemaAndTable(table, schema))}`,
    where,
    'TM4019',
  )
  return { foreign: row?.[0] === 't', cache: BigInt(row?.[1] ?? '1') }
}

/** Does an index begin with that column, whatever else is in it? One of some rows only does not count. */
export async function isIndexed(
  session: PostgresSession,
  table: TableName,
  column: string,
  schema: string,
  where: string,
): Promise<boolean> {
  const rows = await query(
    session,
    sql`SELECT 1 FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
WHERE ${relationIs(schemaAndTable(table, schema))} AND a.attname = ${param(column)} AND i.indisvalid AND i.indpred IS NULL LIMIT 1`,
    where,
    'TM4019',
  )
  return rows.length > 0
}

/**
 * Which database of which cluster this is, on which branch of its history: a promoted replica and a recovery to a point
 * in time begin a new one. The place in the log only grows along one; a replica may be behind another, so it tells none.
 */
const IDENTITY = sql`SELECT CAST(s.system_identifier AS text), CAST(d.oid AS text), pg_is_in_recovery(),
  CASE WHEN pg_is_in_recovery() THEN (SELECT CAST(c.timeline_id AS text) FROM pg_control_checkpoint() AS c)
       ELSE CAST(CAST(concat('x', left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)) AS bit(32)) AS text) END,
  CASE WHEN NOT pg_is_in_recovery() THEN CAST(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS text) END
FROM pg_control_system() AS s, pg_catalog.pg_database AS d WHERE d.datname = current_database()`

/** Where the control file is not shown: the database by its name and number, which a copy of the cluster has too. */
const UNPROVED = sql`SELECT d.datname, CAST(d.oid AS text) FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()`

const MAY_ASK = sql`SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AND has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE')
  AND has_function_privilege('pg_catalog.pg_walfile_name(pg_lsn)', 'EXECUTE')`

export async function databaseIdentity(session: PostgresSession, where: string): Promise<SourceIdentity> {
  const [may] = await query(session, MAY_ASK, where, 'TM4019')
  if (may?.[0] !== 't') {
    const [row] = await query(session, UNPROVED, where, 'TM4019')
    return { system: `postgres:unproved/${row?.[0]}/${row?.[1]}`, timeline: null }
  }
  const [row] = await query(session, IDENTITY, where, 'TM4019')
  const [system, database, replica, branch, place] = row ?? []
  const timeline = replica === 't' ? branch : String(Number.parseInt(branch ?? '0', 2))
  return { system: `postgres:${system}/${database}/timeline ${timeline}`, timeline: place ?? null }
}
