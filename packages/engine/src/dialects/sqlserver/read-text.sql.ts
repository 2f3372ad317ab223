/**
 * A text as a value, or NULL where it is the text of none. The server's own TRY_CONVERT takes more for a value than is one:
 * the empty text and a lone sign for 0, `1,000` and `$1` for money, 36 characters and whatever follows them for a
 * uniqueidentifier, digits of other scripts; and it rounds and cuts in silence. So the form of a text is looked at first.
 * `x` is nvarchar, and stands more than once in what is made: it should be a column.
 */
import { catalogText, EMPTY, type Sql, sql } from '../sql-text.ts'
import { fractionOf, FLOATS, MONEY, WHOLE_NUMBERS } from './narrowing.ts'
import { castName, longest, type SqlServerType } from './type-text.ts'

/** exact: nothing that the text says is lost, but in a float, which takes the nearest · near: rounded where it does not fit */
export type Reading = 'exact' | 'near'

const raw = (text: string | number): Sql => catalogText(String(text))
/** Characters as they are, whatever the collation takes for one of them. In a pattern a hyphen comes first: else it is a range. */
const bin = (x: Sql): Sql => sql`${x} COLLATE Latin1_General_BIN2`
const trimmed = (x: Sql): Sql => sql`LTRIM(RTRIM(${x}))`
const when = (condition: Sql, value: Sql): Sql => sql`CASE WHEN ${condition} THEN ${value} END`

/** Longer than any text of a number or time, but for zeros. */
const LONGEST_TEXT = 200

const signedDigits = (t: Sql): Sql =>
  sql`LEN(${t}) < ${raw(LONGEST_TEXT)} AND ${bin(t)} NOT LIKE N'%[^-0-9.+]%' AND ${bin(t)} LIKE N'%[0-9]%' AND ${bin(t)} NOT LIKE N'_%[-+]%' AND ${t} NOT LIKE N'%.%.%'`

/** No digit but 0 from the `n`-th of the fraction on. */
const noDigitsBeyond = (t: Sql, n: number): Sql =>
  sql`SUBSTRING(${bin(t)}, CHARINDEX(N'.', ${t} + N'.') + ${raw(n + 1)}, ${raw(LONGEST_TEXT)}) NOT LIKE N'%[^0]%'`

const YES = sql`(N'1', N'true', N't', N'yes', N'y', N'on')`
const NO = sql`(N'0', N'false', N'f', N'no', N'n', N'off')`

function readNumber(type: SqlServerType, how: Reading, x: Sql): Sql {
  const t = trimmed(x)
  const [into, scale] =
    type.name === 'decimal'
      ? [sql`TRY_CONVERT(${raw(castName(type))}, ${t})`, type.modifiers[1] ?? 0]
      : MONEY.has(type.name)
        ? [sql`TRY_CONVERT(${raw(type.name)}, TRY_CONVERT(decimal(38,4), ${t}))`, 4]
        : [sql`TRY_CONVERT(${raw(type.name)}, TRY_CONVERT(decimal(38,0), ${t}))`, 0]
  const form = signedDigits(t)
  return when(how === 'exact' ? sql`${form} AND ${noDigitsBeyond(t, scale)}` : form, into)
}

/** What is too small becomes 0, which is another value. */
function readFloat(type: SqlServerType, x: Sql): Sql {
  const t = bin(trimmed(x))
  const value = sql`TRY_CONVERT(${raw(type.name)}, ${trimmed(x)})`
  const form = sql`${t} NOT LIKE N'%[^-0-9.eE+]%' AND ${t} LIKE N'%[0-9.]' AND ${t} LIKE N'%[0-9]%' AND ${t} NOT LIKE N'[eE]%' AND ${t} NOT LIKE N'[-+][eE]%'`
  const mantissa = sql`LEFT(${t}, PATINDEX(N'%[eE]%', ${t} + N'e') - 1)`
  const minusZero = sql`CONVERT(${raw(type.name)}, -1E0) * CONVERT(${raw(type.name)}, 0E0)`
  return when(
    form,
    sql`CASE WHEN ${value} <> 0 THEN ${value} WHEN ${mantissa} LIKE N'%[1-9]%' THEN NULL WHEN ${t} LIKE N'-%' THEN ${minusZero} ELSE ${value} END`,
  )
}

