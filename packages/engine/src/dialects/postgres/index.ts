/** PostgreSQL, 14 to 18. */
import { AppError } from '../../runtime/app-error.ts'
import type { DialectModule } from '../contract.ts'
import { sql } from '../sql-text.ts'
import { abilities } from './abilities.ts'
import { openPostgresArrival } from './arrival-bench.ts'
import { openPostgresBench } from './bench.ts'
import { openPostgresDeparture } from './departure.ts'
import { classify, translate } from './errors.ts'
import { ownTables, prepareSql, prepareTarget } from './prepare.ts'
import { recall } from './recall.ts'
import { query } from './run-sql.ts'
import { connectionOf, openSession } from './session.ts'

const counted = (n: string | null | undefined, what: string): string => `${n} ${what}${n === '1' ? '' : 's'}`

/** kinds of connection whose rows one server can move by itself */
const SEES: ReadonlySet<string> = new Set(['postgres'])

export const postgres = {
  kind: 'postgres',
  abilities,
  locate: (options) => connectionOf(options).location,
  sees: (other) => SEES.has(other),
  openBench: (options) => openPostgresBench(options),
  openDeparture: (options) => openPostgresDeparture(options),
  openArrival: (options, from) => openPostgresArrival(options, from),
  probe: async ({ options }) => {
    const connection = connectionOf(options)
    await using session = await openSession(connection, 'source')
    const of = sql`count(*) FILTER (WHERE c.relkind IN ('r', 'p')), count(*) FILTER (WHERE c.relkind IN ('v', 'm')), current_setting('server_version')`
    const [row] = await query(
      session,
      sql`SELECT ${of} FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'tidemark', 'tidemark_work') AND NOT c.relispartition`,
      connection.location,
    )
    return `${counted(row?.[0], 'table')}, ${counted(row?.[1], 'view')}, PostgreSQL ${row?.[2]}`
  },
  survey: () => Promise.reject(new AppError('TM1017', 'discover in a PostgreSQL database')),
  recall,
  prepareTarget,
  ownTables,
  prepareSql,
  version: () => 'PostgreSQL, whichever the server is',
  classify,
  translate,
} satisfies DialectModule
