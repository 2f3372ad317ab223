/** Snapshots kept in a PostgreSQL target: rows come and go by one COPY of a CSV file that the embedded engine writes or reads. */
import { createWriteStream, rmSync, statSync } from 'node:fs'
import { AppError } from '../../runtime/app-error.ts'
import type { FenceKey } from '../contract.ts'
import { writeCsv } from '../duckdb/departing.sql.ts'
import { type DuckdbDeparture, sendFile } from '../duckdb/departure.ts'
import type { EmbeddedDuckdb } from '../duckdb/embedded.ts'
import { LeavingFailed } from '../departure.ts'
import {
  HOT_ROW_COLUMNS,
  type HotChange,
  type HotHeader,
  type HotOwner,
  type HotPut,
  type HotTables,
} from '../hot-tables.ts'
import { ARRIVING_COLUMNS, headerOf, hotStatements, listHeaders, rowsOf, withOwner } from '../relational/hot.sql.ts'
import type { TargetNames } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import { printable, type Sql, textOf } from '../sql-text.ts'
import { atOnce } from './at-once.ts'
import { copyInText, copyOutText, inlined } from './copy-text.ts'
import type { PostgresSide } from './embedded.ts'
import { translate } from './errors.ts'
import { createHot, listTables } from './fence.sql.ts'
import { OWN_SCHEMA } from './names.ts'
import { senderOf } from './run-sql.ts'
import { openSession } from './session.ts'
import { expectOwner } from './target.ts'

/** a key, a hash and three numbers, as an estimate */
const ROW_BYTES = 256n

interface CsvOnDisk extends Disposable {
  readonly path: string
}

export class PostgresHotTables implements HotTables {
  readonly #side: PostgresSide
  readonly #spool: DuckdbDeparture
  readonly #own: EmbeddedDuckdb
  readonly #to: Sender

  constructor(side: PostgresSide, spool: DuckdbDeparture, own: EmbeddedDuckdb) {
    this.#side = side
    this.#spool = spool
    this.#own = own
    this.#to = senderOf(side.session, side.target.location)
  }

  async #isThere(): Promise<boolean> {
    const there = (await this.#to.query(listTables(OWN_SCHEMA))).map(([name]) => name)
    return there.includes('snapshot') && there.includes('hot_row')
  }

  async list(of: HotOwner): Promise<readonly HotHeader[]> {
    if (!(await this.#isThere())) return []
    return (await this.#to.query(listHeaders(this.#side.catalogs.target, of))).map(headerOf)
  }

  async rows(of: HotOwner, id: string): Promise<Sql> {
    const { into, catalogs } = this.#side
    using file = this.#newFile()
    await using session = await openSession(into, 'source')
    const count = await session
      .copyOut(copyOutText(inlined(rowsOf(catalogs.target, of, id)), 'csv'), createWriteStream(file.path))
      .catch((error: unknown) => {
        throw translate(error, into.location)
      })
    const { table, rows } = await this.#own.keep('hot_row', HOT_ROW_COLUMNS, {
      path: file.path,
      bytes: BigInt(statSync(file.path).size),
    })
    if (rows !== count) throw new AppError('TM5001', `${rows} keys were read of ${count} that ${into.location} has`)
    return table
  }

  async write(fence: FenceKey, { kept, gone, put }: HotChange): Promise<void> {
    const { session, catalogs, target } = this.#side
    const c = catalogs.target
    using file = put === null ? null : await this.#writeOut(fence, put)
    const there = await this.#isThere()
    await atOnce(session, target.location, async () => {
      await expectOwner(this.#to, c, fence)
      if (!there) for (const statement of createHot) await this.#to.exec(statement)
      const header = put?.header ?? null
      for (const statement of hotStatements(c, fence, { kept, gone, header })) await this.#to.exec(statement)
      if (file !== null && put !== null) await this.#send(file, put)
    })
  }

  async #writeOut(of: HotOwner, { id, rows, count }: HotPut): Promise<CsvOnDisk> {
    const file = this.#newFile()
    try {
      const select = withOwner(of, id, rows)
      await this.#spool.bench.writeOut(() => writeCsv(select, file.path, ARRIVING_COLUMNS.length), count * ROW_BYTES)
      return file
    } catch (error) {
      file[Symbol.dispose]()
      throw error
    }
  }

  /** One that a crash leaves is swept up after the run. */
  #newFile(): CsvOnDisk {
    const path = this.#spool.newPath('hot')
    return { path, [Symbol.dispose]: () => rmSync(path, { force: true }) }
  }

  async #send({ path }: CsvOnDisk, { id, count }: HotPut): Promise<void> {
    const { session, catalogs, target } = this.#side
    const into = session.copyIn(copyInText(textOf(catalogs.target.own('hot_row')), ARRIVING_COLUMNS, 'csv'))
    await sendFile(path, into).catch((error: unknown) => {
      throw error instanceof LeavingFailed ? this.#spool.translate(error.cause) : translate(error, target.location)
    })
    if (BigInt(into.rowCount) !== count)
      throw new AppError('TM5001', `${into.rowCount} keys came to ${target.location} of ${count} that ${id} has`)
  }

  async explain(of: HotOwner, change: HotChange): Promise<readonly string[]> {
    return explainHot(this.#side.catalogs.target, of, change, await this.#isThere())
  }
}

/** `there`: the tables are made. */
export function explainHot(
  c: TargetNames,
  of: HotOwner,
  { kept, gone, put }: HotChange,
  there: boolean,
): readonly string[] {
  const statements = [
    ...(there ? [] : createHot),
    ...hotStatements(c, of, { kept, gone, header: put?.header ?? null }),
    ...(put === null ? [] : [writeCsv(withOwner(of, put.id, put.rows), 'HOT.csv', ARRIVING_COLUMNS.length)]),
  ]
  return [
    ...statements.map((statement) => printable(statement)),
    ...(put === null ? [] : [copyInText(textOf(c.own('hot_row')), ARRIVING_COLUMNS, 'csv')]),
  ]
}
