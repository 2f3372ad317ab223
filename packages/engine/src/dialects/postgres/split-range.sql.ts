/** Ranges of a source as conditions on its rows, and how they are cut. */
import type { FlowRelation } from '../contract.ts'
import { fromSource } from '../relational/selection.sql.ts'
import { mainKey, mainKeys, sourceKeyParts } from '../relational/columns.sql.ts'
import { keysIn } from '../relational/keys-in.sql.ts'
import { type Catalogs, column, keyName, typed } from '../relational/names.ts'
import type { SplitRange } from '../split-range.ts'
import { joined, param, type Sql, sql, textLiteral, whole } from '../sql-text.ts'

const TRUE = sql`TRUE`

const pageStart = (page: bigint): Sql => sql`CAST(${textLiteral(`(${page},0)`)} AS pg_catalog.tid)`

/** The columns that ranges of an order are cut by, and their types. The key as it may be remembered: masked where it is masked. */
export function orderOf(c: Catalogs, r: FlowRelation, by: 'position' | 'key'): readonly Ordered[] {
  const keys = mainKeys(c, r).map((value, i) => {
    const k = r.key[i]
    return { value, type: k === undefined || k.mask !== null ? 'text' : k.sourceType }
  })
  return by === 'position' && r.position !== null
    ? [{ value: column(r.position.ref), type: r.position.type }, ...keys]
    : keys
}

interface Ordered {
  readonly value: Sql
  readonly type: string
}

/**
 * A statement that changed a million rows gave them one instant. A part of them is found by its keys: told by position
 * and key together, it would be looked for in all of them, by every batch.
 */
export const isOfOnePosition = (range: SplitRange): boolean =>
  range.kind === 'order' && range.by === 'position' && range.after !== null && range.after[0] === range.upTo?.[0]

const at = ({ value, type }: Ordered, bound: string | undefined): Sql =>
  sql`${value} = CAST(${param(bound ?? null)} AS ${typed(type)})`

const between = (order: readonly Ordered[], after: readonly string[] | null, upTo: readonly string[] | null): Sql[] => [
  ...(after === null ? [] : [beyond(order, after, '>')]),
  ...(upTo === null ? [] : [beyond(order, upTo, '<=')]),
]

/** A bound on the first column alone besides: what an index on it can use whatever follows in it. */
function beyond(order: readonly Ordered[], bound: readonly string[], operator: '>' | '<='): Sql {
  const values = order.map(({ type }, i) => sql`CAST(${param(bound[i] ?? null)} AS ${typed(type)})`)
  const row = (items: readonly Sql[]): Sql => sql`ROW(${joined(items, ', ')})`
  const all = row(order.map(({ value }) => value))
  const [first] = order
  if (first === undefined) return TRUE
  const [bounded = TRUE] = values
  return operator === '>'
    ? sql`${first.value} >= ${bounded} AND ${all} > ${row(values)}`
    : sql`${first.value} <= ${bounded} AND ${all} <= ${row(values)}`
}

/** A row version's transaction in 64 bits: it is one of the past, so where the low half is above the next one an epoch was begun since. */
const xminOf = (alias: Sql): Sql => {
  const next = sql`(SELECT CAST(CAST(pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()) AS text) AS bigint))`
  const low = sql`CAST(CAST(${alias}.xmin AS text) AS bigint)`
  const same = sql`((${next} & ~4294967295) | ${low})`
  return sql`greatest(CASE WHEN ${same} >= ${next} THEN ${same} - 4294967296 ELSE ${same} END, 3)`
}

export function inRange(c: Catalogs, r: FlowRelation, range: SplitRange): Sql {
  switch (range.kind) {
    case 'pages': {
      const parts = [
        sql`m.ctid >= ${pageStart(BigInt(range.from))}`,
        ...(range.to === null ? [] : [sql`m.ctid < ${pageStart(BigInt(range.to))}`]),
        ...(range.unseenBy === null
          ? []
          : [
              sql`NOT pg_catalog.pg_visible_in_snapshot(CAST(CAST(${xminOf(sql`m`)} AS text) AS pg_catalog.xid8), CAST(${param(range.unseenBy)} AS pg_catalog.pg_snapshot))`,
            ]),
      ]
      return joined(parts, ' AND ')
    }
    case 'order': {
      const order = orderOf(c, r, range.by)
      const { after, upTo } = range
      const [first, ...rest] = order
      if (first && after && upTo && isOfOnePosition(range))
        return joined([at(first, after[0]), ...between(rest, after.slice(1), upTo.slice(1))], ' AND ')
      return joined(between(order, after, upTo), ' AND ', TRUE)
    }
    case 'rows':
      throw new TypeError('PostgreSQL does not number rows')
    case 'no-position':
      return r.position === null ? TRUE : sql`${column(r.position.ref)} IS NULL`
    case 'keys':
      return keysIn(c.kit, sourceKeyParts(c, r, mainKey(c, r)), range.keys)
  }
}

