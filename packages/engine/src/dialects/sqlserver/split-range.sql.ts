/** Ranges of a source as conditions on its rows, and how they are cut. T-SQL compares no rows of several values. */
import type { FlowRelation } from '../contract.ts'
import { keyType, mainKey, mainKeys, sourceKeyJson, sourceKeyParts } from '../relational/columns.sql.ts'
import { type Catalogs, column, keyName } from '../relational/names.ts'
import { keysIn } from '../relational/keys-in.sql.ts'
import { ALWAYS, NEVER } from '../relational/selection.sql.ts'
import type { SplitRange } from '../split-range.ts'
import { joined, param, type Sql, sql, whole } from '../sql-text.ts'

/** What a statement reads of the source. */
export interface Rows {
  readonly from: Sql
  readonly where: Sql
}

interface Ordered {
  readonly value: Sql
  readonly type: string
}

/** The columns that ranges of an order are cut by, and their types. The key as it may be remembered: masked where it is masked. */
export function orderOf(c: Catalogs, r: FlowRelation, by: 'position' | 'key'): readonly Ordered[] {
  const keys = r.key.map((k, i) => ({ value: mainKey(c, r)(i), type: keyType(c, k) }))
  return by === 'position' && r.position !== null
    ? [{ value: column(r.position.ref), type: r.position.type }, ...keys]
    : keys
}

type Bound = readonly string[]
type Operator = '>' | '<='

const OPERATORS: Readonly<Record<Operator | '>=' | '<' | '=', Sql>> = {
  '>': sql` > `,
  '>=': sql` >= `,
  '<': sql` < `,
  '<=': sql` <= `,
  '=': sql` = `,
}

const compared = (
  c: Catalogs,
  { value, type }: Ordered,
  operator: keyof typeof OPERATORS,
  bound: string | undefined,
): Sql => sql`${value}${OPERATORS[operator]}${c.kit.valueOf(type, param(bound ?? null))}`

/** The columns together are beyond the bound, or up to it: the first that differs decides. */
function beyond(c: Catalogs, order: readonly Ordered[], bound: Bound, operator: Operator): Sql {
  const [first, ...rest] = order
  if (first === undefined) return ALWAYS
  if (rest.length === 0) return compared(c, first, operator, bound[0])
  const further = compared(c, first, operator === '>' ? '>' : '<', bound[0])
  const same = compared(c, first, '=', bound[0])
  return sql`(${further} OR (${same} AND ${beyond(c, rest, bound.slice(1), operator)}))`
}

/**
 * `after < order <= upTo`. What both bounds begin with is said to be equal, and the first column is bounded by itself besides:
 * these are what an index is sought by, and the rest is looked at in what was found.
 */
function between(c: Catalogs, order: readonly Ordered[], after: Bound | null, upTo: Bound | null): readonly Sql[] {
  const [first, ...rest] = order
  if (first === undefined) return []
  if (rest.length > 0 && after !== null && upTo !== null && after[0] === upTo[0])
    return [compared(c, first, '=', after[0]), ...between(c, rest, after.slice(1), upTo.slice(1))]
  const bounds: Sql[] = []
  if (after !== null) {
    if (rest.length > 0) bounds.push(compared(c, first, '>=', after[0]))
    bounds.push(beyond(c, order, after, '>'))
  }
  if (upTo !== null) {
    if (rest.length > 0) bounds.push(compared(c, first, '<=', upTo[0]))
    bounds.push(beyond(c, order, upTo, '<='))
  }
  return bounds
}

/** Rows of one instant alone: the window has been looked at when they were cut. */
export const isOfOnePosition = (range: SplitRange): boolean =>
  range.kind === 'order' && range.by === 'position' && range.after !== null && range.after[0] === range.upTo?.[0]

export function inRange(c: Catalogs, r: FlowRelation, range: SplitRange): Sql {
  switch (range.kind) {
    case 'order': {
      const bounds = between(c, orderOf(c, r, range.by), range.after, range.upTo)
      // a row without a position is in no part of its order, though there is but one
      const placed =
        range.by === 'position' && r.position !== null ? sql`${column(r.position.ref)} IS NOT NULL` : ALWAYS
      return joined(bounds, ' AND ', placed)
    }
    case 'no-position':
      return r.position === null ? ALWAYS : sql`${column(r.position.ref)} IS NULL`
    case 'keys':
      return keysIn(c.kit, sourceKeyParts(c, r, mainKey(c, r)), range.keys)
    case 'pages':
    case 'rows':
      throw new TypeError('SQL Server tells rows by their keys')
  }
}

