/** Rows leaving a SQL Server database, batch by batch, each read by one statement as lines of CSV. */
import type { Writable } from 'node:stream'
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { CapturedBatch, FlowRelation, OpenBench, Selection, SourcePort } from '../contract.ts'
import { departingSource } from '../departing-source.ts'
import { type Departure, type Leaving, LeavingFailed, type Wire } from '../departure.ts'
import { queueOf } from '../planned-steps.ts'
import { type Catalogs, sourceTable } from '../relational/names.ts'
import { fromSource } from '../relational/selection.sql.ts'
import { takesAll } from '../relational/selected.ts'
import type { SplitRange } from '../split-range.ts'
import { type Sql, sql } from '../sql-text.ts'
import { CsvOut } from './csv-out.ts'
import { pathOf, type RangeSource, taken } from './cut-ranges.ts'
import { leavingColumns, uncast } from './departing.sql.ts'
import { translate } from './errors.ts'
import { type HowRead, howRead, lookHowRead, type Reads } from './how-read.ts'
import { type IndexedTable, lookAtIndexes } from './indexed-table.ts'
import { type Reading, readStatement, sendRows } from './leaving-rows.ts'
import type { Place } from './names.ts'
import { RangeArea } from './range-area.ts'
import { TypesAsPlanned } from './refuse-batch.ts'
import { query } from './run-sql.ts'
import { connectionOf, openSession, type SqlServerConnection } from './session.ts'
import { type OpenSource, openSqlServerSource } from './open-source.ts'
import { inOrder, inRange, isOfOnePosition } from './split-range.sql.ts'
import { printed } from './style.ts'

export async function openSqlServerDeparture(options: OpenBench): Promise<Departure> {
  const connection = connectionOf(options.source.options, 'source')
  await using opening = new AsyncDisposableStack()
  const opened = opening.use(await openSqlServerSource(connection, options.secret, options.tables))
  opened.session.discreet = options.discreet ?? false
  const at = { database: connection.options.database, schema: connection.schema }
  const reads = await lookHowRead(opened.session, options.tables ?? [], at, connection.location)
  opening.move()
  return new SqlServerDeparture(connection, opened, reads)
}

/** a table of fewer rows is counted: that takes a tenth of a second */
const COUNTED_ROWS = 1_000_000n
const WHOLE: SplitRange = { kind: 'order', by: 'key', after: null, upTo: null }
/** A range of one position was cut in the window. */
const EVER = { after: null, upTo: null }
/** Rows come in one order whoever asks, so that their numbers mean the same when a batch is read again. */
const ALONE = sql`\nOPTION (MAXDOP 1)`

class SqlServerDeparture implements Departure, RangeSource {
  readonly kind = 'sqlserver'
  readonly wires: readonly Wire[] = ['csv']
  readonly reads: string | null
  readonly whole?: SplitRange
  readonly source: SourcePort
  readonly work: RangeArea
  readonly catalogs: Catalogs
  readonly #connection: SqlServerConnection
  /** asks, and never in a transaction */
  readonly #session: SqlServerSession
  readonly #opened: OpenSource
  /** readers between batches */
  readonly #idle: SqlServerSession[] = []
  readonly #how = new Map<string, Promise<HowRead>>()
  readonly #tables = new Map<string, Promise<IndexedTable>>()
  readonly #types = new TypesAsPlanned()

  constructor(connection: SqlServerConnection, opened: OpenSource, reads: Reads) {
    this.#connection = connection
    this.#opened = opened
    this.#session = opened.session
    this.catalogs = opened.catalogs
    this.reads = reads.inWords
    if (reads.statementsOfOneMoment) this.whole = WHOLE
    this.source = departingSource(opened.port, (r, selection) => this.#estimated(r, selection))
    this.work = new RangeArea(this)
  }

  refusal(): null {
    return null
  }

  get #at(): Place {
    return { database: this.#connection.options.database, schema: this.#connection.schema }
  }

  get #where(): string {
    return this.#connection.location
  }

