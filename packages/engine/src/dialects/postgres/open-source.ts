/** A source by itself: a session that only reads, and what its statements are made with. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { Secret } from '../../runtime/secret.ts'
import type { Catalogs } from '../relational/names.ts'
import { ident, sql } from '../sql-text.ts'
import { sourceNames, targetNames } from './names.ts'
import { count } from './run-sql.ts'
import { openSession, type PostgresConnection } from './session.ts'
import { PostgresSource } from './source.ts'
import { postgresKit } from './sql-kit.ts'

/** 160004 for 16.4 */
export const serverVersion = async (session: PostgresSession, where: string): Promise<number> =>
  Number(await count(session, sql`SELECT current_setting('server_version_num')`, where))

const OLDEST = 140_000

/** Throws where the server is older than what we know. */
export async function knownVersion(session: PostgresSession, where: string): Promise<number> {
  const version = await serverVersion(session, where)
  if (version < OLDEST)
    throw new AppError(
      'TM2001',
      `${where} is PostgreSQL ${Math.floor(version / 10_000)}; this version reads 14 and later`,
    )
  return version
}

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
    secret,
  }
  const port = new PostgresSource(connection, session, catalogs, between)
  const opened = opening.move()
  return { session, catalogs, port, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
