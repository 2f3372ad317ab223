/** What the statements of a flow are made with, and in which database its target is. */
import type { OpenBench } from '../contract.ts'
import type { Catalogs } from '../relational/names.ts'
import { databaseOf, type Place, sourceNames, targetNames } from './names.ts'
import { connectionOf, inDatabase, type SqlServerConnection } from './session.ts'
import { sqlserverKit } from './sql-kit.ts'
import { SQLSERVER_STATEMENTS } from './statements.ts'
import type { WorkPlace } from './work-area.ts'

/** The connection as the flow's target has it: fence and markers are in the database of the table that batches write. */
export const intoOf = ({ target, into }: OpenBench): SqlServerConnection => {
  const connection = connectionOf(target.options, 'target')
  return into === undefined ? connection : inDatabase(connection, databaseOf(into, connection.options.database))
}

/** What the statements of a flow are made with. */
export const catalogsOf = (
  from: SqlServerConnection,
  into: SqlServerConnection,
  place: WorkPlace,
  secret: OpenBench['secret'],
): Catalogs => ({
  kit: sqlserverKit,
  source: sourceNames(placeOf(from)),
  target: targetNames(placeOf(into)),
  say: SQLSERVER_STATEMENTS,
  work: place.name,
  secret,
})

/** Where tables are that are named without it. */
export const placeOf = ({ options, schema }: SqlServerConnection): Place => ({ database: options.database, schema })
