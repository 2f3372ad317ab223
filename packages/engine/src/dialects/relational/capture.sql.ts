/** The statements that take rows of the source, count them and look for those that are missing. */
import { type FlowRelation, landingTable, type Selection, type WindowBounds } from '../contract.ts'
import { EMPTY, ident, joined, param, type Sql, sql, whole } from '../sql-text.ts'
import { landingKey, mainKey, mainKeys, sourceKeyJson } from './columns.sql.ts'
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
} from './names.ts'
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
} from './selection.sql.ts'

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
          NEVER,
        )}) AS q`
  if (r.position === null) return sql`SELECT (${counted}), 0, NULL, 0`
  const pos = column(r.position.ref)
  const young =
    s.window?.upTo == null ? NEVER : sql`${pos} > CAST(${param(s.window.upTo)} AS ${typed(r.position.type)})`
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
WHERE ${inWindow(c, r, w)} AND ${filters(c, r, join.as)}
  AND NOT EXISTS (SELECT 1 FROM ${sourceTable(c, r.source.table)} AS m WHERE ${on})
GROUP BY 1 ORDER BY 1`,
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

/** A few keys that a table of the captured keys has more than once. */
export const repeatedWorkKeys = (c: Catalogs, r: FlowRelation, table: string): Sql => {
  const names = r.key.map((_, i) => keyName(i))
  return sql`SELECT ${sourceKeyJson(c, r, keyName)} AS k FROM ${work(c, table)} GROUP BY ${joined(names, ', ')} HAVING count(*) > 1 ORDER BY k LIMIT 5`
}

export function capturedAmong(c: Catalogs, r: FlowRelation, keys: readonly string[]): Sql {
  const key = sourceKeyJson(c, r, keyName)
  const among = (name: string): Sql =>
    sql`SELECT ${key} AS k FROM ${work(c, name)} WHERE ${key} IN ${c.kit.listOf(keys, c.kit.textType)}`
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
  return sql`SELECT ${sourceKeyJson(c, r, keyName)} AS k FROM (SELECT ${joined(keys, ', ')} FROM ${fromSource(c, r)} WHERE ${predicate}) AS q GROUP BY ${joined(names, ', ')} HAVING count(*) > 1 ORDER BY k LIMIT 5`
}

const notSelected = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`NOT EXISTS (SELECT 1 FROM ${fromSource(c, r)} WHERE ${predicate} AND ${keyEquals(r, targetKey(r, 't'), landingKey(c, r))})`

/** Keys of the target that the selection's rows do not have. */
export const vanishingUnder = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`SELECT count(*) FROM ${targetTable(c, r.target.table)} AS t WHERE ${notSelected(c, r, predicate)}`

/** Rows landed beside the target that the selection does not take any more. */
export const dropUnselected = (c: Catalogs, r: FlowRelation, predicate: Sql): Sql =>
  sql`DELETE FROM ${targetTable(c, landingTable(r))} AS t WHERE ${notSelected(c, r, predicate)}`
