/** A column's value on its way out of the source: where it comes from, then cast, then mask. */
import { createHash } from 'node:crypto'
import { Secret } from '../../runtime/secret.ts'
import type { FlowRelation, PlannedColumn, PlannedMask } from '../contract.ts'
import { ident, param, secretParam, type Sql, sql } from '../sql-text.ts'
import { type Catalogs, typed } from './names.ts'
import { exactCast } from './try-cast.sql.ts'

/** As it is in the source. */
export function clearValue(x: PlannedColumn): Sql {
  switch (x.origin.kind) {
    case 'main':
      return ident('m', x.source)
    case 'joined':
      return ident(`j_${x.origin.alias}`, x.source)
    case 'value':
      return sql`CAST(${param(x.origin.value)} AS ${typed(x.sourceType)})`
  }
}

/** As the target holds it. */
export const landingValue = (c: Catalogs, x: PlannedColumn): Sql =>
  x.mask !== null
    ? masked(c, x.mask, castValue(x), x.targetType)
    : x.sourceType === x.targetType
      ? clearValue(x)
      : castValue(x)

/** The type of a key column in whatever is remembered of the source: a masked key is remembered masked. */
export const keyType = (x: PlannedColumn): Sql => typed(x.mask === null ? x.sourceType : 'VARCHAR')

/** What tells a row of the source from the others, and may be remembered. */
export const mainKey =
  (c: Catalogs, r: FlowRelation) =>
  (i: number): Sql => {
    const x = r.key[i]
    if (!x) throw new TypeError(`no key column ${i}`)
    return x.mask === null ? clearValue(x) : landingValue(c, x)
  }

export const mainKeys = (c: Catalogs, r: FlowRelation): readonly Sql[] => r.key.map((_, i) => mainKey(c, r)(i))

/** The key as the target holds it. */
export const landingKey =
  (c: Catalogs, r: FlowRelation) =>
  (i: number): Sql => {
    const x = r.key[i]
    if (!x) throw new TypeError(`no key column ${i}`)
    return landingValue(c, x)
  }

/** What a declared cast does not hold exactly is NULL here, and a reject before it can land. */
function castValue(x: PlannedColumn): Sql {
  const type = x.mask === null ? x.targetType : x.sourceType
  if (type === x.sourceType) return clearValue(x)
  return x.cast ? exactCast(x.sourceType, type, clearValue(x)) : sql`CAST(${clearValue(x)} AS ${typed(type)})`
}

function masked(c: Catalogs, mask: PlannedMask, value: Sql, type: string): Sql {
  switch (mask.kind) {
    case 'null':
      return sql`CAST(NULL AS ${typed(type)})`
    case 'redact':
      return sql`CASE WHEN ${value} IS NULL THEN NULL ELSE CAST(${param(mask.text)} AS ${typed(type)}) END`
    case 'hash':
      return hmac(c.secret(mask.key), sql`CAST(${value} AS VARCHAR)`)
  }
}

const BLOCK = 64

/** HMAC-SHA-256 of a text in UTF-8, as 64 hexadecimal digits; NULL stays NULL. */
function hmac(key: Secret, text: Sql): Sql {
  const bytes = Buffer.from(key.reveal(), 'utf8')
  const block = Buffer.alloc(BLOCK)
  const short = bytes.length > BLOCK ? createHash('sha256').update(bytes).digest() : bytes
  short.copy(block)
  const pad = (with_: number): Sql => {
    const padded = Buffer.from(block.map((b) => b ^ with_))
    return sql`from_hex(${secretParam(new Secret(padded.toString('hex')))})`
  }
  return sql`sha256(${pad(0x5c)} || from_hex(sha256(${pad(0x36)} || encode(${text}))))`
}
