/** One batch's transaction in a PostgreSQL target: fence and marker first, then what the bench sends. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchKey, BatchTransaction, CapturedBatch, FenceKey, FlowRelation } from '../contract.ts'
import type { Staging } from '../relational/apply.sql.ts'
import * as marks from '../relational/fence.sql.ts'
import { markerCounts } from '../relational/marker-rows.ts'
import type { TargetNames } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import type { Sql } from '../sql-text.ts'
import { classify, translate } from './errors.ts'
import { enter, lockTimeout } from './fence.sql.ts'
import { count, exec, query } from './run-sql.ts'

/** Another worker that has the same batch open will commit it or not: there is no use in waiting for long. */
const MARKER_WAIT_MS = 1_000

export function ours(tx: BatchTransaction): PostgresTransaction {
  if (!(tx instanceof PostgresTransaction)) throw new TypeError('a transaction of another dialect')
  return tx
}

export class PostgresTransaction implements BatchTransaction, Sender {
  alreadyIn: RowCounts | null = null
  /** set by whatever stages: the batch, its staged rows, and how many */
  split: CapturedBatch | null = null
  staged: Staging | null = null
  stagedRows = 0n
  /** rows came from another engine: the relation as they arrived; null: the flow's own */
  arrived: FlowRelation | null = null
  /** rows that are in the table already, every one of them new; null: they are staged */
  landed: bigint | null = null
  readonly session: PostgresSession
  readonly key: FenceKey
  readonly batch: BatchKey
  readonly #names: TargetNames
  readonly #where: string
  readonly #giveBack: (reusable: boolean) => void
  #cancelling: Promise<void> | null = null

  constructor(
    session: PostgresSession,
    names: TargetNames,
    key: FenceKey,
    batch: BatchKey,
    where: string,
    giveBack: (reusable: boolean) => void,
  ) {
    this.session = session
    this.#names = names
    this.key = key
    this.batch = batch
    this.#where = where
    this.#giveBack = giveBack
  }

  /** `lockMs`: how long a statement of the batch waits for a lock. */
  async enter(lockMs: number): Promise<void> {
    try {
      await this.session.begin()
    } catch (error) {
      throw translate(error, this.#where)
    }
    const [standing] = await this.query(enter(this.#names, this.key, this.batch))
    if (standing?.[0] !== String(this.key.token))
      throw new AppError('TM5002', `${this.key.flow} has a newer owner than token ${this.key.token}`)
    const [, marked, ...counts] = standing
    if (marked != null) {
      this.alreadyIn = markerCounts(counts)
      return
    }
    await this.query(lockTimeout(MARKER_WAIT_MS))
    await this.#mark()
    await this.query(lockTimeout(lockMs))
  }

  /** Another worker may commit the batch's marker between the look and this. */
  async #mark(): Promise<void> {
    try {
      await this.exec(marks.insertMarker(this.#names, this.key, this.batch))
    } catch (error) {
      const fault = classify(error)
      if (fault !== 'constraint' && fault !== 'conflict') throw error
      throw new AppError('TM5003', `${this.#where}: another worker has batch ${this.batch.batch}`, { cause: error })
    }
  }

  async commit(counts: RowCounts): Promise<void> {
    await this.exec(marks.completeMarker(this.#names, this.key, this.batch, counts))
    try {
      await this.session.commit()
    } catch (error) {
      throw translate(error, this.#where, 'TM5001', this.session.discreet)
    }
  }

  /** A cancellation may arrive late and hit whatever its session does next: such a session is not used again. */
  abort(): void {
    this.#cancelling ??= this.session.cancel().catch(() => this.session.destroy())
  }

  exec(statement: Sql): Promise<bigint> {
    return exec(this.session, statement, this.#where)
  }

  query(statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    return query(this.session, statement, this.#where)
  }

  count(statement: Sql): Promise<bigint> {
    return count(this.session, statement, this.#where)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cancelling
    let reusable = this.#cancelling === null
    if (this.session.inTransaction && reusable) {
      try {
        await this.session.rollback()
      } catch (error) {
        reusable = false
        // a connection that is gone has rolled back by itself
        if (classify(error) !== 'lost') throw translate(error, this.#where, 'TM5001', this.session.discreet)
      } finally {
        if (!reusable) await this.session[Symbol.asyncDispose]()
      }
    } else if (!reusable) await this.session[Symbol.asyncDispose]()
    this.#giveBack(reusable && !this.session.closed)
  }
}
