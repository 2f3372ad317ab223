/** Which rows of the source a run takes. */
import {
  type FlowRelation,
  landingTable,
  type PlannedCondition,
  type Selection,
  type WindowBounds,
} from '../contract.ts'
import { queueOf } from '../planned-steps.ts'
import { catalogText, EMPTY, ident, joined, param, type Sql, sql, whole } from '../sql-text.ts'
import {
  type Catalogs,
  column,
  keyEquals,
  keyName,
  sidePosition,
  sideTable,
  sourceTable,
  targetKey,
  targetTable,
  typed,
  work,
  workKey,
} from './names.ts'
import { clearValue, landingKey, landingValue, mainKey, mainKeys, remembered } from './columns.sql.ts'
import { queuedKeys } from './template.sql.ts'

const TRUE = sql`TRUE`

function condition({ kit }: Catalogs, c: PlannedCondition): Sql {
  const { spec } = c
  const col = column(spec.column)
  switch (spec.kind) {
    case 'in-list':
    case 'in-table': {
      const list = kit.listOf(spec.kind === 'in-list' ? spec.values : (c.contents ?? []), c.type)
      // a row without a value is in no list, so "not in" takes it: NULL must not make a row vanish
      return spec.not ? sql`(${col} IS NULL OR ${col} NOT IN ${list})` : sql`${col} IN ${list}`
    }
    case 'compare': {
      const value = sql`CAST(${param(spec.value)} AS ${typed(c.type)})`
      return spec.operator === '<>'
        ? sql`${col} IS DISTINCT FROM ${value}`
        : sql`${col} ${catalogText(spec.operator)} ${value}`
    }
    case 'null':
      return spec.not ? sql`${col} IS NOT NULL` : sql`${col} IS NULL`
  }
}

/** Rows that are never delivered, in any role. */
export const excluded = ({ kit }: Catalogs, r: FlowRelation): Sql =>
  joined(
    r.excludeKeys.map((e) => sql`${ident('m', e.column)} IN ${kit.listOf(e.values, e.type)}`),
    ' OR ',
    sql`FALSE`,
  )

/** `where`, scope and exclusions; `only`: just the conditions on that joined table. */
export function filters(c: Catalogs, r: FlowRelation, only?: string): Sql {
  const parts = [
    ...r.where.filter((w) => only === undefined || w.spec.column.table === only).map((w) => condition(c, w)),
    ...r.scope
      .filter((s) => only === undefined || s.column.table === only)
      .map((s) => sql`${column(s.column)} = CAST(${param(s.value)} AS ${typed(s.type)})`),
    ...(only === undefined && r.excludeKeys.length > 0 ? [sql`NOT (${excluded(c, r)})`] : []),
  ]
  return joined(parts, ' AND ', TRUE)
}

/** `after < position <= upTo` */
export function inWindow(r: FlowRelation, w: WindowBounds): Sql {
  if (r.position === null) return TRUE
  const pos = column(r.position.ref)
  const bound = (text: string): Sql => sql`CAST(${param(text)} AS ${typed(r.position?.type ?? '')})`
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
      sql`${catalogText(outer ? 'LEFT JOIN' : 'JOIN')} ${sourceTable(c, j.table)} AS ${ident(`j_${j.as}`)} ON ${joined(
        Object.entries(j.on).map(([main, other]) => sql`${ident('m', main)} = ${ident(`j_${j.as}`, other)}`),
        ' AND ',
      )}`,
  )
  return sql`${sourceTable(c, r.source.table)} AS m${joins.length > 0 ? sql` ${joined(joins, '\n')}` : EMPTY}`
}

/** What the target lacks: the key, or the row as it is now; such a row would be neither inserted nor replaced. */
function absent(c: Catalogs, r: FlowRelation, what: 'key' | 'row'): Sql {
  const key = (alias: string): Sql => keyEquals(r, targetKey(r, alias), landingKey(c, r))
  const keys = new Set(r.key.map((k) => k.target))
  const content = r.columns
    .filter((x) => what === 'row' && !keys.has(x.target))
    .map((x) => c.kit.sameContent(x.targetType, ident('t', x.target), landingValue(c, x)))
  const held = sql`EXISTS (SELECT 1 FROM ${targetTable(c, landingTable(r))} AS t WHERE ${joined([key('t'), ...content], ' AND ')})`
  if (what === 'key' || r.position === null || r.position.targetColumn !== null) return sql`NOT ${held}`
  const at = sql`p.${sidePosition(r)} IS NOT DISTINCT FROM ${column(r.position.ref)}`
  return sql`NOT (${held} AND EXISTS (SELECT 1 FROM ${sideTable(c, r.target.table)} AS p WHERE ${key('p')} AND ${at}))`
}

const positionJoin = (r: FlowRelation) => r.source.joins.find((j) => j.as === r.position?.ref.table)

/** The join key of the position's row, as JSON; null where the position is in the main table. */
export function unmatchedKey(c: Catalogs, r: FlowRelation): Sql | null {
  const join = positionJoin(r)
  if (!join) return null
  return c.kit.keyJson(Object.entries(join.on).map((pair) => remembered(c, r, join.as, pair)))
}

