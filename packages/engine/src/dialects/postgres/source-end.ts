/** The end of a bench that rows come from: the target's own database, or one whose tables it sees as foreign ones. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import type { TableName } from '@tidemark/contract/flow'
import type { FlowRelation } from '../contract.ts'
import type { LaneFacts } from '../lanes.ts'
import type { Catalogs, SourceNames } from '../relational/names.ts'
import { sql } from '../sql-text.ts'
import { type ForeignTables, foreignNames, listForeign } from './foreign.ts'
import { sourceNames } from './names.ts'
import { query } from './run-sql.ts'
import { openSession, type PostgresConnection } from './session.ts'
import { PostgresSource } from './source.ts'

export interface SourceEnd {
  readonly connection: PostgresConnection
  /** reads only, never in a transaction */
  readonly session: PostgresSession
  /** as the target's database sees the tables */
  readonly names: SourceNames
  port(c: Catalogs, between: () => Promise<void>): PostgresSource
  lanes(relation: FlowRelation): LaneFacts
  /** Does the target's database see all of these tables of the source? */
  sees(tables: readonly TableName[]): boolean
}

const RELAY = { possible: false, why: 'source and target are one database, which moves rows by itself' }
const SPOOL = { possible: false, why: 'nothing has to be taken out of a database that holds both ends' }

/** `session`: in the target's database. */
export async function openSourceEnd(
  connection: PostgresConnection,
  target: PostgresConnection,
  asking: PostgresSession,
  opening: AsyncDisposableStack,
): Promise<SourceEnd> {
  const session = opening.use(await openSession(connection, 'source'))
  const within = await isSameDatabase(session, asking, connection, target)
  const foreign = within ? null : await listForeign(asking, connection, target)
  return {
    connection,
    session,
    names: foreign === null ? sourceNames(connection.schema) : foreignNames(foreign, connection.schema),
    port: (c, between) => {
      const here = { ...c, source: sourceNames(connection.schema) }
      return foreign === null
        ? new PostgresSource(connection, session, here, between)
        : new ForeignSource(connection, session, here, between, new PostgresSource(target, asking, c))
    },
    sees: (tables) => foreign === null || tables.every((table) => foreign.find(table, connection.schema) !== null),
    lanes: (r) => ({
      pushdown: foreign === null ? WITHIN : throughForeign(foreign, r, connection),
      relay: RELAY,
      spool: SPOOL,
    }),
  }
}

const WITHIN = { possible: true, why: 'source and target are one database' }

function throughForeign(foreign: ForeignTables, r: FlowRelation, { schema, location }: PostgresConnection) {
  const tables = [r.source.table, ...r.source.joins.map((j) => j.table)]
  const missing = tables.filter((table) => foreign.find(table, schema) === null)
  return missing.length === 0
    ? { possible: true, why: `postgres_fdw shows the tables of ${location} in the target` }
    : {
        possible: false,
        why: `the target is another database, and has no foreign table for ${missing.map((t) => t.join('.')).join(', ')} of ${location}`,
      }
}

/** What the target has is asked where both can be seen; clock, ceiling and definitions of the source itself. */
class ForeignSource extends PostgresSource {
  readonly #seen: PostgresSource

  constructor(
    connection: PostgresConnection,
    session: PostgresSession,
    c: Catalogs,
    between: () => Promise<void>,
    seen: PostgresSource,
  ) {
    super(connection, session, c, between)
    this.#seen = seen
  }

  override tally(...args: Parameters<PostgresSource['tally']>): ReturnType<PostgresSource['tally']> {
    return this.#seen.tally(...args)
  }
}

/** One server may be known by several names: when it was started, and the database's number, tell. */
async function isSameDatabase(
  a: PostgresSession,
  b: PostgresSession,
  source: PostgresConnection,
  target: PostgresConnection,
): Promise<boolean> {
  if (source.location === target.location) return true
  const which = sql`SELECT CAST(extract(epoch FROM pg_postmaster_start_time()) AS text), CAST(oid AS text) FROM pg_database WHERE datname = current_database()`
  const [one] = await query(a, which, source.location)
  const [other] = await query(b, which, target.location)
  return one?.join() === other?.join()
}
