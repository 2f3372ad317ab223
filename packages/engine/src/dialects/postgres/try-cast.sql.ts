/**
 * Casts that answer NULL where a value does not fit. PostgreSQL has none: a cast that fails ends the transaction. From
 * 16 on the server can be asked whether a text is a value of a type. Before that, numbers, times, booleans, uuids, texts of
 * a length and enums are told by their form and their bounds, and a text that is not written in the form that we know is no
 * value; a cast into any other type (json, inet, ranges, bytea, …) is tried, and fails. `x` should be a column, for a
 * constant would be cast before it is looked at.
 */
import type { SqlKit } from '../relational/sql-kit.ts'
import { catalogText, joined, type Sql, sql, textLiteral } from '../sql-text.ts'
import { findLoss, WHOLE_NUMBERS } from './narrowing.ts'
import { findType, formatType, type PgType } from './type-text.ts'
import { sameContent, TEXTS } from './types.ts'

const HAS_INPUT_IS_VALID = 160_000

const cast = (x: Sql, type: string): Sql => sql`CAST(${x} AS ${catalogText(type)})`
const text = (x: Sql): Sql => sql`CAST(${x} AS text)`
const raw = (value: string | number | bigint): Sql => catalogText(String(value))

const NUMBER = sql`'^\\s*[-+]?([0-9]{1,255}(\\.[0-9]{0,255})?|\\.[0-9]{1,255})([eE][-+]?[0-9]{1,3})?\\s*$'`
const DAY = '[0-9]{4,6}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
const CLOCK = '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?'
const ZONE = '(Z|[-+](0[0-9]|1[0-5])(:?[0-5][0-9])?)'
const UUID = sql`'^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$'`
const BOOLEANS = sql`('t', 'true', 'f', 'false', 'y', 'yes', 'n', 'no', 'on', 'off', '1', '0')`

/** least and greatest size of a value that is neither 0 nor infinite */
const FLOATS: Readonly<Record<string, readonly [string, string]>> = {
  real: ['7.1e-46', '3.4028235e38'],
  'double precision': ['2.48e-324', '1.7976931348623157e308'],
}

export function casts(serverVersion: number): Pick<SqlKit, 'exactCast' | 'tryCast'> {
  const asks = serverVersion >= HAS_INPUT_IS_VALID
  const readText = (target: string, x: Sql): Sql => {
    const type = findType(target)
    const guarded = type === null || type.array ? null : guardedText(type, target, x, asks)
    if (guarded !== null) return guarded
    return asks
      ? sql`CASE WHEN pg_input_is_valid(${x}, ${textLiteral(target)}) THEN ${cast(x, target)} END`
      : cast(x, target)
  }
  const tryCast: SqlKit['tryCast'] = (source, target, x) => {
    const [from, to] = [findType(source), findType(target)]
    if (from === null || to === null || findLoss(source, target) === null) return cast(x, target)
    if (isText(from)) return readText(target, text(x))
    if (from.array || to.array || from.user !== null || to.user !== null) return readText(target, text(x))
    return guardedNumber(from, to, target, x) ?? guardedTime(from, to, target, x) ?? readText(target, text(x))
  }
  const exactCast: SqlKit['exactCast'] = (source, target, x) => {
    const [from, to] = [findType(source), findType(target)]
    if (findLoss(source, target) === null) return cast(x, target)
    if (from === null || to === null) return sql`CAST(NULL AS ${catalogText(target)})`
    const there = tryCast(source, target, x)
    if (isText(from) && !isText(to)) return readExactly(to, text(x), there)
    // money has no way back that is not rounded twice
    if (from.name === 'money') return there
    const back = tryCast(target, source, there)
    // a number is the same whatever zeros are written after it
    const same = from.name === 'numeric' && !from.array ? sql`${back} = ${x}` : sameContent(source, back, x)
    return sql`CASE WHEN ${same} THEN ${there} END`
  }
  return { exactCast, tryCast }
}

