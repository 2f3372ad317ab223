/** DuckDB's types: what may serve as a position, what a target holds exactly, how content is compared. */
import { catalogText, type Sql, sql } from '../sql-text.ts'

export type PositionClass = 'time' | 'number'

/** The precision of a position type: `upTo` is floored to it, and lies one tick below. */
interface TimeType {
  readonly floor: (x: Sql) => Sql
  readonly tick: Sql
}

const micro = sql`to_microseconds(1)`
const TIME_TYPES: Readonly<Record<string, TimeType>> = {
  TIMESTAMP: { floor: (x) => x, tick: micro },
  'TIMESTAMP WITH TIME ZONE': { floor: (x) => x, tick: micro },
  // the clock has microseconds: that is as fine as a bound can be
  TIMESTAMP_NS: { floor: (x) => x, tick: micro },
  TIMESTAMP_MS: { floor: (x) => sql`date_trunc('millisecond', ${x})`, tick: sql`to_milliseconds(1)` },
  TIMESTAMP_S: { floor: (x) => sql`date_trunc('second', ${x})`, tick: sql`to_seconds(1)` },
  DATE: { floor: (x) => sql`date_trunc('day', ${x})`, tick: sql`to_days(1)` },
}

const INTEGERS: readonly string[] = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT']
const UNSIGNED: readonly string[] = ['UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT', 'UHUGEINT']
const BYTES: Readonly<Record<string, number>> = {
  TINYINT: 1,
  SMALLINT: 2,
  INTEGER: 4,
  BIGINT: 8,
  HUGEINT: 16,
  UTINYINT: 1,
  USMALLINT: 2,
  UINTEGER: 4,
  UBIGINT: 8,
  UHUGEINT: 16,
}

const decimalOf = (type: string): { precision: number; scale: number } | null => {
  const m = /^DECIMAL\((\d+),(\d+)\)$/.exec(type)
  return m ? { precision: Number(m[1]), scale: Number(m[2]) } : null
}

export function positionClass(type: string): PositionClass | null {
  if (type in TIME_TYPES) return 'time'
  if (type in BYTES || decimalOf(type)?.scale === 0) return 'number'
  return null
}

/** One tick of the type's precision below `x`, as a value of the type. */
export function belowTick(type: string, x: Sql): Sql {
  const t = TIME_TYPES[type]
  if (!t) throw new TypeError(`no time type: ${type}`)
  return sql`CAST(${t.floor(x)} - ${t.tick} AS ${catalogText(type)})`
}

/** When a bound of that type passes `x`: a day, for one, has to be over. A microsecond is not worth saying. */
export function passedAt(type: string, x: Sql): Sql {
  const t = TIME_TYPES[type]
  return t === undefined || t.tick === micro ? x : sql`(${x} + ${t.tick})`
}

/** Types whose values have no total order or no equality that identifies a row. */
export const canBeKey = (type: string): boolean =>
  !/^(FLOAT|DOUBLE|INTERVAL|JSON|STRUCT|MAP|UNION|VARIANT)/.test(type) && !type.endsWith(']')

/** Why `target` cannot hold every value of `source` exactly; null: it can. */
export function narrowing(source: string, target: string): string | null {
  if (source === target) return null
  const no = `a ${target} does not hold every ${source}`
  const s = BYTES[source]
  const t = BYTES[target]
  if (s !== undefined && t !== undefined) {
    if (INTEGERS.includes(source) === INTEGERS.includes(target)) return t >= s ? null : no
    return UNSIGNED.includes(source) && t > s ? null : no
  }
  const from = decimalOf(source)
  const to = decimalOf(target)
  if (from && to) return to.scale >= from.scale && to.precision - to.scale >= from.precision - from.scale ? null : no
  if (s !== undefined && to)
    return to.precision - to.scale >= Math.ceil((s * 8 - (INTEGERS.includes(source) ? 1 : 0)) * Math.log10(2))
      ? null
      : no
  if (source === 'FLOAT' && target === 'DOUBLE') return null
  return no
}

/** Bytes a value takes in a batch; fixed-size types count 8. */
export function byteSize(type: string, column: Sql): Sql | null {
  if (type === 'VARCHAR' || type === 'JSON') return sql`coalesce(strlen(${column}), 0)`
  if (type === 'BLOB' || type === 'BIT') return sql`coalesce(octet_length(${column}), 0)`
  return null
}

/** Equal as bits: −0.0 is not 0.0, 30 days are not a month, a collation has no say; NULL equals NULL. */
export function sameContent(type: string, a: Sql, b: Sql): Sql {
  if (type === 'VARCHAR') return sql`encode(${a}) IS NOT DISTINCT FROM encode(${b})`
  if (type === 'FLOAT' || type === 'DOUBLE')
    return sql`(${a} IS NOT DISTINCT FROM ${b} AND signbit(${a}) IS NOT DISTINCT FROM signbit(${b}))`
  if (!canBeKey(type))
    return sql`(${a} IS NOT DISTINCT FROM ${b} AND CAST(${a} AS VARCHAR) IS NOT DISTINCT FROM CAST(${b} AS VARCHAR))`
  return sql`${a} IS NOT DISTINCT FROM ${b}`
}
