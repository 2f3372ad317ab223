/** The statements of a tree's closure: what else must come, in which order, and what cannot. */
import type { FlowRelation, WindowBounds } from '../contract.ts'
import type { OrphanReason } from '../orphan.ts'
import { EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { landedKey, landingKey, mainKey, sourceKeyJson } from './columns.sql.ts'
import { capturedColumns } from './capture.sql.ts'
import { excluded, filters, fromSource, inWindow } from './selection.sql.ts'
import {
  type Catalogs,
  column,
  keyEquals,
  keyName,
  sourceTable,
  targetKey,
  targetTable,
  work,
  workKey,
} from './names.ts'

export type Ctx = {
  readonly c: Catalogs
  readonly r: FlowRelation
  readonly rowIds: boolean
  readonly targetExists: boolean
}

const locOf = (r: FlowRelation): Sql => ident('m', r.tree?.locator.source ?? '')
const parOf = (r: FlowRelation): Sql => ident('m', r.tree?.parent.source ?? '')
const keys = (r: FlowRelation): Sql =>
  joined(
    r.key.map((_, i) => keyName(i)),
    ', ',
  )

/** Does the target hold this captured row under this locator? */
const landed = ({ c, r, targetExists }: Ctx, alias: string): Sql =>
  !targetExists
    ? sql`FALSE`
    : sql`EXISTS (SELECT 1 FROM ${targetTable(c, r.target.table)} AS t WHERE ${keyEquals(r, targetKey(r, 't'), landedKey(c, r, workKey(alias)))} AND ${ident('t', r.tree?.locator.target ?? '')} IS NOT DISTINCT FROM ${ident(alias, 'loc')})`

// ── upwards ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * All ancestors of captured rows that were not visited yet. They come from the main table alone: no where, no scope,
 * no position. UNION, not UNION ALL: a cycle ends where it began.
 */
export const visitAncestors = ({ c, r, rowIds }: Ctx): Sql => {
  const notSeen = (loc: Sql): Sql => sql`${loc} IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS n WHERE n.loc = ${loc})
    AND NOT EXISTS (SELECT 1 FROM ${work(c, 'ancestor')} AS a WHERE a.loc = ${loc})`
  return sql`INSERT INTO ${work(c, 'ancestor')} (${keys(r)}, p, loc, par, rid, bytes, excluded, fresh, down)
WITH RECURSIVE up(loc) AS (
  SELECT f.par FROM ${work(c, 'node')} AS f WHERE ${notSeen(sql`f.par`)}
  UNION
  SELECT ${parOf(r)} FROM ${sourceTable(c, r.source.table)} AS m JOIN up ON ${locOf(r)} = up.loc WHERE ${notSeen(parOf(r))}
)
SELECT ${capturedColumns(c, r, rowIds, false)}, coalesce(${excluded(c, r)}, FALSE), TRUE, FALSE
FROM ${sourceTable(c, r.source.table)} AS m WHERE ${locOf(r)} IN (SELECT loc FROM up)`
}

/** Of the ancestors just visited, those the target lacks, or holds elsewhere, are captured. */
export const captureMissing = (
  x: Ctx,
): Sql => sql`INSERT INTO ${work(x.c, 'node')} (${keys(x.r)}, p, loc, par, rid, bytes, role)
SELECT ${keys(x.r)}, NULL, loc, par, rid, bytes, 'a' FROM ${work(x.c, 'ancestor')} AS a
WHERE fresh AND NOT excluded AND NOT ${landed(x, 'a')}`

export const settleAncestors = ({ c }: Ctx): Sql => sql`UPDATE ${work(c, 'ancestor')} SET fresh = FALSE WHERE fresh`

// ── downwards ─────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Rows whose subtree was not looked at yet. `entire`: the row is new in the target, moved, or was touched itself: it may
 * be back from below an excluded key, where rows were added to it that no run could deliver. The others landed, maybe in
 * a run that died before the rest of the subtree did: then it is told by the locators that the target holds.
 */
export const moved = (x: Ctx): readonly Sql[] =>
  x.c.kit.remakeTable(
    work(x.c, 'moved'),
    sql`SELECT u.loc, bool_or(u.entire) AS entire FROM (
  SELECT n.loc, NOT ${landed(x, 'n')} OR n.role IN ('w', 'x') AS entire FROM ${work(x.c, 'node')} AS n WHERE NOT n.down
  UNION ALL SELECT a.loc, FALSE FROM ${work(x.c, 'ancestor')} AS a WHERE NOT a.down AND NOT a.excluded
) AS u GROUP BY u.loc`,
  )

export const markDescended = ({ c }: Ctx): readonly Sql[] => [
  sql`UPDATE ${work(c, 'node')} SET down = TRUE WHERE NOT down`,
  sql`UPDATE ${work(c, 'ancestor')} SET down = TRUE WHERE NOT down`,
]

/**
 * What lies below. Role `s` is delivered: the target holds it elsewhere, or lacks it and the flow's filters and the
 * window's upper bound take it. Role `x` is only passed through, for what may lie below it. Below a row that landed,
 * only what the target holds elsewhere is taken, and what is younger than the window waits.
 */
export function captureBelow(x: Ctx, window: WindowBounds | null, withNullPosition: boolean): Sql {
  const { c, r, rowIds } = x
  const inTarget = sql`SELECT 1 FROM ${targetTable(c, r.target.table)} AS t WHERE ${keyEquals(r, targetKey(r, 't'), landingKey(c, r))}`
  const held = x.targetExists ? sql`EXISTS (${inTarget})` : sql`FALSE`
  const elsewhere = x.targetExists
    ? sql`EXISTS (${inTarget} AND ${ident('t', r.tree?.locator.target ?? '')} IS DISTINCT FROM ${locOf(r)})`
    : sql`FALSE`
  const due = r.position === null ? sql`TRUE` : inWindow(c, r, { after: null, upTo: window?.upTo ?? null })
  const taken = r.position !== null && withNullPosition ? sql`(${due} OR ${column(r.position.ref)} IS NULL)` : due
  const notYoung = r.position === null ? sql`TRUE` : sql`(${due} OR ${column(r.position.ref)} IS NULL)`
  const joinsPresent = r.source.joins.flatMap((j) =>
    Object.values(j.on).map((name) => sql`${ident(`j_${j.as}`, name)} IS NOT NULL`),
  )
  const eligible = joined([...joinsPresent, sql`${taken}`, filters(c, r)], ' AND ')
  return sql`INSERT INTO ${work(c, 'node')} (${keys(r)}, p, loc, par, rid, bytes, role)
SELECT ${capturedColumns(c, r, rowIds, true)}, CASE WHEN ${elsewhere} OR (NOT ${held} AND coalesce(${eligible}, FALSE)) THEN 's' ELSE 'x' END
FROM ${fromSource(c, r, true)} JOIN ${work(c, 'moved')} AS f ON ${parOf(r)} = f.loc
WHERE NOT coalesce(${excluded(c, r)}, FALSE) AND (f.entire OR (${elsewhere} AND ${notYoung}))
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})`
}

/** Rows of moved subtrees that an earlier capture of this run took and that are not in yet: their folder may be. */
export const captureOwed = ({
  c,
  r,
  rowIds,
}: Ctx): Sql => sql`INSERT INTO ${work(c, 'node')} (${keys(r)}, p, loc, par, rid, bytes, role)
SELECT ${capturedColumns(c, r, rowIds, true)}, 's'
FROM ${fromSource(c, r, true)}
WHERE EXISTS (SELECT 1 FROM ${work(c, 'owed_key')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'done_key')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(c, r))})`

// ── order, and what has none ──────────────────────────────────────────────────────────────────────────────────

/** Among all rows of the source: the other one may lie outside the window. */
export const duplicateLocators = ({ c, r }: Ctx): Sql => sql`SELECT CAST(loc AS VARCHAR) FROM (
  SELECT ${locOf(r)} AS loc FROM ${sourceTable(c, r.source.table)} AS m
  WHERE ${locOf(r)} IN (SELECT loc FROM ${work(c, 'node')} UNION ALL SELECT loc FROM ${work(c, 'ancestor')})
) AS q GROUP BY loc HAVING count(*) > 1 ORDER BY 1 LIMIT 5`

export const withoutLocator = ({ c, r }: Ctx): Sql =>
  sql`SELECT ${sourceKeyJson(c, r, workKey('n'))} FROM ${work(c, 'node')} AS n WHERE n.loc IS NULL AND n.role <> 'x' ORDER BY 1 LIMIT 5`

/** A row that was only passed through, but that a captured row hangs below, must come first, unless it is there. */
export const promotePassed = (
  x: Ctx,
): Sql => sql`UPDATE ${work(x.c, 'node')} AS w SET role = 'a' WHERE role = 'x' AND loc IN (
  WITH RECURSIVE up(loc) AS (
    SELECT par FROM ${work(x.c, 'node')} WHERE role <> 'x'
    UNION SELECT n.par FROM ${work(x.c, 'node')} AS n JOIN up ON n.loc = up.loc WHERE n.role = 'x'
  ) SELECT loc FROM up WHERE loc IS NOT NULL) AND NOT ${landed(x, 'w')}`

/** Every visited row once: captured ones, and ancestors that are in the target. */
export const startOrder = ({ c }: Ctx): readonly Sql[] => [
  ...c.kit.remakeTable(
    work(c, 'member'),
    sql`SELECT loc, min(par) AS par, bool_or(ex) AS excluded FROM
(SELECT loc, par, FALSE AS ex FROM ${work(c, 'node')} UNION ALL SELECT loc, par, excluded FROM ${work(c, 'ancestor')}) AS u GROUP BY loc`,
  ),
  ...c.kit.remakeTable(
    work(c, 'reached'),
    sql`WITH RECURSIVE reached(loc, depth) AS (
  SELECT loc, 0 FROM ${work(c, 'member')} WHERE par IS NULL AND NOT excluded
  UNION ALL SELECT m.loc, p.depth + 1 FROM ${work(c, 'member')} AS m JOIN reached AS p ON p.loc = m.par WHERE NOT m.excluded
) SELECT loc, depth FROM reached`,
  ),
]

/** Captured rows without a depth: those below an excluded or missing parent, however far. */
export const startOrphans = ({ c }: Ctx): readonly Sql[] =>
  c.kit.remakeTable(
    work(c, 'orphan'),
    sql`WITH RECURSIVE orphan(loc, reason) AS (
  SELECT m.loc, CASE WHEN p.loc IS NULL THEN 'gone' ELSE 'excluded' END
  FROM ${work(c, 'member')} AS m LEFT JOIN ${work(c, 'member')} AS p ON p.loc = m.par
  WHERE m.par IS NOT NULL AND NOT m.excluded AND (p.loc IS NULL OR p.excluded)
  UNION ALL SELECT m.loc, o.reason FROM ${work(c, 'member')} AS m JOIN orphan AS o ON o.loc = m.par WHERE NOT m.excluded
) SELECT loc, reason FROM orphan`,
  )

/** Whatever is left goes round in a circle, or hangs below one. */
export const addCycles = ({ c }: Ctx): Sql => sql`INSERT INTO ${work(c, 'orphan')}
SELECT m.loc, 'cycle' FROM ${work(c, 'member')} AS m
WHERE NOT m.excluded AND NOT EXISTS (SELECT 1 FROM ${work(c, 'reached')} AS q WHERE q.loc = m.loc)
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'orphan')} AS k WHERE k.loc = m.loc)`

export const listOrphans = ({
  c,
  r,
}: Ctx): Sql => sql`SELECT ${sourceKeyJson(c, r, workKey('n'))}, CAST(n.loc AS VARCHAR), o.reason
FROM ${work(c, 'node')} AS n JOIN ${work(c, 'orphan')} AS o ON o.loc = n.loc WHERE n.role <> 'x' ORDER BY 3, 2`

export const dropOrphans = ({ c }: Ctx, reasons: readonly OrphanReason[]): Sql =>
  sql`DELETE FROM ${work(c, 'node')} WHERE loc IN (SELECT loc FROM ${work(c, 'orphan')} WHERE reason IN (${joined(
    reasons.map((x) => param(x)),
    ', ',
  )}))`

export const parentOf = ({ c }: Ctx, locator: string, type: Sql): Sql =>
  sql`SELECT CAST(par AS VARCHAR) FROM ${work(c, 'member')} WHERE loc = CAST(${param(locator)} AS ${type})`

// ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** 1 roots, 2 ancestors, 3 children. */
export const assignSteps = ({ c, r }: Ctx): Sql =>
  r.tree === null
    ? sql`UPDATE ${work(c, 'node')} SET step = 1, depth = 0`
    : sql`UPDATE ${work(c, 'node')} AS n SET depth = q.depth, step = CASE WHEN n.role = 'a' THEN 2 WHEN n.par IS NULL THEN 1 ELSE 3 END
FROM ${work(c, 'reached')} AS q WHERE q.loc = n.loc AND n.role <> 'x'`

/** A captured row that an ancestor needs goes with the ancestors, so that it lands first. */
export const liftAncestors = ({ c }: Ctx): Sql => sql`UPDATE ${work(c, 'node')} SET step = 2 WHERE step = 3 AND loc IN (
  WITH RECURSIVE up(loc) AS (
    SELECT par FROM ${work(c, 'node')} WHERE step = 2
    UNION SELECT n.par FROM ${work(c, 'node')} AS n JOIN up ON n.loc = up.loc WHERE n.step = 3
  ) SELECT loc FROM up WHERE loc IS NOT NULL)`

export const order = ({ c, r }: Ctx): readonly Sql[] =>
  c.kit.remakeTable(
    work(c, 'captured'),
    sql`SELECT row_number() OVER (ORDER BY step, depth, rid, ${keys(r)}) AS n, step, depth, role, ${keys(r)}, rid, bytes
FROM ${work(c, 'node')} WHERE role <> 'x' ORDER BY 1`,
  )

/** A new batch begins with a step or depth, after `rows` rows, or where the running sum of bytes passes a multiple of `bytes`. */
export const cut = ({ c }: Ctx, rows: number, bytes: number): readonly Sql[] =>
  c.kit.remakeTable(
    work(c, 'piece'),
    sql`SELECT step, depth, min(n) AS first, max(n) AS last, count(*) AS row_count, sum(bytes) AS byte_count, min(rid) AS rid_from, max(rid) AS rid_to FROM (
  SELECT *, ${c.kit.wholeDivision(sql`(row_number() OVER w - 1)`, sql`CAST(${param(String(rows))} AS BIGINT)`)} AS by_rows,
         ${c.kit.wholeDivision(sql`(sum(bytes) OVER w - bytes)`, sql`CAST(${param(String(bytes))} AS BIGINT)`)} AS by_bytes
  FROM ${work(c, 'captured')} WINDOW w AS (PARTITION BY step, depth ORDER BY n ROWS UNBOUNDED PRECEDING)
) AS q GROUP BY step, depth, by_rows, by_bytes`,
  )

export const pieces = ({ c }: Ctx): Sql =>
  sql`SELECT step, dense_rank() OVER (ORDER BY step, depth), first, last, row_count, byte_count FROM ${work(c, 'piece')} ORDER BY first`

/** Written last, dropped first: the capture with this number is whole. */
export const markWhole = (c: Catalogs, epoch: number): readonly Sql[] =>
  c.kit.remakeTable(work(c, 'whole'), sql`SELECT CAST(${param(String(epoch))} AS INTEGER) AS epoch`)

export const wholeEpoch = (c: Catalogs): Sql => sql`SELECT epoch FROM ${work(c, 'whole')}`

/** The tables of an empty capture. */
export function createWork(
  { c, r }: Ctx,
  keyTypes: readonly Sql[],
  positionType: Sql,
  locatorType: Sql,
): readonly Sql[] {
  const k = joined(
    keyTypes.map((t, i) => sql`${keyName(i)} ${t}`),
    ', ',
  )
  const tree = r.tree ? sql`loc ${locatorType}, par ${locatorType}, ` : EMPTY
  return [
    ...c.kit.remakeEmpty(
      work(c, 'node'),
      sql`${k}, p ${positionType}, ${tree}rid BIGINT, bytes BIGINT, role VARCHAR, down BOOLEAN DEFAULT FALSE, step INTEGER, depth INTEGER`,
    ),
    ...(r.tree
      ? c.kit.remakeEmpty(
          work(c, 'ancestor'),
          sql`${k}, p ${positionType}, ${tree}rid BIGINT, bytes BIGINT, excluded BOOLEAN, fresh BOOLEAN, down BOOLEAN`,
        )
      : []),
    sql`CREATE TABLE IF NOT EXISTS ${work(c, 'done_key')} (${k})`,
    sql`CREATE TABLE IF NOT EXISTS ${work(c, 'owed_key')} (${k})`,
  ]
}

/** Rows of batches that are in already. */
export const rememberDone = (
  { c, r }: Ctx,
  first: bigint,
  last: bigint,
): Sql => sql`INSERT INTO ${work(c, 'done_key')} (${keys(r)})
SELECT ${keys(r)} FROM ${work(c, 'captured')} WHERE n BETWEEN CAST(${param(first)} AS BIGINT) AND CAST(${param(last)} AS BIGINT)`

/** Rows of moved subtrees in batches that are not in. */
export const rememberOwed = ({ c, r }: Ctx): Sql => sql`INSERT INTO ${work(c, 'owed_key')} (${keys(r)})
SELECT ${keys(r)} FROM ${work(c, 'captured')} WHERE role = 's'`
