/** Cuts a selection into ranges, along the index by which the server finds it. */
import type { CapturedBatch, FlowRelation, KeyCheck, RangesRequest, Selection } from '../contract.ts'
import { ALWAYS, predicates, rowBytes } from '../relational/selection.sql.ts'
import { type Catalogs, column } from '../relational/names.ts'
import type { SplitRange } from '../split-range.ts'
import { joined, type Sql, sql, whole } from '../sql-text.ts'
import { type AccessPath, accessPath } from './access-path.ts'
import type { IndexedTable } from './indexed-table.ts'
import { findType } from './type-text.ts'
import {
  countRows,
  cutByBytes,
  cutByRows,
  inRange,
  nullKeys,
  repeatedKeys,
  type Rows,
  takenBy,
} from './split-range.sql.ts'

/** rows whose size is looked at */
const SAMPLE = 1_000n
/** of any length, though none is written behind them */
const VARYING: ReadonlySet<string> = new Set(['text', 'ntext', 'image', 'xml', 'json', 'geometry', 'geography'])
/** rows that a range has more than when it was cut are still numbered by it */
const MORE_ROWS = 1_024n

export interface RangeSource {
  readonly catalogs: Catalogs
  /** main and its joins, as they are read */
  from(r: FlowRelation): Promise<Sql>
  query(r: FlowRelation, statement: Sql): Promise<readonly (readonly (string | null)[])[]>
  /** The main table, and the one that has the position; null: there is no position. */
  tables(r: FlowRelation): Promise<{ readonly main: IndexedTable; readonly position: IndexedTable | null }>
  /** No two rows that the relation takes can have one key, and none has NULL in it: constraints of the source say so. */
  keyIsUnique(r: FlowRelation): Promise<boolean>
}

/** The rows of a selection, each once, whatever reasons take it. What the target has cannot be seen from here. */
export const taken = (c: Catalogs, r: FlowRelation, selection: Selection): Sql =>
  takenBy(predicates(c, r, { ...selection, absent: null }, false))

/** Rows that are taken for another reason than the window have no place in its order. */
export const isWindow = (r: FlowRelation, { window, unmatched, again, gained, onlyAgain }: Selection): boolean =>
  onlyAgain !== true && window !== null && r.position !== null && unmatched.length + again.length + gained.length === 0

export const pathOf = async (from: RangeSource, r: FlowRelation, selection: Selection): Promise<AccessPath> => {
  const { main, position } = await from.tables(r)
  return accessPath(r, isWindow(r, selection), main, position)
}

type Part = Pick<CapturedBatch, 'range' | 'readAt' | 'last' | 'rows' | 'bytes'>

const partOf = (range: SplitRange, rows: bigint, bytes: bigint): Part => ({
  range,
  readAt: null,
  last: rows * 4n + MORE_ROWS,
  rows,
  bytes,
})

/** Of one part. */
interface End {
  readonly rows: bigint
  readonly bytes: bigint
  /** its last row; of the last part, which has no end, nothing is said */
  readonly bound: readonly string[]
}

export class Cut {
  readonly #from: RangeSource
  readonly #r: FlowRelation
  readonly #selection: Selection
  readonly #size: RangesRequest['size']

  constructor(from: RangeSource, { relation, selection, size }: Omit<RangesRequest, 'left'>) {
    this.#from = from
    this.#r = relation
    this.#selection = selection
    this.#size = size
  }

