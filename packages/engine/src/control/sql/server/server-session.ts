import { AppError } from '../../../runtime/app-error.ts'
import { type RetryPolicy, retrying } from '../../../runtime/retry.ts'
import type { Statement, StoreReader, StoreSession, StoreTransaction } from '../../store-session.ts'
import { ConnectionPool } from './connection-pool.ts'
import { InDoubt, LostConnection } from './lost-connection.ts'
import type { DriverSession, ServerKit } from './server-kit.ts'
import type { StoreConnection } from './store-connection.ts'

const within = (budgetMs: number): RetryPolicy => ({ budgetMs, minDelayMs: 20, maxDelayMs: 1_000, factor: 2 })

export interface SessionOptions {
  readonly location: string
  readonly readOnly: boolean
  /** how long to wait for another's lock */
  readonly busyMs: number
  /** how long to look for a server that went away */
  readonly awayMs: number
}

const isRead = (text: string): boolean => /^\s*select\b/i.test(text)

/**
 * A few connections as a session (decisions 0019 and 0025). Transactions are READ COMMITTED: the statements that a
 * change rests on lock what they read. One that the server chose as victim, or whose connection broke before its commit,
 * is done again from its beginning; one whose commit was not answered is looked up by its mark first.
 */
export class ServerStoreSession<S extends DriverSession = DriverSession> implements StoreSession {
  readonly #kit: ServerKit<S>
  readonly #pool: ConnectionPool<S>
  readonly #options: SessionOptions
  /** while there is no schema there is no place for marks; what makes one may be done again */
  #marks = false

  constructor(kit: ServerKit<S>, options: SessionOptions) {
    this.#kit = kit
    this.#options = options
    this.#pool = new ConnectionPool(kit, async (connection) => {
      if (connection.hasWritten) await connection.run(kit.marks.remove(connection.writer)).catch(() => undefined)
    })
  }

  /** The schema is up to date. */
  beginToMark(): void {
    this.#marks = true
  }

  /** One read without patience: what is wrong with the connection is thrown as it came. */
  async firstLook<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    return await this.#pool.use((connection) => connection.run(statement))
  }

  async all<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    if (!isRead(statement.text)) return this.write(statement)
    return await this.#patiently(() => this.#pool.use((connection) => connection.run(statement)))
  }

  write<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    return this.transaction((tx) => tx.all(statement))
  }

  async transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const { location, readOnly } = this.#options
    if (readOnly) throw new AppError('TM3005', `${location} was opened to look, not to write`)
    return await this.#patiently(async () => {
      try {
        return await this.#pool.use((connection) => this.#inTransaction(connection, work))
      } catch (error) {
        if (!(error instanceof InDoubt)) throw error
        if (await this.#isIn(error)) return error.result as T
        throw new LostConnection('the connection was lost before the commit', { cause: error.cause })
      }
    })
  }

  async snapshot<T>(work: (view: StoreReader) => Promise<T>): Promise<T> {
    return await this.#patiently(() =>
      this.#pool.use((connection) =>
        endingWell(connection, async () => {
          await connection.ask((session) => this.#kit.beginToLook(session))
          const result = await work({ all: (statement) => connection.run(statement) })
          await connection.ask((session) => session.commit())
          return result
        }),
      ),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]()
  }

  readonly #isLost = (error: unknown): boolean => error instanceof LostConnection || this.#kit.isLost(error)

  /** While the server is away, and while transactions meet: each within its own budget. */
  async #patiently<T>(attempt: () => Promise<T>): Promise<T> {
    const { location, busyMs, awayMs } = this.#options
    const meets = (error: unknown): boolean => this.#kit.isConflict(error)
    try {
      return await retrying(within(awayMs), this.#isLost, () => retrying(within(busyMs), meets, attempt))
    } catch (error) {
      throw this.#kit.storeError(error, location)
    }
  }

  async #inTransaction<T>(connection: StoreConnection<S>, work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const number = this.#marks ? connection.nextNumber() : null
    const mark = number === null ? null : this.#kit.marks.mark(connection.writer, number)
    return await endingWell(connection, async () => {
      await connection.ask((session) => this.#kit.begin(session, mark))
      const result = await work({
        all: (statement) => connection.run(statement),
        script: (text) => connection.ask((session) => this.#kit.script(session, text), null),
      })
      try {
        await connection.ask((session) => session.commit())
      } catch (error) {
        throw this.#isLost(error) ? new InDoubt(connection.writer, number, result, error) : error
      }
      return result
    })
  }

  async #isIn({ writer, number }: InDoubt): Promise<boolean> {
    if (number === null) return false
    const { location, awayMs } = this.#options
    const newestMark = this.#kit.marks.newest(writer)
    const ask = () => this.#pool.use((connection) => connection.run(newestMark))
    const mayPass = (error: unknown): boolean => this.#isLost(error) || this.#kit.isConflict(error)
    try {
      const [newest] = await retrying(within(awayMs), mayPass, ask)
      return newest === BigInt(number)
    } catch (error) {
      // it stays in doubt, so nothing of it is done again
      throw this.#kit.storeError(error, location)
    }
  }
}

async function endingWell<S extends DriverSession, T>(
  connection: StoreConnection<S>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await connection.rollback()
    throw error
  }
}
