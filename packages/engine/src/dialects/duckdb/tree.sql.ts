/** The statements of a tree's closure: what else must come, in which order, and what cannot. */
import type { FlowRelation, OrphanReason, WindowBounds } from '../contract.ts'
import { EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { capturedColumns, excluded, filters, fromSource, inWindow, keyJson } from './capture.sql.ts'
import { type Catalogs, column, keyEquals, keyName, mainKey, sourceTable, targetKey, targetTable, work, workKey } from './names.ts'

type Ctx = { readonly c: Catalogs; readonly r: FlowRelation; readonly rowIds: boolean; readonly targetExists: boolean }

const locOf = (r: FlowRelation): Sql => ident('m', r.tree?.locator.source ?? '')
const parOf = (r: FlowRelation): Sql => ident('m', r.tree?.parent.source ?? '')
const keys = (r: FlowRelation): Sql => joined(r.key.map((_, i) => keyName(i)), ', ')

/** Does the target hold this captured row under this locator? */
const landed = ({ c, r, targetExists }: Ctx, alias: string): Sql =>
  !targetExists
    ? sql`FALSE`
    : sql`EXISTS (SELECT 1 FROM ${targetTable(c, r.target.table)} AS t WHERE ${keyEquals(r, targetKey(r, 't'), workKey(alias))} AND ${ident('t', r.tree?.locator.target ?? '')} IS NOT DISTINCT FROM ${ident(alias, 'loc')})`

// ── upwards ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Parents that were not looked up yet. */
export const frontier = ({ c }: Ctx): Sql => sql`CREATE OR REPLACE TABLE ${work(c, 'frontier')} AS
SELECT DISTINCT f.par AS loc FROM (SELECT par FROM ${work(c, 'node')} UNION ALL SELECT par FROM ${work(c, 'ancestor')}) AS f
WHERE f.par IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS n WHERE n.loc = f.par)
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'ancestor')} AS a WHERE a.loc = f.par)
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'gone')} AS g WHERE g.loc = f.par)`

/** Ancestors come from the main table alone: no where, no scope, no position. */
export const visitAncestors = ({ c, r, rowIds }: Ctx): Sql => sql`INSERT INTO ${work(c, 'ancestor')} (${keys(r)}, p, loc, par, rid, bytes, excluded, fresh)
SELECT ${capturedColumns(r, rowIds, false)}, coalesce(${excluded(r)}, FALSE), TRUE
FROM ${sourceTable(c, r.source.table)} AS m SEMI JOIN ${work(c, 'frontier')} AS f ON ${locOf(r)} = f.loc`

export const visitGone = ({ c }: Ctx): Sql => sql`INSERT INTO ${work(c, 'gone')}
SELECT loc FROM ${work(c, 'frontier')} AS f WHERE NOT EXISTS (SELECT 1 FROM ${work(c, 'ancestor')} AS a WHERE a.loc = f.loc)`

/** Of the ancestors just visited, those the target lacks, or holds elsewhere, are captured. */
export const captureMissing = (x: Ctx): Sql => sql`INSERT INTO ${work(x.c, 'node')} (${keys(x.r)}, p, loc, par, rid, bytes, role)
SELECT ${keys(x.r)}, NULL, loc, par, rid, bytes, 'a' FROM ${work(x.c, 'ancestor')} AS a
WHERE fresh AND NOT excluded AND NOT ${landed(x, 'a')}`

export const settleAncestors = ({ c }: Ctx): Sql => sql`UPDATE ${work(c, 'ancestor')} SET fresh = FALSE WHERE fresh`

// ── downwards ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Captured rows whose subtree was not looked at yet, and that are new in the target or were moved. */
export const moved = (x: Ctx): Sql => sql`CREATE OR REPLACE TABLE ${work(x.c, 'moved')} AS
SELECT DISTINCT n.loc FROM ${work(x.c, 'node')} AS n WHERE NOT n.down AND NOT ${landed(x, 'n')}`

export const markDescended = ({ c }: Ctx): Sql => sql`UPDATE ${work(c, 'node')} SET down = TRUE WHERE NOT down`

/**
 * What lies below a moved row. Role `s` is delivered: it is in the target already, or the flow's filters and the
 * window's upper bound take it. Role `x` is only passed through, for what may lie below it.
 */
export function captureBelow({ c, r, rowIds }: Ctx, window: WindowBounds | null, withNullPosition: boolean): Sql {
  const inTarget = sql`EXISTS (SELECT 1 FROM ${targetTable(c, r.target.table)} AS t WHERE ${keyEquals(r, targetKey(r, 't'), mainKey(r))})`
  const due = r.position === null ? sql`TRUE` : inWindow(r, { after: null, upTo: window?.upTo ?? null })
  const taken = r.position !== null && withNullPosition ? sql`(${due} OR ${column(r.position.ref)} IS NULL)` : due
  const joinsPresent = r.source.joins.flatMap((j) => Object.values(j.on).map((name) => sql`${ident(`j_${j.as}`, name)} IS NOT NULL`))
  const eligible = joined([...joinsPresent, sql`${taken}`, filters(r)], ' AND ')
  return sql`INSERT INTO ${work(c, 'node')} (${keys(r)}, p, loc, par, rid, bytes, role)
SELECT ${capturedColumns(r, rowIds, true)}, CASE WHEN ${inTarget} OR coalesce(${eligible}, FALSE) THEN 's' ELSE 'x' END
FROM ${fromSource(c, r, true)} SEMI JOIN ${work(c, 'moved')} AS f ON ${parOf(r)} = f.loc
WHERE NOT coalesce(${excluded(r)}, FALSE)
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'node')} AS w WHERE ${keyEquals(r, workKey('w'), mainKey(r))})`
}

// ── order, and what has none ──────────────────────────────────────────────────────────────────────────────────

export const duplicateLocators = ({ c, r }: Ctx): Sql => sql`SELECT CAST(loc AS VARCHAR) FROM
(SELECT loc, ${keys(r)} FROM ${work(c, 'node')} UNION SELECT loc, ${keys(r)} FROM ${work(c, 'ancestor')}) AS u
WHERE loc IS NOT NULL GROUP BY loc HAVING count(*) > 1 ORDER BY 1 LIMIT 5`

/** A row that was only passed through, but that a captured row hangs below, must come first. Until no row changes. */
export const promotePassed = ({ c }: Ctx): Sql => sql`UPDATE ${work(c, 'node')} SET role = 'a'
WHERE role = 'x' AND loc IN (SELECT par FROM ${work(c, 'node')} WHERE role <> 'x' AND par IS NOT NULL)`

/** Every visited row once: captured ones, and ancestors that are in the target. */
export const startOrder = ({ c }: Ctx): readonly Sql[] => [
  sql`CREATE OR REPLACE TABLE ${work(c, 'member')} AS
SELECT loc, any_value(par) AS par, bool_or(ex) AS excluded FROM
(SELECT loc, par, FALSE AS ex FROM ${work(c, 'node')} UNION ALL SELECT loc, par, excluded FROM ${work(c, 'ancestor')}) AS u GROUP BY loc`,
  sql`CREATE OR REPLACE TABLE ${work(c, 'reached')} AS SELECT loc, 0 AS depth FROM ${work(c, 'member')} WHERE par IS NULL AND NOT excluded`,
]

export const nextDepth = ({ c }: Ctx, depth: number): Sql => sql`INSERT INTO ${work(c, 'reached')}
SELECT m.loc, CAST(${param(String(depth))} AS INTEGER) FROM ${work(c, 'member')} AS m
JOIN ${work(c, 'reached')} AS p ON p.loc = m.par AND p.depth = CAST(${param(String(depth - 1))} AS INTEGER)
WHERE NOT m.excluded`

/** Captured rows without a depth, first those right below an excluded or missing parent. */
export const startOrphans = ({ c }: Ctx): Sql => sql`CREATE OR REPLACE TABLE ${work(c, 'orphan')} AS
SELECT m.loc, CASE WHEN p.loc IS NULL THEN 'gone' ELSE 'excluded' END AS reason
FROM ${work(c, 'member')} AS m LEFT JOIN ${work(c, 'member')} AS p ON p.loc = m.par
WHERE m.par IS NOT NULL AND NOT m.excluded AND (p.loc IS NULL OR p.excluded)`

/** One level further below them. */
export const spreadOrphans = ({ c }: Ctx): Sql => sql`INSERT INTO ${work(c, 'orphan')}
SELECT m.loc, o.reason FROM ${work(c, 'member')} AS m JOIN ${work(c, 'orphan')} AS o ON o.loc = m.par
WHERE NOT m.excluded AND NOT EXISTS (SELECT 1 FROM ${work(c, 'orphan')} AS k WHERE k.loc = m.loc)`

/** Whatever is left goes round in a circle, or hangs below one. */
export const addCycles = ({ c }: Ctx): Sql => sql`INSERT INTO ${work(c, 'orphan')}
SELECT m.loc, 'cycle' FROM ${work(c, 'member')} AS m
WHERE NOT m.excluded AND NOT EXISTS (SELECT 1 FROM ${work(c, 'reached')} AS q WHERE q.loc = m.loc)
  AND NOT EXISTS (SELECT 1 FROM ${work(c, 'orphan')} AS k WHERE k.loc = m.loc)`

export const listOrphans = ({ c, r }: Ctx): Sql => sql`SELECT ${keyJson(r.key.map((_, i) => ident('n', `k${i + 1}`)))}, CAST(n.loc AS VARCHAR), o.reason
FROM ${work(c, 'node')} AS n JOIN ${work(c, 'orphan')} AS o ON o.loc = n.loc WHERE n.role <> 'x' ORDER BY 3, 2`

export const dropOrphans = ({ c }: Ctx, reasons: readonly OrphanReason[]): Sql =>
  sql`DELETE FROM ${work(c, 'node')} WHERE loc IN (SELECT loc FROM ${work(c, 'orphan')} WHERE reason IN (${joined(reasons.map((x) => param(x)), ', ')}))`

export const parentOf = ({ c }: Ctx, locator: string, type: Sql): Sql =>
  sql`SELECT CAST(par AS VARCHAR) FROM ${work(c, 'member')} WHERE loc = CAST(${param(locator)} AS ${type})`

// ── steps ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** 1 roots, 2 ancestors, 3 children. */
export const assignSteps = ({ c, r }: Ctx): Sql =>
  r.tree === null
    ? sql`UPDATE ${work(c, 'node')} SET step = 1, depth = 0`
    : sql`UPDATE ${work(c, 'node')} AS n SET depth = q.depth, step = CASE WHEN n.role = 'a' THEN 2 WHEN n.par IS NULL THEN 1 ELSE 3 END
FROM ${work(c, 'reached')} AS q WHERE q.loc = n.loc AND n.role <> 'x'`

/** A captured row that an ancestor needs goes with the ancestors, so that it lands first. Until no row changes. */
export const liftAncestors = ({ c }: Ctx): Sql => sql`UPDATE ${work(c, 'node')} SET step = 2
WHERE step = 3 AND loc IN (SELECT par FROM ${work(c, 'node')} WHERE step = 2 AND par IS NOT NULL)`

export const order = ({ c, r }: Ctx): readonly Sql[] => [
  sql`CREATE OR REPLACE TABLE ${work(c, 'captured')} AS
SELECT row_number() OVER (ORDER BY step, depth, rid, ${keys(r)}) AS n, step, depth, ${keys(r)}, rid, bytes
FROM ${work(c, 'node')} WHERE role <> 'x' ORDER BY 1`,
]

/** A new batch begins with a step or depth, after `rows` rows, or where the running sum of bytes passes a multiple of `bytes`. */
export const cut = ({ c }: Ctx, rows: number, bytes: number): Sql => sql`CREATE OR REPLACE TABLE ${work(c, 'piece')} AS
SELECT step, depth, min(n) AS first, max(n) AS last, count(*) AS row_count, sum(bytes) AS byte_count, min(rid) AS rid_from, max(rid) AS rid_to FROM (
  SELECT *, (row_number() OVER w - 1) // CAST(${param(String(rows))} AS BIGINT) AS by_rows,
         (sum(bytes) OVER w - bytes) // CAST(${param(String(bytes))} AS BIGINT) AS by_bytes
  FROM ${work(c, 'captured')} WINDOW w AS (PARTITION BY step, depth ORDER BY n ROWS UNBOUNDED PRECEDING)
) AS q GROUP BY step, depth, by_rows, by_bytes`

export const pieces = ({ c }: Ctx): Sql =>
  sql`SELECT step, dense_rank() OVER (ORDER BY step, depth), first, last, row_count, byte_count FROM ${work(c, 'piece')} ORDER BY first`

/** Written last, dropped first: the capture with this number is whole. */
export const markWhole = (c: Catalogs, epoch: number): Sql =>
  sql`CREATE OR REPLACE TABLE ${work(c, 'whole')} AS SELECT CAST(${param(String(epoch))} AS INTEGER) AS epoch`

export const wholeEpoch = (c: Catalogs): Sql => sql`SELECT epoch FROM ${work(c, 'whole')}`

/** The tables of an empty capture. */
export function createWork({ c, r }: Ctx, keyTypes: readonly Sql[], positionType: Sql, locatorType: Sql): readonly Sql[] {
  const k = joined(keyTypes.map((t, i) => sql`${keyName(i)} ${t}`), ', ')
  const tree = r.tree ? sql`loc ${locatorType}, par ${locatorType}, ` : EMPTY
  return [
    sql`CREATE OR REPLACE TABLE ${work(c, 'node')} (${k}, p ${positionType}, ${tree}rid BIGINT, bytes BIGINT, role VARCHAR, down BOOLEAN DEFAULT FALSE, step INTEGER, depth INTEGER)`,
    ...(r.tree
      ? [
          sql`CREATE OR REPLACE TABLE ${work(c, 'ancestor')} (${k}, p ${positionType}, ${tree}rid BIGINT, bytes BIGINT, excluded BOOLEAN, fresh BOOLEAN)`,
          sql`CREATE OR REPLACE TABLE ${work(c, 'gone')} (loc ${locatorType})`,
        ]
      : []),
    sql`CREATE TABLE IF NOT EXISTS ${work(c, 'done_key')} (${k})`,
  ]
}

/** Rows of batches that are in already. */
export const rememberDone = ({ c, r }: Ctx, first: bigint, last: bigint): Sql => sql`INSERT INTO ${work(c, 'done_key')} (${keys(r)})
SELECT ${keys(r)} FROM ${work(c, 'captured')} WHERE n BETWEEN CAST(${param(first)} AS BIGINT) AND CAST(${param(last)} AS BIGINT)`