/** Rows and bytes of each run of pages; `starts`: the page that each begins with, ascending. */
export function countPages(c: Catalogs, r: FlowRelation, predicate: Sql, starts: readonly bigint[], bytes: Sql): Sql {
  const list = param(`{${starts.map((page) => `"(${page},0)"`).join(',')}}`)
  const bucket = sql`pg_catalog.width_bucket(m.ctid, CAST(${list} AS pg_catalog.tid[]))`
  return sql`SELECT ${bucket} AS b, count(*), coalesce(sum(${bytes}), 0) FROM ${fromSource(c, r)} WHERE ${predicate} GROUP BY 1 ORDER BY 1`
}

/**
 * The last row of each part of the order, with the part's rows and bytes: a part ends after `rows` rows, or where the
 * running sum of bytes passes a multiple of `limit`.
 */
export function cutOrder(
  c: Catalogs,
  r: FlowRelation,
  by: 'position' | 'key',
  predicate: Sql,
  size: { readonly rows: number; readonly bytes: number },
  bytes: Sql,
): Sql {
  const order = orderOf(c, r, by)
  const names = order.map((_, i) => keyName(i))
  const all = joined(names, ', ')
  const first = joined(
    order.map(({ value }, i) => sql`${value} AS ${keyName(i)}`),
    ', ',
  )
  const texts = joined(
    names.map((name) => sql`CAST(${name} AS text)`),
    ', ',
  )
  return sql`SELECT part_rows, part_bytes, ${texts} FROM (
  SELECT q.*, count(*) OVER part AS part_rows, sum(bytes) OVER part AS part_bytes, row_number() OVER (PARTITION BY by_rows, by_bytes ORDER BY n DESC) AS from_last FROM (
    SELECT s.*, (n - 1) / ${whole(BigInt(size.rows))} AS by_rows, pg_catalog.div(CAST(until - bytes AS numeric), ${whole(BigInt(size.bytes))}) AS by_bytes FROM (
      SELECT a.*, row_number() OVER w AS n, sum(bytes) OVER w AS until FROM (
        SELECT ${first}, CAST(${bytes} AS bigint) AS bytes FROM ${fromSource(c, r)} WHERE ${predicate}
      ) AS a WINDOW w AS (ORDER BY ${all} ROWS UNBOUNDED PRECEDING)
    ) AS s
  ) AS q WINDOW part AS (PARTITION BY by_rows, by_bytes)
) AS f WHERE from_last = 1 ORDER BY n`
}

/** The same where rows are of one size, with one sort and nothing besides. */
export function cutEvenly(c: Catalogs, r: FlowRelation, by: 'position' | 'key', predicate: Sql, rows: bigint): Sql {
  const order = orderOf(c, r, by)
  const names = order.map((_, i) => keyName(i))
  const all = joined(names, ', ')
  return sql`SELECT n, total, ${joined(
    names.map((name) => sql`CAST(${name} AS text)`),
    ', ',
  )} FROM (
  SELECT a.*, row_number() OVER (ORDER BY ${all}) AS n, count(*) OVER () AS total FROM (
    SELECT ${joined(
      order.map(({ value }, i) => sql`${value} AS ${keyName(i)}`),
      ', ',
    )} FROM ${fromSource(c, r)} WHERE ${predicate}
  ) AS a
) AS q WHERE n % ${whole(rows)} = 0 OR n = total ORDER BY n`
}

export function nullKeys(c: Catalogs, r: FlowRelation, predicate: Sql): Sql {
  const isNull = joined(
    mainKeys(c, r).map((k) => sql`${k} IS NULL`),
    ' OR ',
  )
  return sql`SELECT count(*) FROM ${fromSource(c, r)} WHERE (${predicate}) AND (${isNull})`
}
