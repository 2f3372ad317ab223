/** Cuts a selection into ranges, along the path by which the server reads it. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import type { CapturedBatch, FlowRelation, KeyCheck, RangesRequest, Selection } from '../contract.ts'
import { repeatedSourceKeys } from '../relational/capture.sql.ts'
import { fromSource, predicates, rowBytes } from '../relational/selection.sql.ts'
import { type Catalogs, column } from '../relational/names.ts'
import { takesAll } from '../relational/selected.ts'
import type { SplitRange } from '../split-range.ts'
import { joined, type Sql, sql, whole } from '../sql-text.ts'
import { scansMain } from './access-path.ts'
import { query } from './run-sql.ts'
import type { SharedSnapshot } from './shared-snapshot.ts'
import { countPages, cutEvenly, cutOrder, nullKeys } from './split-range.sql.ts'
import type { StoredTable } from './stored-table.ts'

/** rows of one page at the most, whatever its size */
const ROWS_OF_PAGE = 1_024n
/** parts that the pages are counted in where rows lie unevenly */
const FINEST_PARTS = 2_048n
/** pages of a part of the pass for what changed since a former snapshot: it reads the whole table, and takes little of it */
const PAGES_OF_PASS = 131_072n
const TRUE = sql`TRUE`
const FALSE = sql`FALSE`

export interface RangeSource {
  readonly location: string
  readonly catalogs: Catalogs
  /** the snapshot that everything is cut and read under; a new one where the last does not hold any more */
  snapshot(relation: FlowRelation): Promise<SharedSnapshot>
  stored(relation: FlowRelation): Promise<StoredTable>
  /** No two rows that the relation takes can have one key, and none has NULL in it: constraints of the source say so. */
  keyIsUnique(relation: FlowRelation): Promise<boolean>
}

/** When places of a table mean the same: its file, what the snapshot sees, and the name under which others may share it. */
export interface Places {
  readonly file: string
  readonly sees: string
  readonly name: string
}

export const placesText = (snapshot: SharedSnapshot, { file }: StoredTable): string =>
  `${file}/${snapshot.sees}/${snapshot.name}`

export function parsePlaces(text: string): Places {
  const [file = '', sees = '', name = ''] = text.split('/')
  return { file, sees, name }
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b)
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

const isPlaced = (r: FlowRelation): Sql => (r.position === null ? TRUE : sql`${column(r.position.ref)} IS NOT NULL`)

/** The rows of a selection, each once, whatever reasons take it. What the target has cannot be seen from here. */
export function taken(c: Catalogs, r: FlowRelation, selection: Selection): Sql {
  const all = predicates(c, r, { ...selection, absent: null }, false)
  return joined(
    all.map((p) => sql`(${p})`),
    ' OR ',
    FALSE,
  )
}

type Part = Pick<CapturedBatch, 'range' | 'readAt' | 'last' | 'rows' | 'bytes'>

export class Cut {
  readonly #session: PostgresSession
  readonly #from: RangeSource
  readonly #r: FlowRelation
  readonly #selection: Selection
  readonly #predicate: Sql
  readonly #size: RangesRequest['size']

  constructor(
    session: PostgresSession,
    from: RangeSource,
    relation: FlowRelation,
    selection: Selection,
    predicate: Sql,
    size: RangesRequest['size'],
  ) {
    this.#session = session
    this.#from = from
    this.#r = relation
    this.#selection = selection
    this.#predicate = predicate
    this.#size = size
  }

