/** Rows leaving a PostgreSQL database by COPY, batch by batch, all under one snapshot. */
import { takesAll } from '../relational/selected.ts'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import { carriedPosition } from '../arrived-relation.ts'
import type { CapturedBatch, FlowRelation, OpenBench, Selection, SourcePort } from '../contract.ts'
import { departingSource } from '../departing-source.ts'
import { type Departure, type Leaving, LeavingFailed, type Wire } from '../departure.ts'
import { isConstant, type PlannedColumn } from '../planned-column.ts'
import { queueOf } from '../planned-steps.ts'
import type { SplitRange } from '../split-range.ts'
import { fromSource } from '../relational/selection.sql.ts'
import { clearValue, landingValue } from '../relational/columns.sql.ts'
import { type Catalogs, column, typed } from '../relational/names.ts'
import { ident, joined, type Sql, sql } from '../sql-text.ts'
import { copyOutText, inlined, setSecrets } from './copy-text.ts'
import { parsePlaces, type RangeSource, taken } from './cut-ranges.ts'
import { translate } from './errors.ts'
import { type OpenSource, openPostgresSource } from './open-source.ts'
import { RangeArea } from './range-area.ts'
import { refuseChangedSource } from './refuse-batch.ts'
import { query } from './run-sql.ts'
import { connectionOf, openSession, type PostgresConnection } from './session.ts'
import { SharedSnapshot } from './shared-snapshot.ts'
import { inRange, isOfOnePosition } from './split-range.sql.ts'
import { lookAtStorage } from './stored-table.ts'
import { findType, type PgType } from './type-text.ts'

export async function openPostgresDeparture(options: OpenBench): Promise<Departure> {
  const connection = connectionOf(options.source.options)
  const opened = await openPostgresSource(connection, options.secret)
  opened.session.discreet = options.discreet ?? false
  return new PostgresDeparture(opened, connection)
}

/** a table of fewer pages is counted: 64 MiB are read in a tenth of a second */
const COUNTED_PAGES = 8_192n
/** A range of one position was cut in the window. */
const EVER = { after: null, upTo: null }
const SOME_PAGES = { kind: 'pages', from: '0', to: '1000', unseenBy: null } as const

/**
 * A text says all that they hold, and no more: the server leaves the first line out of a document that it writes, and
 * fills a `character(n)` up with spaces that are no part of the value.
 */
const leavesAsText = (type: PgType | null): boolean =>
  type?.name === 'xml' || (type?.name === 'character' && type.modifiers !== null)

/** A value of that type as it leaves in a CSV file. */
export function csvValue(text: string, x: Sql): Sql {
  const type = findType(text)
  return leavesAsText(type) ? sql`CAST(${x} AS ${typed(type?.array === true ? 'text[]' : 'text')})` : x
}

/** As it travels. */
function leaving(c: Catalogs, x: PlannedColumn, wire: Wire): Sql {
  // the type of a NULL on its way is the other engine's, which may be none here
  if (x.mask !== null) return x.mask.kind === 'null' && wire === 'csv' ? sql`NULL` : landingValue(c, x)
  if (wire === 'csv')
    return isConstant(x) ? clearValue(c, { ...x, sourceType: 'text' }) : csvValue(x.sourceType, clearValue(c, x))
  // the bytes of an array say what its elements are: of a domain, they are its base type here
  const array = findType(x.targetType)?.array === true
  return array ? sql`CAST(${landingValue(c, x)} AS ${typed(x.targetType)})` : landingValue(c, x)
}

class PostgresDeparture implements Departure, RangeSource {
  readonly kind = 'postgres'
  /** one statement, under the snapshot that everything is read by */
  readonly whole = { kind: 'order', by: 'key', after: null, upTo: null } as const
  readonly wires: readonly Wire[] = ['pgcopy', 'csv']
  readonly reads = null
  readonly source: SourcePort
  readonly work: RangeArea
  readonly catalogs: Catalogs
  readonly location: string
  readonly #session: PostgresSession
  readonly #opened: OpenSource
  readonly #connection: PostgresConnection
  /** sessions under the present snapshot in which the columns were looked at, and so cannot change */
  readonly #looked = new WeakSet<PostgresSession>()
  #snapshot: Promise<SharedSnapshot> | null = null
  /** what the present snapshot's tables were locked by */
  #locking = ''