const isText = (type: PgType): boolean => !type.array && type.user === null && TEXTS.has(type.name)

/** A text of a form that we know; null: the type has none. */
function guardedText(type: PgType, target: string, x: Sql, asks: boolean): Sql | null {
  if (type.user !== null) {
    if (type.user.kind !== 'enum') return null
    const labels = joined(
      type.user.labels.map((label) => textLiteral(label)),
      ', ',
      sql`NULL`,
    )
    return sql`CASE WHEN ${x} IN (${labels}) THEN ${cast(x, target)} END`
  }
  const number = (make: (n: Sql) => Sql): Sql =>
    sql`CASE WHEN ${x} ~ ${NUMBER} THEN ${make(sql`CAST(${x} AS numeric)`)} END`
  const whole = WHOLE_NUMBERS[type.name]
  if (whole) return number((n) => within(n, whole, target, sql`round(${n})`))
  if (type.name === 'numeric') return number((n) => intoNumeric(n, type, target))
  const float = FLOATS[type.name]
  if (float) {
    const size = (n: Sql): Sql => sql`(${n} = 0 OR abs(${n}) BETWEEN ${raw(float[0])} AND ${raw(float[1])})`
    return sql`CASE WHEN lower(btrim(${x})) IN ('nan', 'infinity', '-infinity', 'inf', '-inf') THEN ${cast(x, target)} ELSE ${number((n) => sql`CASE WHEN ${size(n)} THEN ${cast(x, target)} END`)} END`
  }
  if (TEXTS.has(type.name)) return intoText(x, type, target)
  if (type.name === 'boolean') return sql`CASE WHEN lower(btrim(${x})) IN ${BOOLEANS} THEN ${cast(x, target)} END`
  if (type.name === 'uuid') return sql`CASE WHEN ${x} ~ ${UUID} THEN ${cast(x, target)} END`
  return asks ? null : guardedClock(type, target, x)
}

/** Times as ISO 8601 writes them, with a day that the month has. */
function guardedClock(type: PgType, target: string, x: Sql): Sql | null {
  const zoned = type.name.includes('with time zone')
  const zone = zoned ? `${ZONE}?` : ''
  if (type.name.startsWith('time '))
    return sql`CASE WHEN ${x} ~ ${textLiteral(`^(${CLOCK}|24:00:00)${zone}$`)} THEN ${cast(x, target)} END`
  if (type.name !== 'date' && !type.name.startsWith('timestamp')) return null
  const pattern = textLiteral(`^${DAY}([T ]${CLOCK}${zone})?$`)
  const part = (n: number): Sql =>
    sql`CAST(split_part(split_part(translate(${x}, 'T', ' '), ' ', 1), '-', ${raw(n)}) AS integer)`
  // the least a year can be is 1, and the greatest that every type of time has is 294275
  const year = sql`(${part(1)} BETWEEN 1 AND 294275)`
  const last = sql`extract(day FROM make_date(${part(1)}, ${part(2)}, 1) + interval '1 month' - interval '1 day')`
  return sql`CASE WHEN lower(${x}) IN ('infinity', '-infinity') THEN ${cast(x, target)} WHEN ${x} ~ ${pattern} THEN CASE WHEN ${year} THEN CASE WHEN ${part(3)} <= ${last} THEN ${cast(x, target)} END END END`
}

const within = (
  n: Sql,
  { min, max }: { readonly min: bigint; readonly max: bigint },
  target: string,
  value: Sql,
): Sql => sql`CASE WHEN ${value} BETWEEN ${raw(min)} AND ${raw(max)} THEN ${cast(n, target)} END`

function intoNumeric(n: Sql, { modifiers }: PgType, target: string): Sql {
  if (modifiers === null) return cast(n, target)
  const [precision = 0, scale = 0] = modifiers
  // what is infinite has no place in a declared size; NaN has
  const least = sql`abs(round(${n}, ${raw(scale)})) < CAST(${textLiteral(`1e${precision - scale}`)} AS numeric)`
  return sql`CASE WHEN ${n} = 'NaN' OR ${least} THEN ${cast(n, target)} END`
}

