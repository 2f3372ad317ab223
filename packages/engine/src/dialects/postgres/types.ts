/** PostgreSQL's types: what may serve as a position, what a target holds exactly, how content is compared. */
import type { LogicalType } from '@tidemark/contract/logical-type'
import { catalogText, type Sql, sql } from '../sql-text.ts'
import { findLoss } from './narrowing.ts'
import { findType, type PgType } from './type-text.ts'

const LOGICAL: Readonly<Record<string, LogicalType>> = {
  boolean: { kind: 'bool' },
  smallint: { kind: 'int16' },
  integer: { kind: 'int32' },
  bigint: { kind: 'int64' },
  oid: { kind: 'int64' },
  real: { kind: 'float32' },
  'double precision': { kind: 'float64' },
  text: { kind: 'text' },
  'character varying': { kind: 'text' },
  character: { kind: 'text' },
  name: { kind: 'text' },
  bytea: { kind: 'bytes' },
  uuid: { kind: 'uuid' },
  date: { kind: 'date' },
  json: { kind: 'json' },
  jsonb: { kind: 'json' },
  xid8: { kind: 'decimal', precision: 20, scale: 0 },
}

const FRACTIONAL: Readonly<Record<string, 'time' | 'timestamp' | 'timestamptz'>> = {
  'time without time zone': 'time',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
}
const MICROSECONDS = 6

/** digits of the second's fraction */
const digitsOf = (type: PgType): number => type.modifiers?.[0] ?? MICROSECONDS

/** The narrowest logical type that holds every value; null: one of PostgreSQL's own, which travels between its servers only. */
export function logicalTypeOf(text: string): LogicalType | null {
  const type = findType(text)
  if (type === null || type.array) return null
  if (type.user !== null) return type.user.kind === 'enum' ? { kind: 'text' } : null
  if (type.name === 'numeric') return decimalOf(type.modifiers)
  const fractional = FRACTIONAL[type.name]
  if (fractional !== undefined) return { kind: fractional, digits: digitsOf(type) }
  return LOGICAL[type.name] ?? null
}

/** From 15 on a scale may be negative, or greater than the precision. */
function decimalOf(modifiers: PgType['modifiers']): LogicalType | null {
  if (modifiers === null) return null
  const [precision = 0, scale = 0] = modifiers
  if (scale < 0) return { kind: 'decimal', precision: precision - scale, scale: 0 }
  return { kind: 'decimal', precision: Math.max(precision, scale), scale }
}

const HOLDERS: Readonly<
  Record<Exclude<LogicalType['kind'], 'decimal' | 'time' | 'timestamp' | 'timestamptz'>, string>
> = {
  bool: 'boolean',
  int16: 'smallint',
  int32: 'integer',
  int64: 'bigint',
  float32: 'real',
  float64: 'double precision',
  text: 'text',
  bytes: 'bytea',
  uuid: 'uuid',
  date: 'date',
  // jsonb would say the same in other words
  json: 'json',
}

export type Holder = { readonly type: string } | { readonly refused: string }
const MOST_DIGITS = 1000

/** PostgreSQL's type for a logical one, or why it has none. */
export function holderOf(type: LogicalType): Holder {
  switch (type.kind) {
    case 'decimal':
      return type.precision <= MOST_DIGITS
        ? { type: `numeric(${type.precision},${type.scale})` }
        : { refused: `a numeric of a declared size has at most ${MOST_DIGITS} digits` }
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      const zone = type.kind === 'timestamptz' ? 'with' : 'without'
      const word = type.kind === 'time' ? 'time' : 'timestamp'
      if (type.digits > MICROSECONDS) return { refused: `a ${word} ${zone} time zone has microseconds` }
      return { type: `${word}${type.digits === MICROSECONDS ? '' : `(${type.digits})`} ${zone} time zone` }
    }
    default:
      return { type: HOLDERS[type.kind] }
  }
}

export type PositionClass = 'time' | 'number' | 'xid'

const INTEGERS: ReadonlySet<string> = new Set(['smallint', 'integer', 'bigint'])
const TIMES: ReadonlySet<string> = new Set(['date', 'timestamp without time zone', 'timestamp with time zone'])

export function positionClass(text: string): PositionClass | null {
  const type = findType(text)
  if (type === null || type.array || type.user !== null) return null
  if (TIMES.has(type.name)) return 'time'
  if (type.name === 'xid8') return 'xid'
  if (INTEGERS.has(type.name)) return 'number'
  return type.name === 'numeric' && type.modifiers !== null && (type.modifiers[1] ?? 0) <= 0 ? 'number' : null
}

export const isInstant = (text: string): boolean => findType(text)?.name === 'timestamp with time zone'