  async checkKeys(): Promise<KeyCheck> {
    if (await this.#from.keyIsUnique(this.#r)) return { nullKeys: 0n, duplicates: [] }
    const { catalogs: c } = this.#from
    const [row] = await this.#query(nullKeys(c, this.#r, this.#predicate))
    const repeated = await this.#query(repeatedSourceKeys(c, this.#r, this.#predicate))
    return { nullKeys: BigInt(row?.[0] ?? '0'), duplicates: repeated.map(([k]) => k ?? '') }
  }

  async anew(snapshot: SharedSnapshot): Promise<readonly Part[]> {
    const stored = await this.#from.stored(this.#r)
    const byPages = stored.paged && (takesAll(this.#r, this.#selection) || (await this.#scansAll()))
    return byPages ? await this.#pages(snapshot, stored) : await this.#ordered(stored)
  }

  /**
   * What the capture before this one left, under this snapshot: the pages that were not read, then whatever the oldest
   * of the former snapshots does not see, wherever it lies now.
   */
  async again(snapshot: SharedSnapshot, left: readonly CapturedBatch[]): Promise<readonly Part[]> {
    const stored = await this.#from.stored(this.#r)
    const readAt = placesText(snapshot, stored)
    const parts: Part[] = []
    const former: string[] = []
    for (const { range, readAt: cutAt, last, rows, bytes } of left) {
      if (range === null) throw new TypeError('a capture of ranges left one of keys')
      if (cutAt === null) parts.push({ range, readAt: null, last, rows, bytes })
      else {
        const { file, sees } = parsePlaces(cutAt)
        // the table was rewritten: no place means what it did
        if (file !== stored.file) return await this.anew(snapshot)
        const unseenBy = range.kind === 'pages' ? range.unseenBy : null
        former.push(unseenBy ?? sees)
        if (unseenBy === null) parts.push({ range, readAt, last, rows, bytes })
      }
    }
    const [oldest] = former.toSorted(byAge)
    if (oldest !== undefined)
      for (const { from, to } of passesOver(stored.pages)) {
        const range: SplitRange = {
          kind: 'pages',
          from: String(from),
          to: to === null ? null : String(to),
          unseenBy: oldest,
        }
        parts.push({ range, readAt, last: lastOf(from, to, stored), rows: 0n, bytes: 0n })
      }
    return parts
  }

  /** Would the server read the whole main table for this selection? */
  async #scansAll(): Promise<boolean> {
    const { catalogs: c } = this.#from
    const rows = await this.#query(
      sql`EXPLAIN (FORMAT JSON, COSTS OFF) SELECT 1 FROM ${fromSource(c, this.#r)} WHERE ${this.#predicate}`,
    )
    return scansMain(JSON.parse(rows.map(([line]) => line ?? '').join('\n')))
  }

  async #pages(snapshot: SharedSnapshot, stored: StoredTable): Promise<readonly Part[]> {
    const readAt = placesText(snapshot, stored)
    const part = (from: bigint, to: bigint | null, rows: bigint, bytes: bigint): Part => ({
      range: { kind: 'pages', from: String(from), to: to === null ? null : String(to), unseenBy: null },
      readAt,
      last: lastOf(from, to, stored),
      rows,
      bytes,
    })
    const known = stored.rows ?? 0n
    if (takesAll(this.#r, this.#selection) && known > 0n && stored.pages > 0n) {
      const average = stored.averageBytes ?? 1n
      const most = min(BigInt(this.#size.rows), max(1n, BigInt(this.#size.bytes) / max(1n, average)))
      const width = max(1n, (stored.pages * most) / known)
      // as many pages each: a last range of twice as many would be waited for when all others are in
      const count = (stored.pages + width - 1n) / width
      const at = (i: bigint): bigint => (i * stored.pages) / count
      return Array.from({ length: Number(count) }, (_, i) => {
        const [from, to] = [at(BigInt(i)), at(BigInt(i) + 1n)]
        const isLast = BigInt(i) === count - 1n
        const rows = ((to - from) * known) / stored.pages
        return part(from, isLast ? null : to, rows, rows * average)
      })
    }
    return await this.#countedPages(stored, part)
  }

  /** One pass that counts, since rows of the selection lie unevenly. */
  async #countedPages(
    stored: StoredTable,
    part: (from: bigint, to: bigint | null, rows: bigint, bytes: bigint) => Part,
  ): Promise<readonly Part[]> {
    const width = max(1n, stored.pages / FINEST_PARTS)
    const count = max(1n, stored.pages / width)
    const starts = Array.from({ length: Number(count) }, (_, i) => BigInt(i) * width)
    const { catalogs: c } = this.#from
    const counted = await this.#query(countPages(c, this.#r, this.#predicate, starts, this.#rowBytes(stored)))
    const parts: Part[] = []
    let open: { from: bigint; rows: bigint; bytes: bigint } | null = null
    for (const [bucket, n, size] of counted) {
      const from = starts[Number(bucket) - 1] ?? 0n
      const [rows, bytes] = [BigInt(n ?? '0'), BigInt(size ?? '0')]
      if (open && (open.rows + rows > BigInt(this.#size.rows) || open.bytes + bytes > BigInt(this.#size.bytes))) {
        parts.push(part(open.from, from, open.rows, open.bytes))
        open = null
      }
      open = open
        ? { from: open.from, rows: open.rows + rows, bytes: open.bytes + bytes }
        : { from: parts.length === 0 ? 0n : from, rows, bytes }
    }
    if (open) parts.push(part(open.from, null, open.rows, open.bytes))
    return parts
  }

  async #ordered(stored: StoredTable): Promise<readonly Part[]> {
    const { catalogs: c } = this.#from
    const r = this.#r
    const windowed = this.#selection.onlyAgain !== true && this.#selection.window !== null && r.position !== null
    // rows that are taken for another reason have no place in the order of the window
    const plain = this.#selection.unmatched.length + this.#selection.again.length + this.#selection.gained.length === 0
    const by = windowed && plain ? 'position' : 'key'
    const within = by === 'position' ? sql`(${this.#predicate}) AND ${isPlaced(r)}` : this.#predicate
    const cuts = await this.#cuts(by, within, stored)
    const parts = cuts.map(
      ({ bound, rows, bytes }, i): Part => ({
        range: { kind: 'order', by, after: cuts[i - 1]?.bound ?? null, upTo: i === cuts.length - 1 ? null : bound },
        readAt: null,
        last: rows * 4n + ROWS_OF_PAGE,
        rows,
        bytes,
      }),
    )
    if (by === 'position' && this.#selection.withNullPosition) {
      const [row] = await this.#query(
        sql`SELECT count(*) FROM ${fromSource(c, r)} WHERE (${this.#predicate}) AND NOT ${isPlaced(r)}`,
      )
      const rows = BigInt(row?.[0] ?? '0')
      const range: SplitRange = { kind: 'no-position' }
      if (rows > 0n) parts.push({ range, readAt: null, last: rows * 4n + ROWS_OF_PAGE, rows, bytes: 0n })
    }
    return parts
  }

  async #cuts(by: 'position' | 'key', within: Sql, stored: StoredTable) {
    const { catalogs: c } = this.#from
    const average = this.#roughBytes(stored)
    if (average !== null) {
      const rows = await this.#query(cutEvenly(c, this.#r, by, within, BigInt(this.#size.rows)))
      let before = 0n
      return rows.map(([n, , ...bound]) => {
        const here = BigInt(n ?? '0') - before
        before += here
        return { rows: here, bytes: here * average, bound: bound.map((v) => v ?? '') }
      })
    }
    const rows = await this.#query(cutOrder(c, this.#r, by, within, this.#size, this.#rowBytes(stored)))
    return rows.map(([n, bytes, ...bound]) => ({
      rows: BigInt(n ?? '0'),
      bytes: BigInt(bytes ?? '0'),
      bound: bound.map((v) => v ?? ''),
    }))
  }

  /** Bytes of a row on average, where a batch is so far from its limit that an average is good enough. */
  #roughBytes({ averageBytes }: StoredTable): bigint | null {
    if (averageBytes === null) return null
    return averageBytes * BigInt(this.#size.rows) * 2n <= BigInt(this.#size.bytes) ? averageBytes : null
  }

  #rowBytes(stored: StoredTable): Sql {
    const rough = this.#roughBytes(stored)
    return rough === null ? rowBytes(this.#from.catalogs, this.#r, false) : whole(rough)
  }

  #query(statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    return query(this.#session, statement, this.#from.location, 'TM4019')
  }
}

/** No row of these pages has a greater number, whatever the estimate. */
const lastOf = (from: bigint, to: bigint | null, stored: StoredTable): bigint =>
  ((to ?? max(stored.pages, from)) - from + (to === null ? stored.pages : 0n) + 1n) * ROWS_OF_PAGE

/** Of `xmin:xmax:xip`, a later snapshot has no smaller xmin and xmax, and with the same ones fewer that are open. */
function byAge(a: string, b: string): number {
  const [xminA = '0', xmaxA = '0'] = a.split(':')
  const [xminB = '0', xmaxB = '0'] = b.split(':')
  if (xmaxA !== xmaxB) return BigInt(xmaxA) < BigInt(xmaxB) ? -1 : 1
  if (xminA !== xminB) return BigInt(xminA) < BigInt(xminB) ? -1 : 1
  return b.length - a.length
}

function passesOver(pages: bigint): readonly { readonly from: bigint; readonly to: bigint | null }[] {
  const count = max(1n, pages / PAGES_OF_PASS)
  const width = max(1n, pages / count)
  return Array.from({ length: Number(count) }, (_, i) => {
    const from = BigInt(i) * width
    return { from, to: BigInt(i) === count - 1n ? null : from + width }
  })
}
