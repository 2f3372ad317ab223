/** The statements that take rows of the source, count them and look for those that are missing. */
import { type FlowRelation, landingTable, type Selection, type WindowBounds } from '../contract.ts'
import { landingKey, mainKey, mainKeys, sourceKeyJson } from '../relational/columns.sql.ts'
import {
  type Catalogs,
  column,
  keyEquals,
  keyName,
  sourceTable,
  targetKey,
  targetTable,
  typed,
  work,
  workKey,
} from '../relational/names.ts'
import {
  filters,
  fromSource,
  inWindow,
  NEVER,
  positionJoin,
  predicates,
  rowBytes,
  isUnmatchedKey,
  unmatchedKey,
} from '../relational/selection.sql.ts'
import { EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'

const list = (items: readonly Sql[]): Sql => joined(items, ', ')

/** Names of what a captured row remembers, in the order of `capturedColumns`. */
export const nodeColumns = (r: FlowRelation): Sql =>
  list([...r.key.map((_, i) => keyName(i)), sql`p`, ...(r.tree ? [sql`loc`, sql`par`] : []), sql`bytes`])

/** Key, position, locator, parent, size. `withPosition` false: from the main table alone. */
export const capturedColumns = (c: Catalogs, r: FlowRelation, withPosition: boolean): Sql =>
  list([
    ...mainKeys(c, r).map((k, i) => sql`${k} AS ${keyName(i)}`),
    withPosition && r.position ? sql`${column(r.position.ref)} AS p` : sql`CAST(NULL AS ${positionType(r)}) AS p`,
    ...(r.tree
      ? [sql`${ident('m', r.tree.locator.source)} AS loc`, sql`${ident('m', r.tree.parent.source)} AS par`]
      : []),
    sql`${rowBytes(c, r, !withPosition)} AS bytes`,
  ])

/** A rowversion is a number of the server's own giving; what keeps one is bytes. */
export const heldType = (type: string): string => (type === 'rowversion' || type === 'timestamp' ? 'binary(8)' : type)

export const positionType = (r: FlowRelation): Sql => typed(heldType(r.position?.type ?? 'int'))

const notIn = (c: Catalogs, r: FlowRelation, table: string): Sql =>
  sql`NOT EXISTS (SELECT 1 FROM ${work(c, table)} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})`

/** Role `w`: rows of the window, and those looked up again. */
export const insertSelected = (c: Catalogs, r: FlowRelation, predicate: Sql, _rowIds: boolean, first: boolean): Sql =>
  sql`INSERT INTO ${work(c, 'node')} (${nodeColumns(r)}, role, down)
SELECT ${capturedColumns(c, r, true)}, 'w', 0
FROM ${fromSource(c, r)}
WHERE ${predicate}
  AND ${notIn(c, r, 'done_key')}${first ? EMPTY : sql`\n  AND ${notIn(c, r, 'node')}`}`

/** Rows taken, rows too young, the youngest of them, and those without a position. */
export function tallyQuery(c: Catalogs, r: FlowRelation, s: Selection, targetExists: boolean): Sql {
  const all = predicates(c, r, s, targetExists)
  const [only] = all
  const counted =
    all.length === 1 && only
      ? sql`SELECT COUNT_BIG(*) FROM ${fromSource(c, r)} WHERE ${only}`
      : sql`SELECT COUNT_BIG(*) FROM (SELECT DISTINCT ${list(mainKeys(c, r).map((k, i) => sql`${k} AS ${keyName(i)}`))} FROM ${fromSource(c, r)} WHERE ${joined(
          all.map((p) => sql`(${p})`),
          ' OR ',
          NEVER,
        )}) AS q`
  if (r.position === null) return sql`SELECT (${counted}), 0, NULL, 0`
  const pos = column(r.position.ref)
  const from = sql`FROM ${fromSource(c, r)} WHERE ${filters(c, r)}`
  const young = s.window?.upTo == null ? NEVER : sql`${pos} > ${c.kit.valueOf(r.position.type, param(s.window.upTo))}`
  return sql`SELECT (${counted}), y.n, y.newest, (SELECT COUNT_BIG(*) ${from} AND ${pos} IS NULL)
FROM (SELECT COUNT_BIG(*) AS n, ${c.kit.asText(r.position.type, sql`MAX(${pos})`)} AS newest ${from} AND ${young}) AS y`
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
    text: sql`SELECT q.k, ${c.kit.asText(r.position.type, sql`MAX(q.p)`)}
FROM (SELECT ${key} AS k, ${column(r.position.ref)} AS p FROM ${sourceTable(c, join.table)} AS ${ident(`j_${join.as}`)}
  WHERE ${inWindow(c, r, w)} AND ${filters(c, r, join.as)}
    AND NOT EXISTS (SELECT 1 FROM ${sourceTable(c, r.source.table)} AS m WHERE ${on})) AS q
GROUP BY q.k ORDER BY q.k`,
  }
}

export function foundQuery(c: Catalogs, r: FlowRelation, keys: readonly string[]): Sql | null {
  const key = unmatchedKey(c, r)
  const among = isUnmatchedKey(c, r, keys)
  // what this run's scope does not take stays remembered for one that does
  return key === null || among === null
    ? null
    : sql`SELECT DISTINCT ${key} FROM ${fromSource(c, r)} WHERE ${among} AND ${filters(c, r)}`
}

export const repeatedWorkKeys = (c: Catalogs, r: FlowRelation, table: string): Sql => {
  const names = r.key.map((_, i) => keyName(i))
  return sql`SELECT TOP (5) ${sourceKeyJson(c, r, keyName)} AS k
FROM ${work(c, table)} GROUP BY ${list(names)} HAVING COUNT_BIG(*) > 1 ORDER BY k`
}

export function capturedAmong(c: Catalogs, r: FlowRelation, keys: readonly string[]): Sql {
  const key = sourceKeyJson(c, r, keyName)
  const among = (name: string): Sql =>
    sql`SELECT ${key} AS k FROM ${work(c, name)} WHERE ${key} IN ${c.kit.listOf(keys, c.kit.textType)}`
  return sql`${among('captured')} UNION ${among('done_key')} ORDER BY k`
}

const notSelected = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`NOT EXISTS (SELECT 1 FROM ${fromSource(c, r)} WHERE ${predicate} AND ${keyEquals(r, targetKey(r, 't'), landingKey(c, r))})`

/** Keys of the target that the selection's rows do not have. */
export const vanishingUnder = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`SELECT COUNT_BIG(*) FROM ${targetTable(c, r.target.table)} AS t WHERE ${notSelected(c, r, predicate)}`

/** Rows landed beside the target that the selection does not take any more. */
export const dropUnselected = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`DELETE FROM t FROM ${targetTable(c, landingTable(r))} AS t WHERE ${notSelected(c, r, predicate)}`
