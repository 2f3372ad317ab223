/**
 * Fence and markers in a SQL Server target. A batch holds its flow's fence row by a shared lock until it ends, whatever
 * the database's isolation: a repeatable read takes no row version. Batches stand beside each other, and a raise, which
 * updates the row, waits for all of them. Whoever comes after the raise reads its token.
 */
import type { BatchKey, FenceKey, NewSettled } from '../contract.ts'
import type { HotTableName } from '../hot-tables.ts'
import { hotView } from '../relational/hot.sql.ts'
import type { OwnTable, TargetNames } from '../relational/names.ts'
import { catalogText, ident, joined, param, type Sql, sql, whole } from '../sql-text.ts'
import { OWN_SCHEMA } from './names.ts'
import { bracketed, nameLiteral } from './style.ts'

/** of the captured keys of runs under way */
export const WORK_SCHEMA = 'tidemark_work'

/** Compared as bytes, as the ledger compares them. */
const ID = sql`nvarchar(128) COLLATE Latin1_General_100_BIN2`

const MARKER_KEY = sql`store ${ID} NOT NULL, flow ${ID} NOT NULL, scope nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  run ${ID} NOT NULL, step int NOT NULL, batch int NOT NULL`

const COLUMNS: Readonly<Record<OwnTable, Sql>> = {
  fence: sql`store ${ID} NOT NULL, flow ${ID} NOT NULL, token bigint NOT NULL, owner_session int NULL, owner_since datetime2(7) NULL,
  PRIMARY KEY CLUSTERED (store, flow)`,
  marker: sql`${MARKER_KEY}, token bigint NOT NULL,
  rows_read bigint NOT NULL, inserted bigint NOT NULL, updated bigint NOT NULL, deleted bigint NOT NULL,
  skipped_same bigint NOT NULL, skipped_older bigint NOT NULL, rejected bigint NOT NULL, committed_at datetime2(7) NOT NULL,
  PRIMARY KEY CLUSTERED (store, run, step, batch)`,
  marker_reject: sql`${MARKER_KEY}, [key] nvarchar(max) NOT NULL, code varchar(10) NOT NULL, message nvarchar(max) NOT NULL`,
  settled: sql`store ${ID} NOT NULL, flow ${ID} NOT NULL, scope nvarchar(max) COLLATE Latin1_General_100_BIN2 NOT NULL,
  run ${ID} NOT NULL, up_to nvarchar(4000) NULL, had_rows bit NOT NULL, settled_at datetime2(7) NOT NULL`,
}

/** Where a key would be too long for an index, what its rows are found by. */
const INDEXED: Readonly<Partial<Record<OwnTable, Sql>>> = {
  marker_reject: sql`(store, run, step, batch)`,
  settled: sql`(store, flow)`,
}

/** A schema is made by a batch of its own. Safe to run twice. */
export const createSchema = (name: string): Sql =>
  sql`IF SCHEMA_ID(${catalogText(nameText(name))}) IS NULL EXEC (${catalogText(nameText(`CREATE SCHEMA ${bracketed(name)}`))})`

const nameText = (text: string): string => `N'${text.replaceAll("'", "''")}'`

export const createOwn = (name: OwnTable): Sql => {
  const table = ident(OWN_SCHEMA, name)
  const make = sql`CREATE TABLE ${table} (${COLUMNS[name]})`
  const by = INDEXED[name]
  const all =
    by === undefined ? make : sql`BEGIN ${make}; CREATE CLUSTERED INDEX tidemark_found_by ON ${table} ${by} END`
  return sql`IF OBJECT_ID(${catalogText(nameLiteral(table))}) IS NULL ${all}`
}

const ownHot = (name: OwnTable | HotTableName): Sql => ident(OWN_SCHEMA, name)
const HELD = sql`nvarchar(max) COLLATE Latin1_General_100_BIN2`

