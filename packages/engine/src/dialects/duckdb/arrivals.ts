/** Batches that arrive from another engine: fetched as files, then rows like any others. */
import { join } from 'node:path'
import { AppError } from '../../runtime/app-error.ts'
import { newShortId } from '../../runtime/new-id.ts'
import { arrivedRelation } from '../arrived-relation.ts'
import type { BatchKey, CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import type { Departure } from '../departure.ts'
import { isConstant, type PlannedColumn } from '../planned-column.ts'
import * as apply from '../relational/apply.sql.ts'
import { execAll, type Sender } from '../relational/sender.ts'
import type { BatchPart } from '../row-policy.ts'
import { joined, type Sql, sql, whole } from '../sql-text.ts'
import { type ArrivedFile, csvRelation, fetchCsv, isLongRow, noRows } from './arrived-csv.ts'
import type { DuckdbCatalogs } from './names.ts'
import type { DuckdbTarget } from './target.ts'

const EVERY_ROW = 2n ** 62n

export class Arrivals {
  readonly #from: Departure
  readonly #target: DuckdbTarget
  readonly #catalogs: DuckdbCatalogs
  readonly #folder: string
  /** a row was longer than usual: from now on rows of any length are read */
  #anyRow = false

  constructor(from: Departure, target: DuckdbTarget, catalogs: DuckdbCatalogs, folder: string) {
    this.#from = from
    this.#target = target
    this.#catalogs = catalogs
    this.#folder = folder
  }

  relation(flow: FlowRelation): FlowRelation {
    const typeOf = (x: PlannedColumn): string => {
      if (isConstant(x)) return x.sourceType
      return x.mask === null ? (this.#target.typeFor(x.sourceType) ?? x.targetType) : x.targetType
    }
    const position = flow.position && (this.#target.typeFor(flow.position.type) ?? flow.position.type)
    return arrivedRelation(flow, typeOf, position, true)
  }

  /** `batch` null: for a look. A crash leaves the file to whoever sweeps up after the run. */
  fetch(flow: FlowRelation, selection: Selection, split: CapturedBatch, batch: BatchKey | null): Promise<ArrivedFile> {
    const name =
      batch === null ? `look-${newShortId(12)}` : `${batch.run}.${batch.step}-${batch.batch}-${newShortId(6)}`
    return fetchCsv(this.#from, flow, selection, split, join(this.#folder, `${name}.csv`))
  }

  /** All rows of the selection by one statement of the source. */
  fetchAll(flow: FlowRelation, selection: Selection, path: string): Promise<ArrivedFile> {
    const { whole: range } = this.#from
    if (range === undefined) throw new TypeError('the source has no range of all rows')
    const split = { step: 1, wave: 1, readAt: null, range, first: 1n, last: EVERY_ROW, rows: 0n, bytes: 0n }
    return fetchCsv(this.#from, flow, selection, split, path)
  }

  /** The statement of `fetchAll`, for people. */
  explainAll(flow: FlowRelation, selection: Selection): string {
    return this.#from.explain(flow, selection, 'csv', this.#from.whole)
  }

  /** `read` is tried once more where a row is longer than usual; it says how many rows it read. */
  async readWhole(r: FlowRelation, file: ArrivedFile, read: (from: Sql) => Promise<bigint>): Promise<bigint> {
    // the reader of files takes no empty one
    if (file.bytes === 0n) return await read(noRows(r))
    for (;;) {
      const before = this.#anyRow
      try {
        const rows = await read(csvRelation(r, file, before))
        this.missNone(rows, file.rows)
        return rows
      } catch (error) {
        const e = this.afterFailure(error)
        if (before || !this.#anyRow) throw e
      }
    }
  }

  /** Some of the rows may have to be kept out, so that each needs a number. */
  looksAtRows(r: FlowRelation): boolean {
    return r.target.rules.notNull.length > 0 || r.columns.some((x) => x.cast !== null)
  }

  /** The rows where they are: they are read once, and nobody asks for their numbers. */
  inPlace(r: FlowRelation, file: ArrivedFile): apply.Staging {
    const columns = joined(apply.stagedColumns(this.#catalogs, r), ', ')
    return { from: sql`(SELECT ${columns} FROM ${csvRelation(r, file, this.#anyRow)}) AS s`, row: sql`NULL` }
  }

  async stage(to: Sender, r: FlowRelation, file: ArrivedFile, part: BatchPart | null): Promise<apply.Staging> {
    const row = apply.stageRow(r)
    const columns = joined([...apply.stagedColumns(this.#catalogs, r), sql`row_number() OVER () AS ${row}`], ', ')
    const all = sql`SELECT ${columns} FROM ${csvRelation(r, file, this.#anyRow)}`
    const taken =
      part === null
        ? all
        : sql`SELECT * FROM (${all}) AS a WHERE ${row} BETWEEN ${whole(part.first)} AND ${whole(part.last)}`
    await execAll(to, this.#catalogs.kit.remakeTemp(apply.STAGE, taken)).catch((error: unknown) => {
      throw this.afterFailure(error)
    })
    const counted = part === null ? sql`${apply.STAGE}` : csvRelation(r, file, this.#anyRow)
    this.missNone(file.rows === null ? null : await to.count(sql`SELECT count(*) FROM ${counted}`), file.rows)
    return apply.staged(r)
  }

  /** The reader of files passes over a row that is longer than its buffer without a word, when there is no other. */
  missNone(read: bigint | null, left: bigint | null): void {
    if (read === left || left === null) return
    if (this.#anyRow) throw new AppError('TM5001', `${read} rows were read of ${left} that left the source`)
    throw this.#longRow(null)
  }

  #longRow(cause: unknown): AppError {
    this.#anyRow = true
    return new AppError('TM5003', 'a row is longer than usual', { cause })
  }

  /** The error of a statement that read a file, or one that makes the batch be tried again with more room for a row. */
  afterFailure(error: unknown): unknown {
    return this.#anyRow || !isLongRow(error) ? error : this.#longRow(error)
  }
}
