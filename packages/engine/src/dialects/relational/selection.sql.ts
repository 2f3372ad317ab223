/** Which rows of the source a run takes, as predicates: one text for all databases. */
import {
  type FlowRelation,
  landingTable,
  type PlannedCondition,
  type Selection,
  type WindowBounds,
} from '../contract.ts'
import { isConstant } from '../planned-column.ts'
import { queueOf } from '../planned-steps.ts'
import { catalogText, EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import {
  type Catalogs,
  column,
  keyEquals,
  sidePosition,
  sideTable,
  sourceAs,
  targetAs,
  targetKey,
  workKey,
} from './names.ts'
import { clearValue, landingKey, landingValue, mainKey, remembered, sourceKeyParts } from './columns.sql.ts'
import { keysIn } from './keys-in.sql.ts'
import type { KeyPart } from './sql-kit.ts'
import { queuedKeys } from './template.sql.ts'
import { andLive } from './versions.sql.ts'

/** No row is left out, and none is taken: as predicates, which not every database has names for. */
export const ALWAYS = sql`1 = 1`
export const NEVER = sql`1 = 0`

function condition({ kit }: Catalogs, c: PlannedCondition): Sql {
  const { spec } = c
  const col = column(spec.column)
  switch (spec.kind) {
    case 'in-list':
    case 'in-table': {
      const list = kit.listOf(spec.kind === 'in-list' ? spec.values : (c.contents ?? []), c.type, c.collation)
      // a row without a value is in no list, so "not in" takes it: NULL must not make a row vanish
      return spec.not ? sql`(${col} IS NULL OR ${col} NOT IN ${list})` : sql`${col} IN ${list}`
    }
    case 'compare': {
      const value = kit.valueOf(c.type, param(spec.value))
      return spec.operator === '<>'
        ? sql`NOT ${kit.isSame(col, value)}`
        : sql`${col} ${catalogText(spec.operator)} ${value}`
    }
    case 'null':
      return spec.not ? sql`${col} IS NOT NULL` : sql`${col} IS NULL`
  }
}

/** Rows that are never delivered, in any role. */
export const excluded = ({ kit }: Catalogs, r: FlowRelation): Sql =>
  joined(
    r.excludeKeys.map((e) => sql`${ident('m', e.column)} IN ${kit.listOf(e.values, e.type, e.collation)}`),
    ' OR ',
    NEVER,
  )

/** `where`, scope and exclusions; `only`: just the conditions on that joined table. */
export function filters(c: Catalogs, r: FlowRelation, only?: string): Sql {
  const parts = [
    ...r.where.filter((w) => only === undefined || w.spec.column.table === only).map((w) => condition(c, w)),
    ...r.scope
      .filter((s) => only === undefined || s.column.table === only)
      .map((s) => sql`${column(s.column)} = ${c.kit.valueOf(s.type, param(s.value))}`),
    ...(only === undefined && r.excludeKeys.length > 0 ? [sql`NOT (${excluded(c, r)})`] : []),
  ]
  return joined(parts, ' AND ', ALWAYS)
}

/** `after < position <= upTo` */
export function inWindow({ kit }: Pick<Catalogs, 'kit'>, r: FlowRelation, w: WindowBounds): Sql {
  if (r.position === null) return ALWAYS
  const pos = column(r.position.ref)
  const bound = (text: string): Sql => kit.valueOf(r.position?.type ?? '', param(text))
  return joined(
    [
      ...(w.after === null ? [] : [sql`${pos} > ${bound(w.after)}`]),
      ...(w.upTo === null ? [sql`${pos} IS NOT NULL`] : [sql`${pos} <= ${bound(w.upTo)}`]),
    ],
    ' AND ',
  )
}

/** main and its joins. `outer`: ancestors may lack a joined row. */
export function fromSource(c: Catalogs, r: FlowRelation, outer = false): Sql {
  const joins = r.source.joins.map(
    (j) =>
      sql`${catalogText(outer ? 'LEFT JOIN' : 'JOIN')} ${sourceAs(c, j.table, ident(`j_${j.as}`))} ON ${joined(
        Object.entries(j.on).map(([main, other]) => sql`${ident('m', main)} = ${ident(`j_${j.as}`, other)}`),
        ' AND ',
      )}`,
  )
  return sql`${sourceAs(c, r.source.table, sql`m`)}${joins.length > 0 ? sql` ${joined(joins, '\n')}` : EMPTY}`
}

/** What the target lacks: the key, or the row as it is now; such a row would be neither inserted nor replaced. */
function absent(c: Catalogs, r: FlowRelation, what: 'key' | 'row'): Sql {
  const key = (alias: string): Sql => keyEquals(r, targetKey(r, alias), landingKey(c, r))
  const keys = new Set(r.key.map((k) => k.target))
  const content = r.columns
    .filter((x) => what === 'row' && !keys.has(x.target))
    .map((x) => c.kit.sameContent(x.targetType, ident('t', x.target), landingValue(c, x)))
  const held = sql`EXISTS (SELECT 1 FROM ${targetAs(c, landingTable(r), sql`t`)} WHERE ${joined([key('t'), ...content], ' AND ')}${andLive(r, 't')})`
  if (what === 'key' || r.position === null || r.position.targetColumn !== null) return sql`NOT ${held}`
  const at = c.kit.isSame(sql`p.${sidePosition(r)}`, column(r.position.ref))
  return sql`NOT (${held} AND EXISTS (SELECT 1 FROM ${sideTable(c, r.target.table)} AS p WHERE ${key('p')} AND ${at}))`
}

export const positionJoin = (r: FlowRelation) => r.source.joins.find((j) => j.as === r.position?.ref.table)

/** The join key of the position's row; null where the position is in the main table. */
function unmatchedParts(c: Catalogs, r: FlowRelation): readonly KeyPart[] | null {
  const join = positionJoin(r)
  return join ? Object.entries(join.on).map((pair) => remembered(c, r, join.as, pair)) : null
}

/** The same, as JSON. */
export function unmatchedKey(c: Catalogs, r: FlowRelation): Sql | null {
  const parts = unmatchedParts(c, r)
  return parts && c.kit.keyJson(parts)
}

/** Rows whose join key is among these; null where the position is in the main table. */
export function isUnmatchedKey(c: Catalogs, r: FlowRelation, keys: readonly string[]): Sql | null {
  const parts = unmatchedParts(c, r)
  return parts && keysIn(c.kit, parts, keys)
}

/** Is the row's key among those that the flow's own queue gives? `queued`: it was read into that table. */
function inQueue(c: Catalogs, r: FlowRelation, w: WindowBounds | null, targetExists: boolean, queued?: Sql): Sql {
  const template = queueOf(r)
  if (template === null) return ALWAYS
  return sql`EXISTS (SELECT 1 FROM ${queued ?? queuedKeys(c, r, template, w, targetExists)} AS q WHERE ${keyEquals(r, workKey('q'), mainKey(c, r))})`
}

/** Each predicate takes rows for one reason; together, without repetition, they are the selection. */
export function predicates(
  c: Catalogs,
  r: FlowRelation,
  s: Selection,
  targetExists: boolean,
  queued?: Sql,
): readonly Sql[] {
  const base = filters(c, r)
  // what is found behind the window has to be in the queue as it is without a beginning
  const ever =
    queueOf(r) === null
      ? base
      : sql`${base} AND ${inQueue(c, r, { after: null, upTo: s.window?.upTo ?? null }, targetExists)}`
  const all: Sql[] = []
  if (s.onlyAgain !== true && (s.window !== null || r.position === null)) {
    const window = s.window === null ? ALWAYS : inWindow(c, r, s.window)
    const taken =
      queueOf(r) !== null
        ? inQueue(c, r, s.window, targetExists, queued)
        : s.withNullPosition && r.position !== null
          ? sql`(${window} OR ${column(r.position.ref)} IS NULL)`
          : window
    all.push(
      sql`${taken} AND ${base}${s.absent !== null && targetExists ? sql` AND ${absent(c, r, s.absent)}` : EMPTY}`,
    )
  }
  const unmatched = s.unmatched.length > 0 ? isUnmatchedKey(c, r, s.unmatched) : null
  if (unmatched !== null) all.push(sql`${unmatched} AND ${ever}`)
  if (s.again.length > 0) all.push(sql`${keysIn(c.kit, sourceKeyParts(c, r, mainKey(c, r)), s.again)} AND ${base}`)
  for (const g of s.gained) {
    const c0 = r.where[g.where]
    if (c0)
      all.push(
        sql`${inWindow(c, r, { after: null, upTo: s.window?.upTo ?? null })} AND ${column(c0.spec.column)} IN ${c.kit.listOf(g.values, c0.type, c0.collation)} AND ${ever}`,
      )
  }
  return all
}

/** Bytes that the row's large values take, plus 8 for each of the others. `mainAlone`: without those of joined tables. */
export function rowBytes(c: Catalogs, r: FlowRelation, mainAlone: boolean): Sql {
  const counted = r.columns.filter((col) => !mainAlone || col.origin.kind === 'main')
  const sizes = counted.map((col) => (isConstant(col) ? null : c.kit.byteSize(col.sourceType, clearValue(c, col))))
  const fixed = BigInt(8 * sizes.filter((s) => s === null).length)
  return joined([sql`CAST(${catalogText(String(fixed))} AS BIGINT)`, ...sizes.filter((s) => s !== null)], ' + ')
}
