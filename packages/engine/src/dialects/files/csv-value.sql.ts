/** Texts of a CSV file as values of a type, exactly: what the type would round or cut is none of its values. */
import { catalogText, ident, joined, type Sql, sql, textLiteral, whole } from '../sql-text.ts'
import type { CsvOptions } from './options.ts'

/** As DuckDB's catalog prints it. */
export type CsvType = string

const INTEGER = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/
const DECIMAL = /^DECIMAL\((\d+),(\d+)\)$/
/** digits of a second that the type keeps */
const SECOND_DIGITS: Readonly<Record<string, number>> = {
  TIME: 6,
  TIMESTAMP: 6,
  'TIMESTAMP WITH TIME ZONE': 6,
  TIMESTAMP_S: 0,
  TIMESTAMP_MS: 3,
  TIMESTAMP_NS: 9,
}

const isTime = (type: CsvType): boolean => type.startsWith('TIMESTAMP')

/** `text` as that type, or NULL where it is none. */
function tried(type: CsvType, text: Sql, o: CsvOptions): Sql {
  const as = catalogText(type)
  if (type === 'DATE' && o.dateFormat !== null)
    return sql`CAST(try_strptime(${text}, ${textLiteral(o.dateFormat)}) AS DATE)`
  if (isTime(type) && o.timestampFormat !== null)
    return sql`TRY_CAST(try_strptime(${text}, ${textLiteral(o.timestampFormat)}) AS ${as})`
  return sql`TRY_CAST(${number(type, text, o)} AS ${as})`
}

const isNumber = (type: CsvType): boolean => DECIMAL.test(type) || type === 'DOUBLE' || type === 'FLOAT'

const number = (type: CsvType, text: Sql, o: CsvOptions): Sql =>
  o.decimalSeparator === ',' && isNumber(type) ? sql`replace(${text}, ',', '.')` : text

const matches = (text: Sql, pattern: string): Sql => sql`regexp_full_match(${text}, ${textLiteral(pattern)})`

/** Is the text, which is not NULL, a value of the type, and all of it kept? */
export function isValue(type: CsvType, text: Sql, o: CsvOptions): Sql {
  if (type === 'VARCHAR') return sql`TRUE`
  const fits = sql`${tried(type, text, o)} IS NOT NULL`
  const decimal = DECIMAL.exec(type)
  const digits = SECOND_DIGITS[type]
  if (INTEGER.test(type)) return sql`(${fits} AND ${matches(text, '\\s*[+-]?[0-9]+\\s*')})`
  if (decimal)
    return sql`(${fits} AND ${matches(number(type, text, o), `\\s*[+-]?[0-9]*(\\.[0-9]{0,${decimal[2]}}0*)?\\s*`)})`
  if (type === 'DATE' && o.dateFormat === null)
    return sql`(${fits} AND ${matches(text, '\\s*[0-9]+-[0-9]+-[0-9]+\\s*')})`
  if (digits !== undefined)
    return sql`(${fits} AND NOT regexp_matches(${text}, ${textLiteral(`\\.[0-9]{${digits}}[0-9]*[1-9]`)}))`
  return fits
}

/** The value; a text that is none ends the statement. */
export const valueOf = (type: CsvType, text: Sql, o: CsvOptions): Sql =>
  type === 'VARCHAR'
    ? text
    : sql`CASE WHEN ${text} IS NULL THEN NULL WHEN ${isValue(type, text, o)} THEN ${tried(type, text, o)} ELSE error('a text is no value of its column') END`

/** Types that texts may have without being told so, the narrowest first. A number with leading zeros is a text. */
const FOUND: readonly { readonly type: CsvType; readonly pattern: string | null }[] = [
  { type: 'BIGINT', pattern: '0|-?[1-9][0-9]*' },
  { type: 'BOOLEAN', pattern: 'true|false' },
  { type: 'DATE', pattern: null },
  { type: 'TIMESTAMP', pattern: null },
  { type: 'TIMESTAMP WITH TIME ZONE', pattern: null },
  { type: 'UUID', pattern: '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' },
]
const ISO_TIME = '[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?'
const PATTERNS: Readonly<Record<string, string>> = {
  DATE: '[0-9]{4}-[0-9]{2}-[0-9]{2}',
  TIMESTAMP: ISO_TIME,
  'TIMESTAMP WITH TIME ZONE': `${ISO_TIME}(Z|[+-][0-9]{2}(:?[0-9]{2})?)`,
}

/** One row over all values: per column its values, whether each of `FOUND` holds all of them, and the digits of decimals. */
export function findTypes(from: Sql, columns: readonly string[], o: CsvOptions): Sql {
  const asked = columns.flatMap((name) => {
    const text = ident(name)
    const found = FOUND.map(({ type, pattern }) => {
      const formatted = (type === 'DATE' && o.dateFormat !== null) || (isTime(type) && o.timestampFormat !== null)
      const shape = formatted ? sql`TRUE` : matches(text, pattern ?? PATTERNS[type] ?? '')
      return sql`coalesce(bool_and(${shape} AND ${isValue(type, text, o)}) FILTER (WHERE ${text} IS NOT NULL), FALSE)`
    })
    const point = sql`replace(${text}, ${textLiteral(o.decimalSeparator)}, '.')`
    const isDecimal = matches(point, '-?(0|[1-9][0-9]*)(\\.[0-9]+)?')
    return [
      ...found,
      sql`coalesce(bool_and(${isDecimal}), FALSE)`,
      sql`coalesce(max(strlen(ltrim(split_part(${point}, '.', 1), '-'))), 0)`,
      sql`coalesce(max(strlen(split_part(${point}, '.', 2))), 0)`,
    ]
  })
  return sql`SELECT ${joined(asked, ', ')} FROM ${from}`
}

const PER_COLUMN = FOUND.length + 3
const WIDE = 38

/** The types that `findTypes` answered. */
export function foundTypes(
  row: readonly (string | null)[],
  columns: readonly string[],
): Readonly<Record<string, CsvType>> {
  return Object.fromEntries(
    columns.map((name, i) => {
      const answer = row.slice(i * PER_COLUMN, (i + 1) * PER_COLUMN)
      const type = FOUND.find((_, n) => answer[n] === 'true')?.type
      return [name, type ?? decimalOf(answer.slice(FOUND.length)) ?? 'VARCHAR']
    }),
  )
}

/** Room for larger numbers in later files, as far as it costs nothing. */
function decimalOf([all, before, after]: readonly (string | null)[]): CsvType | null {
  const [whole_, scale] = [Number(before), Number(after)]
  if (all !== 'true' || whole_ + scale > WIDE) return null
  return `DECIMAL(${whole_ + scale <= 18 ? 18 : WIDE},${scale})`
}

/** Which record of a file, and which of its values, is none of its column's type: the first. */
export const findBadValue = (from: Sql, types: Readonly<Record<string, CsvType>>, o: CsvOptions): Sql => {
  const names = Object.keys(types)
  const bad = (name: string): Sql =>
    sql`(${ident(name)} IS NOT NULL AND NOT ${isValue(types[name] ?? 'VARCHAR', ident(name), o)})`
  const which = names.map((name) => sql` WHEN ${bad(name)} THEN [${textLiteral(name)}, ${ident(name)}]`)
  return sql`SELECT n, found[1], left(found[2], ${whole(60n)}) FROM (
SELECT n, CASE${which.reduce((all, w) => sql`${all}${w}`)} END AS found FROM (SELECT *, row_number() OVER () AS n FROM ${from})
) WHERE found IS NOT NULL LIMIT 1`
}
