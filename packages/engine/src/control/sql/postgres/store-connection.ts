import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { type PostgresSession, sqlState } from '../../../drivers/postgres.ts'
import { isLost, LostConnection } from './errors.ts'

/** One connection, for as long as it lasts, lent to one user at a time. */
export class StoreConnection {
  readonly session: PostgresSession
  /** names it in `commit_mark`; of hexadecimal digits and dashes */
  readonly writer: string = randomUUID()
  #transactions = 0
  #broken = false

  constructor(session: PostgresSession) {
    this.session = session
  }

  /** Not to be used again. */
  get broken(): boolean {
    return this.#broken || this.session.closed
  }

  /** Of the next transaction that writes: 1, 2, … */
  nextNumber(): number {
    return ++this.#transactions
  }

  /** Whether there may be a mark of it. */
  get hasWritten(): boolean {
    return this.#transactions > 0
  }

  /** What the server says goes on as it is; when the connection itself is gone, that is a `LostConnection`. */
  async ask<T>(question: (session: PostgresSession) => Promise<T>, deadlineMs: number | null = null): Promise<T> {
    const { session } = this
    const timer = deadlineMs === null ? null : setTimeout(() => session.destroy(), deadlineMs)
    try {
      return await question(session)
    } catch (error) {
      await setImmediate() // the end of a connection is told after the end of its statement
      if (isLost(error)) this.#broken = true
      if (session.closed && sqlState(error) === undefined)
        throw new LostConnection('the connection to the control store is gone', { cause: error })
      throw error
    } finally {
      if (timer !== null) clearTimeout(timer)
    }
  }

  /** Rolls back what is under way; where even that fails, the connection is not used again, and the server does it. */
  async rollback(deadlineMs: number): Promise<void> {
    if (!this.broken) await this.ask((session) => session.rollback(), deadlineMs).catch(() => (this.#broken = true))
  }
}
