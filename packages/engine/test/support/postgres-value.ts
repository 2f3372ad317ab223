/** A test vector's value as PostgreSQL's SQL; null: PostgreSQL has no such type. */
import { findLogicalType } from '@tidemark/contract/logical-type'
import { holderOf } from '../../src/dialects/postgres/types.ts'
import type { Value, ValueType } from '../exact/hash-reference.ts'

export function postgresType(type: ValueType): string | null {
  if (typeof type === 'string') {
    if (type === 'interval') return type
    const logical = findLogicalType(type)
    const holder = logical && holderOf(logical)
    return holder && 'type' in holder ? holder.type : null
  }
  if (!('list' in type) || typeof type.list !== 'string') return null
  const of = postgresType(type.list)
  return of === null ? null : `${of}[]`
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** PostgreSQL counts the years before the first: 44 BC is -43. */
const postgresYear = (text: string): string =>
  text.replace(
    /^(-\d+|0000)(-\d\d-\d\d)(.*)$/,
    (_, year: string, rest: string, time: string) =>
      `${String(1 - Number(year)).padStart(4, '0')}${rest}${time.replace('T', ' ')} BC`,
  )

export function postgresValue(type: ValueType, value: Value): string {
  const cast = (sql: string): string => `CAST(${sql} AS ${postgresType(type)})`
  if (value === null) return cast('NULL')
  if (typeof type !== 'string') {
    if (!('list' in type)) throw new TypeError('no such type')
    return cast(`ARRAY[${(value as readonly Value[]).map((v) => postgresValue(type.list, v)).join(', ')}]`)
  }
  if (type === 'interval') {
    const { months, days, micros } = value as Readonly<Record<string, string>>
    return cast(quoted(`${months} months ${days} days ${micros} microseconds`))
  }
  if (typeof value !== 'string') throw new TypeError(`${type}: ${JSON.stringify(value)}`)
  if (type === 'bytes') return `decode(${quoted(value)}, 'hex')`
  return cast(quoted(/^(date|timestamp)/.test(type) ? postgresYear(value) : value))
}
