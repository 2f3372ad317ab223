/**
 * A target that refers from row to row by their locators lets none change while another refers to it. Such a constraint is
 * looked at when a statement ends. So rows that move are joined into units, which no batch cuts: who moves with who refers
 * to it, who lands below it and who takes its place. A unit, and what waits for one, comes after everything else.
 */
import type { FlowRelation } from '../contract.ts'
import { ident, joined, param, type Sql, sql, whole } from '../sql-text.ts'
import { capturedColumns } from './capture.sql.ts'
import { landedKey, landingKey, mainKey, sourceKeyJson, targetKeyJson } from './columns.sql.ts'
import { keyEquals, keyName, targetKey, targetTable, work, workKey } from './names.ts'
import { excluded, fromSource } from './selection.sql.ts'
import type { Ctx } from './tree.sql.ts'

const keys = (r: FlowRelation): Sql =>
  joined(
    r.key.map((_, i) => keyName(i)),
    ', ',
  )

const locatorOf = (r: FlowRelation, alias: string): Sql => ident(alias, r.tree?.locator.target ?? '')
const referenceOf = (r: FlowRelation, alias: string): Sql => ident(alias, r.tree?.reference ?? '')

/** The captured row of that alias is the target's row `t`. */
const isHeld = ({ c, r }: Ctx, alias: string, held: string): Sql =>
  keyEquals(r, targetKey(r, held), landedKey(c, r, workKey(alias)))

/** Rows `t` of the target that refer to `o`, which is captured as `n` under another locator. */
const referring = (x: Ctx): Sql => sql`${targetTable(x.c, x.r.target.table)} AS t
JOIN ${targetTable(x.c, x.r.target.table)} AS o ON ${referenceOf(x.r, 't')} = ${locatorOf(x.r, 'o')}
JOIN ${work(x.c, 'node')} AS n ON ${isHeld(x, 'n', 'o')} AND n.role <> 'x' AND ${locatorOf(x.r, 'o')} IS DISTINCT FROM n.loc`

// ── who else has to move ──────────────────────────────────────────────────────────────────────────────────────

/** What refers to a row that moves moves with it, wherever it hangs now, and however young. */
export const captureReferring = (x: Ctx): Sql => {
  const { c, r, rowIds } = x
  return sql`INSERT INTO ${work(c, 'node')} (${keys(r)}, p, loc, par, rid, bytes, role)
SELECT ${capturedColumns(c, r, rowIds, true)}, 's'
FROM ${fromSource(c, r, true)}
WHERE NOT coalesce(${excluded(c, r)}, FALSE)
  AND EXISTS (SELECT 1 FROM ${referring(x)} WHERE NOT n.down AND ${keyEquals(r, targetKey(r, 't'), landingKey(c, r))})
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})`
}

export const promoteReferring = (x: Ctx): Sql => sql`UPDATE ${work(x.c, 'node')} AS w SET role = 's'
WHERE role = 'x' AND EXISTS (SELECT 1 FROM ${referring(x)} WHERE ${isHeld(x, 'w', 't')})`

/** Rows that refer to one that moves, and are not moved: the source has no place for them. */
export const leftBehind = (
  x: Ctx,
): Sql => sql`SELECT ${targetKeyJson(x.c, x.r, targetKey(x.r, 't'))}, ${targetKeyJson(x.c, x.r, targetKey(x.r, 'o'))}
FROM ${referring(x)}
WHERE NOT EXISTS (SELECT 1 FROM ${work(x.c, 'node')} AS w WHERE ${isHeld(x, 'w', 't')} AND w.role <> 'x') ORDER BY 1 LIMIT 6`

