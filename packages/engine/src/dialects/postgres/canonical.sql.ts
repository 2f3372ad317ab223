/**
 * The one text of a value, the same in every dialect: `docs/canonical-text.md` says what it is. NULL stays NULL.
 * `x` stands more than once in the text that is made, so it should be a column.
 */
import { catalogText, doubleQuoted, EMPTY, ident, joined, type Sql, sql } from '../sql-text.ts'
import { elementOf, findType, type PgType } from './type-text.ts'

/** null: the type has none (money, types of extensions, and what this version does not know). */
export function canonicalText(type: string, x: Sql): Sql | null {
  const found = findType(type)
  return found && textOfType(found, x, 0)
}

/** `N`, or the length in bytes of UTF-8, a colon and the text: no two lists of values run together alike. */
export const framed = (text: Sql): Sql =>
  sql`coalesce(CAST(octet_length(convert_to(${text}, 'UTF8')) AS text) || ':' || ${text}, 'N')`

const plain = (x: Sql): Sql => sql`CAST(${x} AS text)`

const PLAIN: readonly string[] = [
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'oid',
  'xid8',
  'text',
  'character varying',
  'character',
  'name',
  '"char"',
  'json',
  'jsonb',
  'xml',
  'bit',
  'bit varying',
  'uuid',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'pg_lsn',
  'tsvector',
  'tsquery',
  'point',
  'line',
  'lseg',
  'box',
  'path',
  'polygon',
  'circle',
  'time without time zone',
  'time with time zone',
  ...['int4', 'int8', 'num', 'ts', 'tstz', 'date'].flatMap((of) => [`${of}range`, `${of}multirange`]),
]

interface FloatType {
  readonly type: Sql
  readonly wide: Sql
  readonly far: Sql
}
// far: 5 ** u divides an odd number of one bit more than the type has, so u is at most 10 or 23; and 8 or 16 digits
const REAL: FloatType = { type: sql`real`, wide: sql`16777216`, far: sql`1e19` }
const DOUBLE: FloatType = { type: sql`double precision`, wide: sql`1e16`, far: sql`1e39` }

const SCALARS: Readonly<Record<string, (x: Sql) => Sql>> = {
  ...Object.fromEntries(PLAIN.map((name) => [name, plain])),
  bytea: (x) => sql`encode(${x}, 'hex')`,
  numeric: (x) => plain(sql`trim_scale(${x})`),
  real: (x) => floatText(REAL, x),
  'double precision': (x) => floatText(DOUBLE, x),
  date: dateText,
  'timestamp without time zone': (x) => readingText(x, EMPTY),
  'timestamp with time zone': (x) => readingText(sql`timezone('UTC', ${x})`, sql` || 'Z'`),
  interval: intervalText,
}

function textOfType(type: PgType, x: Sql, depth: number): Sql | null {
  if (type.array) return arrayText(elementOf(type), x, depth)
  switch (type.user?.kind) {
    case undefined:
      return SCALARS[type.name]?.(x) ?? null
    case 'enum':
    case 'range':
      return plain(x)
    case 'row': {
      const fields = type.user.fields.map((f) => {
        const of = findType(f.type)
        const text = of && textOfType(of, sql`(${x}).${catalogText(doubleQuoted(f.name))}`, depth)
        return text && framed(text)
      })
      const all = fields.filter((f) => f !== null)
      if (all.length !== fields.length) return null
      // a row of NULLs is not NULL, but `IS NULL`
      return sql`CASE WHEN CAST(${x} AS text) IS NOT NULL THEN concat(${joined(all, ', ', sql`''`)}) END`
    }
    case 'base':
      return null
  }
}

/** An array of more dimensions than one, or one that does not begin at 1, says so before its items. */
function arrayText(of: PgType, x: Sql, depth: number): Sql | null {
  const item = ident(`item${depth}`)
  const place = ident(`place${depth}`)
  const text = textOfType(of, item, depth + 1)
  if (text === null) return null
  const items = sql`(SELECT string_agg(${framed(text)}, '' ORDER BY ${place}) FROM unnest(${x}) WITH ORDINALITY AS ${ident(`items${depth}`)}(${item}, ${place}))`
  const shape = sql`CASE WHEN array_ndims(${x}) > 1 OR array_lower(${x}, 1) <> 1 THEN array_dims(${x}) ELSE '' END`
  return sql`CASE WHEN ${x} IS NOT NULL THEN ${shape} || coalesce(${items}, '') END`
}

