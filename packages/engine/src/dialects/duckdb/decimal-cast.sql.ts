/**
 * Text to decimals of more than 18 digits. DuckDB's own cast takes 15 µs a value there, by way of 128-bit arithmetic
 * for every digit; parts of up to 18 digits, read apart and put together, take a hundredth of that. What is written
 * otherwise (exponents, spaces, a plus, more digits) goes the long way. `text` should be a column: it stands often.
 */
import { catalogText, type Sql, sql } from '../sql-text.ts'

/** digits that fit into 64 bits */
const SHORT = 18

const number = (n: number | bigint): Sql => catalogText(String(n))
const decimal = (p: number, s: number): Sql => sql`DECIMAL(${number(p)}, ${number(s)})`
const short = (text: Sql): Sql => sql`TRY_CAST(${text} AS BIGINT)`

/** What `TRY_CAST` says, for every text: digits beyond the scale are rounded. */
export function tryDecimal(text: Sql, p: number, s: number): Sql {
  return byParts(text, p, s, longWay(text, p, s))
}

/**
 * NULL also where digits would be lost: the value is exactly what the text says, or none. An exponent is worked out
 * here: `TRY_CAST('3.0e19' AS DECIMAL(19,0))` of DuckDB 1.5 gives 20 digits, and '- ' is 0 to it.
 */
export function exactDecimal(text: Sql, p: number, s: number): Sql {
  const { sign, before, after, exponent } = partsOf(text)
  const digits = sql`(${before} || ${after})`
  const scale = sql`(length(${after}) - ${exponent})`
  const zeros = sql`(length(${digits}) - length(rtrim(${digits}, '0')))`
  const padded = sql`lpad(${digits}, CAST(greatest(length(${digits}), ${scale}) AS INTEGER), '0')`
  const written = sql`CASE WHEN ${scale} <= 0 THEN ${digits} || repeat('0', -${scale}) ELSE left(${padded}, length(${padded}) - ${scale}) || '.' || right(${padded}, ${scale}) END`
  const nothing = sql`rtrim(${digits}, '0') = ''`
  const fits = sql`(regexp_matches(${text}, ${NEAR_EXPONENT}) AND ${scale} - ${zeros} <= ${number(s)} AND length(${digits}) - ${scale} <= 99)`
  const exact = sql`CASE WHEN regexp_full_match(${text}, ${WITH_EXPONENT}) THEN CASE WHEN ${nothing} THEN ${longWay(sql`'0'`, p, s)} WHEN ${fits} THEN ${longWay(sql`(${sign} || ${written})`, p, s)} END WHEN ${digits} <> '' AND NOT regexp_matches(${text}, '[eE]') AND (${nothing} OR ${scale} - ${zeros} <= ${number(s)}) THEN ${longWay(text, p, s)} END`
  return byParts(text, p, s, exact)
}

const longWay = (text: Sql, p: number, s: number): Sql => sql`TRY_CAST(${text} AS ${decimal(p, s)})`

function byParts(text: Sql, p: number, s: number, otherwise: Sql): Sql {
  const before = p - s
  const after = Math.min(s, SHORT)
  if (before === 0) return otherwise
  const fraction = after === 0 ? sql`` : catalogText(`(\\.[0-9]{1,${after}})?`)
  const matches = (least: number, most: number): Sql =>
    sql`regexp_full_match(${text}, '-?[0-9]{${number(least)},${number(most)}}${fraction}')`
  const whole = after === 0 ? text : sql`split_part(${text}, '.', 1)`
  const long =
    before > SHORT
      ? sql` WHEN ${matches(SHORT + 1, Math.min(before, 2 * SHORT))} THEN ${together(text, longWhole(text, whole), p, s)}`
      : sql``
  return sql`CASE WHEN ${matches(1, Math.min(before, SHORT))} THEN ${together(text, short(whole), p, s)}${long} ELSE ${otherwise} END`
}

/** The lower 18 digits and those above them, with the sign on both. */
function longWhole(text: Sql, whole: Sql): Sql {
  const above = sql`TRY_CAST(substr(${whole}, 1, length(${whole}) - ${number(SHORT)}) AS DECIMAL(18, 0))`
  const below = signedAs(text, short(sql`right(${whole}, ${number(SHORT)})`))
  return sql`(${above} * CAST(${number(10n ** BigInt(SHORT))} AS DECIMAL(19, 0)) + CAST(${below} AS DECIMAL(18, 0)))`
}

const signedAs = (text: Sql, x: Sql): Sql => sql`CASE WHEN starts_with(${text}, '-') THEN -${x} ELSE ${x} END`

function together(text: Sql, whole: Sql, p: number, s: number): Sql {
  const type = decimal(p, s)
  if (s === 0) return sql`CAST(${whole} AS ${type})`
  const read = sql`TRY_CAST('0.' || split_part(${text}, '.', 2) AS ${decimal(SHORT, Math.min(s, SHORT))})`
  return sql`CAST(CAST(${whole} AS ${type}) + CAST(${signedAs(text, read)} AS ${type}) AS ${type})`
}

const WITH_EXPONENT = sql`'\\s*[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)[eE][+-]?[0-9]+\\s*'`
const NEAR_EXPONENT = sql`'[eE][+-]?0*[0-9]{1,4}\\s*$'`

/** What is written before and after the point and behind the e; all empty where it is no number. */
function partsOf(text: Sql) {
  const written = sql`'^\\s*([+-]?)([0-9]*)\\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?\\s*$'`
  const part = (group: number): Sql => sql`regexp_extract(replace(${text}, '_', ''), ${written}, ${number(group)})`
  return {
    sign: part(1),
    before: part(2),
    after: part(3),
    exponent: sql`coalesce(TRY_CAST(${part(4)} AS INTEGER), 0)`,
  }
}
