/**
 * Which databases a flow reads, on which branch of their history: a restore to an earlier moment begins a new fork. The name
 * tells a copy beside the original; the number of a database does not, for each replica of it has its own.
 */
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { SourceIdentity } from '../contract.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import { askingFor, askMaybe, NotShown, type Rows } from './ask.ts'
import { query } from './run-sql.ts'

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

/** `database`: the connection's own. `beside`: others of its server that a flow reads; one that lets us not in has none. */
export async function databaseIdentity(
  session: SqlServerSession,
  database: string,
  beside: readonly string[],
  where: string,
): Promise<SourceIdentity> {
  const [shown] = await query(session, SHOWS_FORKS, where, 'TM4019')
  const provable = shown?.[0] === '1'
  const own = await identityOf(session, database, provable, where)
  const others: [string, SourceIdentity][] = []
  for (const other of beside) {
    const { name, ...identity } = await identityOf(session, other, provable, where)
    if (name !== null) others.push([name, identity])
  }
  const { system, timeline } = own
  return others.length === 0 ? { system, timeline } : { system, timeline, beside: Object.fromEntries(others) }
}

/** `name`: as the server writes it; null: there is no such database. */
async function identityOf(
  session: SqlServerSession,
  database: string,
  provable: boolean,
  where: string,
): Promise<SourceIdentity & { readonly name: string | null }> {
  const ask = (statement: Sql): Promise<Rows> => query(session, statement, where, 'TM4019')
  const [proved] = provable ? await ask(PROVED(database)) : []
  const [row] = proved === undefined ? await ask(UNPROVED(database)) : [proved]
  const [name = null, one, two, updates] = row ?? []
  const part = proved === undefined ? `unproved/${name}/${one}/${two}` : `${one}/${name}/fork ${two}`
  const system = `sqlserver:${part}`
  // a copy that is only read may be behind another
  if (name === null || updates === 'READ_ONLY') return { name, system, timeline: null }
  const isOwn = database.toLowerCase() === session.options.database.toLowerCase()
  const versions = isOwn ? await ask(LAST_VERSION) : await askMaybe(askingFor(session, where), askIn(database))
  return { name, system, timeline: versions instanceof NotShown ? null : (versions[0]?.[0] ?? null) }
}