  constructor(opened: OpenSource, connection: PostgresConnection) {
    this.source = departingSource(opened.port, (r, selection) => this.#estimated(r, selection))
    this.catalogs = opened.catalogs
    this.location = connection.location
    this.#opened = opened
    this.#session = opened.session
    this.#connection = connection
    this.work = new RangeArea(this)
  }

  refusal(): null {
    return null
  }

  async snapshot(r: FlowRelation): Promise<SharedSnapshot> {
    const present = this.#snapshot
    const now = (await present?.catch(() => null)) ?? null
    if (this.#snapshot !== present) return await this.snapshot(r)
    if (now?.holds && this.#locking === this.#lockingOf(r)) return now
    return await this.#take(r, null, now)
  }

  /** The snapshot under which these places were cut; a worker that joined the run shares its owner's. */
  async #sharing(readAt: string, r: FlowRelation): Promise<SharedSnapshot> {
    const cut = parsePlaces(readAt)
    const { file } = await this.stored(r)
    const now = await (this.#snapshot ?? this.#take(r, cut.name)).catch(() => null)
    if (now?.holds && now.sees === cut.sees && file === cut.file) return now
    if (now === null) this.#snapshot = null
    throw new AppError('TM5006', `${r.source.table.join('.')} on ${this.location}: its snapshot is over`)
  }

  /** `former`: what it takes the place of. */
  #take(r: FlowRelation, of: string | null, former: SharedSnapshot | null = null): Promise<SharedSnapshot> {
    const locking = this.#lockingOf(r)
    this.#locking = locking
    this.#snapshot = (async () => {
      await former?.retire()
      const { maxAgeMs } = this.#connection
      return await SharedSnapshot.take({ connect: () => this.#connect(), maxAgeMs, locking, of }).catch((error) => {
        throw this.translate(error)
      })
    })()
    return this.#snapshot
  }

  #lockingOf(r: FlowRelation): string {
    return inlined(sql`SELECT FROM ${fromSource(this.catalogs, r)} LIMIT 0`).text
  }

  async #connect(): Promise<PostgresSession> {
    const reader = await openSession(this.#connection, 'source')
    reader.discreet = this.#session.discreet
    return reader
  }

  stored(r: FlowRelation) {
    return lookAtStorage(this.#session, r.source.table, this.#connection.schema)
  }

  /** All rows of a large table, as its statistics have them: only whether there is any has to be true. */
  async #estimated(r: FlowRelation, selection: Selection): Promise<bigint | null> {
    if (r.position !== null || !takesAll(r, selection)) return null
    const { paged, pages, rows } = await this.stored(r)
    if (!paged || pages < COUNTED_PAGES || rows === null || rows === 0n) return null
    const [any] = await query(
      this.#session,
      sql`SELECT EXISTS (SELECT FROM ${fromSource(this.catalogs, r)})`,
      this.location,
      'TM4019',
    )
    return any?.[0] === 't' ? rows : 0n
  }

  async keyIsUnique(r: FlowRelation): Promise<boolean> {
    if (r.source.joins.length > 0 || r.key.some((k) => k.mask !== null)) return false
    const facts = await this.source.describe(r.source.table)
    const key = r.key.map((k) => k.source)
    const nullable = facts?.columns.some((c) => key.includes(c.name) && c.nullable) ?? true
    return !nullable && (facts?.uniqueKeys.some((unique) => unique.every((name) => key.includes(name))) ?? false)
  }

  async read(r: FlowRelation, selection: Selection, split: CapturedBatch, wire: Wire): Promise<Leaving> {
    const snapshot = split.readAt === null ? await this.snapshot(r) : await this.#sharing(split.readAt, r)
    const session = await snapshot.borrow()
    const statement = inlined(this.#select(r, selection, split, wire))
    try {
      if (!this.#looked.has(session)) await refuseChangedSource(session, this.catalogs, r, this.location)
      this.#looked.add(session)
      await setSecrets(session, statement)
    } catch (error) {
      await snapshot.giveBack(session, false)
      throw translate(error, this.location, 'TM4019', session.discreet)
    }
    const sendTo: Leaving['sendTo'] = async (into) => {
      let sound = false
      let refused: unknown = null
      into.once('error', (error) => (refused = error))
      try {
        const rows = await session.copyOut(copyOutText(statement, wire), into)
        sound = true
        return rows
      } catch (error) {
        throw refused === error ? error : new LeavingFailed(error)
      } finally {
        await snapshot.giveBack(session, sound)
      }
    }
    return { sendTo }
  }

  explain(r: FlowRelation, selection: Selection, wire: Wire, range: SplitRange = SOME_PAGES): string {
    const split = { step: 1, wave: 1, readAt: null, range, first: 1n, last: 1000n, rows: 1000n, bytes: 0n }
    return copyOutText(inlined(this.#select(r, selection, split, wire)), wire)
  }

  #select(r: FlowRelation, selection: Selection, { range }: CapturedBatch, wire: Wire): Sql {
    if (range === null) throw new TypeError('a departure reads ranges')
    const c = this.catalogs
    const carried = carriedPosition(r)
    const columns = [
      ...r.columns.map((x) => sql`${leaving(c, x, wire)} AS ${ident(x.target)}`),
      ...(carried !== null && r.position ? [sql`${column(r.position.ref)} AS ${ident(carried)}`] : []),
    ]
    // the server takes conditions on one column to be independent, and this one for far stricter than it is
    const within = isOfOnePosition(range) && queueOf(r) === null ? { ...selection, window: EVER } : selection
    return sql`SELECT ${joined(columns, ', ')} FROM ${fromSource(c, r)} WHERE ${inRange(c, r, range)} AND (${taken(c, r, within)})`
  }

  translate(error: unknown): Error {
    return translate(error, this.location, 'TM4019', this.#session.discreet)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const snapshot = await this.#snapshot?.catch(() => null)
    this.#snapshot = null
    await snapshot?.[Symbol.asyncDispose]()
    await this.#opened[Symbol.asyncDispose]()
  }
}
