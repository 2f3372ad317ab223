/**
 * Connections that are closed are reset and kept for the next one: a new one costs some servers more than a run does. A
 * connection that is closed in the middle of a statement, or by the server, is gone.
 */
import { type Connection, Request } from 'tedious'
import type { SqlServerOptions } from '../../src/drivers/sqlserver-connect.ts'

type Connect = (options: SqlServerOptions) => Promise<Connection>

const idle = new Map<string, Connection[]>()
/** closed as far as their users know, and how they are closed for all the world */
const parked = new Map<Connection, () => void>()

const EVENTS_OF_A_SESSION = ['error', 'end', 'errorMessage']

/** Everything that is said when a connection is made. */
const loginOf = (options: SqlServerOptions): string =>
  JSON.stringify(options, (_, value: unknown) =>
    typeof value === 'object' && value !== null && 'reveal' in value ? 'secret' : value,
  )

export const pooled =
  (connect: Connect): Connect =>
  async (options) => {
    const login = loginOf(options)
    const kept = idle.get(login)?.pop()
    if (kept !== undefined && !kept.closed) {
      parked.delete(kept)
      return kept
    }
    const connection = await connect(options)
    const close = connection.close.bind(connection)
    connection.close = () => {
      if (parked.has(connection)) return
      if (!canBeReset(connection)) return close()
      parked.set(connection, close)
      for (const event of EVENTS_OF_A_SESSION) connection.removeAllListeners(event)
      connection.on('error', () => {})
      const ended = (error: Error | null | undefined): boolean => {
        if (!error && !connection.closed) return true
        gone(connection)
        return false
      }
      // not every server ends a transaction when it resets a connection
      const rollback = new Request('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION', (error) => {
        if (!ended(error)) return
        connection.reset((failure) => {
          if (ended(failure)) idle.set(login, [...(idle.get(login) ?? []), connection])
        })
      })
      connection.execSqlBatch(rollback)
    }
    return connection
  }

/** Nothing is under way. */
const canBeReset = (connection: Connection): boolean =>
  !connection.closed && connection.state === connection.STATE.LOGGED_IN

function gone(connection: Connection): void {
  parked.get(connection)?.()
  parked.delete(connection)
}

/** All that nobody uses. */
export function closePooled(): void {
  for (const connection of parked.keys()) gone(connection)
  idle.clear()
}