const HOT: Readonly<Record<Exclude<HotTableName, 'hot'>, Sql>> = {
  snapshot: sql`store ${ID} NOT NULL, flow ${ID} NOT NULL, id ${ID} NOT NULL, [number] bigint NOT NULL, scope ${HELD} NOT NULL, run ${ID} NOT NULL,
  taken_at datetime2(3) NOT NULL, [state] nvarchar(20) NOT NULL, previous ${ID} NULL, [rows] bigint NOT NULL, new_rows bigint NOT NULL, changed_rows bigint NOT NULL,
  deleted_rows bigint NOT NULL, unchanged_rows bigint NOT NULL, schema_change nvarchar(max) NOT NULL, engine nvarchar(128) NOT NULL, [key] nvarchar(max) NOT NULL,
  compared nvarchar(max) NOT NULL, [columns] nvarchar(max) NOT NULL, image_bytes bigint NOT NULL, PRIMARY KEY CLUSTERED (store, flow, id)`,
  hot_row: sql`store ${ID} NOT NULL, flow ${ID} NOT NULL, snapshot ${ID} NOT NULL, [key] ${HELD} NOT NULL, row_hash nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL,
  first_hash decimal(20, 0) NOT NULL, second_hash decimal(20, 0) NOT NULL, place bigint NOT NULL, PRIMARY KEY CLUSTERED (store, flow, snapshot, place)`,
}

/** Of snapshots that are kept here; `taken_at` is in UTC. */
export function createHot(): readonly Sql[] {
  const view = ownHot('hot')
  const make = sql`CREATE VIEW ${view} AS ${hotView({ own: ownHot })}`
  return [
    ...(['snapshot', 'hot_row'] as const).map(
      (name) =>
        sql`IF OBJECT_ID(${catalogText(nameLiteral(ownHot(name)))}) IS NULL CREATE TABLE ${ownHot(name)} (${HOT[name]})`,
    ),
    sql`IF OBJECT_ID(${catalogText(nameLiteral(view))}) IS NULL EXEC (${catalogText(nameLiteral(make))})`,
  ]
}

/** Of these schemas, those that are there: a name that exists needs no right to create it. */
export const listSchemas = (names: readonly string[]): Sql =>
  sql`SELECT name FROM sys.schemas WHERE name IN (${joined(
    names.map((x) => param(x)),
    ', ',
  )})`

/** The tables of one of these schemas. */
export const listTables = (schema: string): Sql =>
  sql`SELECT t.name FROM sys.tables AS t JOIN sys.schemas AS s ON s.schema_id = t.schema_id WHERE s.name = ${param(schema)} ORDER BY t.name`

const isFence = (k: FenceKey): Sql => sql`store = ${param(k.store)} AND flow = ${param(k.flow)}`
const bigint = (n: bigint): Sql => sql`CAST(${param(n)} AS bigint)`
const int = (n: number): Sql => sql`CAST(${param(String(n))} AS int)`

export const addFence = (c: TargetNames, k: FenceKey): Sql =>
  sql`INSERT INTO ${c.own('fence')} (store, flow, token) SELECT ${param(k.store)}, ${param(k.flow)}, 0
WHERE NOT EXISTS (SELECT 1 FROM ${c.own('fence')} WITH (UPDLOCK, HOLDLOCK) WHERE ${isFence(k)})`

export const raise = (c: TargetNames, k: FenceKey): Sql =>
  sql`UPDATE ${c.own('fence')} SET token = ${bigint(k.token)}, owner_session = @@SPID, owner_since = SYSUTCDATETIME()
WHERE ${isFence(k)} AND token < ${bigint(k.token)}`

/** The fence's token, held until the transaction ends. No row: there is no fence. */
export const enter = (c: TargetNames, k: FenceKey): Sql =>
  sql`SELECT token FROM ${c.own('fence')} WITH (REPEATABLEREAD, ROWLOCK) WHERE ${isFence(k)}`

