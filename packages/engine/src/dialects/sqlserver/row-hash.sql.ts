/** SHA-256 of a row, the same in every dialect: `docs/canonical-text.md`. */
import { AppError } from '../../runtime/app-error.ts'
import { joined, type Sql, sql } from '../sql-text.ts'
import { canonicalText, hexDigest, isAscii } from './canonical.sql.ts'
import { asciiBytes, type Utf8, utf8ByHand } from './utf8.sql.ts'

export interface HashedColumn {
  readonly name: string
  /** SQL Server's own name of the type */
  readonly type: string
  readonly value: Sql
}

/** By the names' bytes in UTF-8; JavaScript's own order is by UTF-16. */
const byName = (a: HashedColumn, b: HashedColumn): number => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))

/** `N`, or the length of the bytes, a colon and the bytes: no two lists of values run together alike. */
export const framed = (bytes: Sql): Sql =>
  sql`ISNULL(CONVERT(varbinary(max), CONVERT(varchar(20), DATALENGTH(${bytes})) + ':') + ${bytes}, 0x4E)`

/** 64 hexadecimal digits over the columns in the order of their names; the names themselves are no part of it. */
export function rowHash(columns: readonly HashedColumn[], utf8: Utf8 = utf8ByHand): Sql {
  const parts = columns.toSorted(byName).map(({ name, type, value }) => {
    const text = canonicalText(type, value)
    if (text === null) throw new AppError('TM4111', `${name} is ${type}`)
    return framed(isAscii(type) ? asciiBytes(text) : utf8(text))
  })
  return hexDigest(joined(parts, ' + '))
}