/** The precision of a position type: a bound is floored to it, and lies one tick below. */
function tickOf(text: string): { readonly tick: Sql; readonly floor: (x: Sql) => Sql; readonly fine: boolean } {
  const type = findType(text)
  if (type === null || !TIMES.has(type.name)) throw new TypeError(`no time type: ${text}`)
  if (type.name === 'date')
    return { tick: sql`interval '1 day'`, floor: (x) => sql`date_trunc('day', ${x})`, fine: false }
  const digits = digitsOf(type)
  const tick = catalogText(`interval '${digits === 0 ? '1' : `0.${'1'.padStart(digits, '0')}`} second'`)
  if (digits === MICROSECONDS) return { tick: sql`interval '1 microsecond'`, floor: (x) => x, fine: true }
  // a stamp is rounded to the precision: the least that it can become is the floor
  const floor = (x: Sql): Sql =>
    sql`(${x} - make_interval(secs => CAST(mod(CAST(extract(microsecond FROM ${x}) AS integer), ${catalogText(String(10 ** (MICROSECONDS - digits)))}) AS double precision) / 1000000))`
  return { tick, floor, fine: false }
}

/** One tick of the type's precision below `x`, as a value of the type. */
export function belowTick(text: string, x: Sql): Sql {
  const { tick, floor } = tickOf(text)
  return sql`CAST(${floor(x)} - ${tick} AS ${castName(text)})`
}

/** When a bound of that type passes `x`: a day, for one, has to be over. A microsecond is not worth saying. */
export function passedAt(text: string, x: Sql): Sql {
  const { tick, fine } = tickOf(text)
  return fine ? x : sql`(${x} + ${tick})`
}

/** As a cast writes it. */
export const castName = (text: string): Sql => catalogText(text)

/** Types whose `=` says that two values are the same, of one built-in kind. */
const IDENTIFIES: ReadonlySet<string> = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'oid',
  'numeric',
  'text',
  'character varying',
  'character',
  'name',
  '"char"',
  'bytea',
  'uuid',
  'date',
  'time without time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'bit',
  'bit varying',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'xid8',
  'pg_lsn',
])

/** Types whose values have no total order or no equality that identifies a row. */
export function canBeKey(text: string): boolean {
  const type = findType(text)
  if (type === null || type.array) return false
  return type.user === null ? IDENTIFIES.has(type.name) : type.user.kind === 'enum'
}

/** Why `target` cannot hold every value of `source` exactly; null: it can. */
export const narrowing = (source: string, target: string): string | null => findLoss(source, target)?.why ?? null

export const TEXTS: ReadonlySet<string> = new Set(['text', 'character varying', 'character', 'name'])

const FIXED: ReadonlySet<string> = new Set([
  ...IDENTIFIES,
  'real',
  'double precision',
  'interval',
  'time with time zone',
  'money',
])
const VARYING: ReadonlySet<string> = new Set([
  'text',
  'character varying',
  'character',
  'bytea',
  'numeric',
  'bit',
  'bit varying',
])

/** Bytes a value takes in a batch; fixed-size types count 8. */
export function byteSize(text: string, x: Sql): Sql | null {
  const type = findType(text)
  if (type !== null && !type.array) {
    if (type.user?.kind === 'enum') return null
    // the size of a compressed value is not that of what travels
    if (TEXTS.has(type.name) || type.name === 'bytea') return sql`coalesce(octet_length(${x}), 0)`
    if (type.name === 'json') return sql`coalesce(octet_length(CAST(${x} AS text)), 0)`
    if (type.user === null && FIXED.has(type.name) && !VARYING.has(type.name)) return null
  }
  return sql`coalesce(pg_column_size(${x}), 0)`
}

/** Equal as bits: −0.0 is not 0.0, 1.0 not 1.00, 30 days are no month, a collation has no say; NULL equals NULL. */
export function sameContent(text: string, a: Sql, b: Sql): Sql {
  const of = comparable(text)
  return sql`${of(a)} IS NOT DISTINCT FROM ${of(b)}`
}

/** What is equal exactly where two values are the same. */
export function comparable(text: string): (x: Sql) => Sql {
  const type = findType(text)
  if (type === null || type.array || type.user !== null)
    return type?.user?.kind === 'enum' && !type.array ? (x) => x : asText
  if (TEXTS.has(type.name)) return (x) => sql`CAST(${x} AS text) COLLATE "C"`
  switch (type.name) {
    case 'real':
      return (x) => sql`float4send(${x})`
    case 'double precision':
      return (x) => sql`float8send(${x})`
    case 'interval':
      return (x) => sql`interval_send(${x})`
    case 'numeric':
      // without a declared scale each value has its own
      return type.modifiers === null ? (x) => sql`numeric_send(${x})` : (x) => x
    default:
      return IDENTIFIES.has(type.name) || type.name === 'time with time zone' || type.name === 'money'
        ? (x) => x
        : asText
  }
}

const asText = (x: Sql): Sql => sql`CAST(${x} AS text) COLLATE "C"`
