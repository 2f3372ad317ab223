import { type PostgresOptions, PostgresSession, type Settings, sqlState } from '../../../drivers/postgres.ts'
import { LostConnection } from './errors.ts'
import { StoreConnection } from './store-connection.ts'

/** Enough for the batches of one process and its renewals to wait for one another in the server, not here. */
const MOST = 4

/**
 * A few connections, made when they are needed and kept; one that broke is not lent again. Whoever finds none free
 * waits in turn.
 */
export class ConnectionPool implements AsyncDisposable {
  readonly #options: PostgresOptions
  readonly #settings: Settings
  readonly #leave: (connection: StoreConnection) => Promise<void>
  readonly #idle: StoreConnection[] = []
  readonly #waiting: (() => void)[] = []
  readonly #working = new Set<Promise<unknown>>()
  #free = MOST
  #closed = false

  /** `leave`: awaited before a connection that is whole is closed. */
  constructor(options: PostgresOptions, settings: Settings, leave: (connection: StoreConnection) => Promise<void>) {
    this.#options = options
    this.#settings = settings
    this.#leave = leave
  }

  /** One that cannot be connected is a `LostConnection`, or what the server said. */
  async use<T>(work: (connection: StoreConnection) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the control store is closed')
    const going = this.#lend(work)
    this.#working.add(going)
    try {
      return await going
    } finally {
      this.#working.delete(going)
    }
  }

  async #lend<T>(work: (connection: StoreConnection) => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      const connection = this.#idleOne() ?? (await this.#connect())
      try {
        return await work(connection)
      } finally {
        if (connection.broken || connection.session.inTransaction) connection.session.destroy()
        else this.#idle.push(connection)
      }
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }

  #idleOne(): StoreConnection | null {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) if (!found.broken) return found
    return null
  }

  async #connect(): Promise<StoreConnection> {
    try {
      return new StoreConnection(await PostgresSession.connect(this.#options, this.#settings))
    } catch (error) {
      if (sqlState(error) !== undefined) throw error
      throw new LostConnection('no connection to the control store', { cause: error })
    }
  }

  /** Waits for the work under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    while (this.#working.size > 0) await Promise.allSettled(this.#working)
    for (const connection of this.#idle.splice(0)) {
      if (!connection.broken) await this.#leave(connection)
      await connection.session[Symbol.asyncDispose]()
    }
  }
}