// ── units ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Rows that change their locator, and those that refer to them. Each begins as a unit of its own. */
export const findMovers = (x: Ctx): readonly Sql[] => {
  const { c, r } = x
  const row = sql`n.loc, n.par, ${locatorOf(r, 't')} AS was, ${referenceOf(r, 't')} AS was_par`
  const held = sql`${work(c, 'node')} AS n JOIN ${targetTable(c, r.target.table)} AS t ON ${isHeld(x, 'n', 't')}`
  const place = sql`row_number() OVER (ORDER BY n.loc)`
  const mover = work(c, 'mover')
  return [
    ...c.kit.remakeTable(
      mover,
      sql`SELECT ${place} AS n, ${place} AS unit, ${row} FROM ${held} WHERE n.role <> 'x' AND ${locatorOf(r, 't')} IS DISTINCT FROM n.loc`,
    ),
    sql`INSERT INTO ${mover} (n, unit, loc, par, was, was_par)
SELECT (SELECT count(*) FROM ${mover}) + ${place}, (SELECT count(*) FROM ${mover}) + ${place}, ${row}
FROM ${held} WHERE n.role <> 'x' AND ${locatorOf(r, 't')} IS NOT DISTINCT FROM n.loc AND ${referenceOf(r, 't')} IN (SELECT was FROM ${mover})`,
  ]
}

export const countMovers = ({ c }: Ctx): Sql => sql`SELECT count(*) FROM ${work(c, 'mover')}`

/** Who refers to a mover, who lands below one, and who takes its place. */
export const findPairs = ({ c }: Ctx): readonly Sql[] => {
  const mover = work(c, 'mover')
  return c.kit.remakeTable(
    work(c, 'pair'),
    sql`SELECT a.n AS a, b.n AS b FROM ${mover} AS a JOIN ${mover} AS b ON b.was = a.was_par
UNION ALL SELECT a.n, b.n FROM ${mover} AS a JOIN ${mover} AS b ON b.loc = a.par
UNION ALL SELECT a.n, b.n FROM ${mover} AS a JOIN ${mover} AS b ON b.was = a.loc AND b.n <> a.n`,
  )
}

/** Said until nothing changes: of two that are a pair both are of the lesser unit. */
export const joinUnits = ({ c }: Ctx): Sql => {
  const [mover, pair] = [work(c, 'mover'), work(c, 'pair')]
  return sql`UPDATE ${mover} AS m SET unit = q.unit FROM (SELECT k.n, min(k.unit) AS unit FROM (
  SELECT p.a AS n, o.unit FROM ${pair} AS p JOIN ${mover} AS o ON o.n = p.b
  UNION ALL SELECT p.b, o.unit FROM ${pair} AS p JOIN ${mover} AS o ON o.n = p.a) AS k GROUP BY k.n) AS q
WHERE q.n = m.n AND q.unit < m.unit`
}

// ── order ─────────────────────────────────────────────────────────────────────────────────────────────────────

export const startLate = ({ c }: Ctx): readonly Sql[] =>
  c.kit.remakeTable(work(c, 'late'), sql`SELECT loc, unit, CAST(NULL AS int) AS level FROM ${work(c, 'mover')}`)

/** Said until nothing is added: what lies below, and what takes a place that is to be left, each a unit of its own. */
export const addLate = ({ c }: Ctx): Sql => {
  const [late, node] = [work(c, 'late'), work(c, 'node')]
  return sql`INSERT INTO ${late} (loc, unit)
SELECT q.loc, (SELECT max(unit) FROM ${late}) + row_number() OVER (ORDER BY q.loc) FROM (
  SELECT n.loc FROM ${node} AS n JOIN ${late} AS l ON l.loc = n.par WHERE n.role <> 'x'
  UNION SELECT n.loc FROM ${node} AS n JOIN ${work(c, 'mover')} AS m ON m.was = n.loc WHERE n.role <> 'x') AS q
WHERE NOT EXISTS (SELECT 1 FROM ${late} AS l WHERE l.loc = q.loc)`
}

