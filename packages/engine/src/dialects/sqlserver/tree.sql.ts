/**
 * The statements of a tree's closure: what else must come, in which order, and what cannot. A recursive query of this
 * server goes row by row and ends in no cycle, so each level is one statement of a loop.
 */
import type { FlowRelation, WindowBounds } from '../contract.ts'
import type { OrphanReason } from '../orphan.ts'
import { landedKey, landingKey, mainKey, sourceKeyJson } from '../relational/columns.sql.ts'
import {
  type Catalogs,
  column,
  keyEquals,
  keyName,
  sourceAs,
  sourceTable,
  targetKey,
  targetTable,
  work,
  workKey,
} from '../relational/names.ts'
import { excluded, filters, fromSource, inWindow } from '../relational/selection.sql.ts'
import type { Ctx } from '../relational/tree.sql.ts'
import { capturedColumns, nodeColumns, positionType } from './capture.sql.ts'
import { catalogText, EMPTY, ident, joined, param, type Sql, sql, whole } from '../sql-text.ts'
import { nameLiteral } from './style.ts'

const locOf = (r: FlowRelation): Sql => ident('m', r.tree?.locator.source ?? '')
const parOf = (r: FlowRelation): Sql => ident('m', r.tree?.parent.source ?? '')
const list = (items: readonly Sql[]): Sql => joined(items, ', ')
const keys = (r: FlowRelation): Sql => list(r.key.map((_, i) => keyName(i)))
const flag = (predicate: Sql): Sql => sql`CASE WHEN ${predicate} THEN 1 ELSE 0 END`

/** Does the target hold this row of the captured ones under this locator? */
const landed = ({ c, r, targetExists }: Ctx, alias: string): Sql =>
  !targetExists || r.tree === null
    ? sql`1 = 0`
    : sql`EXISTS (SELECT 1 FROM ${targetTable(c, r.target.table)} AS t WHERE ${keyEquals(r, targetKey(r, 't'), landedKey(c, r, workKey(alias)))} AND ${c.kit.sameContent(r.tree.locator.sourceType, ident('t', r.tree.locator.target), ident(alias, 'loc'))})`

/** Locators, level by level: `first` of level 0, and from level `@level - 1` of `up` those of the next one, until none is new. */
const closure = (first: Sql, next: Sql): Sql => sql`SET NOCOUNT ON;
DROP TABLE IF EXISTS #tidemark_up;
DECLARE @level int = 0;
SELECT DISTINCT q.loc, 0 AS level INTO #tidemark_up FROM (${first}) AS q WHERE q.loc IS NOT NULL;
WHILE @@ROWCOUNT > 0
BEGIN
  SET @level += 1;
  INSERT INTO #tidemark_up (loc, level)
  SELECT DISTINCT q.loc, @level FROM (${next}) AS q
  WHERE q.loc IS NOT NULL AND NOT EXISTS (SELECT 1 FROM #tidemark_up AS seen WHERE seen.loc = q.loc);
END;
SET NOCOUNT OFF;`

const END = sql`;\nDROP TABLE #tidemark_up;`

// ── upwards ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * All ancestors of captured rows that were not visited yet. They come from the main table alone: no where, no scope,
 * no position. A cycle ends where it began.
 */
export const visitAncestors = ({ c, r }: Ctx): Sql => {
  const notSeen = (loc: Sql): Sql =>
    sql`NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS n WHERE n.loc = ${loc}) AND NOT EXISTS (SELECT 1 FROM ${work(c, 'ancestor')} AS a WHERE a.loc = ${loc})`
  const first = sql`SELECT f.par AS loc FROM ${work(c, 'node')} AS f WHERE ${notSeen(sql`f.par`)}`
  const next = sql`SELECT ${parOf(r)} AS loc FROM ${sourceTable(c, r.source.table)} AS m JOIN #tidemark_up AS up ON ${locOf(r)} = up.loc WHERE up.level = @level - 1 AND ${notSeen(parOf(r))}`
  return sql`${closure(first, next)}
INSERT INTO ${work(c, 'ancestor')} (${nodeColumns(r)}, excluded, fresh, down)
SELECT ${capturedColumns(c, r, false)}, ${flag(excluded(c, r))}, 1, 0
FROM ${sourceAs(c, r.source.table, sql`m`)} WHERE ${locOf(r)} IN (SELECT loc FROM #tidemark_up)${END}`
}

