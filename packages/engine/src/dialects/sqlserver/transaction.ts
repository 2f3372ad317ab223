/** One batch's transaction in a SQL Server target: fence and marker first, then what the bench sends. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchKey, BatchTransaction, CapturedBatch, FenceKey, FlowRelation } from '../contract.ts'
import type { Staging } from '../relational/apply.sql.ts'
import * as marks from '../relational/fence.sql.ts'
import { markerCounts } from '../relational/marker-rows.ts'
import type { TargetNames } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import type { Sql } from '../sql-text.ts'
import { classify, translate } from './errors.ts'
import * as fence from './fence.sql.ts'
import { count, exec, query } from './run-sql.ts'

/** Another worker that has the same batch open will commit it or not: there is no use in waiting for long. */
const MARKER_WAIT_MS = 1_000

export function ours(tx: BatchTransaction): SqlServerTransaction {
  if (!(tx instanceof SqlServerTransaction)) throw new TypeError('a transaction of another dialect')
  return tx
}

export class SqlServerTransaction implements BatchTransaction, Sender {
  alreadyIn: RowCounts | null = null
  /** set by whatever stages: the batch, its staged rows, and how many */
  split: CapturedBatch | null = null
  staged: Staging | null = null
  stagedRows = 0n
  /** rows came from another engine: the relation as they arrived; null: the flow's own */
  arrived: FlowRelation | null = null
  /** rows came from another engine, and went straight into the table: how many; null: they are staged */
  landed: bigint | null = null
  readonly session: SqlServerSession
  readonly key: FenceKey
  readonly batch: BatchKey
  readonly #names: TargetNames
  readonly #where: string
  readonly #giveBack: (reusable: boolean) => void
  #cancelled = false

  constructor(
    session: SqlServerSession,
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
    const [standing] = await this.query(fence.enter(this.#names, this.key))
    if (standing?.[0] !== String(this.key.token))
      throw new AppError('TM5002', `${this.key.flow} has a newer owner than token ${this.key.token}`)
    await this.exec(fence.lockTimeout(MARKER_WAIT_MS))
    await this.#mark()
    await this.exec(fence.lockTimeout(lockMs))
  }

  /** Whoever has the same batch open holds its marker: the look waits for it, as the insert does that comes between. */
  async #mark(): Promise<void> {
    try {
      const [marked] = await this.query(fence.findMarker(this.#names, this.key, this.batch))
      if (marked !== undefined) this.alreadyIn = markerCounts(marked)
      else await this.exec(fence.insertMarker(this.#names, this.key, this.batch))
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
    if (this.#cancelled) return
    this.#cancelled = true
    this.session.cancel()
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
    let reusable = !this.#cancelled
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
