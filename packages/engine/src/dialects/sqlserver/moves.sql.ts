/**
 * A target that refers from row to row by their locators, as every FileTable does, lets none change while another refers to
 * it. What this means for batches is told in the text that the other databases share.
 */
import type { FlowRelation } from '../contract.ts'
import { landedKey, landingKey, mainKey, sourceKeyJson, targetKeyJson } from '../relational/columns.sql.ts'
import { keyEquals, keyName, targetKey, targetTable, work, workKey } from '../relational/names.ts'
import { excluded, fromSource } from '../relational/selection.sql.ts'
import type { Ctx } from '../relational/tree.sql.ts'
import { ident, joined, type Sql, sql, whole } from '../sql-text.ts'
import { capturedColumns, nodeColumns } from './capture.sql.ts'

export { findAwaited, findPairs, startLate } from '../relational/moves.sql.ts'

const list = (items: readonly Sql[]): Sql => joined(items, ', ')
const keys = (r: FlowRelation): Sql => list(r.key.map((_, i) => keyName(i)))
const locatorOf = (r: FlowRelation, alias: string): Sql => ident(alias, r.tree?.locator.target ?? '')
const referenceOf = (r: FlowRelation, alias: string): Sql => ident(alias, r.tree?.reference ?? '')

/** The captured row of that alias is the target's row `t`. */
const isHeld = ({ c, r }: Ctx, alias: string, held: string): Sql =>
  keyEquals(r, targetKey(r, held), landedKey(c, r, workKey(alias)))

/** Has the target's row the locator of the captured one? */
const stays = ({ c, r }: Ctx, alias: string, held: string): Sql =>
  c.kit.sameContent(r.tree?.locator.sourceType ?? '', locatorOf(r, held), ident(alias, 'loc'))

/** Rows `t` of the target that refer to `o`, which is captured as `n` under another locator. */
const referring = (x: Ctx): Sql => sql`${targetTable(x.c, x.r.target.table)} AS t
JOIN ${targetTable(x.c, x.r.target.table)} AS o ON ${referenceOf(x.r, 't')} = ${locatorOf(x.r, 'o')}
JOIN ${work(x.c, 'node')} AS n ON ${isHeld(x, 'n', 'o')} AND n.role <> 'x' AND NOT ${stays(x, 'n', 'o')}`

// ── who else has to move ──────────────────────────────────────────────────────────────────────────────────────

/** What refers to a row that moves moves with it, wherever it hangs now, and however young. */
export const captureReferring = (x: Ctx): Sql => {
  const { c, r } = x
  return sql`INSERT INTO ${work(c, 'node')} (${nodeColumns(r)}, role, down)
SELECT ${capturedColumns(c, r, true)}, 's', 0
FROM ${fromSource(c, r, true)}
WHERE CASE WHEN ${excluded(c, r)} THEN 1 ELSE 0 END = 0
  AND EXISTS (SELECT 1 FROM ${referring(x)} WHERE n.down = 0 AND ${keyEquals(r, targetKey(r, 't'), landingKey(c, r))})
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})`
}

export const promoteReferring = (x: Ctx): Sql => sql`UPDATE w SET role = 's' FROM ${work(x.c, 'node')} AS w
WHERE w.role = 'x' AND EXISTS (SELECT 1 FROM ${referring(x)} WHERE ${isHeld(x, 'w', 't')})`

/** Rows that refer to one that moves, and are not moved: the source has no place for them. */
export const leftBehind = (
  x: Ctx,
): Sql => sql`SELECT TOP (6) ${targetKeyJson(x.c, x.r, targetKey(x.r, 't'))} AS k, ${targetKeyJson(x.c, x.r, targetKey(x.r, 'o'))} AS below
FROM ${referring(x)}
WHERE NOT EXISTS (SELECT 1 FROM ${work(x.c, 'node')} AS w WHERE ${isHeld(x, 'w', 't')} AND w.role <> 'x') ORDER BY k`

// ── units ─────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Rows that change their locator, and those that refer to them. Each begins as a unit of its own. What the target holds is
 * kept as the source's types and collations have it, to be compared with what the source has.
 */
export const findMovers = (x: Ctx): readonly Sql[] => {
  const { c, r } = x
  const mover = work(c, 'mover')
  const none = sql`SELECT n.loc, n.par, n.loc AS was, n.par AS was_par FROM ${work(c, 'node')} AS n WHERE 1 = 0`
  const held = sql`${work(c, 'node')} AS w JOIN ${targetTable(c, r.target.table)} AS v ON ${isHeld(x, 'w', 'v')}`
  const number = sql`(SELECT COUNT_BIG(*) FROM ${mover}) + ROW_NUMBER() OVER (ORDER BY w.loc)`
  const add = (which: Sql): Sql => sql`INSERT INTO ${mover} (n, unit, loc, par, was, was_par)
SELECT ${number}, ${number}, w.loc, w.par, ${locatorOf(r, 'v')}, ${referenceOf(r, 'v')}
FROM ${held} WHERE w.role <> 'x' AND ${which}`
  return [
    ...c.kit.remakeTable(
      mover,
      sql`SELECT CAST(NULL AS bigint) AS n, CAST(NULL AS bigint) AS unit, u.* FROM (${none} UNION ALL ${none}) AS u`,
    ),
    add(sql`NOT ${stays(x, 'w', 'v')}`),
    add(sql`${stays(x, 'w', 'v')} AND EXISTS (SELECT 1 FROM ${referring(x)} WHERE ${isHeld(x, 'w', 't')})`),
  ]
}