/** Of the ancestors just visited, those the target lacks, or holds elsewhere, are captured. */
export const captureMissing = (x: Ctx): Sql => sql`INSERT INTO ${work(x.c, 'node')} (${nodeColumns(x.r)}, role, down)
SELECT ${keys(x.r)}, NULL, loc, par, bytes, 'a', 0 FROM ${work(x.c, 'ancestor')} AS a
WHERE a.fresh = 1 AND a.excluded = 0 AND NOT ${landed(x, 'a')}`

export const settleAncestors = ({ c }: Ctx): Sql => sql`UPDATE ${work(c, 'ancestor')} SET fresh = 0 WHERE fresh = 1`

// ── downwards ─────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Rows whose subtree was not looked at yet. `entire`: the row is new in the target, moved, or was touched itself: it may
 * be back from below an excluded key, where rows were added to it that no run could deliver. The others landed, maybe in
 * a run that died before the rest of the subtree did: then it is told by the locators that the target holds.
 */
export const moved = (x: Ctx): readonly Sql[] =>
  x.c.kit.remakeTable(
    work(x.c, 'moved'),
    sql`SELECT u.loc, MAX(u.entire) AS entire FROM (
  SELECT n.loc, ${flag(sql`NOT ${landed(x, 'n')} OR n.role IN ('w', 'x')`)} AS entire FROM ${work(x.c, 'node')} AS n WHERE n.down = 0
  UNION ALL SELECT a.loc, 0 FROM ${work(x.c, 'ancestor')} AS a WHERE a.down = 0 AND a.excluded = 0
) AS u GROUP BY u.loc`,
  )

export const markDescended = ({ c }: Ctx): readonly Sql[] => [
  sql`UPDATE ${work(c, 'node')} SET down = 1 WHERE down = 0`,
  sql`UPDATE ${work(c, 'ancestor')} SET down = 1 WHERE down = 0`,
]

/**
 * What lies below. Role `s` is delivered: the target holds it elsewhere, or lacks it and the flow's filters and the
 * window's upper bound take it. Role `x` is only passed through, for what may lie below it. Below a row that landed,
 * only what the target holds elsewhere is taken, and what is younger than the window waits.
 */
export function captureBelow(x: Ctx, window: WindowBounds | null, withNullPosition: boolean): Sql {
  const { c, r } = x
  const inTarget = sql`SELECT 1 FROM ${targetTable(c, r.target.table)} AS t WHERE ${keyEquals(r, targetKey(r, 't'), landingKey(c, r))}`
  const held = x.targetExists ? sql`EXISTS (${inTarget})` : sql`1 = 0`
  const elsewhere =
    x.targetExists && r.tree
      ? sql`EXISTS (${inTarget} AND NOT ${c.kit.sameContent(r.tree.locator.sourceType, ident('t', r.tree.locator.target), locOf(r))})`
      : sql`1 = 0`
  const due = r.position === null ? sql`1 = 1` : inWindow(c, r, { after: null, upTo: window?.upTo ?? null })
  const noPosition = r.position === null ? sql`1 = 0` : sql`${column(r.position.ref)} IS NULL`
  const joinsPresent = r.source.joins.flatMap((j) =>
    Object.values(j.on).map((name) => sql`${ident(`j_${j.as}`, name)} IS NOT NULL`),
  )
  const taken = withNullPosition ? sql`(${due} OR ${noPosition})` : due
  const eligible = joined([...joinsPresent, taken, filters(c, r)], ' AND ')
  return sql`INSERT INTO ${work(c, 'node')} (${nodeColumns(r)}, role, down)
SELECT ${capturedColumns(c, r, true)}, CASE WHEN ${elsewhere} OR (NOT ${held} AND ${eligible}) THEN 's' ELSE 'x' END, 0
FROM ${fromSource(c, r, true)} JOIN ${work(c, 'moved')} AS f ON ${parOf(r)} = f.loc
WHERE ${flag(excluded(c, r))} = 0 AND (f.entire = 1 OR (${elsewhere} AND (${due} OR ${noPosition})))
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})`
}

