/** What a bench of the embedded engine lends to a capture that takes all rows out itself. */
import { dirname } from 'node:path'
import { type DuckdbSession, PER_THREAD, reserveMemory } from '../../drivers/duckdb.ts'
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchTransaction, CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import type { EmbeddedStatements, EmbeddedTables, EmbeddedWork } from '../embedded-work.ts'
import type { HotTables } from '../hot-tables.ts'
import { deleteGone } from '../relational/delete.sql.ts'
import { targetTable, work } from '../relational/names.ts'
import { predicates } from '../relational/selection.sql.ts'
import { nextBatch } from '../relational/versions.sql.ts'
import type { TargetState } from '../relational/work-area.ts'
import { type Sql, sql } from '../sql-text.ts'
import { execAll } from '../relational/sender.ts'
import { type CsvFile, csvOf, type NamedType, noRowsOf } from './arrived-csv.ts'
import type { Arrivals } from './arrivals.ts'
import { embeddedStatements, embeddedTables, heldRows } from './embedded.sql.ts'
import { translate } from './errors.ts'
import { copyImage } from './image.sql.ts'
import type { DuckdbCatalogs } from './names.ts'
import { refuseChangedTarget, refuseUnfit } from './refuse-batch.ts'
import { refuseNoRoom } from './refuse-no-room.ts'
import { senderOf } from './run-sql.ts'
import { columnsOfWork, findSpooled, listGone, spoolRows } from './spool.sql.ts'
import { ours } from './transaction.ts'
import type { SpooledEnd } from './work-area.ts'

interface Named {
  readonly catalogs: DuckdbCatalogs
  /** for people */
  readonly words: DuckdbCatalogs
  readonly hot: HotTables | null
}

export class EmbeddedDuckdb implements EmbeddedWork {
  readonly #session: DuckdbSession
  /** rows come from another engine; null: this one reads them */
  readonly #arrivals: Arrivals | null
  readonly #catalogs: DuckdbCatalogs
  readonly #end: SpooledEnd
  readonly #targetOf: (relation: FlowRelation) => Promise<TargetState>
  readonly #tables: EmbeddedTables
  readonly said: EmbeddedStatements
  readonly hot: HotTables | null

  constructor(
    session: DuckdbSession,
    { catalogs, words, hot }: Named,
    end: SpooledEnd,
    targetOf: (relation: FlowRelation) => Promise<TargetState>,
    arrivals: Arrivals | null,
  ) {
    this.hot = hot
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

  inOwnTypes(relation: FlowRelation): FlowRelation {
    return relation
  }

  get spool(): Sql {
    return this.#tables.spool
  }

  markSpooled(): Sql {
    return this.#tables.markSpooled()
  }

  async target(relation: FlowRelation): Promise<Sql | null> {
    return (await this.#targetOf(relation)) === 'missing' ? null : heldRows(this.#catalogs, relation)
  }

  deletable(relation: FlowRelation): Sql {
    return this.#tables.deletable(relation)
  }

  async nextVersion(relation: FlowRelation, least: bigint): Promise<bigint> {
    if ((await this.#targetOf(relation)) === 'missing') return least
    const next = nextBatch(targetTable(this.#catalogs, relation.target.table), least)
    return await senderOf(this.#session, 'target', 'TM4019').count(next)
  }

  get gone(): Sql {
    return this.#tables.gone
  }

  /** Of a batch that deletes, for another engine: a JSON array of arrays of texts. */
  async goneKeys({ first, last }: CapturedBatch): Promise<string> {
    const to = senderOf(this.#session, 'capture', 'TM4019')
    const columns = await to.query(columnsOfWork(this.#catalogs.workCatalog, 'gone'))
    const [row] = await to.query(listGone(this.#catalogs, columns, { first, last }))
    return row?.[0] ?? '[]'
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

  /** A table of the work file, whatever had its name, made of a CSV file in which no row is long; and how many rows it has. */
  async keep(
    name: string,
    columns: readonly NamedType[],
    file: CsvFile,
  ): Promise<{ readonly table: Sql; readonly rows: bigint }> {
    const table = work(this.#catalogs, name)
    const to = senderOf(this.#session, 'capture', 'TM4019')
    // the reader of files takes no empty one
    const rows = file.bytes === 0n ? noRowsOf(columns) : csvOf(columns, file, false)
    await execAll(to, this.#catalogs.kit.remakeTable(table, sql`SELECT * FROM ${rows}`))
    return { table, rows: await to.count(sql`SELECT count(*) FROM ${table}`) }
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