/** Is the row's key among those that the flow's own queue gives? `queued`: it was read into that table. */
function inQueue(c: Catalogs, r: FlowRelation, w: WindowBounds | null, targetExists: boolean, queued?: Sql): Sql {
  const template = queueOf(r)
  if (template === null) return TRUE
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
    const window = s.window === null ? TRUE : inWindow(r, s.window)
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
  const unmatched = unmatchedKey(c, r)
  if (unmatched !== null && s.unmatched.length > 0)
    all.push(sql`${unmatched} IN ${c.kit.listOf(s.unmatched, 'VARCHAR')} AND ${ever}`)
  if (s.again.length > 0) {
    const key = c.kit.keyJson(mainKeys(c, r))
    all.push(sql`${key} IN ${c.kit.listOf(s.again, 'VARCHAR')} AND ${base}`)
  }
  for (const g of s.gained) {
    const c0 = r.where[g.where]
    if (c0)
      all.push(
        sql`${inWindow(r, { after: null, upTo: s.window?.upTo ?? null })} AND ${column(c0.spec.column)} IN ${c.kit.listOf(g.values, c0.type)} AND ${ever}`,
      )
  }
  return all
}

/** Bytes that the row's large values take, plus 8 for each of the others. `mainAlone`: without those of joined tables. */
export function rowBytes({ kit }: Catalogs, r: FlowRelation, mainAlone: boolean): Sql {
  const counted = r.columns.filter((col) => !mainAlone || col.origin.kind === 'main')
  const sizes = counted.map((col) => kit.byteSize(col.sourceType, clearValue(col)))
  const fixed = BigInt(8 * sizes.filter((s) => s === null).length)
  return joined([sql`CAST(${catalogText(String(fixed))} AS BIGINT)`, ...sizes.filter((s) => s !== null)], ' + ')
}

/** What the captured row remembers: key, position, locator, parent, row number, size. `withPosition` false: from the main table alone. */
export function capturedColumns(c: Catalogs, r: FlowRelation, rowIds: boolean, withPosition: boolean): Sql {
  return joined(
    [
      ...mainKeys(c, r).map((k, i) => sql`${k} AS ${keyName(i)}`),
      ...(withPosition && r.position ? [sql`${column(r.position.ref)} AS p`] : [sql`NULL AS p`]),
      ...(r.tree
        ? [sql`${ident('m', r.tree.locator.source)} AS loc`, sql`${ident('m', r.tree.parent.source)} AS par`]
        : []),
      rowIds ? sql`${c.source.rowNumber(r.source.table, 'm')} AS rid` : sql`NULL AS rid`,
      sql`${rowBytes(c, r, !withPosition)} AS bytes`,
    ],
    ', ',
  )
}

/** Role `w`: rows of the window, and those looked up again. */
export function insertSelected(c: Catalogs, r: FlowRelation, predicate: Sql, rowIds: boolean, first: boolean): Sql {
  const keys = joined(
    r.key.map((_, i) => keyName(i)),
    ', ',
  )
  const known = sql`${first ? EMPTY : sql` AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})`}`
  return sql`INSERT INTO ${work(c, 'node')} (${keys}, p, ${r.tree ? sql`loc, par, ` : EMPTY}rid, bytes, role)
SELECT ${capturedColumns(c, r, rowIds, true)}, 'w' AS role
FROM ${fromSource(c, r)}
WHERE ${predicate}
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'done_key')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})${known}`
}

/** `indexed`: rows beyond a position are found without reading the others, so each question is asked by itself. */
export function tallyQuery(c: Catalogs, r: FlowRelation, s: Selection, targetExists: boolean, indexed = false): Sql {
  const all = predicates(c, r, s, targetExists)
  const counted =
    all.length === 1 && all[0]
      ? sql`SELECT count(*) FROM ${fromSource(c, r)} WHERE ${all[0]}`
      : sql`SELECT count(*) FROM (SELECT DISTINCT ${joined(
          mainKeys(c, r),
          ', ',
        )} FROM ${fromSource(c, r)} WHERE ${joined(
          all.map((p) => sql`(${p})`),
          ' OR ',
          sql`FALSE`,
        )}) AS q`
  if (r.position === null) return sql`SELECT (${counted}), 0, NULL, 0`
  const pos = column(r.position.ref)
  const young =
    s.window?.upTo == null ? sql`FALSE` : sql`${pos} > CAST(${param(s.window.upTo)} AS ${typed(r.position.type)})`
  const from = sql`FROM ${fromSource(c, r)}
WHERE ${filters(c, r)}`
  const [only] = all
  if (c.kit.storesRows && only !== undefined && all.length === 1 && !(indexed && s.window?.after != null))
    return sql`SELECT count(*) FILTER (WHERE ${only}), count(*) FILTER (WHERE ${young}), CAST(max(${pos}) FILTER (WHERE ${young}) AS VARCHAR), count(*) FILTER (WHERE ${pos} IS NULL)
${from}`
  if (indexed && s.window?.after != null)
    return sql`SELECT (${counted}), y.n, y.newest, (SELECT count(*) ${from} AND ${pos} IS NULL)
FROM (SELECT count(*) AS n, CAST(max(${pos}) AS VARCHAR) AS newest ${from} AND ${young}) AS y`
  return sql`SELECT (${counted}), count(*) FILTER (WHERE ${young}), CAST(max(${pos}) FILTER (WHERE ${young}) AS VARCHAR), count(*) FILTER (WHERE ${pos} IS NULL)
${from}`
}