/** The order of a range's rows, where an index has it. */
export const inOrder = (c: Catalogs, r: FlowRelation, by: 'position' | 'key'): Sql =>
  sql`\nORDER BY ${joined(
    orderOf(c, r, by).map(({ value }) => value),
    ', ',
  )}`

interface Size {
  readonly rows: number
  readonly bytes: number
}

/** The last row of each part of so many rows, with how many there are up to it; those after the last one are in none. */
export function cutByRows(
  c: Catalogs,
  r: FlowRelation,
  by: 'position' | 'key',
  { from, where }: Rows,
  { rows }: Pick<Size, 'rows'>,
): Sql {
  const order = orderOf(c, r, by)
  const values = order.map(({ value }, i) => sql`${value} AS ${keyName(i)}`)
  const inThat = joined(
    order.map(({ value }) => value),
    ', ',
  )
  return sql`SELECT a.n, ${textsOf(c, order)} FROM (
  SELECT ${joined(values, ', ')}, ROW_NUMBER() OVER (ORDER BY ${inThat}) AS n FROM ${from} WHERE ${where}
) AS a WHERE a.n % ${whole(BigInt(rows))} = 0 ORDER BY a.n`
}

/**
 * The last row of each part of the order, with how many rows there are up to it and how many bytes: a part ends after `rows`
 * rows, or where the running sum of bytes passes a multiple of `limit`. Each row is read once.
 */
export function cutByBytes(
  c: Catalogs,
  r: FlowRelation,
  by: 'position' | 'key',
  { from, where }: Rows,
  size: Size,
  bytes: Sql,
): Sql {
  const order = orderOf(c, r, by)
  const values = order.map(({ value }, i) => sql`${value} AS ${keyName(i)}`)
  const names = joined(
    order.map((_, i) => keyName(i)),
    ', ',
  )
  return sql`SELECT e.n, e.until, ${textsOf(c, order)} FROM (
  SELECT d.*, LEAD(d.by_rows) OVER (ORDER BY ${names}) AS next_rows, LEAD(d.by_bytes) OVER (ORDER BY ${names}) AS next_bytes FROM (
    SELECT b.*, (b.n - 1) / ${whole(BigInt(size.rows))} AS by_rows, (b.until - b.bytes) / ${whole(BigInt(size.bytes))} AS by_bytes FROM (
      SELECT a.*, ROW_NUMBER() OVER (ORDER BY ${names}) AS n, SUM(a.bytes) OVER (ORDER BY ${names} ROWS UNBOUNDED PRECEDING) AS until FROM (
        SELECT ${joined([...values, sql`${bytes} AS bytes`], ', ')} FROM ${from} WHERE ${where}
      ) AS a
    ) AS b
  ) AS d
) AS e WHERE e.next_rows IS NULL OR e.next_rows <> e.by_rows OR e.next_bytes <> e.by_bytes ORDER BY e.n`
}

const textsOf = (c: Catalogs, order: readonly Ordered[]): Sql =>
  joined(
    order.map(({ type }, i) => c.kit.asText(type, keyName(i))),
    ', ',
  )

/** How many rows a selection takes, and their bytes. */
export const countRows = ({ from, where }: Rows, bytes: Sql | null): Sql =>
  sql`SELECT COUNT_BIG(*), ${bytes === null ? sql`0` : sql`COALESCE(SUM(${bytes}), 0)`} FROM ${from} WHERE ${where}`

export function nullKeys(c: Catalogs, r: FlowRelation, { from, where }: Rows): Sql {
  const isNull = joined(
    mainKeys(c, r).map((k) => sql`${k} IS NULL`),
    ' OR ',
  )
  return sql`SELECT COUNT_BIG(*) FROM ${from} WHERE (${where}) AND (${isNull})`
}

/** A few keys that the selection takes more than once. */
export function repeatedKeys(c: Catalogs, r: FlowRelation, { from, where }: Rows): Sql {
  const values = mainKeys(c, r).map((value, i) => sql`${value} AS ${keyName(i)}`)
  const names = joined(
    r.key.map((_, i) => keyName(i)),
    ', ',
  )
  const key = sourceKeyJson(c, r, keyName)
  return sql`SELECT TOP (5) ${key} AS k FROM (SELECT ${joined(values, ', ')} FROM ${from} WHERE ${where}) AS q GROUP BY ${names} HAVING COUNT_BIG(*) > 1 ORDER BY k`
}

/** The rows of a selection, each once, whatever reasons take it. */
export const takenBy = (all: readonly Sql[]): Sql =>
  joined(
    all.map((p) => sql`(${p})`),
    ' OR ',
    NEVER,
  )
