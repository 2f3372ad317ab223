import type { PostgresOptions, Settings } from '../../../drivers/postgres.ts'
import { AppError } from '../../../runtime/app-error.ts'
import { type RetryPolicy, retrying } from '../../../runtime/retry.ts'
import type { Statement, StoreReader, StoreSession, StoreTransaction } from '../../store-session.ts'
import { mark, newestMark, removeMark } from './commit-mark.sql.ts'
import { ConnectionPool } from './connection-pool.ts'
import { InDoubt, isConflict, isLost, LostConnection, storeError } from './errors.ts'
import type { StoreConnection } from './store-connection.ts'

/** no statement of the ledger works so long; migrations may */
const STATEMENT_TIMEOUT_MS = 120_000
/** a server that does not even end a statement in its time is gone */
const DEADLINE_MS = STATEMENT_TIMEOUT_MS + 15_000

const within = (budgetMs: number): RetryPolicy => ({ budgetMs, minDelayMs: 20, maxDelayMs: 1_000, factor: 2 })

export interface SessionOptions {
  readonly location: string
  readonly readOnly: boolean
  /** how long to wait for another's lock */
  readonly busyMs: number
  /** how long to look for a server that went away */
  readonly awayMs: number
}

/**
 * For the whole session, and none of it needed for what is right: a transaction says all that it relies on. A process
 * that is stopped in the middle of one gives way before those who wait for its locks give up.
 */
const settingsOf = ({ readOnly, busyMs }: SessionOptions): Settings => ({
  statement_timeout: String(STATEMENT_TIMEOUT_MS),
  lock_timeout: String(Math.max(1, busyMs)),
  idle_in_transaction_session_timeout: String(Math.max(1_000, Math.round(busyMs / 2))),
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  ...(readOnly ? { default_transaction_read_only: 'on' } : {}),
})

const WRITES = 'isolation level read committed'
const ONE_MOMENT = 'isolation level repeatable read read only'
/** Whatever safe value the server has, for either `Keep`: our process outlives a crash of it, and acts on what it was answered. */
const SYNCED = `select case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', true) end`

const isRead = (text: string): boolean => /^\s*select\b/i.test(text)

/**
 * A few connections as a session (decision 0019). Transactions are READ COMMITTED: the statements that a change rests
 * on lock what they read. One that the server chose as victim, or whose connection broke before its commit, is done
 * again from its beginning; one whose commit was not answered is looked up by its mark first.
 */
export class PostgresStoreSession implements StoreSession {
  readonly #pool: ConnectionPool
  readonly #options: SessionOptions
  /** while there is no schema there is no place for marks; what makes one may be done again */
  #marks = false

  constructor(server: PostgresOptions, options: SessionOptions) {
    this.#options = options
    this.#pool = new ConnectionPool(server, settingsOf(options), async (connection) => {
      if (connection.hasWritten) await run(connection, removeMark(connection.writer)).catch(() => undefined)
    })
  }

  /** The schema is up to date. */
  beginToMark(): void {
    this.#marks = true
  }

  /** One read without patience: what is wrong with the connection is thrown as it came. */
  async firstLook<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    return await this.#pool.use((connection) => run(connection, statement))
  }

  async all<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    if (!isRead(statement.text)) return this.write(statement)
    return await this.#patiently(() => this.#pool.use((connection) => run(connection, statement)))
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
          await connection.ask((session) => session.begin(ONE_MOMENT), DEADLINE_MS)
          const result = await work({ all: (statement) => run(connection, statement) })
          await connection.ask((session) => session.commit(), DEADLINE_MS)
          return result
        }),
      ),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]()
  }

  /** While the server is away, and while transactions meet: each within its own budget. */
  async #patiently<T>(attempt: () => Promise<T>): Promise<T> {
    const { location, busyMs, awayMs } = this.#options
    try {
      return await retrying(within(awayMs), isLost, () => retrying(within(busyMs), isConflict, attempt))
    } catch (error) {
      throw storeError(error, location)
    }
  }

  async #inTransaction<T>(connection: StoreConnection, work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const number = this.#marks ? connection.nextNumber() : null
    const also = number === null ? SYNCED : `${SYNCED}; ${mark(connection.writer, number)}`
    return await endingWell(connection, async () => {
      await connection.ask((session) => session.begin(WRITES, also), DEADLINE_MS)
      const result = await work({
        all: (statement) => run(connection, statement),
        script: (text) => connection.ask((session) => session.script(`set local statement_timeout = 0; ${text}`)),
      })
      try {
        await connection.ask((session) => session.commit(), DEADLINE_MS)
      } catch (error) {
        throw isLost(error) ? new InDoubt(connection.writer, number, result, error) : error
      }
      return result
    })
  }

  async #isIn({ writer, number }: InDoubt): Promise<boolean> {
    if (number === null) return false
    const ask = () => this.#pool.use((connection) => run(connection, newestMark(writer)))
    const [newest] = await retrying(within(this.#options.awayMs), isLost, ask)
    return newest === BigInt(number)
  }
}

async function endingWell<T>(connection: StoreConnection, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await connection.rollback(DEADLINE_MS)
    throw error
  }
}

/** Text of PostgreSQL holds no NUL, which a message may quote: it becomes U+FFFD. */
const asParameter = (value: string | number | bigint): string => String(value).replaceAll('\0', '\uFFFD')

async function run<Row>(connection: StoreConnection, statement: Statement<Row>): Promise<Row[]> {
  const values = statement.params.map((value) => (value === null ? null : asParameter(value)))
  const rows = await connection.ask((session) => session.records(statement.text, values), DEADLINE_MS)
  return rows.map((raw) => statement.decode(raw))
}
