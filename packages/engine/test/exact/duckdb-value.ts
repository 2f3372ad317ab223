/** A test vector's value as DuckDB's SQL. */
import { findLogicalType } from '@tidemark/contract/logical-type'
import { holderOf } from '../../src/dialects/duckdb/types.ts'
import type { Value, ValueType } from './hash-reference.ts'

const NANOSECONDS: Readonly<Record<string, string>> = { 'timestamp(9)': 'TIMESTAMP_NS' }
const OWN: Readonly<Record<string, string>> = { interval: 'INTERVAL', bit: 'BIT' }

export function duckdbType(type: ValueType): string {
  if (typeof type === 'string') {
    const logical = findLogicalType(type)
    if (logical === null) return OWN[type] ?? type
    const holder = holderOf(logical)
    return 'type' in holder ? holder.type : (NANOSECONDS[type] ?? '')
  }
  if ('list' in type) return `${duckdbType(type.list)}[]`
  if ('map' in type) return `MAP(${type.map.map(duckdbType).join(', ')})`
  const [word, fields] = 'struct' in type ? (['STRUCT', type.struct] as const) : (['UNION', type.union] as const)
  return `${word}(${Object.entries(fields)
    .map(([name, of]) => `"${name}" ${duckdbType(of)}`)
    .join(', ')})`
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** DuckDB counts the years before the first: 44 BC is -43. */
const duckdbYear = (text: string): string =>
  text
    .replace(
      /^-(\d+)(-\d\d-\d\d)/,
      (_, year: string, rest: string) => `${String(Number(year) + 1).padStart(4, '0')}${rest} (BC)`,
    )
    .replace('T', ' ')

export function duckdbValue(type: ValueType, value: Value): string {
  if (value === null) return `CAST(NULL AS ${duckdbType(type)})`
  const cast = (sql: string): string => `CAST(${sql} AS ${duckdbType(type)})`
  if (typeof type === 'string') {
    if (type === 'interval') {
      const { months, days, micros } = value as Readonly<Record<string, string>>
      return `(to_months(${months}) + to_days(${days}) + to_microseconds(${micros}))`
    }
    if (typeof value !== 'string') throw new TypeError(`${type}: ${JSON.stringify(value)}`)
    if (type === 'bytes') return `unhex(${quoted(value)})`
    return cast(quoted(/^(date|timestamp)/.test(type) ? duckdbYear(value) : value))
  }
  if ('list' in type) return cast(`[${(value as readonly Value[]).map((v) => duckdbValue(type.list, v)).join(', ')}]`)
  if ('map' in type) {
    const entries = value as readonly (readonly [Value, Value])[]
    const [keys, values] = [0, 1].map((i) =>
      entries.map((e) => duckdbValue(type.map[i as 0 | 1], e[i as 0 | 1])).join(', '),
    )
    return cast(`map([${keys}], [${values}])`)
  }
  if ('struct' in type) {
    const fields = value as Readonly<Record<string, Value>>
    return cast(
      `{${Object.entries(type.struct)
        .map(([name, of]) => `${quoted(name)}: ${duckdbValue(of, fields[name] ?? null)}`)
        .join(', ')}}`,
    )
  }
  const [tag, held] = value as readonly [string, Value]
  return cast(`union_value("${tag}" := ${duckdbValue(type.union[tag] ?? '', held)})`)
}
