/** Do two connections lead to one server? Then one statement sees the databases of both. */
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { sql } from '../sql-text.ts'
import { query } from './run-sql.ts'
import type { SqlServerConnection } from './session.ts'

/** One server may be known by several names: its own name and when it was started tell. Azure SQL sees one database each. */
const WHICH = sql`SELECT CONCAT(CAST(SERVERPROPERTY('ServerName') AS nvarchar(256)), N' ', CONVERT(nvarchar(33), d.create_date, 126)),
  CAST(SERVERPROPERTY('EngineEdition') AS nvarchar(10)) FROM sys.databases AS d WHERE d.name = N'tempdb'`

const AZURE_SQL_DATABASE = '5'

export async function isSameServer(
  a: SqlServerSession,
  b: SqlServerSession,
  source: SqlServerConnection,
  target: SqlServerConnection,
): Promise<boolean> {
  if (source.location === target.location) return true
  const [one] = await query(a, WHICH, source.location)
  const [other] = await query(b, WHICH, target.location)
  return one?.[0] === other?.[0] && one?.[1] !== AZURE_SQL_DATABASE
}
