/** What `doctor` and `connections` say of a database: what is there, how it is read, and what the ceiling cannot see. */
import { sql } from '../sql-text.ts'
import { query } from './run-sql.ts'
import { knownVersion } from './server-version.ts'
import { connectionOf, openSession } from './session.ts'

const counted = (n: string | null | undefined, what: string): string => `${n} ${what}${n === '1' ? '' : 's'}`

const COUNTS = sql`SELECT CAST(count(CASE WHEN o.type = 'U' THEN 1 END) AS int), CAST(count(CASE WHEN o.type = 'V' THEN 1 END) AS int)
FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND s.name NOT IN ('tidemark', 'tidemark_work')`

/**
 * The third: other sessions and their transactions are seen, by the right of a server, which 2022 has split, or by that of
 * a database of Azure. A right that the version does not know is NULL.
 */
const READING = sql`SELECT CAST(d.snapshot_isolation_state AS int), CAST(d.is_read_committed_snapshot_on AS int),
  CASE WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') = 1
    OR HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER PERFORMANCE STATE') = 1
    OR HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DATABASE STATE') = 1 AND CAST(SERVERPROPERTY('EngineEdition') AS int) = 5
    THEN 1 ELSE 0 END,
  SUSER_SNAME(), CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(128)), DB_NAME()
FROM sys.databases AS d WHERE d.name = DB_NAME()`

const ON = '1'

function waysToRead(snapshot: string | null | undefined, committed: string | null | undefined): string {
  if (snapshot === ON) return 'read under SNAPSHOT'
  if (committed === ON) return 'read under READ_COMMITTED_SNAPSHOT'
  return 'neither SNAPSHOT nor READ_COMMITTED_SNAPSHOT is allowed, so reading waits for writers and deletes are looked at twice'
}

/** Throws what a run would throw. */
export async function probe(options: Readonly<Record<string, unknown>>): Promise<string> {
  const connection = connectionOf(options)
  const where = connection.location
  await using session = await openSession(connection, 'source')
  const version = await knownVersion(session, where)
  const [found] = await query(session, COUNTS, where)
  const [reading] = await query(session, READING, where)
  const [snapshot, committed, sees, login, updateability, database] = reading ?? []
  const right = version.name === 'Azure SQL Database' ? 'VIEW DATABASE STATE' : 'VIEW SERVER STATE'
  const parts = [
    counted(found?.[0], 'table'),
    counted(found?.[1], 'view'),
    `${version.name} (${version.product})`,
    waysToRead(snapshot, committed),
    ...(updateability === 'READ_ONLY' ? [`${database} takes no writes`] : []),
    ...(sees === ON
      ? []
      : [
          `open transactions of others are not seen, late commits are left to the buffer: GRANT ${right} TO [${login}]`,
        ]),
  ]
  return parts.join(', ')
}