/** Rows of moved subtrees that an earlier capture of this run took and that are not in yet: their folder may be. */
export const captureOwed = ({ c, r }: Ctx): Sql => {
  const isIn = (table: string): Sql =>
    sql`EXISTS (SELECT 1 FROM ${work(c, table)} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})`
  return sql`INSERT INTO ${work(c, 'node')} (${nodeColumns(r)}, role, down)
SELECT ${capturedColumns(c, r, true)}, 's', 0
FROM ${fromSource(c, r, true)}
WHERE ${isIn('owed_key')} AND NOT ${isIn('done_key')} AND NOT ${isIn('node')}`
}

// ── order, and what has none ──────────────────────────────────────────────────────────────────────────────────

/** Among all rows of the source: the other one may lie outside the window. */
export const duplicateLocators = ({ c, r }: Ctx): Sql => sql`SELECT TOP (5) ${locatorText(c, r, sql`q.loc`)} AS loc
FROM (SELECT ${locOf(r)} AS loc FROM ${sourceTable(c, r.source.table)} AS m
  WHERE ${locOf(r)} IN (SELECT loc FROM ${work(c, 'node')} UNION ALL SELECT loc FROM ${work(c, 'ancestor')})) AS q
GROUP BY q.loc HAVING COUNT_BIG(*) > 1 ORDER BY q.loc`

const locatorText = (c: Catalogs, r: FlowRelation, x: Sql): Sql => c.kit.asText(r.tree?.locator.sourceType ?? '', x)

export const withoutLocator = ({ c, r }: Ctx): Sql =>
  sql`SELECT TOP (5) ${sourceKeyJson(c, r, workKey('n'))} AS k FROM ${work(c, 'node')} AS n WHERE n.loc IS NULL AND n.role <> 'x' ORDER BY k`

/** A row that was only passed through, but that a captured row hangs below, must come first, unless it is there. */
export const promotePassed = (x: Ctx): Sql => {
  const node = work(x.c, 'node')
  const first = sql`SELECT n.par AS loc FROM ${node} AS n WHERE n.role <> 'x'`
  const next = sql`SELECT n.par AS loc FROM ${node} AS n JOIN #tidemark_up AS up ON n.loc = up.loc WHERE up.level = @level - 1 AND n.role = 'x'`
  return sql`${closure(first, next)}
UPDATE w SET role = 'a' FROM ${node} AS w
WHERE w.role = 'x' AND w.loc IN (SELECT loc FROM #tidemark_up) AND NOT ${landed(x, 'w')}${END}`
}

/** A table of the captured keys, made level by level. `first`: what stands before and after `INTO`. */
const levels = (name: Sql, first: readonly [select: Sql, from: Sql], next: Sql): readonly Sql[] => [
  sql`DROP TABLE IF EXISTS ${name}`,
  sql`SET NOCOUNT ON;
DECLARE @level int = 0;
SELECT ${first[0]} INTO ${name} FROM ${first[1]};
WHILE @@ROWCOUNT > 0
BEGIN
  SET @level += 1;
  INSERT INTO ${name} ${next};
END`,
]

/** Every visited row once: captured ones, and ancestors that are in the target. */
export const startOrder = ({ c }: Ctx): readonly Sql[] => {
  const [member, reached] = [work(c, 'member'), work(c, 'reached')]
  return [
    ...c.kit.remakeTable(
      member,
      sql`SELECT u.loc, MIN(u.par) AS par, MAX(u.ex) AS excluded FROM
(SELECT loc, par, 0 AS ex FROM ${work(c, 'node')} UNION ALL SELECT loc, par, CAST(excluded AS int) FROM ${work(c, 'ancestor')}) AS u GROUP BY u.loc`,
    ),
    ...levels(
      reached,
      [sql`loc, 0 AS depth`, sql`${member} WHERE par IS NULL AND excluded = 0`],
      sql`SELECT m.loc, @level FROM ${member} AS m JOIN ${reached} AS p ON p.loc = m.par WHERE p.depth = @level - 1 AND m.excluded = 0`,
    ),
  ]
}

