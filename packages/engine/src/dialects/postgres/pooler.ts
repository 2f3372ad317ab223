/**
 * A pooler that gives every transaction another session takes away settings, temporary tables, locks and exported
 * snapshots between two statements of ours. One that keeps a session for us does no harm.
 */
import { PostgresSession, serverError } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'

const backendOf = async (session: PostgresSession): Promise<string> =>
  (await session.rows('SELECT pg_catalog.pg_backend_pid()'))[0]?.[0] ?? ''

/**
 * A server announces the process that serves us; a pooler announces a number of its own. Behind one, a second session
 * either gets the process of the first while both are open, or leaves the first with another than it had.
 */
export async function refusePooler(session: PostgresSession, where: string): Promise<void> {
  const before = await backendOf(session)
  if (before === String(session.pid)) return
  await using other = await PostgresSession.connect(session.options)
  const now = await seenBy(session, other, before)
  if (now !== before)
    throw new AppError(
      'TM2012',
      `${where}: process ${before} served two sessions of ours at once, or only one statement`,
    )
}

/** The first one's process while the other is in a transaction; null: both have the same, or no transaction was to be had. */
async function seenBy(session: PostgresSession, other: PostgresSession, before: string): Promise<string | null> {
  try {
    await other.begin()
  } catch (error) {
    if (serverError(error) === undefined) throw error
    return null
  }
  const now = (await backendOf(other)) === before ? null : await backendOf(session)
  await other.rollback()
  return now
}
