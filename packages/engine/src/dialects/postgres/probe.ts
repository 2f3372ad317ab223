/** What `doctor` and `connections` say of a database: what is there, and what the ceiling cannot see. */
import { sql } from '../sql-text.ts'
import { query } from './run-sql.ts'
import { knownVersion } from './server-version.ts'
import { connectionOf, openSession } from './session.ts'
import { sight } from './sighting.ts'

const counted = (n: string | null | undefined, what: string): string => `${n} ${what}${n === '1' ? '' : 's'}`

const COUNTS = sql`SELECT count(*) FILTER (WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition), count(*) FILTER (WHERE c.relkind IN ('v', 'm')),
  current_setting('server_version'), current_user, pg_is_in_recovery()
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relpersistence <> 't'`

/** Throws what a run would throw. */
export async function probe(options: Readonly<Record<string, unknown>>): Promise<string> {
  const connection = connectionOf(options)
  const where = connection.location
  await using session = await openSession(connection, 'source')
  await knownVersion(session, where)
  const [row] = await query(session, COUNTS, where)
  const { hidden, prepared } = await sight(session, connection.readOnlyRoles, where)
  const parts = [
    counted(row?.[0], 'table'),
    counted(row?.[1], 'view'),
    `PostgreSQL ${row?.[2]?.split(' ')[0]}`,
    ...(row?.[4] === 't' ? ['a replica: transactions that are open on its primary are not seen'] : []),
    ...(hidden.length > 0
      ? [
          `${counted(String(hidden.length), 'session')} of others not seen, late commits are left to the buffer: GRANT pg_read_all_stats TO ${row?.[3]}`,
        ]
      : []),
    ...(prepared.length > 0
      ? [`${counted(String(prepared.length), 'prepared transaction')}, first ${prepared[0]?.who}`]
      : []),
  ]
  return parts.join(', ')
}
