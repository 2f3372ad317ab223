/**
 * Two 64-bit hashes of a row that know nothing of each other. `hash(x, salt)` is a function of `hash(x)`, so the second one
 * is not over the same values with something added: they come in another order, and what is longer than 64 bits, of which
 * two values may have one hash, is encoded otherwise.
 */
import { canonicalText } from '../dialects/duckdb/canonical.sql.ts'
import { type ImageColumn, imageValue } from '../dialects/duckdb/image.sql.ts'
import { rowHash } from '../dialects/duckdb/row-hash.sql.ts'
import { findType } from '../dialects/duckdb/type-text.ts'
import { joined, type Sql, sql } from '../dialects/sql-text.ts'
import { AppError } from '../runtime/app-error.ts'
import { type ComparedColumn, normalised, type NormalisedValue } from './compared.ts'

/** What the two hashes are given for one value. */
interface Encoded {
  readonly first: readonly Sql[]
  readonly second: readonly Sql[]
}

/** At most 64 bits, and `hash` has one value for each of theirs. */
const SHORT =
  /^(?:BOOLEAN|U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)|DATE|TIME|TIMESTAMP|TIMESTAMP_N?M?S|TIMESTAMP WITH TIME ZONE)$/
const WIDE = /^(?:UUID|U?HUGEINT)$/
const DIGITS_OF_64_BITS = 18

function encoded({ type, value: x }: NormalisedValue, name: string): Encoded {
  const tree = findType(type)
  const isShort = SHORT.test(type) || (tree?.kind === 'decimal' && tree.precision <= DIGITS_OF_64_BITS)
  if (isShort) return { first: [x], second: [x] }
  if (type === 'FLOAT' || type === 'DOUBLE') {
    // -0.0 and 0.0 have one hash; so have all values that are no number, whatever their sign
    const values = [x, sql`(signbit(${x}) AND NOT isnan(${x}))`]
    return { first: values, second: values }
  }
  if (WIDE.test(type) || tree?.kind === 'decimal') return { first: [x], second: [sql`CAST(${x} AS VARCHAR)`] }
  if (type === 'BLOB') return { first: [x], second: [sql`(CAST('~' AS BLOB) || ${x})`] }
  const text = type === 'VARCHAR' || type === 'JSON' ? x : canonicalText(type, x)
  if (text === null) throw new AppError('TM4111', `${name} is ${type}`)
  return { first: [text], second: [sql`('~' || CAST(${text} AS VARCHAR))`] }
}

/** By their bytes in UTF-8: where a column stands in its table says nothing. */
const byName = (a: ComparedColumn, b: ComparedColumn): number =>
  Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))

const valueOf = (alias: string, column: ComparedColumn): NormalisedValue =>
  normalised(column, imageValue(alias, column))

export interface Fingerprints {
  readonly first: Sql
  readonly second: Sql
}

export function fingerprints(alias: string, columns: readonly ComparedColumn[]): Fingerprints {
  const all = columns.toSorted(byName).map((column) => encoded(valueOf(alias, column), column.name))
  const first = all.flatMap((e) => e.first)
  const second = all.toReversed().flatMap((e) => e.second)
  return { first: sql`hash(${joined(first, ', ')})`, second: sql`hash(${joined(second, ', ')})` }
}

/** SHA-256 of the columns as they are compared. */
export const comparedHash = (alias: string, columns: readonly ComparedColumn[]): Sql =>
  rowHash(columns.map((column) => ({ name: column.name, ...valueOf(alias, column) })))

/** NULL stays NULL. */
export function valueText(alias: string, column: ImageColumn): Sql {
  const text = canonicalText(column.type, imageValue(alias, column))
  if (text === null) throw new AppError('TM4111', `${column.name} is ${column.type}`)
  return text
}

export function comparedText(alias: string, column: ComparedColumn): Sql {
  const { type, value } = valueOf(alias, column)
  const text = canonicalText(type, value)
  if (text === null) throw new AppError('TM4111', `${column.name} is ${column.type}`)
  return text
}

export const comparedValue = valueOf

/** A key as text: a JSON list of the canonical texts of its values, the same when a column is retyped. */
export const keyText = (alias: string, key: readonly ImageColumn[]): Sql =>
  sql`CAST(to_json([${joined(
    key.map((column) => valueText(alias, column)),
    ', ',
  )}]) AS VARCHAR)`
