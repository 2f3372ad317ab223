/** DuckDB's types: what may serve as a position, what a target holds exactly, how content is compared. */
import type { LogicalType } from '@tidemark/contract/logical-type'
import { catalogText, type Sql, sql } from '../sql-text.ts'
import { findLoss } from './narrowing.ts'
import { findType } from './type-text.ts'

const LOGICAL: Readonly<Record<string, LogicalType>> = {
  BOOLEAN: { kind: 'bool' },
  TINYINT: { kind: 'int16' },
  UTINYINT: { kind: 'int16' },
  SMALLINT: { kind: 'int16' },
  USMALLINT: { kind: 'int32' },
  INTEGER: { kind: 'int32' },
  UINTEGER: { kind: 'int64' },
  BIGINT: { kind: 'int64' },
  UBIGINT: { kind: 'decimal', precision: 20, scale: 0 },
  FLOAT: { kind: 'float32' },
  DOUBLE: { kind: 'float64' },
  VARCHAR: { kind: 'text' },
  BLOB: { kind: 'bytes' },
  UUID: { kind: 'uuid' },
  DATE: { kind: 'date' },
  TIME: { kind: 'time', digits: 6 },
  TIME_NS: { kind: 'time', digits: 9 },
  TIMESTAMP_S: { kind: 'timestamp', digits: 0 },
  TIMESTAMP_MS: { kind: 'timestamp', digits: 3 },
  TIMESTAMP: { kind: 'timestamp', digits: 6 },
  TIMESTAMP_NS: { kind: 'timestamp', digits: 9 },
  'TIMESTAMP WITH TIME ZONE': { kind: 'timestamptz', digits: 6 },
  JSON: { kind: 'json' },
}

/** The narrowest logical type that holds every value; null: one of DuckDB's own, which travels between DuckDB files only. */
export function logicalTypeOf(type: string): LogicalType | null {
  const tree = findType(type)
  if (tree?.kind === 'decimal') return tree
  if (tree?.kind === 'enum') return { kind: 'text' }
  return tree?.kind === 'scalar' ? (LOGICAL[tree.name] ?? null) : null
}

const HOLDERS: Readonly<
  Record<Exclude<LogicalType['kind'], 'decimal' | 'time' | 'timestamp' | 'timestamptz'>, string>
> = {
  bool: 'BOOLEAN',
  int16: 'SMALLINT',
  int32: 'INTEGER',
  int64: 'BIGINT',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  text: 'VARCHAR',
  bytes: 'BLOB',
  uuid: 'UUID',
  date: 'DATE',
  json: 'JSON',
}

export type Holder = { readonly type: string } | { readonly refused: string }

/** DuckDB's type for a logical one, or why it has none. */
export function holderOf(type: LogicalType): Holder {
  switch (type.kind) {
    case 'decimal':
      return type.precision <= 38
        ? { type: `DECIMAL(${type.precision},${type.scale})` }
        : { refused: 'a DuckDB decimal has at most 38 digits' }
    case 'time':
      return { type: type.digits <= 6 ? 'TIME' : 'TIME_NS' }
    case 'timestamp':
      // the coarser types have no cast between them to rely on, and TIMESTAMP reaches as far
      return type.digits <= 6
        ? { type: 'TIMESTAMP' }
        : { refused: 'a TIMESTAMP has microseconds, and a TIMESTAMP_NS reaches from 1677 to 2262 only' }
    case 'timestamptz':
      return type.digits <= 6
        ? { type: 'TIMESTAMP WITH TIME ZONE' }
        : { refused: 'a TIMESTAMP WITH TIME ZONE has microseconds' }
    default:
      return { type: HOLDERS[type.kind] }
  }
}

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

const INTEGERS: ReadonlySet<string> = new Set(
  ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'].flatMap((name) => [name, `U${name}`]),
)

export function positionClass(type: string): PositionClass | null {
  if (type in TIME_TYPES) return 'time'
  if (INTEGERS.has(type) || /^DECIMAL\(\d+,0\)$/.test(type)) return 'number'
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
export const narrowing = (source: string, target: string): string | null => findLoss(source, target)?.why ?? null

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
