import { setImmediate } from 'node:timers/promises'
import { type PostgresOptions, PostgresSession, type Settings, sqlState } from '../../../drivers/postgres.ts'
import { isLost, LostConnection } from './errors.ts'

/** Enough for the batches of one process and its renewals to wait for one another in the server, not here. */
const MOST = 4

/** One connection, lent to one user at a time. */
export class Lent {
  readonly session: PostgresSession
  /** not to be used again */
  broken = false

  constructor(session: PostgresSession) {
    this.session = session
  }

  /** What the server says goes on as it is; when the connection itself is gone, that is a `LostConnection`. */
  async ask<T>(question: (session: PostgresSession) => Promise<T>, deadlineMs: number | null = null): Promise<T> {
    const { session } = this
    const timer = deadlineMs === null ? null : setTimeout(() => session.destroy(), deadlineMs)
    try {
      return await question(session)
    } catch (error) {
      await setImmediate() // the end of a connection is told after the end of its statement
      if (session.closed || isLost(error)) this.broken = true
      if (session.closed && sqlState(error) === undefined)
        throw new LostConnection('the connection to the control store is gone', { cause: error })
      throw error
    } finally {
      if (timer !== null) clearTimeout(timer)
    }
  }
}

/**
 * A few connections, made when they are needed and kept; one that broke is not lent again. Whoever finds none free
 * waits in turn.
 */
export class ConnectionPool implements AsyncDisposable {
  readonly #options: PostgresOptions
  readonly #settings: Settings
  readonly #idle: PostgresSession[] = []
  readonly #waiting: (() => void)[] = []
  readonly #working = new Set<Promise<unknown>>()
  #free = MOST
  #closed = false

  constructor(options: PostgresOptions, settings: Settings) {
    this.#options = options
    this.#settings = settings
  }

  /** One that cannot be connected is a `LostConnection`, or what the server said. */
  async use<T>(work: (lent: Lent) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the control store is closed')
    const going = this.#lend(work)
    this.#working.add(going)
    try {
      return await going
    } finally {
      this.#working.delete(going)
    }
  }

  async #lend<T>(work: (lent: Lent) => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      const lent = new Lent(this.#idleOne() ?? (await this.#connect()))
      try {
        return await work(lent)
      } finally {
        const { session, broken } = lent
        if (broken || session.closed || session.inTransaction) session.destroy()
        else this.#idle.push(session)
      }
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  #idleOne(): PostgresSession | null {
    for (let session = this.#idle.pop(); session !== undefined; session = this.#idle.pop())
      if (!session.closed) return session
    return null
  }

  async #connect(): Promise<PostgresSession> {
    try {
      return await PostgresSession.connect(this.#options, this.#settings)
    } catch (error) {
      if (sqlState(error) !== undefined) throw error
      throw new LostConnection('no connection to the control store', { cause: error })
    }
  }

  /** Waits for the work under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    while (this.#working.size > 0) await Promise.allSettled(this.#working)
    for (const session of this.#idle.splice(0)) await session[Symbol.asyncDispose]()
  }
}