/** `YYYY-MM-DD`, and the time after a space or a T; `from`: where the fraction's first digit is. */
const MOMENT_FROM = 21
const TIME_FROM = 10
/** the last digit of a fraction that the server reads */
const READ_DIGITS = 7

const ofForm = (t: Sql, begins: string, rest: Sql, allowed: string): Sql =>
  sql`LEN(${t}) < ${raw(LONGEST_TEXT)} AND ${bin(t)} LIKE N'${raw(begins)}%' AND ${bin(rest)} NOT LIKE N'%[^${raw(allowed)}]%'`
const DAY = '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'
const HOUR = '[0-2][0-9]:[0-5][0-9]'

const zerosFrom = (t: Sql, place: number): Sql =>
  sql`SUBSTRING(${bin(t)}, ${raw(place)}, ${raw(LONGEST_TEXT)}) NOT LIKE N'%[^0]%'`

/** Years from 1 to 9999; 24:00, infinity and a zone are none of a datetime2. */
function readMoment(digits: number, how: Reading, x: Sql): Sql {
  const t = trimmed(x)
  const form = ofForm(t, DAY, sql`SUBSTRING(${t}, 11, ${raw(LONGEST_TEXT)})`, '0-9:. T')
  const value = sql`TRY_CONVERT(datetime2(${raw(digits)}), REPLACE(LEFT(${t}, ${raw(MOMENT_FROM + READ_DIGITS - 1)}), N'T', N' '), 121)`
  return when(how === 'exact' ? sql`${form} AND ${zerosFrom(t, MOMENT_FROM + digits)}` : form, value)
}

function readTime(type: SqlServerType, how: Reading, x: Sql): Sql {
  const t = trimmed(x)
  const form = sql`${ofForm(t, HOUR, t, '0-9:.')} AND ${bin(t)} NOT LIKE N'2[4-9]%'`
  const value = sql`TRY_CONVERT(${raw(castName(type))}, LEFT(${t}, ${raw(TIME_FROM + READ_DIGITS - 1)}), 121)`
  return when(how === 'exact' ? sql`${form} AND ${zerosFrom(t, TIME_FROM + fractionOf(type))}` : form, value)
}

/** With an offset as `Z`, `+02`, `+0200` or `+02:00`, at most 14 hours; without one it is UTC. */
function readInstant(type: SqlServerType, how: Reading, x: Sql): Sql {
  const t = trimmed(x)
  const after = sql`SUBSTRING(${t}, 11, ${raw(LONGEST_TEXT)})`
  const sign = sql`(10 + PATINDEX(N'%[-+Zz]%', ${bin(after)} + N'Z'))`
  const reading = sql`RTRIM(LEFT(${t}, ${sign} - 1))`
  const zone = sql`UPPER(SUBSTRING(${t}, ${sign}, ${raw(LONGEST_TEXT)}))`
  const offset = sql`CASE WHEN ${zone} IN (N'', N'Z') THEN N'+00:00' WHEN ${bin(zone)} LIKE N'[-+][0-9][0-9]' THEN ${zone} + N':00' WHEN ${bin(zone)} LIKE N'[-+][0-9][0-9][0-9][0-9]' THEN STUFF(${zone}, 4, 0, N':') WHEN ${bin(zone)} LIKE N'[-+][0-9][0-9]:[0-9][0-9]' THEN ${zone} END`
  const form = ofForm(t, DAY, sql`SUBSTRING(${reading}, 11, ${raw(LONGEST_TEXT)})`, '0-9:. T')
  const midnight = sql`CASE WHEN LEN(${reading}) = 10 THEN N' 00:00' ELSE N'' END`
  const value = sql`TRY_CONVERT(${raw(castName(type))}, REPLACE(LEFT(${reading}, ${raw(MOMENT_FROM + READ_DIGITS - 1)}), N'T', N' ') + ${midnight} + N' ' + ${offset})`
  return when(how === 'exact' ? sql`${form} AND ${zerosFrom(reading, MOMENT_FROM + fractionOf(type))}` : form, value)
}

