/** A source by itself: a session that only reads, and what its statements are made with. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { Secret } from '../../runtime/secret.ts'
import type { Catalogs } from '../relational/names.ts'
import { ident } from '../sql-text.ts'
import { sourceNames, targetNames } from './names.ts'
import { serverVersion } from './server-version.ts'
import { openSession, type SqlServerConnection } from './session.ts'
import { SqlServerSource } from './source.ts'
import { sqlserverKit } from './sql-kit.ts'
import { SQLSERVER_STATEMENTS } from './statements.ts'

export interface OpenSource extends AsyncDisposable {
  readonly session: SqlServerSession
  readonly catalogs: Catalogs
  readonly port: SqlServerSource
}

export async function openSqlServerSource(
  connection: SqlServerConnection,
  secret: (reference: string) => Secret,
  tables: readonly TableName[] = [],
  between?: () => Promise<void>,
): Promise<OpenSource> {
  await using opening = new AsyncDisposableStack()
  const session = opening.use(await openSession(connection, 'source'))
  const { major } = await serverVersion(session, connection.location)
  const at = { database: connection.options.database, schema: connection.schema }
  const catalogs: Catalogs = {
    kit: sqlserverKit(major),
    source: sourceNames(at),
    target: targetNames(at),
    work: (name) => ident('tidemark', name),
    say: SQLSERVER_STATEMENTS,
    secret,
  }
  const port = new SqlServerSource(connection, session, catalogs, tables, between)
  const opened = opening.move()
  return { session, catalogs, port, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
