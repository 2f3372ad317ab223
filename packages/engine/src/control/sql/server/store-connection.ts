import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Statement } from '../../store-session.ts'
import { LostConnection } from './lost-connection.ts'
import type { DriverSession, ServerKit } from './server-kit.ts'
import { asParameter } from './text-values.ts'

/** One connection, for as long as it lasts, lent to one user at a time. */
export class StoreConnection<S extends DriverSession> {
  readonly session: S
  /** names it in `commit_mark`; of hexadecimal digits and dashes */
  readonly writer: string = randomUUID()
  readonly #kit: ServerKit<S>
  #transactions = 0
  #broken = false

  constructor(session: S, kit: ServerKit<S>) {
    this.session = session
    this.#kit = kit
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

  async run<Row>(statement: Statement<Row>): Promise<Row[]> {
    const values = statement.params.map((value) => (value === null ? null : asParameter(value)))
    const rows = await this.ask((session) => this.#kit.ask(session, statement.text, values))
    return rows.map((raw) => statement.decode(raw))
  }

  /** What the server says goes on as it is; when the connection itself is gone, that is a `LostConnection`. */
  async ask<T>(question: (session: S) => Promise<T>, deadlineMs: number | null = this.#kit.deadlineMs): Promise<T> {
    const { session } = this
    const timer = deadlineMs === null ? null : setTimeout(() => session.destroy(), deadlineMs)
    try {
      return await question(session)
    } catch (error) {
      await setImmediate() // the end of a connection is told after the end of its statement
      if (this.isLost(error)) this.#broken = true
      if (session.closed && !this.#kit.isServers(error))
        throw new LostConnection('the connection to the control store is gone', { cause: error })
      throw error
    } finally {
      if (timer !== null) clearTimeout(timer)
    }
  }

  isLost(error: unknown): boolean {
    return error instanceof LostConnection || this.#kit.isLost(error)
  }

  /** Rolls back what is under way; where even that fails, the connection is not used again, and the server does it. */
  async rollback(): Promise<void> {
    if (!this.broken) await this.ask((session) => session.rollback()).catch(() => (this.#broken = true))
  }
}