export const countMovers = ({ c }: Ctx): Sql => sql`SELECT COUNT_BIG(*) FROM ${work(c, 'mover')}`

/** Said until nothing changes: of two that are a pair both are of the lesser unit. */
export const joinUnits = ({ c }: Ctx): Sql => {
  const [mover, pair] = [work(c, 'mover'), work(c, 'pair')]
  return sql`UPDATE m SET unit = q.unit FROM ${mover} AS m JOIN (SELECT k.n, MIN(k.unit) AS unit FROM (
  SELECT p.a AS n, o.unit FROM ${pair} AS p JOIN ${mover} AS o ON o.n = p.b
  UNION ALL SELECT p.b, o.unit FROM ${pair} AS p JOIN ${mover} AS o ON o.n = p.a) AS k GROUP BY k.n) AS q ON q.n = m.n
WHERE q.unit < m.unit`
}

// ── order ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Said until nothing is added: what lies below, and what takes a place that is to be left, each a unit of its own. */
export const addLate = ({ c }: Ctx): Sql => {
  const [late, node] = [work(c, 'late'), work(c, 'node')]
  return sql`INSERT INTO ${late} (loc, unit)
SELECT q.loc, (SELECT MAX(unit) FROM ${late}) + ROW_NUMBER() OVER (ORDER BY q.loc) FROM (
  SELECT n.loc FROM ${node} AS n JOIN ${late} AS l ON l.loc = n.par WHERE n.role <> 'x'
  UNION SELECT n.loc FROM ${node} AS n JOIN ${work(c, 'mover')} AS m ON m.was = n.loc WHERE n.role <> 'x') AS q
WHERE NOT EXISTS (SELECT 1 FROM ${late} AS l WHERE l.loc = q.loc)`
}

/** Said level by level until nothing changes: units that wait for none any more. */
export const rank = (
  { c }: Ctx,
  level: number,
): Sql => sql`UPDATE l SET level = ${whole(BigInt(level))} FROM ${work(c, 'late')} AS l
WHERE l.level IS NULL AND NOT EXISTS (
  SELECT 1 FROM ${work(c, 'awaits')} AS w JOIN ${work(c, 'late')} AS o ON o.unit = w.other WHERE w.unit = l.unit AND o.level IS NULL)`

/** Rows that are no movers, that movers wait for, and that wait for those. */
export const tangled = ({ c, r }: Ctx): Sql => sql`SELECT DISTINCT TOP (6) ${sourceKeyJson(c, r, workKey('n'))} AS k
FROM ${work(c, 'late')} AS l JOIN ${work(c, 'node')} AS n ON n.loc = l.loc JOIN ${work(c, 'awaits')} AS w ON w.other = l.unit
JOIN ${work(c, 'mover')} AS m ON m.unit = w.unit
WHERE l.level IS NULL AND NOT EXISTS (SELECT 1 FROM ${work(c, 'mover')} AS o WHERE o.loc = l.loc) ORDER BY k`

/** After everything else, and among the children. */
export const assignLate = ({ c }: Ctx): Sql => sql`UPDATE n
SET step = 3, depth = (SELECT COALESCE(MAX(depth), 0) + 1 FROM ${work(c, 'node')}) + l.level
FROM ${work(c, 'node')} AS n JOIN ${work(c, 'late')} AS l ON l.loc = n.loc WHERE n.role <> 'x'`

export const orderUnits = ({ c, r }: Ctx): readonly Sql[] =>
  c.kit.remakeTable(
    work(c, 'captured'),
    sql`SELECT ROW_NUMBER() OVER (ORDER BY step, depth, unit, ${keys(r)}) AS n, step, depth, role, ${keys(r)}, bytes, unit
FROM ${work(c, 'node')} AS n LEFT JOIN ${work(c, 'late')} AS l ON l.loc = n.loc WHERE role <> 'x'`,
  )

/** As `cut`, but a unit is where its first row is. */
export const cutUnits = ({ c }: Ctx, rows: number, bytes: number): readonly Sql[] => {
  const unit = sql`OVER (PARTITION BY step, depth, COALESCE(unit, -n))`
  return c.kit.remakeTable(
    work(c, 'piece'),
    sql`SELECT step, depth, MIN(n) AS first, MAX(n) AS last, COUNT_BIG(*) AS row_count, SUM(bytes) AS byte_count FROM (
  SELECT n, step, depth, bytes, MIN(rows_before) ${unit} / ${whole(BigInt(rows))} AS by_rows, MIN(bytes_before) ${unit} / ${whole(BigInt(bytes))} AS by_bytes
  FROM (SELECT n, step, depth, bytes, unit, ROW_NUMBER() OVER (PARTITION BY step, depth ORDER BY n) - 1 AS rows_before,
      SUM(bytes) OVER (PARTITION BY step, depth ORDER BY n ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before
    FROM ${work(c, 'captured')}) AS q
) AS q GROUP BY step, depth, by_rows, by_bytes`,
  )
}