  async from(r: FlowRelation): Promise<Sql> {
    return (await this.#howRead(r)).from
  }

  /** Found out once for the tables and columns of a relation. */
  #howRead(r: FlowRelation): Promise<HowRead> {
    const about = JSON.stringify([
      r.source.table,
      r.source.joins,
      r.columns.map(({ source, origin }) => [source, origin]),
    ])
    return kept(this.#how, about, () => howRead(this.#session, this.catalogs, r, this.#at, this.#where))
  }

  async tables(r: FlowRelation): Promise<{ readonly main: IndexedTable; readonly position: IndexedTable | null }> {
    const look = (table: TableName, columns: readonly string[]): Promise<IndexedTable> =>
      kept(this.#tables, JSON.stringify([table, columns]), () =>
        lookAtIndexes(this.#session, table, columns, this.#at, this.#where),
      )
    const key = r.key.flatMap((k) => (k.origin.kind === 'main' ? [k.source] : []))
    if (r.position === null) return { main: await look(r.source.table, key), position: null }
    const { table: alias, column } = r.position.ref
    const join = r.source.joins.find((j) => j.as === alias)
    if (join !== undefined) return { main: await look(r.source.table, key), position: await look(join.table, [column]) }
    const main = await look(r.source.table, key.includes(column) ? key : [column, ...key])
    return { main, position: main }
  }

  /** All rows of a large table, as the catalog has them: only whether there is any has to be true. */
  async #estimated(r: FlowRelation, selection: Selection): Promise<bigint | null> {
    if (r.position !== null || !takesAll(r, selection)) return null
    const { rows } = (await this.tables(r)).main
    if (rows === null || rows < COUNTED_ROWS) return null
    const [any] = await query(
      this.#session,
      sql`SELECT TOP (1) 1 FROM ${sourceTable(this.catalogs, r.source.table)} AS m`,
      this.#where,
      'TM4019',
    )
    return any === undefined ? 0n : rows
  }

  async keyIsUnique(r: FlowRelation): Promise<boolean> {
    if (r.source.joins.length > 0 || r.key.some((k) => k.mask !== null)) return false
    const facts = await this.source.describe(r.source.table)
    const key = r.key.map((k) => k.source)
    const nullable = facts?.columns.some((c) => key.includes(c.name) && c.nullable) ?? true
    return !nullable && (facts?.uniqueKeys.some((unique) => unique.every((name) => key.includes(name))) ?? false)
  }

  async query(r: FlowRelation, statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    const session = await this.#borrow(r)
    let sound = false
    try {
      const rows = await query(session, statement, this.#where, 'TM4019')
      sound = true
      return rows
    } finally {
      await this.#giveBack(session, sound)
    }
  }

  async #borrow(r: FlowRelation): Promise<SqlServerSession> {
    const { isSnapshot } = await this.#howRead(r)
    const session = this.#idle.pop() ?? (await openSession(this.#connection, 'source'))
    session.discreet = this.#session.discreet
    try {
      if (isSnapshot) await session.begin('SNAPSHOT')
      else await session.script('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
      return session
    } catch (error) {
      await this.#giveBack(session, false)
      throw this.translate(error)
    }
  }

  async #giveBack(session: SqlServerSession, sound: boolean): Promise<void> {
    try {
      if (sound) await session.rollback()
      if (sound && !session.closed) this.#idle.push(session)
      else await session[Symbol.asyncDispose]()
    } catch {
      // nothing was written: whatever became of the session, its rows have been read
      await session[Symbol.asyncDispose]()
    }
  }

  async read(r: FlowRelation, selection: Selection, split: CapturedBatch, wire: Wire): Promise<Leaving> {
    if (wire !== 'csv') throw new TypeError(`rows of SQL Server do not leave as ${wire}`)
    const reading = await this.#reading(r, selection, split)
    const session = await this.#borrow(r)
    try {
      const at = { source: this.#at, target: this.#at }
      await this.#types.refuseOthers(session, (await this.#howRead(r)).catalogs, r, at, this.#where, 'source')
    } catch (error) {
      await this.#giveBack(session, false)
      throw this.translate(error)
    }
    return { sendTo: (into) => this.#send(session, reading, into) }
  }

  async #send(session: SqlServerSession, reading: Reading, into: Writable): Promise<bigint> {
    let sound = false
    try {
      const out = new CsvOut(into, session.discreet)
      const rows = await sendRows(session, reading, out)
      await out.end()
      sound = true
      return rows
    } catch (error) {
      if (into.errored === error) throw error
      into.destroy(new Error('no more rows come', { cause: error }))
      throw new LeavingFailed(error)
    } finally {
      await this.#giveBack(session, sound)
    }
  }

  async #reading(r: FlowRelation, selection: Selection, split: CapturedBatch): Promise<Reading> {
    const how = await this.#howRead(r)
    const { by, ordered } = await pathOf(this, r, selection)
    const { range } = split
    const isOrdered = ordered && range?.kind === 'order' && range.by === by
    const tail = isOrdered ? sql`${inOrder(this.catalogs, r, by)}${ALONE}` : ALONE
    return this.#readingOf(r, selection, split, how, tail)
  }

  #readingOf(r: FlowRelation, selection: Selection, { range }: CapturedBatch, how: HowRead, tail: Sql): Reading {
    if (range === null) throw new TypeError('a departure reads ranges')
    const c = this.catalogs
    const relation = uncast(r)
    // the server takes conditions on one column to be independent, and this one for far stricter than it is
    const within = isOfOnePosition(range) && queueOf(r) === null ? { ...selection, window: EVER } : selection
    return {
      catalogs: c,
      relation,
      columns: leavingColumns(c, relation),
      from: how.from,
      where: sql`${inRange(c, r, range)} AND (${taken(c, r, within)})`,
      tail,
      isSnapshot: how.isSnapshot,
    }
  }

  explain(r: FlowRelation, selection: Selection, _: Wire, of?: SplitRange): string {
    const by = r.position === null || selection.window === null ? 'key' : 'position'
    const bound = (n: number): readonly string[] =>
      [...(by === 'position' ? [''] : []), ...r.key.map(() => '')].map(() => `:${n}`)
    const range = of ?? ({ kind: 'order', by, after: bound(1), upTo: bound(2) } as const)
    const split = { step: 1, wave: 1, readAt: null, range, first: 1n, last: 1000n, rows: 1000n, bytes: 0n }
    const how = { isSnapshot: true, from: fromSource(this.catalogs, r), catalogs: this.catalogs }
    return printed(readStatement(this.#readingOf(r, selection, split, how, ALONE)))
  }

  translate(error: unknown): Error {
    return translate(error, this.#where, 'TM4019', this.#session.discreet)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#idle) await session[Symbol.asyncDispose]()
    await this.#opened[Symbol.asyncDispose]()
  }
}

/** Asked once; what failed is asked again. */
function kept<T>(known: Map<string, Promise<T>>, name: string, find: () => Promise<T>): Promise<T> {
  const found =
    known.get(name) ??
    find().catch((error: unknown) => {
      known.delete(name)
      throw error
    })
  known.set(name, found)
  return found
}
