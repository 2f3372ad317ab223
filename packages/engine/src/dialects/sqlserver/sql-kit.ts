/** SQL Server's own words in what all databases share: values, keys, and which rows a run takes. */
import { readableAs } from '../relational/keys-in.sql.ts'
import type { SharedAlone, SqlKit } from '../relational/sql-kit.ts'
import { catalogText, type Sql, sql } from '../sql-text.ts'
import { canonicalText, hmac, jsonText, keyJson, listOf } from './canonical.sql.ts'
import { exactCast, tryCast } from './try-cast.sql.ts'
import { findType, TEXTS } from './type-text.ts'
import { byteSize, fromText, logicalTypeOf, sameContent, valueText } from './types.ts'
import { type Utf8, utf8By } from './utf8.sql.ts'

/** `name` is `#name`, or one of the captured keys: neither statement has parameters, so that what is temporary stays. */
const remakeTable = (name: Sql, select: Sql): readonly Sql[] => [
  sql`DROP TABLE IF EXISTS ${name}`,
  sql`SELECT q.* INTO ${name} FROM (${select}) AS q`,
]

const remakeEmptyTemp = (name: Sql, columns: Sql): readonly Sql[] => [
  sql`DROP TABLE IF EXISTS ${name}`,
  sql`CREATE TABLE ${name} (${columns})`,
]

const kitOf = (utf8: Utf8): Omit<SqlKit, SharedAlone> => ({
  textType: 'nvarchar(max)',
  valueOf: fromText,
  asText: valueText,
  isSame: (a, b) => sql`EXISTS (SELECT ${a} INTERSECT SELECT ${b})`,
  collated: (x, collation) => (collation === '' ? x : sql`${x} COLLATE ${catalogText(collation)}`),
  keyJson,
  listOf,
  readable: (type) => readableAs(logicalTypeOf(type), TEXTS.has(findType(type)?.name ?? '')),
  jsonText,
  sameContent,
  byteSize,
  canonicalText,
  exactCast,
  tryCast,
  hmac: (key, text) => hmac(key, text, utf8),
  remakeTable,
  remakeEmptyTemp,
})

/** `major`: of the server; null: Azure's. What only the shared statements ask for is not here: T-SQL has its own. */
export const sqlserverKit = (major: number | null): SqlKit => kitOf(utf8By(major)) as SqlKit