/**
 * The server writes the shortest digits that read back as the value, with an exponent from 1e15 on and below 0.0001;
 * except where the shortest lie half-way between two values and read back only because this one is even. Those are
 * looked for, one digit fewer on either side, where there are any: from `wide` on, where whole numbers have gaps, and
 * below `far`, as long as what lies half-way can have fewer digits than the value.
 */
function floatText({ type, wide, far }: FloatType, x: Sql): Sql {
  const text = plain(x)
  const exponent = sql`replace(replace(${text}, 'e+', 'e'), 'e-0', 'e-')`
  const spelt = sql`CASE WHEN abs(${x}) >= ${wide} AND abs(${x}) < ${far} THEN ${wideText(type, x)} WHEN abs(${x}) < 1e16 AND abs(${x}) >= 1e-4 THEN CAST(trim_scale(CAST(${text} AS numeric)) AS text) ELSE ${exponent} END`
  return sql`CASE WHEN position('e' IN ${text}) = 0 THEN ${text} ELSE ${spelt} END`
}

/** Of a value whose text has an exponent. */
function wideText(type: Sql, x: Sql): Sql {
  const parts = sql`SELECT CAST(${plain(sql`abs(${x})`)} AS numeric) AS n, 1 + length(split_part(split_part(${plain(sql`abs(${x})`)}, 'e', 1), '.', 2)) - 2 - CAST(split_part(${plain(x)}, 'e', 2) AS integer) AS digits`
  const sides = sql`SELECT n, trunc(n, digits) AS below, trunc(n, digits) + power(CAST(10 AS numeric), -digits) AS above FROM (${parts}) AS p`
  const isIt = (side: Sql): Sql => sql`CAST(${side} AS ${type}) = abs(${x})`
  const shortest = sql`SELECT CAST(trim_scale(round(CASE WHEN ${isIt(sql`below`)} THEN below WHEN ${isIt(sql`above`)} THEN above ELSE n END)) AS text) AS t FROM (${sides}) AS s`
  const scientific = sql`rtrim(rtrim(left(t, 1) || '.' || substr(t, 2), '0'), '.') || 'e' || CAST(length(t) - 1 AS text)`
  return sql`(SELECT CASE WHEN ${x} < 0 THEN '-' ELSE '' END || CASE WHEN length(t) < 17 THEN t ELSE ${scientific} END FROM (${shortest}) AS q)`
}

/** Years before the first are 0, -1, … as ISO 8601 counts them. */
function yearText(x: Sql): Sql {
  const year = sql`(CAST(extract(year FROM ${x}) AS integer) + 1)`
  return sql`CASE WHEN ${year} < 0 THEN '-' ELSE '' END || lpad(CAST(abs(${year}) AS text), 4, '0')`
}

function dateText(x: Sql): Sql {
  const old = sql`${yearText(x)} || to_char(${x}, '-MM-DD')`
  return sql`CASE WHEN ${x} >= DATE '0001-01-01' OR NOT isfinite(${x}) THEN ${plain(x)} ELSE ${old} END`
}

function readingText(x: Sql, zone: Sql): Sql {
  const old = sql`${yearText(x)} || to_char(${x}, '-MM-DD"T"') || split_part(${plain(x)}, ' ', 2)`
  return sql`CASE WHEN NOT isfinite(${x}) THEN ${plain(x)} WHEN ${x} >= TIMESTAMP '0001-01-01' THEN replace(${plain(x)}, ' ', 'T')${zone} ELSE ${old}${zone} END`
}

/** Months, days and microseconds are not one another: 30 days are no month. From 17 on it may be infinite. */
function intervalText(x: Sql): Sql {
  const whole = (of: Sql): Sql => sql`CAST(CAST(${of} AS bigint) AS text)`
  const field = (name: string): Sql => sql`extract(${catalogText(name)} FROM ${x})`
  const micros = sql`${field('hour')} * 3600000000 + ${field('minute')} * 60000000 + ${field('microsecond')}`
  return sql`CASE WHEN isfinite(${x}) THEN ${whole(sql`${field('year')} * 12 + ${field('month')}`)} || ' ' || ${whole(field('day'))} || ' ' || ${whole(micros)} ELSE ${plain(x)} END`
}
