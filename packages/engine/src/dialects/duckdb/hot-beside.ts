/** Snapshots kept in a target of another engine: rows come and go as CSV files that the embedded one writes and reads. */
import { rmSync, statSync } from 'node:fs'
import { AppError } from '../../runtime/app-error.ts'
import type { FenceKey } from '../contract.ts'
import {
  HOT_ROW_COLUMNS,
  type HotChange,
  type HotHeader,
  type HotOwner,
  type HotPut,
  type HotTables,
} from '../hot-tables.ts'
import { ARRIVING_COLUMNS, withOwner } from '../relational/hot.sql.ts'
import { printable, type Sql } from '../sql-text.ts'
import { writeCsv } from './departing.sql.ts'
import type { DuckdbDeparture } from './departure.ts'
import type { EmbeddedDuckdb } from './embedded.ts'

/** a key, a hash and three numbers, as an estimate */
const ROW_BYTES = 256n

/** What the target's engine does. */
export interface HotTarget {
  readonly location: string
  isThere(): Promise<boolean>
  /** Of tables that are there. */
  list(of: HotOwner): Promise<readonly HotHeader[]>
  /** HOT_ROW_COLUMNS of one snapshot into a new file; how many rows. */
  writeRows(of: HotOwner, id: string, path: string): Promise<bigint>
  /** In one transaction. `path`: ARRIVING_COLUMNS of what comes, null: nothing does; `makes`: the tables are missing. */
  write(fence: FenceKey, change: HotChange, path: string | null, makes: boolean): Promise<void>
  /** `write`, for people; `read` makes the file. */
  explain(of: HotOwner, change: HotChange, read: string | null, makes: boolean): readonly string[]
}

export class HotBeside implements HotTables {
  readonly #target: HotTarget
  readonly #spool: DuckdbDeparture
  readonly #own: EmbeddedDuckdb

  constructor(target: HotTarget, spool: DuckdbDeparture, own: EmbeddedDuckdb) {
    this.#target = target
    this.#spool = spool
    this.#own = own
  }

  async list(of: HotOwner): Promise<readonly HotHeader[]> {
    return (await this.#target.isThere()) ? await this.#target.list(of) : []
  }

  async rows(of: HotOwner, id: string): Promise<Sql> {
    using file = this.#newFile()
    const count = await this.#target.writeRows(of, id, file.path)
    const { table, rows } = await this.#own.keep('hot_row', HOT_ROW_COLUMNS, {
      path: file.path,
      bytes: BigInt(statSync(file.path).size),
    })
    if (rows !== count)
      throw new AppError('TM5001', `${rows} keys were read of ${count} that ${this.#target.location} has`)
    return table
  }

  async write(fence: FenceKey, change: HotChange): Promise<void> {
    const { put } = change
    using file = this.#newFile()
    if (put !== null) {
      const { id, rows, count } = put
      const statement = writeCsv(withOwner(fence, id, rows), file.path, ARRIVING_COLUMNS.length)
      await this.#spool.bench.writeOut(() => statement, count * ROW_BYTES)
    }
    await this.#target.write(fence, change, put && file.path, !(await this.#target.isThere()))
  }

  /** One that a crash leaves is swept up after the run. */
  #newFile(): { readonly path: string } & Disposable {
    const path = this.#spool.newPath('hot')
    return { path, [Symbol.dispose]: () => rmSync(path, { force: true }) }
  }

  async explain(of: HotOwner, change: HotChange): Promise<readonly string[]> {
    return this.#target.explain(of, change, readText(of, change.put), !(await this.#target.isThere()))
  }
}

/** What makes the file, for people. */
export const readText = (of: HotOwner, put: HotPut | null): string | null =>
  put && printable(writeCsv(withOwner(of, put.id, put.rows), 'HOT.csv', ARRIVING_COLUMNS.length))

/** In the transaction that brought them: all came, or none does. */
export function expectRows(rows: bigint, { id, count }: HotPut, where: string): void {
  if (rows !== count) throw new AppError('TM5001', `${rows} keys came to ${where} of ${count} that ${id} has`)
}
