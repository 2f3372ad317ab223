/** Columns of a row as exact values. A value of another type is a defect, or a store that was edited around its checks. */
import { type ErrorCode, isErrorCode } from '@tidemark/contract/error-codes'
import type { RawRow } from '../store-session.ts'

function wrong(raw: RawRow, column: string, wanted: string): TypeError {
  return new TypeError(`column ${column} of the control store holds ${typeof raw[column]}, not ${wanted}`)
}

export function text(raw: RawRow, column: string): string {
  const value = raw[column]
  if (typeof value !== 'string') throw wrong(raw, column, 'text')
  return value
}

export const textOrNull = (raw: RawRow, column: string): string | null =>
  raw[column] === null ? null : text(raw, column)

export function count(raw: RawRow, column: string): bigint {
  const value = raw[column]
  if (typeof value === 'bigint') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  // drivers that give 64-bit integers as text
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value)
  throw wrong(raw, column, 'an integer')
}

export const countOrNull = (raw: RawRow, column: string): bigint | null =>
  raw[column] === null ? null : count(raw, column)

/** An integer that is small by its meaning. */
export function int(raw: RawRow, column: string): number {
  const value = Number(count(raw, column))
  if (!Number.isSafeInteger(value)) throw wrong(raw, column, 'a small integer')
  return value
}

export function flag(raw: RawRow, column: string): boolean {
  const value = raw[column]
  if (typeof value === 'boolean') return value
  // drivers that give booleans as text
  if (value === 't' || value === 'f') return value === 't'
  return count(raw, column) !== 0n
}

export function oneOf<S extends string>(raw: RawRow, column: string, values: readonly S[]): S {
  const value = text(raw, column)
  const found = values.find((v) => v === value)
  if (found === undefined) throw wrong(raw, column, `one of ${values.join(', ')}`)
  return found
}

export function errorCode(raw: RawRow, column: string): ErrorCode {
  const value = text(raw, column)
  if (!isErrorCode(value)) throw wrong(raw, column, 'an error code')
  return value
}

/** The columns error_code and error_message: both, or neither. */
export const decodeError = (raw: RawRow): { readonly code: ErrorCode; readonly message: string } | null =>
  raw['error_code'] === null ? null : { code: errorCode(raw, 'error_code'), message: text(raw, 'error_message') }