function intoText(x: Sql, { name, modifiers }: PgType, target: string): Sql {
  if (name === 'name') return sql`CASE WHEN octet_length(${x}) < 64 THEN ${cast(x, target)} END`
  const length = modifiers?.[0]
  return length === undefined
    ? cast(x, target)
    : sql`CASE WHEN char_length(${x}) <= ${raw(length)} THEN ${cast(x, target)} END`
}

/** From one number to another; null: it is none. */
function guardedNumber(from: PgType, to: PgType, target: string, x: Sql): Sql | null {
  const isNumber = ({ name }: PgType): boolean => name in WHOLE_NUMBERS || name in FLOATS || name === 'numeric'
  if (from.name === 'money' && to.name === 'numeric') return intoNumeric(sql`CAST(${x} AS numeric)`, to, target)
  if (!isNumber(from) || !isNumber(to)) return null
  const whole = WHOLE_NUMBERS[to.name]
  if (whole && from.name in FLOATS) {
    // the greatest bigint is no float: the next one below it is
    const [low, high] = [whole.min, whole.max + 1n]
    return sql`CASE WHEN round(CAST(${x} AS double precision)) >= ${raw(low)} AND round(CAST(${x} AS double precision)) < ${raw(high)} THEN ${cast(x, target)} END`
  }
  if (whole) return within(x, whole, target, from.name === 'numeric' ? sql`round(${x})` : x)
  if (to.name === 'numeric') return intoNumeric(sql`CAST(${x} AS numeric)`, to, target)
  const float = FLOATS[to.name]
  if (float === undefined || from.name in WHOLE_NUMBERS || from.name === 'real') return cast(x, target)
  const finite = sql`(${x} = 0 OR abs(${x}) BETWEEN ${raw(float[0])} AND ${raw(float[1])})`
  return sql`CASE WHEN ${finite} OR ${x} IN ('NaN', 'Infinity', '-Infinity') THEN ${cast(x, target)} END`
}

/** From one reading to another: only a date reaches further than the rest. */
function guardedTime(from: PgType, to: PgType, target: string, x: Sql): Sql | null {
  const isTime = ({ name }: PgType): boolean => name === 'date' || name.startsWith('time')
  if (!isTime(from) || !isTime(to)) return null
  if (from.name !== 'date') return cast(x, target)
  return sql`CASE WHEN ${x} < DATE '294276-01-01' AND ${x} >= DATE '4713-01-01 BC' OR NOT isfinite(${x}) THEN ${cast(x, target)} END`
}

/** A text may write a value in more than one way; none of what it says is lost, floats apart, which take the nearest. */
function readExactly(to: PgType, x: Sql, there: Sql): Sql {
  const whole = to.name in WHOLE_NUMBERS
  if (whole || to.name === 'numeric') return sql`CASE WHEN ${sameNumber(there, x)} THEN ${there} END`
  if (to.name === 'date') {
    const midnight = sql`(${x} !~ ':' OR ${x} ~ '[T ]00:00(:00(\\.0*)?)?$')`
    return sql`CASE WHEN ${midnight} THEN ${there} END`
  }
  if (!/^(?:time|timestamp) /.test(formatType({ ...to, modifiers: null }))) return there
  const digits = to.modifiers?.[0] ?? 6
  const beyond = textLiteral(`\\.[0-9]{${digits}}[0-9]*[1-9]`)
  // without a zone of its own a type drops that of the text
  const zone = to.name.includes('with time zone') ? sql`FALSE` : sql`${x} ~ ':.*([-+][0-9]|Z)'`
  return sql`CASE WHEN NOT ${x} ~ ${beyond} AND NOT ${zone} THEN ${there} END`
}

const sameNumber = (there: Sql, x: Sql): Sql =>
  sql`CASE WHEN ${x} ~ ${NUMBER} THEN CAST(${x} AS numeric) = CAST(${there} AS numeric) END`
