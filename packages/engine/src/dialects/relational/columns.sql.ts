/** A column's value on its way out of the source: where it comes from, then cast, then mask. */
import type { FlowRelation } from '../contract.ts'
import type { PlannedColumn, PlannedMask } from '../planned-column.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import { type Catalogs, typed } from './names.ts'
import type { KeyPart } from './sql-kit.ts'

/** As it is in the source. */
export function clearValue({ kit }: Pick<Catalogs, 'kit'>, x: PlannedColumn): Sql {
  switch (x.origin.kind) {
    case 'main':
      return ident('m', x.source)
    case 'joined':
      return ident(`j_${x.origin.alias}`, x.source)
    case 'value':
      return kit.valueOf(x.sourceType, param(x.origin.value))
  }
}

/** As the target holds it. What does not fit its cast is NULL here: `unfitting` finds it before it can land. */
export function landingValue(c: Catalogs, x: PlannedColumn): Sql {
  const value = castValue(c, x)
  const type = x.cast ?? x.sourceType
  if (x.mask !== null) return masked(c, x.mask, { value, type }, x.targetType)
  // not a bare cast: a money or a time becomes its text, and a float its digits, in the dialect's way alone
  return type === x.targetType ? value : c.kit.exactCast(type, x.targetType, value)
}

/** Per column that is cast: rows of the source whose value does not fit exactly and must not land. */
export const unfitting = (
  c: Catalogs,
  r: FlowRelation,
): readonly { readonly column: PlannedColumn; readonly predicate: Sql }[] =>
  r.columns.flatMap((column) => {
    if (column.cast === null) return []
    const x = clearValue(c, column)
    const there = castValue(c, column)
    // two values of a key must not become one, whatever they say: 1 and 01
    const isKey = r.key.some((k) => k.target === column.target)
    const back = c.kit.sameContent(column.sourceType, c.kit.tryCast(column.cast, column.sourceType, there), x)
    const lost = isKey ? sql`(${there} IS NULL OR NOT (${back}))` : sql`${there} IS NULL`
    return [{ column, predicate: sql`(${x} IS NOT NULL AND ${lost})` }]
  })

/** The type of a key column in whatever is remembered of the source: a masked key is remembered masked. */
export const keyType = ({ kit }: Pick<Catalogs, 'kit'>, x: PlannedColumn): string =>
  x.mask === null ? x.sourceType : kit.textType

/** A key of the source, or what is remembered of one. */
export const sourceKeyParts = (c: Pick<Catalogs, 'kit'>, r: FlowRelation, of: (i: number) => Sql): readonly KeyPart[] =>
  r.key.map((x, i) => ({ type: keyType(c, x), ...(x.mask === null ? collationOf(x) : {}), x: of(i) }))

const collationOf = (x: PlannedColumn | undefined): Pick<KeyPart, 'collation'> =>
  x?.sourceCollation === undefined ? {} : { collation: x.sourceCollation }

/** The same, as the ledger names it. */
export const sourceKeyJson = (c: Pick<Catalogs, 'kit'>, r: FlowRelation, of: (i: number) => Sql): Sql =>
  c.kit.keyJson(sourceKeyParts(c, r, of))

/** A key of the target. */
export const targetKeyJson = ({ kit }: Pick<Catalogs, 'kit'>, r: FlowRelation, of: (i: number) => Sql): Sql =>
  kit.keyJson(r.key.map((x, i) => ({ type: x.targetType, x: of(i) })))

/** What tells a row of the source from the others, and may be remembered. */
export const mainKey =
  (c: Catalogs, r: FlowRelation) =>
  (i: number): Sql => {
    const x = r.key[i]
    if (!x) throw new TypeError(`no key column ${i}`)
    return x.mask === null ? clearValue(c, x) : landingValue(c, x)
  }

export const mainKeys = (c: Catalogs, r: FlowRelation): readonly Sql[] => r.key.map((_, i) => mainKey(c, r)(i))

/** The key as the target holds it. */
export const landingKey =
  (c: Catalogs, r: FlowRelation) =>
  (i: number): Sql => {
    const x = r.key[i]
    if (!x) throw new TypeError(`no key column ${i}`)
    return asCompared(c, r, x, landingValue(c, x))
  }

/** As the target's collation compares it, where its column has one. */
function asCompared({ kit }: Catalogs, r: FlowRelation, x: PlannedColumn, value: Sql): Sql {
  const folded = r.target.rules.folded.find(({ column }) => column === x.target)
  return folded === undefined ? value : kit.collated(value, folded.collation)
}

const castValue = (c: Catalogs, x: PlannedColumn): Sql =>
  x.cast === null ? clearValue(c, x) : c.kit.exactCast(x.sourceType, x.cast, clearValue(c, x))

/** A remembered key, as the target holds it. */
export function landedKey(c: Catalogs, r: FlowRelation, remembered: (i: number) => Sql): (i: number) => Sql {
  return (i) => {
    const x = r.key[i]
    if (!x) throw new TypeError(`no key column ${i}`)
    const value =
      x.mask !== null || x.cast === null
        ? remembered(i)
        : sql`CAST(${c.kit.exactCast(x.sourceType, x.cast, remembered(i))} AS ${typed(x.targetType)})`
    return asCompared(c, r, x, value)
  }
}

/** The joined column of a join's pair, as it may be remembered: masked where it or its equal in the main table is. */
export function remembered(
  c: Catalogs,
  r: FlowRelation,
  alias: string,
  [main, other]: readonly [string, string],
): KeyPart {
  const value = ident(`j_${alias}`, other)
  const equals = r.columns.filter(
    ({ origin, source }) =>
      (origin.kind === 'main' && source === main) ||
      (origin.kind === 'joined' && origin.alias === alias && source === other),
  )
  const x = equals.find(({ mask }) => mask !== null)
  return x?.mask
    ? { type: c.kit.textType, x: masked(c, x.mask, { value, type: x.cast ?? x.sourceType }, c.kit.textType) }
    : { type: equals[0]?.sourceType ?? '', ...collationOf(equals[0]), x: value }
}

function masked(c: Catalogs, mask: PlannedMask, of: { value: Sql; type: string }, type: string): Sql {
  switch (mask.kind) {
    case 'null':
      return sql`CAST(NULL AS ${typed(type)})`
    case 'redact':
      return sql`CASE WHEN ${of.value} IS NULL THEN NULL ELSE ${c.kit.valueOf(type, param(mask.text))} END`
    case 'hash':
      // a type without a canonical text has the database's own
      return c.kit.hmac(c.secret(mask.key), c.kit.canonicalText(of.type, of.value) ?? c.kit.asText(of.type, of.value))
  }
}