/** Position rows in the window without a main row: their join keys and positions. */
export function unmatchedQuery(c: Catalogs, r: FlowRelation, w: WindowBounds): { text: Sql; alias: string } | null {
  const join = positionJoin(r)
  const key = unmatchedKey(c, r)
  if (!join || !key || r.position === null) return null
  const on = joined(
    Object.entries(join.on).map(([main, other]) => sql`${ident('m', main)} = ${ident(`j_${join.as}`, other)}`),
    ' AND ',
  )
  return {
    alias: join.as,
    text: sql`SELECT ${key}, CAST(max(${column(r.position.ref)}) AS VARCHAR)
FROM ${sourceTable(c, join.table)} AS ${ident(`j_${join.as}`)}
WHERE ${inWindow(r, w)} AND ${filters(c, r, join.as)}
  AND NOT EXISTS (SELECT 1 FROM ${sourceTable(c, r.source.table)} AS m WHERE ${on})
GROUP BY 1 ORDER BY 1`,
  }
}

export function foundQuery(c: Catalogs, r: FlowRelation, keys: readonly string[]): Sql | null {
  const key = unmatchedKey(c, r)
  // what this run's scope does not take stays remembered for one that does
  return key === null
    ? null
    : sql`SELECT DISTINCT ${key} FROM ${fromSource(c, r)} WHERE ${key} IN ${c.kit.listOf(keys, 'VARCHAR')} AND ${filters(c, r)}`
}

export function capturedAmong(c: Catalogs, r: FlowRelation, keys: readonly string[]): Sql {
  const key = c.kit.keyJson(r.key.map((_, i) => keyName(i)))
  const among = (name: string): Sql =>
    sql`SELECT ${key} AS k FROM ${work(c, name)} WHERE ${key} IN ${c.kit.listOf(keys, 'VARCHAR')}`
  return sql`${among('captured')} UNION ${among('done_key')} ORDER BY k`
}

/** Per run of `size` row numbers: how many rows the predicate takes, where, how large, and how many without a key. `average`: the bytes of a row need not be looked at. */
export function bucketQuery(c: Catalogs, r: FlowRelation, predicate: Sql, size: bigint, average: bigint | null): Sql {
  const n = c.source.rowNumber(r.source.table, 'm')
  const noKey = joined(
    mainKeys(c, r).map((k) => sql`${k} IS NULL`),
    ' OR ',
  )
  return sql`SELECT min(${n}), max(${n}), count(*), coalesce(sum(${average === null ? rowBytes(c, r, false) : whole(average)}), 0), count(*) FILTER (WHERE ${noKey})
FROM ${fromSource(c, r)} WHERE ${predicate} GROUP BY ${c.kit.wholeDivision(n, whole(size))} ORDER BY 1`
}

/**
 * A row whose key is not greater than that of the row read before it. Where there is none, no key is repeated: most
 * tables are in the order of their keys, and looking costs a twentieth of grouping. Null: it is a key of several columns.
 */
export function keyStepsBack(c: Catalogs, r: FlowRelation, predicate: Sql): Sql | null {
  const [key, more] = mainKeys(c, r)
  return key === undefined || more !== undefined
    ? null
    : sql`SELECT 1 FROM (SELECT ${key} AS k, lag(${key}) OVER () AS before FROM ${fromSource(c, r)} WHERE ${predicate}) AS q WHERE NOT k > before LIMIT 1`
}

/** A few keys that the predicate takes more than once. */
export function repeatedSourceKeys(c: Catalogs, r: FlowRelation, predicate: Sql): Sql {
  const names = r.key.map((_, i) => keyName(i))
  const keys = mainKeys(c, r).map((k, i) => sql`${k} AS ${keyName(i)}`)
  return sql`SELECT ${c.kit.keyJson(names)} AS k FROM (SELECT ${joined(keys, ', ')} FROM ${fromSource(c, r)} WHERE ${predicate}) AS q GROUP BY ${joined(names, ', ')} HAVING count(*) > 1 ORDER BY k LIMIT 5`
}

const notSelected = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`NOT EXISTS (SELECT 1 FROM ${fromSource(c, r)} WHERE ${predicate} AND ${keyEquals(r, targetKey(r, 't'), landingKey(c, r))})`

/** Keys of the target that the selection's rows do not have. */
export const vanishingUnder = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`SELECT count(*) FROM ${targetTable(c, r.target.table)} AS t WHERE ${notSelected(c, r, predicate)}`

/** Rows landed beside the target that the selection does not take any more. */
export const dropUnselected = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`DELETE FROM ${targetTable(c, landingTable(r))} AS t WHERE ${notSelected(c, r, predicate)}`
