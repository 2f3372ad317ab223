/**
 * The one text of a value, the same in every dialect: `docs/canonical-text.md` says what it is. NULL stays NULL.
 * `x` stands more than once in the text that is made, so it should be a column.
 */
import { catalogText, EMPTY, ident, joined, type Sql, sql } from '../sql-text.ts'
import { findType, type TypeTree } from './type-text.ts'

/** null: the type has none (GEOMETRY, VARIANT, and what this version does not know). */
export function canonicalText(type: string, x: Sql): Sql | null {
  const tree = findType(type)
  return tree && textOfTree(tree, x, 0)
}

/** `N`, or the length in bytes, a colon and the text: no two lists of values run together alike. */
export const framed = (text: Sql): Sql => sql`coalesce(CAST(strlen(${text}) AS VARCHAR) || ':' || ${text}, 'N')`

const plain = (x: Sql): Sql => sql`CAST(${x} AS VARCHAR)`
/** Trimming is dear: only where there is something to trim. */
const withoutZeros = (text: Sql): Sql =>
  sql`CASE WHEN suffix(${text}, '0') THEN rtrim(rtrim(${text}, '0'), '.') ELSE ${text} END`

const PLAIN: readonly string[] = [
  'BOOLEAN',
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'BIGNUM',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
  'UHUGEINT',
  'JSON',
  'BIT',
  'UUID',
  'TIME',
  'TIME_NS',
  'TIME WITH TIME ZONE',
]

const SCALARS: Readonly<Record<string, (x: Sql) => Sql>> = {
  ...Object.fromEntries(PLAIN.map((name) => [name, plain])),
  VARCHAR: (x) => x,
  BLOB: (x) => sql`lower(hex(${x}))`,
  FLOAT: (x) => floatText(x, sql`1e7`),
  DOUBLE: (x) => floatText(x, sql`1e15`),
  DATE: dateText,
  TIMESTAMP: (x) => readingText(x, EMPTY),
  TIMESTAMP_S: momentText,
  TIMESTAMP_MS: momentText,
  TIMESTAMP_NS: (x) => sql`replace(${plain(x)}, ' ', 'T')`,
  'TIMESTAMP WITH TIME ZONE': instantText,
  INTERVAL: intervalText,
}

function textOfTree(type: TypeTree, x: Sql, depth: number): Sql | null {
  switch (type.kind) {
    case 'scalar':
      return SCALARS[type.name]?.(x) ?? null
    case 'decimal':
      return decimalText(type, x)
    case 'enum':
      return plain(x)
    case 'list':
      return listText(type.of, x, depth)
    case 'map': {
      const entry: TypeTree = {
        kind: 'struct',
        fields: [
          { name: 'key', type: type.key },
          { name: 'value', type: type.value },
        ],
      }
      return listText(entry, sql`map_entries(${x})`, depth)
    }
    case 'struct': {
      const fields = type.fields.map((f) => {
        const text = textOfTree(f.type, sql`struct_extract(${x}, ${literal(f.name)})`, depth)
        return text && framed(text)
      })
      return onceAll(fields, (all) => sql`CASE WHEN ${x} IS NOT NULL THEN concat(${joined(all, ', ')}) END`)
    }
    case 'union': {
      const members = type.fields.map((f) => {
        const text = textOfTree(f.type, sql`union_extract(${x}, ${literal(f.name)})`, depth)
        return text && sql`WHEN ${literal(f.name)} THEN ${framed(text)}`
      })
      const tag = sql`CAST(union_tag(${x}) AS VARCHAR)`
      return onceAll(members, (all) => sql`${framed(tag)} || CASE ${tag} ${joined(all, '\n')} END`)
    }
  }
}

const onceAll = (parts: readonly (Sql | null)[], make: (all: readonly Sql[]) => Sql): Sql | null => {
  const all = parts.filter((part) => part !== null)
  return all.length === parts.length ? make(all) : null
}

/** A name that the catalog printed, as a literal: `struct_extract` takes no parameter. */
const literal = (name: string): Sql => catalogText(`'${name.replaceAll("'", "''")}'`)

