/** What a bench of the embedded engine lends to a capture that takes all rows out itself. */
import { dirname } from 'node:path'
import { type DuckdbSession, PER_THREAD, reserveMemory } from '../../drivers/duckdb.ts'
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchTransaction, CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import type { EmbeddedStatements, EmbeddedTables, EmbeddedWork } from '../embedded-work.ts'
import { deleteGone } from '../relational/delete.sql.ts'
import { predicates } from '../relational/selection.sql.ts'
import type { TargetState } from '../relational/work-area.ts'
import { type Sql, sql } from '../sql-text.ts'
import type { Arrivals } from './arrivals.ts'
import { embeddedStatements, embeddedTables } from './embedded.sql.ts'
import { translate } from './errors.ts'
import { copyImage } from './image.sql.ts'
import type { DuckdbCatalogs } from './names.ts'
import { refuseChangedTarget, refuseUnfit } from './refuse-batch.ts'
import { refuseNoRoom } from './refuse-no-room.ts'
import { senderOf } from './run-sql.ts'
import { findSpooled, spoolRows } from './spool.sql.ts'
import { ours } from './transaction.ts'
import type { SpooledEnd } from './work-area.ts'

export class EmbeddedDuckdb implements EmbeddedWork {
  readonly #session: DuckdbSession
  /** rows come from another engine; null: this one reads them */
  readonly #arrivals: Arrivals | null
  readonly #catalogs: DuckdbCatalogs
  readonly #end: SpooledEnd
  readonly #targetOf: (relation: FlowRelation) => Promise<TargetState>
  readonly #tables: EmbeddedTables
  readonly said: EmbeddedStatements

  constructor(
    session: DuckdbSession,
    { catalogs, words }: { readonly catalogs: DuckdbCatalogs; readonly words: DuckdbCatalogs },
    end: SpooledEnd,
    targetOf: (relation: FlowRelation) => Promise<TargetState>,
    arrivals: Arrivals | null,
  ) {
    this.#arrivals = arrivals
    this.#session = session
    this.#catalogs = catalogs
    this.#tables = embeddedTables(catalogs)
    this.said = embeddedStatements(words, arrivals)
    this.#end = end
    this.#targetOf = targetOf
  }

  get arrives(): boolean {
    return this.#arrivals !== null
  }

  get spool(): Sql {
    return this.#tables.spool
  }

  markSpooled(): Sql {
    return this.#tables.markSpooled()
  }

  async target(relation: FlowRelation): Promise<Sql | null> {
    const { target } = this.#catalogs
    return (await this.#targetOf(relation)) === 'missing' ? null : target.table(relation.target.table)
  }

  deletable(relation: FlowRelation): Sql {
    return this.#tables.deletable(relation)
  }

  get gone(): Sql {
    return this.#tables.gone
  }

  async remove(tx: BatchTransaction, relation: FlowRelation, split: CapturedBatch): Promise<RowCounts> {
    const own = ours(tx)
    const [row] = await own.query(findSpooled(this.#catalogs))
    if (row?.[0] !== split.readAt) throw new AppError('TM5006', 'the keys to delete are not those that were found')
    await refuseChangedTarget(own, this.#catalogs, relation)
    return { ...NO_ROWS, deleted: await own.exec(deleteGone(this.#catalogs, relation, split)) }
  }

  async takeOut(relation: FlowRelation, selection: Selection, rows: bigint, path: string): Promise<bigint> {
    const c = this.#catalogs
    if (this.#arrivals !== null) return await this.#takeArrived(this.#arrivals, relation, selection, path)
    refuseNoRoom(dirname(path), this.#end.spoolBytes(relation, rows) / 2n)
    const taken = predicates(c, relation, selection, (await this.#targetOf(relation)) !== 'missing')
    using _room = await reserveMemory(relation.columns.length, PER_THREAD.csvToParquet)
    const to = senderOf(this.#session, 'capture', 'TM4019')
    await this.#session.begin()
    try {
      const from = spoolRows(c, relation, taken)
      await refuseUnfit(to, c, relation, from)
      const count = await to.exec(copyImage(c, relation, from, path))
      this.#end.still()
      await this.#session.commit()
      return count
    } catch (error) {
      await this.#session.rollback()
      throw translate(await this.#end.explain(error), 'snapshot', 'TM4019')
    }
  }

  async #takeArrived(arrivals: Arrivals, flow: FlowRelation, selection: Selection, path: string): Promise<bigint> {
    const c = this.#catalogs
    using _room = await reserveMemory(flow.columns.length, PER_THREAD.csvToParquet)
    const to = senderOf(this.#session, 'capture', 'TM4019')
    using file = await arrivals.fetchAll(flow, selection, `${path}.csv`)
    const r = arrivals.relation(flow)
    return await arrivals.readWhole(r, file, async (from) => {
      await refuseUnfit(to, c, r, sql`FROM ${from} WHERE TRUE`)
      return await to.exec(copyImage(c, r, sql`FROM ${from}`, path))
    })
  }
}
