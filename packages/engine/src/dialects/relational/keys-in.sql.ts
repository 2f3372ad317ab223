/** Rows that have one of the keys that are remembered, however large their table is. */
import type { LogicalType } from '@tidemark/contract/logical-type'
import { type Sql, sql } from '../sql-text.ts'
import type { KeyPart, SqlKit } from './sql-kit.ts'

/** Texts that `listOf` surely reads as values of a type: any, whole numbers of so many digits, or UUIDs. */
export type Readable =
  | { readonly kind: 'text' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'whole'; readonly digits: number }

/** null: a text of it may be refused, after its column has become one of another type. */
export function readableAs(logical: LogicalType | null, isText: boolean): Readable | null {
  if (isText) return { kind: 'text' }
  switch (logical?.kind) {
    case 'int32':
      return { kind: 'whole', digits: 9 }
    case 'int64':
      return { kind: 'whole', digits: 18 }
    case 'decimal':
      return { kind: 'whole', digits: logical.precision - logical.scale }
    case 'uuid':
      return { kind: 'uuid' }
    default:
      return null
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const reads = (as: Readable, text: string): boolean =>
  as.kind === 'text' ||
  (as.kind === 'uuid' ? UUID.test(text) : /^-?\d+$/.test(text) && text.replace('-', '').length <= as.digits)

/**
 * By the texts that `keyJson` makes of keys. No index knows those, and making them of every row of a large table takes longer
 * than the rest of a run: so rows are found by the values of the first column, where these are surely read.
 */
export function keysIn(kit: SqlKit, parts: readonly KeyPart[], keys: readonly string[]): Sql {
  const exact = sql`${kit.keyJson(parts)} IN ${kit.listOf(keys, kit.textType)}`
  const [first] = parts
  const as = first === undefined ? null : kit.readable(first.type)
  const texts = new Set(keys.map((key) => (JSON.parse(key) as readonly (string | null)[])[0] ?? null))
  if (first === undefined || as === null || ![...texts].every((text) => text !== null && reads(as, text))) return exact
  return sql`${first.x} IN ${kit.listOf([...texts] as string[], first.type, first.collation)} AND ${exact}`
}
