/** A test vector's value as T-SQL; null: SQL Server has no such type, or the type no such value. */
import { findLogicalType } from '@tidemark/contract/logical-type'
import { holderOf } from '../../src/dialects/sqlserver/types.ts'
import type { Value, ValueType } from '../exact/hash-reference.ts'

export function sqlserverType(type: ValueType): string | null {
  if (typeof type !== 'string') return null
  const logical = findLogicalType(type)
  const holder = logical && holderOf(logical)
  return holder && 'type' in holder ? holder.type : null
}

const quoted = (text: string): string => `N'${text.replaceAll("'", "''")}'`

export function sqlserverValue(type: ValueType, value: Value): string | null {
  const own = sqlserverType(type)
  if (own === null || typeof type !== 'string' || (value !== null && typeof value !== 'string')) return null
  if (value === null) return `CONVERT(${own}, NULL)`
  if (type === 'bytes') return `CONVERT(varbinary(max), 0x${value})`
  if (/^(date|timestamp)/.test(type)) return momentOf(own, value)
  // a day ends before the hour that begins the next
  if (type.startsWith('time')) return value.startsWith('24') ? null : `CONVERT(${own}, ${quoted(value)})`
  if (type.startsWith('float')) return floatOf(own, value)
  if (type === 'text' || type === 'json') return value.includes('\0') ? null : quoted(value)
  return `CONVERT(${own}, ${quoted(value)})`
}

/** Years from 1 to 9999. */
function momentOf(own: string, value: string): string | null {
  if (!/^\d{4}-/.test(value) || value.startsWith('0000')) return null
  if (!own.startsWith('datetimeoffset')) return `CONVERT(${own}, ${quoted(value.replace('T', ' '))})`
  // the text of an instant is that of its offset, and these are all in UTC
  const iso = Temporal.Instant.from(/[Zz]|[+-]\d\d(:?\d\d)?$/.test(value) ? value.replace(' ', 'T') : `${value}Z`)
  const inUtc = iso.toString({ smallestUnit: 'microsecond' }).replace('Z', '+00:00')
  return /^\d{4}-/.test(inUtc) && !inUtc.startsWith('0000') ? `CONVERT(${own}, ${quoted(inUtc)})` : null
}

/** Neither infinite nor no number, nor so small that it has lost digits. */
function floatOf(own: string, value: string): string | null {
  const n = own === 'real' ? Math.fround(Number(value)) : Number(value)
  const least = own === 'real' ? 2 ** -126 : 2 ** -1022
  if (!Number.isFinite(n) || (n !== 0 && Math.abs(n) < least)) return null
  if (Object.is(n, -0)) return `CONVERT(${own}, -1E0 * 0E0)`
  return `CONVERT(${own}, ${n.toExponential().replace('e+', 'E')})`
}