  /** The rows that are taken, and of those the ones that are so. */
  async #rows(besides: Sql | null = null): Promise<Rows> {
    const all = taken(this.#from.catalogs, this.#r, this.#selection)
    return { from: await this.#from.from(this.#r), where: besides === null ? all : sql`(${all}) AND ${besides}` }
  }

  async checkKeys(): Promise<KeyCheck> {
    if (await this.#from.keyIsUnique(this.#r)) return { nullKeys: 0n, duplicates: [] }
    const c = this.#from.catalogs
    const rows = await this.#rows()
    const [row] = await this.#from.query(this.#r, nullKeys(c, this.#r, rows))
    const repeated = await this.#from.query(this.#r, repeatedKeys(c, this.#r, rows))
    return { nullKeys: BigInt(row?.[0] ?? '0'), duplicates: repeated.map(([k]) => k ?? '') }
  }

  /** They mean the same under any snapshot, and all together are the whole order: a key born later has its place. */
  async anew(): Promise<readonly Part[]> {
    const path = await pathOf(this.#from, this.#r, this.#selection)
    const parts = path.seeks ? await this.#sought(path.by) : await this.#whole()
    return path.by === 'position' && this.#selection.withNullPosition ? [...parts, ...(await this.#unplaced())] : parts
  }

  async #sought(by: 'position' | 'key'): Promise<readonly Part[]> {
    const besides = by === 'position' ? this.#isPlaced(true) : null
    const average = await this.#roughBytes()
    const ends = average === null ? await this.#byBytes(by, besides) : await this.#byRows(by, besides, average)
    return ends.map(({ rows, bytes, bound }, i) => {
      const upTo = i === ends.length - 1 ? null : bound
      return partOf({ kind: 'order', by, after: ends[i - 1]?.bound ?? null, upTo }, rows, bytes)
    })
  }

  async #byRows(by: 'position' | 'key', besides: Sql | null, average: bigint): Promise<readonly End[]> {
    const c = this.#from.catalogs
    const r = this.#r
    const found = await this.#from.query(r, cutByRows(c, r, by, await this.#rows(besides), this.#size))
    const rows = BigInt(this.#size.rows)
    const ends: End[] = found.map(([, ...bound]) => ({ rows, bytes: rows * average, bound: bound.map((x) => x ?? '') }))
    const last = ends.at(-1)
    const after = last && inRange(c, r, { kind: 'order', by, after: last.bound, upTo: null })
    const rest = joined([...(besides === null ? [] : [besides]), ...(after ? [after] : [])], ' AND ', ALWAYS)
    const [[count = null] = []] = await this.#from.query(r, countRows(await this.#rows(rest), null))
    const left = BigInt(count ?? '0')
    return left === 0n ? ends : [...ends, { rows: left, bytes: left * average, bound: [] }]
  }

  async #byBytes(by: 'position' | 'key', besides: Sql | null): Promise<readonly End[]> {
    const c = this.#from.catalogs
    const r = this.#r
    const bytes = rowBytes(c, r, false)
    const found = await this.#from.query(r, cutByBytes(c, r, by, await this.#rows(besides), this.#size, bytes))
    let before = { n: 0n, until: 0n }
    return found.map(([n, until, ...bound]) => {
      const end = { n: BigInt(n ?? '0'), until: BigInt(until ?? '0') }
      const part = { rows: end.n - before.n, bytes: end.until - before.until, bound: bound.map((x) => x ?? '') }
      before = end
      return part
    })
  }

  /** Each part would read the whole table, so there is one, whatever its size. */
  async #whole(): Promise<readonly Part[]> {
    const c = this.#from.catalogs
    const average = await this.#roughBytes()
    const counted = average === null ? rowBytes(c, this.#r, false) : null
    const [row] = await this.#from.query(this.#r, countRows(await this.#rows(), counted))
    const rows = BigInt(row?.[0] ?? '0')
    const bytes = average === null ? BigInt(row?.[1] ?? '0') : rows * average
    return rows === 0n ? [] : [partOf({ kind: 'order', by: 'key', after: null, upTo: null }, rows, bytes)]
  }

  async #unplaced(): Promise<readonly Part[]> {
    const [row] = await this.#from.query(this.#r, countRows(await this.#rows(this.#isPlaced(false)), null))
    const rows = BigInt(row?.[0] ?? '0')
    return rows === 0n ? [] : [partOf({ kind: 'no-position' }, rows, 0n)]
  }

  #isPlaced(placed: boolean): Sql {
    const { position } = this.#r
    if (position === null) return sql`1 = 1`
    return placed ? sql`${column(position.ref)} IS NOT NULL` : sql`${column(position.ref)} IS NULL`
  }

  /**
   * Bytes of a row on average, where all of them are short and a batch is so far from its limit that an average is good
   * enough: that of the first rows, since only the pages of a table are counted, and not its files.
   */
  async #roughBytes(): Promise<bigint | null> {
    const c = this.#from.catalogs
    if (this.#r.columns.some((x) => isOfAnyLength(x.sourceType))) return null
    const first = sql`SELECT TOP (${whole(SAMPLE)}) ${rowBytes(c, this.#r, false)} AS bytes FROM ${await this.#from.from(this.#r)}`
    const [row] = await this.#from.query(this.#r, sql`SELECT AVG(q.bytes) FROM (${first}) AS q`)
    const average = BigInt(row?.[0] ?? '0')
    return average * BigInt(this.#size.rows) * 2n <= BigInt(this.#size.bytes) ? average : null
  }
}

function isOfAnyLength(text: string): boolean {
  const type = findType(text)
  return type === null || VARYING.has(type.name) || (type.modifiers[0] ?? 0) === Number.POSITIVE_INFINITY
}
