/** Cuts a selection into ranges, along the index by which the server finds it. */
import type { CapturedBatch, FlowRelation, KeyCheck, RangesRequest, Selection } from '../contract.ts'
import { predicates, rowBytes } from '../relational/selection.sql.ts'
import { type Catalogs, column } from '../relational/names.ts'
import type { SplitRange } from '../split-range.ts'
import { type Sql, sql, whole } from '../sql-text.ts'
import { type AccessPath, accessPath } from './access-path.ts'
import type { IndexedTable } from './indexed-table.ts'
import { findType } from './type-text.ts'
import { countRows, cutOrder, nullKeys, repeatedKeys, type Rows, takenBy } from './split-range.sql.ts'

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
    const c = this.#from.catalogs
    const r = this.#r
    const within = await this.#rows(by === 'position' ? this.#isPlaced(true) : null)
    const average = await this.#roughBytes()
    const counted = average === null ? rowBytes(c, r, false) : null
    const ends = await this.#from.query(r, cutOrder(c, r, by, within, this.#size, counted))
    let before: { readonly n: bigint; readonly until: bigint; readonly bound: readonly string[] | null } = {
      n: 0n,
      until: 0n,
      bound: null,
    }
    return ends.map(([n, until, ...values], i) => {
      const end = { n: BigInt(n ?? '0'), until: BigInt(until ?? '0'), bound: values.map((v) => v ?? '') }
      const rows = end.n - before.n
      const bytes = average === null ? end.until - before.until : rows * average
      const upTo = i === ends.length - 1 ? null : end.bound
      const part = partOf({ kind: 'order', by, after: before.bound, upTo }, rows, bytes)
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
