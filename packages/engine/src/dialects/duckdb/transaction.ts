/** One batch's transaction in a DuckDB target: fence and marker first, then what the bench sends. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchKey, BatchTransaction, CapturedBatch, FenceKey, FlowRelation } from '../contract.ts'
import type { Sql } from '../sql-text.ts'
import type { Staging } from '../relational/apply.sql.ts'
import { classify, translate } from './errors.ts'
import * as marks from '../relational/fence.sql.ts'
import { markerCounts } from '../relational/marker-rows.ts'
import type { Catalogs } from '../relational/names.ts'
import { enter } from './fence.sql.ts'
import { count, exec, query } from './run-sql.ts'
import { isConflict } from './at-once.ts'

export function ours(tx: BatchTransaction): DuckdbTransaction {
  if (!(tx instanceof DuckdbTransaction)) throw new TypeError('a transaction of another dialect')
  return tx
}

export class DuckdbTransaction implements BatchTransaction {
  alreadyIn: RowCounts | null = null
  /** set by `stage` */
  split: CapturedBatch | null = null
  staged: Staging | null = null
  /** rows came from another engine: the relation as they arrived; null: the flow's own */
  arrived: FlowRelation | null = null
  /** how many rows came from it, where they are read once and in their place */
  arriving: bigint | null = null
  /** what goes with the transaction, however it ends */
  readonly leftovers = new DisposableStack()
  /** an attempt at some of the batch's rows */
  partial = false
  /** the target has only rows of this run */
  fresh = false
  /** what is left to do once marker and data are in */
  afterCommit: (() => Promise<void>) | null = null
  readonly session: DuckdbSession
  readonly key: FenceKey
  readonly batch: BatchKey
  readonly #catalogs: Catalogs
  readonly #where: string
  readonly #giveBack: () => void
  #open = false

  constructor(
    session: DuckdbSession,
    catalogs: Catalogs,
    key: FenceKey,
    batch: BatchKey,
    where: string,
    giveBack: () => void,
  ) {
    this.session = session
    this.#catalogs = catalogs
    this.key = key
    this.batch = batch
    this.#where = where
    this.#giveBack = giveBack
  }

  async enter(worker: number): Promise<void> {
    this.session.owner = { store: this.key.store, flow: this.key.flow, token: this.key.token }
    await this.session.begin()
    this.#open = true
    const taken = await this.exec(enter(this.#catalogs.target, this.key, worker))
    if (taken !== 1n) throw new AppError('TM5002', `${this.key.flow} has a newer owner than token ${this.key.token}`)
    const [marker] = await this.query(marks.findMarker(this.#catalogs.target, this.key, this.batch))
    if (marker) this.alreadyIn = markerCounts(marker)
    else await this.#mark()
  }

  /** Another worker may commit the batch's marker between the look and this. */
  async #mark(): Promise<void> {
    try {
      await this.exec(marks.insertMarker(this.#catalogs.target, this.key, this.batch))
    } catch (error) {
      if (classify(error) !== 'constraint') throw error
      throw new AppError('TM5003', `${this.#where}: another worker has batch ${this.batch.batch}`, { cause: error })
    }
  }

  async commit(counts: RowCounts): Promise<void> {
    await this.exec(marks.completeMarker(this.#catalogs.target, this.key, this.batch, counts))
    try {
      await this.session.commit()
    } catch (error) {
      throw translate(error, this.#where, 'TM5001', this.session.discreet)
    }
    this.#open = false
    await this.afterCommit?.()
  }

  abort(): void {
    this.session.interrupt()
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
    this.session.owner = null
    this.leftovers.dispose()
    if (this.#open && !this.session.closed) {
      this.#open = false
      try {
        await this.session.rollback()
      } catch (error) {
        this.session.close()
        if (!isConflict(error)) throw translate(error, this.#where, 'TM5001', this.session.discreet)
      }
    }
    this.#giveBack()
  }
}
