import { LostConnection } from './lost-connection.ts'
import type { DriverSession, ServerKit } from './server-kit.ts'
import { StoreConnection } from './store-connection.ts'

/** Enough for the batches of one process and its renewals to wait for one another in the server, not here. */
const MOST = 4

/**
 * A few connections, made when they are needed and kept; one that broke is not lent again. Whoever finds none free
 * waits in turn.
 */
export class ConnectionPool<S extends DriverSession> implements AsyncDisposable {
  readonly #kit: ServerKit<S>
  readonly #leave: (connection: StoreConnection<S>) => Promise<void>
  readonly #idle: StoreConnection<S>[] = []
  readonly #waiting: (() => void)[] = []
  readonly #working = new Set<Promise<unknown>>()
  #free = MOST
  #closed = false

  /** `leave`: awaited before a connection that is whole is closed. */
  constructor(kit: ServerKit<S>, leave: (connection: StoreConnection<S>) => Promise<void>) {
    this.#kit = kit
    this.#leave = leave
  }

  /** One that cannot be connected is a `LostConnection`, or what the server said. */
  async use<T>(work: (connection: StoreConnection<S>) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the control store is closed')
    const going = this.#lend(work)
    this.#working.add(going)
    try {
      return await going
    } finally {
      this.#working.delete(going)
    }
  }

  async #lend<T>(work: (connection: StoreConnection<S>) => Promise<T>): Promise<T> {
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

  #idleOne(): StoreConnection<S> | null {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) if (!found.broken) return found
    return null
  }

  async #connect(): Promise<StoreConnection<S>> {
    try {
      return new StoreConnection(await this.#kit.connect(), this.#kit)
    } catch (error) {
      if (this.#kit.isServers(error)) throw error
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
