/**
 * Which databases these are, on which branch of their history: a restore to an earlier moment begins a new fork. The name
 * tells a copy beside the original; the number of a database does not, for each replica of it has its own.
 */
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { SourceIdentity } from '../contract.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import { query } from './run-sql.ts'

type Row = readonly (string | null)[]

const SHOWS_FORKS = sql`SELECT CASE WHEN OBJECT_ID(N'sys.database_recovery_status') IS NULL THEN 0 ELSE 1 END`

const guid = (x: Sql): Sql => sql`LOWER(CONVERT(nvarchar(36), ${x}))`

const PROVED = (database: string): Sql => sql`
SELECT d.name, ${guid(sql`d.service_broker_guid`)}, ${guid(sql`r.recovery_fork_guid`)}, CONVERT(nvarchar(20), DATABASEPROPERTYEX(d.name, 'Updateability'))
FROM sys.databases AS d JOIN sys.database_recovery_status AS r ON r.database_id = d.database_id
WHERE d.name = ${param(database)} AND r.recovery_fork_guid IS NOT NULL`

/** Where forks are not shown: by its number and when it was made, which tells less, and a replica for another. */
const UNPROVED = (database: string): Sql =>
  sql`SELECT d.name, d.database_id, CONVERT(nvarchar(23), d.create_date, 126), CONVERT(nvarchar(20), DATABASEPROPERTYEX(d.name, 'Updateability')) FROM sys.databases AS d WHERE d.name = ${param(database)}`

/** The last of the numbers that the database gives to rowversions, which it never gives twice. It is of the database that asks. */
const LAST_VERSION = sql`SELECT CONVERT(nvarchar(20), CONVERT(bigint, @@DBTS))`
const askIn = (database: string): Sql =>
  sql`EXEC ${ident(database, 'sys', 'sp_executesql')} N'SELECT CONVERT(nvarchar(20), CONVERT(bigint, @@DBTS))'`

/** Of all databases that a flow reads, as one; the connection's own first. */
export async function databaseIdentity(
  session: SqlServerSession,
  databases: readonly string[],
  where: string,
): Promise<SourceIdentity> {
  const ask = (statement: Sql): Promise<readonly Row[]> => query(session, statement, where, 'TM4019')
  const [shown] = await ask(SHOWS_FORKS)
  const parts: string[] = []
  let timeline: bigint | null = 0n
  for (const database of databases) {
    const [proved] = shown?.[0] === '1' ? await ask(PROVED(database)) : []
    const [row] = proved === undefined ? await ask(UNPROVED(database)) : [proved]
    const [name, one, two, updates] = row ?? []
    parts.push(proved === undefined ? `unproved/${name}/${one}/${two}` : `${one}/${name}/fork ${two}`)
    // a copy that is only read may be behind another
    const own = database.toLowerCase() === session.options.database.toLowerCase()
    const version = updates === 'READ_ONLY' ? null : (await ask(own ? LAST_VERSION : askIn(database)))[0]?.[0]
    timeline = timeline === null || version == null ? null : timeline + BigInt(version)
  }
  return { system: `sqlserver:${parts.join(' ')}`, timeline: timeline === null ? null : String(timeline) }
}