/** Captured rows without a depth: those below an excluded or missing parent, however far. */
export const startOrphans = ({ c }: Ctx): readonly Sql[] => {
  const [member, orphan] = [work(c, 'member'), work(c, 'orphan')]
  return levels(
    orphan,
    [
      sql`m.loc, CAST(CASE WHEN p.loc IS NULL THEN 'gone' ELSE 'excluded' END AS varchar(10)) AS reason, 0 AS level`,
      sql`${member} AS m LEFT JOIN ${member} AS p ON p.loc = m.par
  WHERE m.par IS NOT NULL AND m.excluded = 0 AND (p.loc IS NULL OR p.excluded = 1)`,
    ],
    sql`SELECT m.loc, o.reason, @level FROM ${member} AS m JOIN ${orphan} AS o ON o.loc = m.par WHERE o.level = @level - 1 AND m.excluded = 0`,
  )
}

/** Whatever is left goes round in a circle, or hangs below one. */
export const addCycles = ({ c }: Ctx): Sql => sql`INSERT INTO ${work(c, 'orphan')} (loc, reason)
SELECT m.loc, 'cycle' FROM ${work(c, 'member')} AS m
WHERE m.excluded = 0 AND NOT EXISTS (SELECT 1 FROM ${work(c, 'reached')} AS q WHERE q.loc = m.loc)
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'orphan')} AS k WHERE k.loc = m.loc)`

export const listOrphans = ({ c, r }: Ctx): Sql =>
  sql`SELECT ${sourceKeyJson(c, r, workKey('n'))}, ${locatorText(c, r, sql`n.loc`)} AS loc, o.reason
FROM ${work(c, 'node')} AS n JOIN ${work(c, 'orphan')} AS o ON o.loc = n.loc WHERE n.role <> 'x' ORDER BY o.reason, loc`

export const dropOrphans = ({ c }: Ctx, reasons: readonly OrphanReason[]): Sql =>
  sql`DELETE FROM ${work(c, 'node')} WHERE loc IN (SELECT loc FROM ${work(c, 'orphan')} WHERE reason IN (${list(
    reasons.map((x) => param(x)),
  )}))`

export const parentOf = ({ c, r }: Ctx, locator: string): Sql =>
  sql`SELECT ${locatorText(c, r, sql`par`)} FROM ${work(c, 'member')} WHERE loc = ${c.kit.valueOf(r.tree?.locator.sourceType ?? '', param(locator))}`

// ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** 1 roots, 2 ancestors, 3 children. */
export const assignSteps = ({ c, r }: Ctx): Sql =>
  r.tree === null
    ? sql`UPDATE ${work(c, 'node')} SET step = 1, depth = 0`
    : sql`UPDATE n SET depth = q.depth, step = CASE WHEN n.role = 'a' THEN 2 WHEN n.par IS NULL THEN 1 ELSE 3 END
FROM ${work(c, 'node')} AS n JOIN ${work(c, 'reached')} AS q ON q.loc = n.loc WHERE n.role <> 'x'`

/** A captured row that an ancestor needs goes with the ancestors, so that it lands first. */
export const liftAncestors = ({ c }: Ctx): Sql => {
  const node = work(c, 'node')
  const first = sql`SELECT n.par AS loc FROM ${node} AS n WHERE n.step = 2`
  const next = sql`SELECT n.par AS loc FROM ${node} AS n JOIN #tidemark_up AS up ON n.loc = up.loc WHERE up.level = @level - 1 AND n.step = 3`
  return sql`${closure(first, next)}
UPDATE ${node} SET step = 2 WHERE step = 3 AND loc IN (SELECT loc FROM #tidemark_up)${END}`
}

export const order = ({ c, r }: Ctx): readonly Sql[] =>
  c.kit.remakeTable(
    work(c, 'captured'),
    sql`SELECT ROW_NUMBER() OVER (ORDER BY step, depth, ${keys(r)}) AS n, step, depth, role, ${keys(r)}, bytes
FROM ${work(c, 'node')} WHERE role <> 'x'`,
  )