const COUNTS = catalogText('rows_read, inserted, updated, deleted, skipped_same, skipped_older, rejected')

const isBatch = (k: FenceKey, b: BatchKey): Sql =>
  sql`store = ${param(k.store)} AND run = ${param(b.run)} AND step = ${int(b.step)} AND batch = ${int(b.batch)}`

/** The counts of the batch's marker, where it is in. */
export const findMarker = (c: TargetNames, k: FenceKey, b: BatchKey): Sql =>
  sql`SELECT ${COUNTS} FROM ${c.own('marker')} WHERE ${isBatch(k, b)}`

export const insertMarker = (c: TargetNames, k: FenceKey, b: BatchKey): Sql =>
  sql`INSERT INTO ${c.own('marker')} (store, flow, scope, run, step, batch, token, ${COUNTS}, committed_at)
VALUES (${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(b.run)}, ${int(b.step)}, ${int(b.batch)}, ${bigint(k.token)}, 0, 0, 0, 0, 0, 0, 0, SYSUTCDATETIME())`

/** What the batch leaves out, in its own transaction; `rows` gives key, code and message. */
export const insertRejects = (c: TargetNames, k: FenceKey, b: BatchKey, rows: Sql): Sql =>
  sql`INSERT INTO ${c.own('marker_reject')} (store, flow, scope, run, step, batch, [key], code, message)
SELECT ${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(b.run)}, ${int(b.step)}, ${int(b.batch)}, q.[key], q.code, q.message
FROM (${rows}) AS q`

export const listRejects = (c: TargetNames, k: FenceKey, run: string, batch: number): Sql =>
  sql`SELECT [key], code, message FROM ${c.own('marker_reject')} WHERE store = ${param(k.store)} AND run = ${param(run)} AND batch = ${int(batch)} ORDER BY [key]`

/** The scope's newest settled run; markers of older runs have done their work, and the ledger has all rejects. */
export const settle = (c: TargetNames, k: FenceKey, s: NewSettled, table: Sql): readonly Sql[] => [
  sql`DELETE FROM ${c.own('settled')} WHERE ${isFence(k)}${s.forgetsOtherScopes ? catalogText('') : sql` AND scope = ${param(k.scope)}`}`,
  sql`INSERT INTO ${c.own('settled')} (store, flow, scope, run, up_to, had_rows, settled_at)
SELECT ${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(s.run)}, ${param(s.upTo)}, CASE WHEN EXISTS (SELECT 1 FROM ${table}) THEN 1 ELSE 0 END, SYSUTCDATETIME()`,
  sql`DELETE FROM ${c.own('marker')} WHERE ${isFence(k)} AND scope = ${param(k.scope)} AND run <> ${param(s.run)}`,
  sql`DELETE FROM ${c.own('marker_reject')} WHERE ${isFence(k)} AND scope = ${param(k.scope)}`,
]

/** For this session, sent without parameters: what a statement with parameters sets is gone with it. */
export const lockTimeout = (ms: number): Sql => sql`SET LOCK_TIMEOUT ${whole(BigInt(ms))}`

/** Sessions that hold up the one of that number, with whoever they are. Takes a right to see others. */
export const holders = (
  session: number,
): Sql => sql`SELECT s.session_id, s.login_name, s.program_name, COALESCE(s.host_name, N'')
FROM sys.dm_exec_requests AS q JOIN sys.dm_exec_sessions AS s ON s.session_id = q.blocking_session_id
WHERE q.session_id = ${whole(BigInt(session))} AND q.blocking_session_id > 0`

export const terminate = (session: number): Sql => sql`KILL ${whole(BigInt(session))}`

/** The server shows sessions of others. Azure SQL asks for the right within the database. */
export const seesOthers = sql`SELECT CASE WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 1 OR HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DATABASE STATE') = 1 THEN 1 ELSE 0 END`