function listText(of: TypeTree, x: Sql, depth: number): Sql | null {
  const item = ident(`item${depth}`)
  const text = textOfTree(of, item, depth + 1)
  return text && sql`array_to_string(list_transform(${x}, lambda ${item}: ${framed(text)}), '')`
}

/** Where all digits are a fraction DuckDB writes no 0 before the point. */
function decimalText({ precision, scale }: TypeTree & { kind: 'decimal' }, x: Sql): Sql {
  if (scale === 0) return plain(x)
  const text = withoutZeros(plain(x))
  return precision === scale
    ? sql`CASE WHEN ${x} = 0 THEN '0' WHEN ${x} < 0 THEN '-0' || substr(${text}, 2) ELSE '0' || ${text} END`
    : text
}

/**
 * DuckDB writes the shortest digits that read back as the value, with an exponent from 1e16 on and below 0.0001. The
 * first two branches are quicker ways to the same text; whole numbers are their own shortest digits only as far as
 * the type has them without a gap.
 */
function floatText(x: Sql, gapless: Sql): Sql {
  const text = plain(x)
  const exponent = sql`replace(replace(${text}, 'e+', 'e'), 'e-0', 'e-')`
  return sql`CASE WHEN ${x} = 0 THEN CASE WHEN signbit(${x}) THEN '-0' ELSE '0' END WHEN abs(${x}) < ${gapless} AND ${x} = trunc(${x}) THEN CAST(CAST(${x} AS BIGINT) AS VARCHAR) WHEN abs(${x}) < ${gapless} AND abs(${x}) >= 1e-3 THEN ${text} WHEN isnan(${x}) THEN 'NaN' WHEN isinf(${x}) THEN CASE WHEN ${x} > 0 THEN 'Infinity' ELSE '-Infinity' END WHEN contains(${text}, 'e') THEN ${exponent} ELSE ${withoutZeros(text)} END`
}

/** Years before the first are 0, -1, … as ISO 8601 counts them. */
function yearText(x: Sql): Sql {
  const year = sql`CAST(abs(year(${x})) AS VARCHAR)`
  return sql`CASE WHEN year(${x}) < 0 THEN '-' ELSE '' END || CASE WHEN length(${year}) < 4 THEN lpad(${year}, 4, '0') ELSE ${year} END`
}

function dateText(x: Sql): Sql {
  const old = sql`${yearText(x)} || strftime(${x}, '-%m-%d')`
  return sql`CASE WHEN ${x} >= DATE '0001-01-01' OR NOT isfinite(${x}) THEN ${plain(x)} ELSE ${old} END`
}

/** DuckDB's functions take the coarser types for TIMESTAMP_NS, which reaches less far. */
function momentText(x: Sql): Sql {
  return readingText(sql`CAST(${x} AS TIMESTAMP)`, EMPTY)
}

/** An instant's own text follows the session's zone; its reading in UTC does not. */
function instantText(x: Sql): Sql {
  return readingText(sql`timezone('UTC', ${x})`, sql` || 'Z'`)
}

function readingText(x: Sql, zone: Sql): Sql {
  const old = sql`${yearText(x)} || strftime(${x}, '-%m-%dT') || split_part(${plain(x)}, ' ', 3)`
  return sql`CASE WHEN ${x} >= TIMESTAMP '0001-01-01' AND ${x} < TIMESTAMP 'infinity' THEN replace(${plain(x)}, ' ', 'T')${zone} WHEN NOT isfinite(${x}) THEN ${plain(x)} ELSE ${old}${zone} END`
}

/** Months, days and microseconds are not one another: 30 days are no month. */
function intervalText(x: Sql): Sql {
  const months = sql`(date_part('year', ${x}) * 12 + date_part('month', ${x}))`
  const micros = sql`(date_part('hour', ${x}) * 3600000000 + date_part('minute', ${x}) * 60000000 + date_part('microsecond', ${x}))`
  return sql`CAST(${months} AS VARCHAR) || ' ' || CAST(date_part('day', ${x}) AS VARCHAR) || ' ' || CAST(${micros} AS VARCHAR)`
}