/** Which units wait for which others. */
export const findAwaited = ({ c }: Ctx): readonly Sql[] => {
  const late = work(c, 'late')
  return c.kit.remakeTable(
    work(c, 'awaits'),
    sql`SELECT a.unit, b.unit AS other FROM ${late} AS a JOIN ${work(c, 'node')} AS n ON n.loc = a.loc JOIN ${late} AS b ON b.loc = n.par WHERE a.unit <> b.unit
UNION SELECT a.unit, b.unit FROM ${late} AS a JOIN ${work(c, 'mover')} AS m ON m.was = a.loc JOIN ${late} AS b ON b.loc = m.loc WHERE a.unit <> b.unit`,
  )
}

/** Said level by level until nothing changes: units that wait for none any more. */
export const rank = (
  { c }: Ctx,
  level: number,
): Sql => sql`UPDATE ${work(c, 'late')} AS l SET level = ${whole(BigInt(level))}
WHERE l.level IS NULL AND NOT EXISTS (
  SELECT 1 FROM ${work(c, 'awaits')} AS w JOIN ${work(c, 'late')} AS o ON o.unit = w.other WHERE w.unit = l.unit AND o.level IS NULL)`

/** Rows that are no movers, that movers wait for, and that wait for those. */
export const tangled = ({ c, r }: Ctx): Sql => sql`SELECT DISTINCT ${sourceKeyJson(c, r, workKey('n'))} AS k
FROM ${work(c, 'late')} AS l JOIN ${work(c, 'node')} AS n ON n.loc = l.loc JOIN ${work(c, 'awaits')} AS w ON w.other = l.unit
JOIN ${work(c, 'mover')} AS m ON m.unit = w.unit
WHERE l.level IS NULL AND NOT EXISTS (SELECT 1 FROM ${work(c, 'mover')} AS o WHERE o.loc = l.loc) ORDER BY k LIMIT 6`

/** After everything else, and among the children. */
export const assignLate = ({ c }: Ctx): Sql => sql`UPDATE ${work(c, 'node')} AS n
SET step = 3, depth = (SELECT coalesce(max(depth), 0) + 1 FROM ${work(c, 'node')}) + l.level
FROM ${work(c, 'late')} AS l WHERE l.loc = n.loc AND n.role <> 'x'`

export const orderUnits = ({ c, r }: Ctx): readonly Sql[] =>
  c.kit.remakeTable(
    work(c, 'captured'),
    sql`SELECT row_number() OVER (ORDER BY step, depth, unit, rid, ${keys(r)}) AS n, step, depth, role, ${keys(r)}, rid, bytes, unit
FROM ${work(c, 'node')} AS n LEFT JOIN ${work(c, 'late')} AS l ON l.loc = n.loc WHERE role <> 'x' ORDER BY 1`,
  )

/** As `cut`, but a unit is where its first row is. */
export const cutUnits = ({ c }: Ctx, rows: number, bytes: number): readonly Sql[] => {
  const limit = (n: number): Sql => sql`CAST(${param(String(n))} AS BIGINT)`
  return c.kit.remakeTable(
    work(c, 'piece'),
    sql`SELECT step, depth, min(n) AS first, max(n) AS last, count(*) AS row_count, sum(bytes) AS byte_count, min(rid) AS rid_from, max(rid) AS rid_to FROM (
  SELECT *, ${c.kit.wholeDivision(sql`min(rows_before) OVER u`, limit(rows))} AS by_rows,
         ${c.kit.wholeDivision(sql`min(bytes_before) OVER u`, limit(bytes))} AS by_bytes
  FROM (SELECT *, row_number() OVER w - 1 AS rows_before, CAST(sum(bytes) OVER w - bytes AS BIGINT) AS bytes_before
    FROM ${work(c, 'captured')} WINDOW w AS (PARTITION BY step, depth ORDER BY n ROWS UNBOUNDED PRECEDING)) AS q
  WINDOW u AS (PARTITION BY step, depth, coalesce(unit, -n))
) AS q GROUP BY step, depth, by_rows, by_bytes`,
  )
}
