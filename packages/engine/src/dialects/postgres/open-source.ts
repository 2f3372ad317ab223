/** A source by itself: a session that only reads, and what its statements are made with. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import type { Secret } from '../../runtime/secret.ts'
import type { Catalogs } from '../relational/names.ts'
import { SHARED_STATEMENTS } from '../relational/statements.ts'
import { ident } from '../sql-text.ts'
import { sourceNames, targetNames } from './names.ts'
import { knownVersion } from './server-version.ts'
import { openSession, type PostgresConnection } from './session.ts'
import { PostgresSource } from './source.ts'
import { postgresKit } from './sql-kit.ts'

export interface OpenSource extends AsyncDisposable {
  readonly session: PostgresSession
  readonly catalogs: Catalogs
  readonly port: PostgresSource
}

export async function openPostgresSource(
  connection: PostgresConnection,
  secret: (reference: string) => Secret,
  between?: () => Promise<void>,
): Promise<OpenSource> {
  await using opening = new AsyncDisposableStack()
  const session = opening.use(await openSession(connection, 'source'))
  const catalogs: Catalogs = {
    kit: postgresKit(await knownVersion(session, connection.location)),
    source: sourceNames(connection.schema),
    target: targetNames(connection.schema),
    work: (name) => ident('tidemark', name),
    say: SHARED_STATEMENTS,
    secret,
  }
  const port = new PostgresSource(connection, session, catalogs, between)
  const opened = opening.move()
  return { session, catalogs, port, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
