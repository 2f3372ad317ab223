/**
 * The exact text of a value, and the value of that text again: one style of CONVERT per type. What the server would give
 * without one is rounded (float, money) or in words (datetime). A text is what travels, what is remembered
 * of positions and keys, and what every parameter is.
 */
import { catalogText, type Sql, sql } from '../sql-text.ts'
import { fractionOf, whyUnmoved } from './narrowing.ts'
import { castName, findType, longest, OF_A_CODE_PAGE, PADDED, type SqlServerType } from './type-text.ts'

/** characters that an nvarchar has, unless it is one of any length */
const NVARCHAR = 4000

const raw = (text: string | number): Sql => catalogText(String(text))

const nvarcharOf = (characters: number): Sql =>
  characters <= NVARCHAR ? sql`nvarchar(${raw(characters)})` : sql`nvarchar(max)`

/** `style` null: the server's only one. */
const asText = (characters: number, x: Sql, style: number | null = null): Sql =>
  style === null
    ? sql`CONVERT(${nvarcharOf(characters)}, ${x})`
    : sql`CONVERT(${nvarcharOf(characters)}, ${x}, ${raw(style)})`

/** Takes zeros from the end of a number or time that has a point, and then the point. No space may be in it. */
export const withoutZeros = (text: Sql): Sql =>
  sql`CASE WHEN ${text} LIKE N'%.%' THEN REPLACE(REPLACE(REPLACE(RTRIM(REPLACE(${text}, N'0', N' ')), N' ', N'0') + N'#', N'.#', N''), N'#', N'') ELSE ${text} END`

const needType = (text: string): SqlServerType => {
  const type = findType(text)
  if (type === null || whyUnmoved(text) !== null) throw new TypeError(`no values of ${text} are moved`)
  return type
}

/** Days and times with a `T` between; `x` is of a type that has both. */
export const isoMoment = (type: SqlServerType, x: Sql): Sql => {
  const fraction = fractionOf(type)
  const style = type.name === 'smalldatetime' ? 120 : 121
  const text = sql`STUFF(${asText(fraction === 0 ? 19 : 20 + fraction, x, style)}, 11, 1, N'T')`
  return fraction === 0 ? text : withoutZeros(text)
}

/**
 * An instant with the offset that it was written with, in ISO 8601: `2026-01-31T12:00:00.5+02:00`, and `Z` where there is
 * none. It is all that a value says, so it is the canonical text too.
 */
export function offsetText(type: SqlServerType, x: Sql): Sql {
  const reading = isoMoment({ ...type, name: 'datetime2' }, sql`CONVERT(datetime2(${raw(fractionOf(type))}), ${x})`)
  return sql`(${reading} + REPLACE(RIGHT(${asText(34, x, 121)}, 6), N'+00:00', N'Z'))`
}

const hex = (bytes: number, x: Sql): Sql => asText(2 + 2 * bytes, x, 1)

/** nvarchar; NULL stays NULL. `x` may be any expression of that type. TypeError for a type that `narrowing` refuses as it is. */
export function valueText(text: string, x: Sql): Sql {
  const type = needType(text)
  if (PADDED.has(type.name)) return asText(longest(type), sql`RTRIM(${x})`)
  switch (type.name) {
    case 'nvarchar':
      return x
    case 'varchar':
    case 'text':
    case 'ntext':
    case 'xml':
    case 'json':
      return asText(longest(type), x)
    case 'bit':
      return asText(1, x)
    case 'decimal':
      return asText(41, x)
    case 'smallmoney':
    case 'money':
      return asText(22, sql`CONVERT(decimal(19,4), ${x})`)
    case 'real':
    case 'float':
      return sql`LTRIM(RTRIM(${asText(30, x, 3)}))`
    case 'date':
      return asText(10, x, 23)
    case 'time':
      return asText(16, x, 121)
    case 'datetime2':
      return asText(27, x, 121)
    case 'datetime':
      return asText(23, x, 121)
    case 'smalldatetime':
      return asText(19, x, 120)
    case 'datetimeoffset':
      return offsetText(type, x)
    case 'uniqueidentifier':
      return sql`LOWER(${asText(36, x)})`
    case 'binary':
    case 'varbinary':
      return hex(longest(type), x)
    case 'image':
      return hex(Number.POSITIVE_INFINITY, sql`CONVERT(varbinary(max), ${x})`)
    case 'rowversion':
      return hex(8, sql`CONVERT(binary(8), ${x})`)
    // ToString is what the cast does
    case 'hierarchyid':
      return sql`CAST(${x} AS nvarchar(4000))`
    // the server's own bytes, with the reference system, which the bytes of other systems do not say
    case 'geometry':
    case 'geography':
      return hex(Number.POSITIVE_INFINITY, sql`CONVERT(varbinary(max), ${x})`)
    default:
      return asText(20, x)
  }
}

/** With the collation whose code page its bytes are of: else it would be read by the database's own. */
export const underCollation = ({ encoding }: SqlServerType, x: Sql): Sql =>
  encoding === null ? x : sql`${x} COLLATE ${raw(encoding.collation)}`

/** The value again, of what `valueText` gives, which is nvarchar. What is no such text is an error of the server, or cut. */
export function fromText(text: string, x: Sql): Sql {
  const type = needType(text)
  const into = raw(castName(type))
  if (OF_A_CODE_PAGE.has(type.name)) return sql`CONVERT(${into}, ${underCollation(type, x)})`
  switch (type.name) {
    // a text is read as money by way of doubles and currencies
    case 'smallmoney':
    case 'money':
      return sql`CONVERT(${into}, CONVERT(decimal(19,4), ${x}))`
    case 'real':
    case 'float':
      return floatFrom(type, x)
    case 'date':
      return sql`CONVERT(date, ${x}, 23)`
    case 'time':
    case 'datetime2':
    case 'datetime':
      return sql`CONVERT(${into}, ${x}, 121)`
    case 'smalldatetime':
      return sql`CONVERT(smalldatetime, ${x}, 120)`
    case 'datetimeoffset':
      return sql`CONVERT(${into}, REPLACE(${x}, N'Z', N'+00:00'))`
    case 'binary':
    case 'varbinary':
      return sql`CONVERT(${into}, ${x}, 1)`
    case 'image':
      return sql`CONVERT(${into}, ${x}, 1)`
    // the server gives them itself; a column of them is compared with bytes
    case 'rowversion':
      return sql`CONVERT(binary(8), ${x}, 1)`
    case 'geometry':
    case 'geography':
      return sql`CONVERT(${into}, CONVERT(varbinary(max), ${x}, 1))`
    // spaces between elements are kept
    case 'xml':
      return sql`CONVERT(xml, ${x}, 1)`
    default:
      return sql`CONVERT(${into}, ${x})`
  }
}

/** The sign of a zero is no digit. */
function floatFrom({ name }: SqlServerType, x: Sql): Sql {
  const value = sql`CONVERT(${raw(name)}, ${x})`
  const minusZero = sql`CONVERT(${raw(name)}, -1E0) * CONVERT(${raw(name)}, 0E0)`
  return sql`CASE WHEN ${x} LIKE N'-%' AND ${value} = 0 THEN ${minusZero} ELSE ${value} END`
}
