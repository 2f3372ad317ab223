/** Snapshots kept in a DuckDB target: rows come and go by statements between the files of one engine. */
import { type DuckdbFile, type DuckdbSession, reserveMemory } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FenceKey } from '../contract.ts'
import {
  asHeader,
  HOT_ROW_COLUMNS,
  type HotChange,
  type HotHeader,
  type HotOwner,
  type HotTables,
} from '../hot-tables.ts'
import { hotStatements, insertRows, listHeaders, rowsOf } from '../relational/hot.sql.ts'
import { printable, type Sql, sql } from '../sql-text.ts'
import { atOnce } from './at-once.ts'
import { createHot, enter, listOwn } from './fence.sql.ts'
import { type AttachedTarget, attachedTables } from './names.ts'
import { exec, query } from './run-sql.ts'

export class DuckdbHotTables implements HotTables {
  /** null: read mode, and it does not exist yet */
  readonly #file: DuckdbFile | null
  readonly #session: DuckdbSession
  readonly #target: AttachedTarget
  readonly #where: string

  constructor(file: DuckdbFile | null, session: DuckdbSession, target: AttachedTarget, where: string) {
    this.#file = file
    this.#session = session
    this.#target = target
    this.#where = where
  }

  async #isThere(): Promise<boolean> {
    if (this.#file === null) return false
    const there = (await query(this.#session, listOwn(this.#target), this.#where)).map(([name]) => name)
    return there.includes('snapshot') && there.includes('hot_row')
  }

  async list(of: HotOwner): Promise<readonly HotHeader[]> {
    if (!(await this.#isThere())) return []
    return (await query(this.#session, listHeaders(this.#target, of), this.#where)).map(asHeader)
  }

  rows(of: HotOwner, id: string): Promise<Sql> {
    return Promise.resolve(sql`(${rowsOf(this.#target, of, id)})`)
  }

  async write(fence: FenceKey, { kept, gone, put }: HotChange): Promise<void> {
    using _room = await reserveMemory(HOT_ROW_COLUMNS.length)
    const there = await this.#isThere()
    await atOnce(this.#session, this.#where, async () => {
      if ((await this.#exec(enter(this.#target, fence, 0))) !== 1n)
        throw new AppError('TM5002', `${fence.flow} has a newer owner`)
      if (!there) for (const statement of createHot(this.#target)) await this.#exec(statement)
      const header = put?.header ?? null
      for (const statement of hotStatements(this.#target, fence, { kept, gone, header })) await this.#exec(statement)
      if (put === null) return
      const rows = await this.#exec(insertRows(this.#target, fence, put.id, put.rows))
      if (rows !== put.count)
        throw new AppError('TM5001', `${rows} keys came to ${this.#where} of ${put.count} that ${put.id} has`)
    })
  }

  async explain(of: HotOwner, { kept, gone, put }: HotChange): Promise<readonly string[]> {
    const c = attachedTables('target')
    return [
      ...((await this.#isThere()) ? [] : createHot(c)),
      ...hotStatements(c, of, { kept, gone, header: put?.header ?? null }),
      ...(put === null ? [] : [insertRows(c, of, put.id, put.rows)]),
    ].map((statement) => printable(statement))
  }

  #exec(statement: Sql): Promise<bigint> {
    return exec(this.#session, statement, this.#where)
  }
}
