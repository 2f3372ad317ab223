import { setImmediate } from 'node:timers/promises'
import type { SqliteDatabase } from '../../../drivers/sqlite.ts'
import { type RetryPolicy, retrying } from '../../../runtime/retry.ts'
import type { Keep, Statement, StoreSession, StoreTransaction } from '../../store-session.ts'
import { isBusy, storeError } from './errors.ts'

/** How long one attempt may block this thread; the rest of the waiting leaves the event loop free, for lease renewals. */
export const BUSY_BLOCK_MS = 50

export const busyPolicy = (busyMs: number): RetryPolicy => ({
  budgetMs: busyMs,
  minDelayMs: 5,
  maxDelayMs: 100,
  factor: 2,
})

/** A transaction that waits for the next sync of the disk, together with others. */
interface Member {
  readonly work: (tx: StoreTransaction) => Promise<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

const PRAGMA: Readonly<Record<Keep, string>> = {
  synced: 'pragma synchronous = full',
  written: 'pragma synchronous = normal',
}

const isRead = (text: string): boolean => /^\s*select\b/i.test(text)

/**
 * One connection as a session. Its users take turns: a transaction spans several awaits, and a statement of somebody
 * else in between would land inside it. Transactions begin IMMEDIATE: one that reads first and writes later would be
 * refused at once when another process commits in between.
 *
 * A sync of the disk costs several times the work of a transaction, so those that wait for one at the same time share
 * it: each in a savepoint of its own, one commit, and nobody is answered before it.
 */
export class SqliteSession implements StoreSession {
  readonly #db: SqliteDatabase
  readonly #location: string
  readonly #policy: RetryPolicy
  readonly #tx: StoreTransaction
  /** each starts when it is its turn; a promise where it goes on; never rejects */
  readonly #waiting: (() => void | Promise<void>)[] = []
  #members: Member[] = []
  #busy = false
  #keep: Keep | null = null
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
    return isRead(statement.text)
      ? this.#inTurn(() => this.#patiently(() => this.#run(statement)))
      : this.write(statement, 'synced')
  }

  write<Row>(statement: Statement<Row>, keep: Keep): Promise<readonly Row[]> {
    if (keep === 'synced') return this.transaction((tx) => tx.all(statement), keep)
    return this.#inTurn(() => {
      this.#sync(keep)
      return this.#patiently(() => this.#run(statement))
    })
  }

  transaction<T>(work: (tx: StoreTransaction) => Promise<T>, keep: Keep = 'synced'): Promise<T> {
    if (keep === 'synced') return this.#together(work)
    return this.#inTurn(() => {
      this.#sync(keep)
      return this.#between('begin immediate', work)
    })
  }

  snapshot<T>(work: (view: StoreTransaction) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#between('begin', work))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(() => {
      if (!this.#closed) this.#db.close()
      this.#closed = true
    })
  }

  #run<Row>(statement: Statement<Row>): readonly Row[] {
    return this.#db.all(statement.text, statement.params).map((raw) => statement.decode(raw))
  }

  /** Never within a transaction: there it would be without effect. */
  #sync(keep: Keep): void {
    if (this.#keep === keep) return
    this.#db.script(PRAGMA[keep])
    this.#keep = keep
  }

  #patiently<T>(attempt: () => T): T | Promise<T> {
    try {
      return attempt()
    } catch (error) {
      if (!isBusy(error)) throw error
      return retrying(this.#policy, isBusy, attempt)
    }
  }

  async #between<T>(begin: string, work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const begun = this.#patiently(() => this.#db.all(begin, []))
    if (begun instanceof Promise) await begun
    try {
      const result = await work(this.#tx)
      this.#db.all('commit', [])
      return result
    } catch (error) {
      if (this.#db.inTransaction) this.#db.all('rollback', [])
      throw error
    }
  }

  #together<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#members.push({ work, resolve, reject: (error) => reject(storeError(error, this.#location)) })
    if (this.#members.length === 1) this.#enqueue(() => this.#commitMembers())
    return promise as Promise<T>
  }

  async #commitMembers(): Promise<void> {
    await setImmediate() // whoever is about to ask for a transaction joins this one
    const members = this.#members
    this.#members = []
    const answers: (() => void)[] = []
    try {
      this.#sync('synced')
      await this.#between('begin immediate', async () => {
        for (const member of members) answers.push(await this.#within(member, members.length === 1))
      })
    } catch (error) {
      for (const { reject } of members) reject(error)
      return
    }
    for (const answer of answers) answer()
  }

  /** One member's work, undone alone where it fails; what to answer once all is committed. */
  async #within({ work, resolve, reject }: Member, alone: boolean): Promise<() => void> {
    if (alone) {
      const result = await work(this.#tx)
      return () => resolve(result)
    }
    this.#db.all('savepoint member', [])
    try {
      const result = await work(this.#tx)
      this.#db.all('release member', [])
      return () => resolve(result)
    } catch (error) {
      if (!this.#db.inTransaction) throw error // SQLite rolled back everything, as on a full disk
      this.#db.all('rollback to member', [])
      this.#db.all('release member', [])
      return () => reject(error)
    }
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const fail = (error: unknown): void => reject(storeError(error, this.#location))
    this.#enqueue(() => {
      try {
        const result = work()
        if (result instanceof Promise) return result.then(resolve, fail)
        resolve(result)
      } catch (error) {
        fail(error)
      }
      return undefined
    })
    return promise
  }

  #enqueue(start: () => void | Promise<void>): void {
    this.#waiting.push(start)
    this.#next()
  }

  #next(): void {
    while (!this.#busy) {
      const start = this.#waiting.shift()
      if (start === undefined) return
      const going = start()
      if (going === undefined) continue
      this.#busy = true
      void going.then(() => {
        this.#busy = false
        this.#next()
      })
    }
  }
}
