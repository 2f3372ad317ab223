import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresOptions, Settings } from '../../../drivers/postgres.ts'
import { AppError } from '../../../runtime/app-error.ts'
import { type RetryPolicy, retrying } from '../../../runtime/retry.ts'
import type { Keep, Statement, StoreReader, StoreSession, StoreTransaction } from '../../store-session.ts'
import { ConnectionPool, type Lent } from './connection-pool.ts'
import { InDoubt, type Outcome, outcomeOf } from './in-doubt.ts'
import { isConflict, isLost, LostConnection, storeError } from './errors.ts'

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

/** `synchronous_commit` of the transaction: off, or whatever safe value the server has. */
const KEEP: Readonly<Record<Keep, string>> = {
  written: `set_config('synchronous_commit', 'off', true)`,
  synced: `case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', true) end`,
}
const WRITES = 'isolation level read committed'
const ONE_MOMENT = 'isolation level repeatable read read only'

const isRead = (text: string): boolean => /^\s*select\b/i.test(text)

/**
 * A few connections as a session (decision 0017). Transactions are READ COMMITTED: the statements that a change rests
 * on lock what they read. One that the server chose as victim, or whose connection broke before its commit, is done
 * again from its beginning; one whose commit was not answered is looked up by its number first.
 */
export class PostgresStoreSession implements StoreSession {
  readonly #pool: ConnectionPool
  readonly #options: SessionOptions

  constructor(server: PostgresOptions, options: SessionOptions) {
    this.#options = options
    this.#pool = new ConnectionPool(server, settingsOf(options))
  }

  /** One read without patience: what is wrong with the connection is thrown as it came. */
  async firstLook<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    return await this.#pool.use((lent) => run(lent, statement))
  }

  async all<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    if (!isRead(statement.text)) return this.write(statement, 'synced')
    return await this.#patiently(() => this.#pool.use((lent) => run(lent, statement)))
  }

  write<Row>(statement: Statement<Row>, keep: Keep): Promise<readonly Row[]> {
    return this.transaction((tx) => tx.all(statement), keep)
  }

  async transaction<T>(work: (tx: StoreTransaction) => Promise<T>, keep: Keep = 'synced'): Promise<T> {
    const { location, readOnly } = this.#options
    if (readOnly) throw new AppError('TM3005', `${location} was opened to look, not to write`)
    return await this.#patiently(async () => {
      try {
        return await this.#pool.use((lent) => inTransaction(lent, keep, work))
      } catch (error) {
        if (!(error instanceof InDoubt)) throw error
        if ((await this.#outcomeOf(error.xid)) === 'committed') return error.result as T
        throw new LostConnection('the connection was lost before the commit', { cause: error.cause })
      }
    })
  }

  async snapshot<T>(work: (view: StoreReader) => Promise<T>): Promise<T> {
    return await this.#patiently(() =>
      this.#pool.use((lent) =>
        endingWell(lent, async () => {
          await lent.ask((session) => session.begin(ONE_MOMENT))
          const result = await work({ all: (statement) => run(lent, statement) })
          await lent.ask((session) => session.commit())
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

  /** Its server process may still be at it. */
  async #outcomeOf(xid: string): Promise<Outcome> {
    const { awayMs } = this.#options
    const ask = () => this.#pool.use((lent) => lent.ask((session) => outcomeOf(session, xid), DEADLINE_MS))
    for (const until = performance.now() + awayMs; ; await sleep(50)) {
      const outcome = await retrying(within(awayMs), isLost, ask)
      if (outcome !== 'in progress') return outcome
      if (performance.now() > until) throw new Error(`transaction ${xid} was not answered, and is still under way`)
    }
  }
}

async function inTransaction<T>(lent: Lent, keep: Keep, work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
  return await endingWell(lent, async () => {
    const [xid] = await lent.ask((session) => session.begin(WRITES, `select pg_current_xact_id(), ${KEEP[keep]}`))
    const result = await work({
      all: (statement) => run(lent, statement),
      script: (text) => lent.ask((session) => session.script(`set local statement_timeout = 0; ${text}`)),
    })
    try {
      await lent.ask((session) => session.commit(), DEADLINE_MS)
    } catch (error) {
      throw isLost(error) ? new InDoubt(xid ?? '', result, error) : error
    }
    return result
  })
}

/** Rolled back where `work` fails. */
async function endingWell<T>(lent: Lent, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // where even that fails, the connection is not used again, and the server rolls back
    if (!lent.broken) await lent.ask((session) => session.rollback(), DEADLINE_MS).catch(() => (lent.broken = true))
    throw error
  }
}

/** Text of PostgreSQL holds no NUL, which a message may quote: it becomes U+FFFD. */
const asParameter = (value: string | number | bigint): string => String(value).replaceAll('\0', '\uFFFD')

async function run<Row>(lent: Lent, { text, params, decode }: Statement<Row>): Promise<Row[]> {
  const values = params.map((value) => (value === null ? null : asParameter(value)))
  const rows = await lent.ask((session) => session.records(text, values), DEADLINE_MS)
  return rows.map((raw) => decode(raw))
}
