/**
 * Fence and markers in a PostgreSQL target. A batch holds its flow's fence row `FOR SHARE`, so batches stand beside each
 * other and a raise, which updates the row, waits for all of them. Whoever comes after the raise reads its token.
 */
import type { BatchKey, FenceKey } from '../contract.ts'
import type { OwnTable, TargetNames } from '../relational/names.ts'
import { hotView } from '../relational/hot.sql.ts'
import type { HotTableName } from '../hot-tables.ts'
import { ident, joined, param, type Sql, sql, textLiteral } from '../sql-text.ts'
import { OWN_SCHEMA } from './names.ts'

/** of the captured keys of runs under way */
export const WORK_SCHEMA = 'tidemark_work'

const COLUMNS: Readonly<Record<OwnTable, Sql>> = {
  fence: sql`store varchar, flow varchar, token bigint NOT NULL, owner_pid integer, owner_started timestamptz, PRIMARY KEY (store, flow)`,
  marker: sql`store varchar, flow varchar NOT NULL, scope varchar NOT NULL, run varchar, step integer, batch integer, token bigint NOT NULL,
  rows_read bigint, inserted bigint, updated bigint, deleted bigint, skipped_same bigint, skipped_older bigint, rejected bigint,
  committed_at timestamptz, PRIMARY KEY (store, run, step, batch)`,
  marker_reject: sql`store varchar, flow varchar NOT NULL, scope varchar NOT NULL, run varchar, step integer, batch integer,
  key varchar, code varchar, message varchar, PRIMARY KEY (store, run, step, batch, key)`,
  settled: sql`store varchar, flow varchar, scope varchar, run varchar, up_to varchar, had_rows boolean,
  settled_at timestamptz, PRIMARY KEY (store, flow, scope)`,
}

export const createSchema = (name: string): Sql => sql`CREATE SCHEMA IF NOT EXISTS ${ident(name)}`

export const createOwn = (name: OwnTable): Sql =>
  sql`CREATE TABLE IF NOT EXISTS ${ident(OWN_SCHEMA, name)} (${COLUMNS[name]})`

const ownHot = (name: HotTableName): Sql => ident(OWN_SCHEMA, name)

/** Of snapshots that are kept here. A key may be too long for an index: rows are found by their snapshot. */
export const createHot: readonly Sql[] = [
  sql`CREATE TABLE IF NOT EXISTS ${ownHot('snapshot')} (store varchar, flow varchar, id varchar, number bigint NOT NULL, scope varchar NOT NULL, run varchar NOT NULL,
  taken_at timestamptz NOT NULL, state varchar NOT NULL, previous varchar, rows bigint NOT NULL, new_rows bigint NOT NULL, changed_rows bigint NOT NULL,
  deleted_rows bigint NOT NULL, unchanged_rows bigint NOT NULL, schema_change text NOT NULL, engine varchar NOT NULL, key text NOT NULL,
  compared text NOT NULL, columns text NOT NULL, image_bytes bigint NOT NULL, PRIMARY KEY (store, flow, id))`,
  sql`CREATE TABLE IF NOT EXISTS ${ownHot('hot_row')} (store varchar NOT NULL, flow varchar NOT NULL, snapshot varchar NOT NULL, key text NOT NULL, row_hash varchar NOT NULL,
  first_hash numeric(20) NOT NULL, second_hash numeric(20) NOT NULL, place bigint NOT NULL)`,
  sql`CREATE INDEX IF NOT EXISTS hot_row_of ON ${ownHot('hot_row')} (store, flow, snapshot)`,
  sql`CREATE OR REPLACE VIEW ${ownHot('hot')} AS ${hotView({ own: ownHot })}`,
]

/** Of these schemas, those that are there: a name that exists needs no right to create it. */
export const listSchemas = (names: readonly string[]): Sql =>
  sql`SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname IN (${joined(
    names.map((x) => param(x)),
    ', ',
  )})`

/** The tables of one of these schemas. */
export const listTables = (schema: string): Sql =>
  sql`SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ${param(schema)} AND c.relkind IN ('r', 'p') ORDER BY c.relname`

export const addFence = (c: TargetNames, k: FenceKey): Sql =>
  sql`INSERT INTO ${c.own('fence')} (store, flow, token) VALUES (${param(k.store)}, ${param(k.flow)}, 0) ON CONFLICT DO NOTHING`

export const raise = (
  c: TargetNames,
  k: FenceKey,
): Sql => sql`UPDATE ${c.own('fence')} SET token = CAST(${param(k.token)} AS bigint),
  owner_pid = pg_backend_pid(), owner_started = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND token < CAST(${param(k.token)} AS bigint)`

/** The fence's token, and the counts of the batch's marker where it is in. No row: there is no fence. */
export const enter = (
  c: TargetNames,
  k: FenceKey,
  b: BatchKey,
): Sql => sql`SELECT f.token, m.batch, m.rows_read, m.inserted, m.updated, m.deleted, m.skipped_same, m.skipped_older, m.rejected
FROM ${c.own('fence')} AS f LEFT JOIN ${c.own('marker')} AS m ON m.store = f.store AND m.run = ${param(b.run)}
  AND m.step = CAST(${param(String(b.step))} AS integer) AND m.batch = CAST(${param(String(b.batch))} AS integer)
WHERE f.store = ${param(k.store)} AND f.flow = ${param(k.flow)} FOR SHARE OF f`

/** For this transaction: how long a statement waits for a lock. */
export const lockTimeout = (ms: number): Sql => sql`SELECT set_config('lock_timeout', ${param(String(ms))}, TRUE)`

/** Sessions that the one of `pid` waits for, and that hold the fence; with whoever they are. */
export const holders = (pid: number): Sql =>
  sql`SELECT a.pid, a.usename, a.application_name, coalesce(host(a.client_addr), 'local') FROM pg_stat_activity AS a
WHERE a.pid = ANY (pg_blocking_pids(CAST(${param(String(pid))} AS integer)))
  AND EXISTS (SELECT 1 FROM pg_locks AS l WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation'
    AND l.relation = to_regclass(${textLiteral(`${OWN_SCHEMA}.fence`)}) AND l.mode IN ('RowShareLock', 'RowExclusiveLock'))`

export const terminate = (pid: string): Sql => sql`SELECT pg_terminate_backend(CAST(${param(pid)} AS integer))`
