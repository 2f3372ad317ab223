import type { SqliteDatabase } from '../../../drivers/sqlite.ts'
import { type RetryPolicy, retrying } from '../../../runtime/retry.ts'
import type { Statement, StoreSession, StoreTransaction } from '../../store-session.ts'
import { isBusy, storeError } from './errors.ts'

/** How long one attempt may block this thread; the rest of the waiting leaves the event loop free, for lease renewals. */
export const BUSY_BLOCK_MS = 50

export const busyPolicy = (busyMs: number): RetryPolicy => ({
  budgetMs: busyMs,
  minDelayMs: 5,
  maxDelayMs: 100,
  factor: 2,
})

/**
 * One connection as a session. Its users take turns: a transaction spans several awaits, and a statement of somebody
 * else in between would land inside it. Transactions begin IMMEDIATE: one that reads first and writes later would be
 * refused at once when another process commits in between.
 */
export class SqliteSession implements StoreSession {
  readonly #db: SqliteDatabase
  readonly #location: string
  readonly #policy: RetryPolicy
  readonly #tx: StoreTransaction
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(db: SqliteDatabase, location: string, busyMs: number) {
    this.#db = db
    this.#location = location
    this.#policy = busyPolicy(busyMs)
    this.#tx = {
      all: async (statement) => this.#run(statement),
      script: async (text) => this.#db.script(text),
    }
  }

  all<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    return this.#inTurn(() => retrying(this.#policy, isBusy, () => this.#run(statement)))
  }

  transaction<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#between('begin immediate', work))
  }

  snapshot<T>(work: (view: StoreTransaction) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#between('begin', work))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.#closed) this.#db.close()
      this.#closed = true
    })
  }

  #run<Row>(statement: Statement<Row>): readonly Row[] {
    return this.#db.all(statement.text, statement.params).map((raw) => statement.decode(raw))
  }

  async #between<T>(begin: string, work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    await retrying(this.#policy, isBusy, () => this.#db.all(begin, []))
    try {
      const result = await work(this.#tx)
      this.#db.all('commit', [])
      return result
    } catch (error) {
      if (this.#db.inTransaction) this.#db.all('rollback', [])
      throw error
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work).catch((error: unknown) => {
      throw storeError(error, this.#location)
    })
    this.#turn = next.catch(() => undefined)
    return next
  }
}
