/**
 * The one text of a value, the same in every dialect: `docs/canonical-text.md` says what it is; and what is made of texts:
 * keys as JSON, and digests. NULL stays NULL. `x` stands more than once in the text that is made, so it should be a column.
 */
import { createHash } from 'node:crypto'
import { Secret } from '../../runtime/secret.ts'
import type { KeyPart } from '../relational/sql-kit.ts'
import { catalogText, EMPTY, joined, param, secretParam, type Sql, sql } from '../sql-text.ts'
import { floatText } from './float-text.sql.ts'
import { fractionOf, whyUnmoved } from './narrowing.ts'
import { exactCast } from './try-cast.sql.ts'
import { findType, type SqlServerType, TEXTS } from './type-text.ts'
import { fromText, valueText } from './types.ts'
import { type Utf8, utf8ByHand } from './utf8.sql.ts'
import { isoMoment, withoutZeros } from './value-text.sql.ts'

/** nvarchar. null: the type has none (spatial types, sql_variant, and what this version does not know). */
export function canonicalText(text: string, x: Sql): Sql | null {
  const type = findType(text)
  return type === null || whyUnmoved(text) !== null ? null : textOfType(type, text, x)
}

function textOfType(type: SqlServerType, text: string, x: Sql): Sql | null {
  switch (type.name) {
    case 'bit':
      return sql`CASE ${x} WHEN 1 THEN N'true' WHEN 0 THEN N'false' END`
    case 'decimal':
      return (type.modifiers[1] ?? 0) === 0 ? valueText(text, x) : withoutZeros(valueText(text, x))
    case 'smallmoney':
    case 'money':
      return withoutZeros(valueText(text, x))
    case 'real':
    case 'float':
      return floatText(type.name, x)
    case 'time':
      return fractionOf(type) === 0 ? valueText(text, x) : withoutZeros(valueText(text, x))
    case 'smalldatetime':
    case 'datetime':
    case 'datetime2':
      return isoMoment(type, x)
    case 'binary':
    case 'varbinary':
    case 'image':
    case 'rowversion':
      return sql`LOWER(STUFF(${valueText(text, x)}, 1, 2, N''))`
    case 'geometry':
    case 'geography':
      return null
    default:
      return valueText(text, x)
  }
}

/** Is the canonical text of that type ASCII for certain? */
export function isAscii(text: string): boolean {
  const name = findType(text)?.name ?? ''
  return !TEXTS.has(name) && name !== 'xml' && name !== 'json'
}

const BLOCK = 64

/** HMAC-SHA-256 of a text in UTF-8, as 64 hexadecimal digits; NULL stays NULL. */
export function hmac(key: Secret, text: Sql, utf8: Utf8 = utf8ByHand): Sql {
  const bytes = Buffer.from(key.reveal(), 'utf8')
  const block = Buffer.alloc(BLOCK)
  const short = bytes.length > BLOCK ? createHash('sha256').update(bytes).digest() : bytes
  short.copy(block)
  const pad = (with_: number): Sql => {
    const padded = Buffer.from(block.map((b) => b ^ with_))
    return sql`CONVERT(varbinary(64), ${secretParam(new Secret(padded.toString('hex')))}, 2)`
  }
  return hexDigest(sql`${pad(0x5c)} + HASHBYTES('SHA2_256', ${pad(0x36)} + ${utf8(text)})`)
}

export const hexDigest = (bytes: Sql): Sql => sql`LOWER(CONVERT(nvarchar(64), HASHBYTES('SHA2_256', ${bytes}), 2))`

/** A text, nvarchar, as a JSON string, as JavaScript writes one; NULL stays NULL. */
export const jsonText = (text: Sql): Sql =>
  // a slash needs no escape, and has none elsewhere
  sql`(N'"' + REPLACE(STRING_ESCAPE(${text}, 'json'), N'\\/', N'/') + N'"')`

/** A JSON array of these values' texts: the canonical text of a composite key. */
export const keyJson = (parts: readonly KeyPart[]): Sql =>
  sql`(N'[' + ${joined(
    parts.map((part, i) => sql`${i === 0 ? EMPTY : sql`N',' + `}ISNULL(${jsonText(textOfPart(part))}, N'null')`),
    ' + ',
  )} + N']')`

/** A column that is joined by, and not moved, has no type here: any text that tells one value from another will do. */
function textOfPart({ type, x }: KeyPart): Sql {
  if (type === '') return sql`CONVERT(nvarchar(4000), ${x}) ${BY_UNITS}`
  return TEXTS.has(findType(type)?.name ?? '') ? sql`${valueText(type, x)} ${BY_UNITS}` : valueText(type, x)
}

/** Columns of two collations cannot be one text, which moreover is the same only where it is so unit by unit. */
const BY_UNITS = sql`COLLATE Latin1_General_BIN2`

/**
 * The values of a list as a subselect of that type: one parameter, however long the list. A text that a column cannot hold
 * is in no such column, so it is left out: cut to what fits, it would be another. The list has the collation of the session's
 * database, and is compared with a column of another one under that of the column.
 */
export function listOf(values: readonly string[], type: string, collation = ''): Sql {
  const given = sql`OPENJSON(${param(JSON.stringify(values))}) AS l`
  const to = findType(type)
  if (!TEXTS.has(to?.name ?? '')) return sql`(SELECT ${fromText(type, sql`l.[value]`)} FROM ${given})`
  const isNamed = collation === '' || to?.encoding !== null
  const value = isNamed ? sql`l.[value]` : sql`l.[value] COLLATE ${catalogText(collation)}`
  return sql`(SELECT q.v FROM ${given} CROSS APPLY (SELECT ${exactCast('nvarchar(max)', type, value)} AS v) AS q WHERE q.v IS NOT NULL)`
}