/** A new batch begins with a step or depth, after `rows` rows, or where the running sum of bytes passes a multiple of `bytes`. */
export const cut = ({ c }: Ctx, rows: number, bytes: number): readonly Sql[] => {
  const within = sql`PARTITION BY step, depth ORDER BY n ROWS UNBOUNDED PRECEDING`
  return c.kit.remakeTable(
    work(c, 'piece'),
    sql`SELECT step, depth, MIN(n) AS first, MAX(n) AS last, COUNT_BIG(*) AS row_count, SUM(bytes) AS byte_count FROM (
  SELECT n, step, depth, bytes, (ROW_NUMBER() OVER (PARTITION BY step, depth ORDER BY n) - 1) / ${whole(BigInt(rows))} AS by_rows,
         (SUM(bytes) OVER (${within}) - bytes) / ${whole(BigInt(bytes))} AS by_bytes
  FROM ${work(c, 'captured')}
) AS q GROUP BY step, depth, by_rows, by_bytes`,
  )
}

export const pieces = ({ c }: Ctx): Sql =>
  sql`SELECT step, DENSE_RANK() OVER (ORDER BY step, depth), first, last, row_count, byte_count FROM ${work(c, 'piece')} ORDER BY first`

/** Written last, dropped first: the capture with this number is whole. */
export const markWhole = (c: Catalogs, epoch: number): readonly Sql[] =>
  c.kit.remakeTable(work(c, 'whole'), sql`SELECT ${whole(BigInt(epoch))} AS epoch`)

export const wholeEpoch = (c: Catalogs): Sql => sql`SELECT epoch FROM ${work(c, 'whole')}`

/** The tables of an empty capture. Keys and locators have the source's types and collations. */
export function createWork({ c, r }: Ctx, keyTypes: readonly Sql[], _position: Sql, _locator: Sql): readonly Sql[] {
  const key = r.key.map((k, i) =>
    k.origin.kind === 'main' && k.mask === null
      ? sql`${ident('m', k.source)} AS ${keyName(i)}`
      : sql`CAST(NULL AS ${keyTypes[i] ?? EMPTY}) AS ${keyName(i)}`,
  )
  const from = sql`FROM ${sourceTable(c, r.source.table)} AS m WHERE 1 = 0`
  // of a union no column is an identity, and any may be NULL
  const like = (columns: readonly Sql[]): Sql =>
    sql`(SELECT ${list(columns)} ${from} UNION ALL SELECT ${list(columns)} ${from}) AS q`
  const node = [
    ...key,
    sql`CAST(NULL AS ${positionType(r)}) AS p`,
    ...(r.tree ? [sql`${locOf(r)} AS loc`, sql`${parOf(r)} AS par`] : []),
  ]
  const bit = (name: string): Sql => sql`CAST(NULL AS bit) AS ${ident(name)}`
  const int = (name: string): Sql => sql`CAST(NULL AS int) AS ${ident(name)}`
  const bytes = sql`CAST(NULL AS bigint) AS bytes`
  return [
    ...c.kit.remakeTable(
      work(c, 'node'),
      sql`SELECT q.*, ${list([bytes, sql`CAST(NULL AS char(1)) AS role`, bit('down'), int('step'), int('depth')])} FROM ${like(node)}`,
    ),
    ...(r.tree
      ? c.kit.remakeTable(
          work(c, 'ancestor'),
          sql`SELECT q.*, ${list([bytes, bit('excluded'), bit('fresh'), bit('down')])} FROM ${like(node)}`,
        )
      : []),
    ...['done_key', 'owed_key'].map(
      (name) =>
        sql`IF OBJECT_ID(${catalogText(nameLiteral(work(c, name)))}) IS NULL SELECT q.* INTO ${work(c, name)} FROM ${like(key)}`,
    ),
  ]
}

/** Rows of batches that are in already. */
export const rememberDone = ({ c, r }: Ctx, first: bigint, last: bigint): Sql =>
  sql`INSERT INTO ${work(c, 'done_key')} (${keys(r)})
SELECT ${keys(r)} FROM ${work(c, 'captured')} WHERE n BETWEEN CAST(${param(first)} AS bigint) AND CAST(${param(last)} AS bigint)`

/** Rows of moved subtrees in batches that are not in. */
export const rememberOwed = ({ c, r }: Ctx): Sql => sql`INSERT INTO ${work(c, 'owed_key')} (${keys(r)})
SELECT ${keys(r)} FROM ${work(c, 'captured')} WHERE role = 's'`
