/** SHA-256 of a row, the same in every dialect: `docs/canonical-text.md`. */
import { AppError } from '../../runtime/app-error.ts'
import { joined, type Sql, sql } from '../sql-text.ts'
import { canonicalText, framed } from './canonical.sql.ts'

export interface HashedColumn {
  readonly name: string
  /** PostgreSQL's own name of the type */
  readonly type: string
  readonly value: Sql
}

/** By the names' bytes in UTF-8; JavaScript's own order is by UTF-16. */
const byName = (a: HashedColumn, b: HashedColumn): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))

/** 64 hexadecimal digits over the columns in the order of their names; the names themselves are no part of it. */
export function rowHash(columns: readonly HashedColumn[]): Sql {
  const parts = columns.toSorted(byName).map(({ name, type, value }) => {
    const text = canonicalText(type, value)
    if (text === null) throw new AppError('TM4111', `${name} is ${type}`)
    return framed(text)
  })
  return sql`encode(sha256(convert_to(concat(${joined(parts, ', ')}), 'UTF8')), 'hex')`
}
