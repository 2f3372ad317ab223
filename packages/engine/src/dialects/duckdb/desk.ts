/**
 * The embedded engine as a desk: what is computed beside the databases of a flow, in files of our own. All of them, and
 * whatever a bench has open, are in one instance, so a statement may read any of them; a transaction writes to one.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type DuckdbFile, type DuckdbSession, IN_MEMORY, PER_THREAD, reserveMemory } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { EngineLimits } from '../contract.ts'
import type { Sender } from '../relational/sender.ts'
import type { Sql } from '../sql-text.ts'
import { openFile } from './open-file.ts'
import { senderOf } from './run-sql.ts'

/** another command has a file of ours, mostly for a moment */
const BUSY_MS = 5_000
const POLL_MS = 50

export class Desk implements Sender, AsyncDisposable {
  readonly #session: DuckdbSession
  readonly #to: Sender
  readonly #opened: AsyncDisposableStack
  readonly #limits: EngineLimits

  private constructor(session: DuckdbSession, where: string, opened: AsyncDisposableStack, limits: EngineLimits) {
    this.#session = session
    this.#to = senderOf(session, where, 'TM4019')
    this.#opened = opened
    this.#limits = limits
  }

  /** `where`: for messages. */
  static async open(where: string, limits: EngineLimits): Promise<Desk> {
    await using opening = new AsyncDisposableStack()
    const memory = opening.use(await openFile(IN_MEMORY, 'write', { limits }))
    const session = opening.use(await memory.session())
    return new Desk(session, where, opening.move(), limits)
  }

  /** The name of the file's catalog. TM2002 where another process keeps it for longer. */
  async attach(path: string, mode: 'read' | 'write', waitMs = BUSY_MS): Promise<string> {
    for (const until = performance.now() + waitMs; ; await sleep(POLL_MS)) {
      try {
        const file: DuckdbFile = await openFile(path, mode, { limits: this.#limits })
        this.#opened.use(file)
        return file.catalog
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'TM2002' || performance.now() > until) throw error
      }
    }
  }

  /** The name of the catalog of a new database in memory. */
  async attachEmpty(): Promise<string> {
    return this.#opened.use(await openFile(IN_MEMORY, 'write', { limits: this.#limits })).catalog
  }

  /** Room to read so many columns of a Parquet file, until it is disposed of. */
  room(columns: number): Promise<Disposable> {
    return reserveMemory(columns, PER_THREAD.file)
  }

  exec(statement: Sql): Promise<bigint> {
    return this.#to.exec(statement)
  }

  query(statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    return this.#to.query(statement)
  }

  /** Ends the statement under way; it throws in its own caller. */
  interrupt(): void {
    this.#session.interrupt()
  }

  count(statement: Sql): Promise<bigint> {
    return this.#to.count(statement)
  }

  async inTransaction<T>(work: () => Promise<T>): Promise<T> {
    await this.#session.begin()
    try {
      const result = await work()
      await this.#session.commit()
      return result
    } catch (error) {
      await this.#session.rollback()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened[Symbol.asyncDispose]()
  }
}
