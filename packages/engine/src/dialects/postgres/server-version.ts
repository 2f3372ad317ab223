import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import { sql } from '../sql-text.ts'
import { count } from './run-sql.ts'

/** 160004 for 16.4 */
export const serverVersion = async (session: PostgresSession, where: string): Promise<number> =>
  Number(await count(session, sql`SELECT current_setting('server_version_num')`, where))

const OLDEST = 140_000
/** before it there is no greatest of several */
const ORDERS_XIDS = 150_000

/** Throws where the server is older than what we know. */
export async function knownVersion(session: PostgresSession, where: string): Promise<number> {
  const version = await serverVersion(session, where)
  if (version < OLDEST)
    throw new AppError(
      'TM2001',
      `${where} is PostgreSQL ${Math.floor(version / 10_000)}; this version of Tidemark knows 14 and later`,
    )
  return version
}

/** Throws where transaction ids cannot be a position. */
export async function needOrderedXids(session: PostgresSession, where: string): Promise<void> {
  if ((await serverVersion(session, where)) < ORDERS_XIDS)
    throw new AppError('TM4003', `${where} is PostgreSQL 14, which has no max(xid8)`)
}