const readUuid = (x: Sql): Sql => {
  const t = trimmed(x)
  return when(sql`LEN(${t}) = 36 AND ${bin(t)} NOT LIKE N'%[^-0-9A-Fa-f]%'`, sql`TRY_CONVERT(uniqueidentifier, ${t})`)
}

/** Hexadecimal digits after `0x` or `\x`, two a byte. */
function readBytes(type: SqlServerType, x: Sql): Sql {
  const digits = sql`(DATALENGTH(${x}) / 2 - 2)`
  const length = longest(type)
  const room =
    type.name === 'binary'
      ? sql` AND ${digits} = ${raw(2 * length)}`
      : length === Number.POSITIVE_INFINITY
        ? EMPTY
        : sql` AND ${digits} <= ${raw(2 * length)}`
  return when(
    sql`(${bin(x)} LIKE N'0x%' OR ${bin(x)} LIKE N'\\x%')${room}`,
    sql`TRY_CONVERT(${raw(castName(type))}, STUFF(${x}, 1, 2, N'0x'), 1)`,
  )
}

/** The number of a path with the most digits that takes either sign; those of a FileTable's paths stay below 2^48. */
const LARGEST_ORDINAL = '281479271682120'
const DIGIT = '[0-9]'
/** What numbers of as many digits are like that are larger. */
const LARGER = Array.from(LARGEST_ORDINAL).flatMap((digit, i, { length }) =>
  digit === '9' ? [] : [`${LARGEST_ORDINAL.slice(0, i)}[${Number(digit) + 1}-9]${DIGIT.repeat(length - i - 1)}`],
)
const IN_NO_PATH = [
  '[^-0-9./]',
  '//',
  '[-./][.]',
  '[-.]/',
  '[-0-9]-',
  DIGIT.repeat(LARGEST_ORDINAL.length + 1),
  ...LARGER,
]

/** What is no path ends in an exception of a library, which no TRY_CONVERT is sure to turn into NULL. */
const readPath = (x: Sql): Sql => {
  const t = bin(x)
  const form = IN_NO_PATH.reduce(
    (all, pattern) => sql`${all} AND ${t} NOT LIKE N'%${raw(pattern)}%'`,
    sql`DATALENGTH(${x}) <= 8000 AND ${t} LIKE N'/%' AND ${t} LIKE N'%/'`,
  )
  return when(form, sql`TRY_CONVERT(hierarchyid, CONVERT(nvarchar(4000), ${x}))`)
}

/** null: no text is read as that type. Of a type that has moments of its own a datetime2(7) is read, which becomes one. */
export function readText(type: SqlServerType, how: Reading, x: Sql): Sql | null {
  const { name } = type
  if (name === 'bit') {
    const t = sql`LOWER(${trimmed(x)})`
    return sql`CASE WHEN ${t} IN ${YES} THEN CONVERT(bit, 1) WHEN ${t} IN ${NO} THEN CONVERT(bit, 0) END`
  }
  if (WHOLE_NUMBERS.has(name) || name === 'decimal' || MONEY.has(name)) return readNumber(type, how, x)
  if (name in FLOATS) return readFloat(type, x)
  switch (name) {
    case 'datetime2':
      return readMoment(fractionOf(type), how, x)
    case 'time':
      return readTime(type, how, x)
    case 'datetimeoffset':
      return readInstant(type, how, x)
    case 'uniqueidentifier':
      return readUuid(x)
    case 'binary':
    case 'varbinary':
    case 'image':
      return readBytes(type, x)
    case 'hierarchyid':
      return readPath(x)
    case 'xml':
      return sql`TRY_CONVERT(xml, ${x}, 1)`
    case 'json':
      return when(sql`ISJSON(${x}) = 1`, sql`CONVERT(json, ${x})`)
    default:
      return null
  }
}
