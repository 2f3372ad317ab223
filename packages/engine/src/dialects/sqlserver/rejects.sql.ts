/** Which staged rows cannot land, as far as it can be told before, and what is kept of them. */
import { type CapturedBatch, type FlowRelation, landingTable } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import { stagedLocator, stagedParent, stagedUnfit, stageRow, type Staging } from '../relational/apply.sql.ts'
import { sourceKeyJson, targetKeyJson, unfitting } from '../relational/columns.sql.ts'
import { type Catalogs, keyEquals, targetKey, targetTable, work, workKey } from '../relational/names.ts'
import { andLive } from '../relational/versions.sql.ts'
import type { RefusedRow } from '../row-policy.ts'
import { EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { STAGE } from './stage.sql.ts'
import { VERDICT } from './verdict.sql.ts'

const BAD = sql`#tidemark_bad`
const ADD = sql`INSERT INTO ${BAD} (stage_row, code, message)`

const list = (items: readonly Sql[]): Sql => joined(items, ', ')

export const noneBad = ({ kit }: Catalogs): readonly Sql[] =>
  kit.remakeEmptyTemp(BAD, sql`stage_row bigint NOT NULL, code varchar(10) NOT NULL, message nvarchar(max)`)

/** What lands: the staged rows without the bad ones. */
export const withoutBad = ({ from, row }: Staging): Staging => ({
  from: sql`(SELECT s.* FROM ${from} WHERE NOT EXISTS (SELECT 1 FROM ${BAD} AS bad WHERE bad.stage_row = ${row})) AS s`,
  row,
})

/** What an earlier attempt found out. */
export const addRefused = (_: Catalogs, refused: readonly RefusedRow[]): Sql => sql`${ADD}
SELECT number, code, message FROM OPENJSON(${param(
  JSON.stringify(refused.map((x) => ({ ...x, number: String(x.number) }))),
)}) WITH (number bigint '$.number', code varchar(10) '$.code', message nvarchar(max) '$.message')`

/** Values that do not fit, and NULL where the target takes none. Null: this flow can have none. */
export function addUnfit(c: Catalogs, r: FlowRelation, staged: Staging): Sql | null {
  const unfit = unfitting(c, r).length > 0 ? sql`s.${stagedUnfit(r)}` : null
  const { notNull } = r.target.rules
  const conditions = [
    ...(unfit ? [sql`${unfit} IS NOT NULL`] : []),
    ...notNull.map((name) => sql`${ident('s', name)} IS NULL`),
  ]
  if (conditions.length === 0) return null
  const cases = [
    ...(unfit ? [sql` WHEN ${unfit} IS NOT NULL THEN ${unfit}`] : []),
    ...notNull.map(
      (name) =>
        sql` WHEN ${ident('s', name)} IS NULL THEN ${param(`${name}: NULL, and the target's column takes none`)}`,
    ),
  ]
  return sql`${ADD}
SELECT ${staged.row}, ${unfit ? sql`CASE WHEN ${unfit} IS NULL THEN 'TM5009' ELSE 'TM4031' END` : sql`'TM5009'`}, CASE${joined(cases, '')} END
FROM ${staged.from} WHERE ${joined(conditions, ' OR ')}`
}

/** Rows of a tree whose parent is not there when they land. */
export const addParentless = (c: Catalogs, r: FlowRelation, staged: Staging): Sql => {
  const [locator, parent] = [sql`s.${stagedLocator(r)}`, sql`s.${stagedParent(r)}`]
  const text = (x: Sql): Sql => c.kit.asText(r.tree?.locator.targetType ?? '', x)
  return sql`${ADD}
SELECT ${staged.row}, 'TM5004', CONCAT(${text(locator)}, N' needs ', ${text(parent)})
FROM ${staged.from} WHERE ${parent} IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM ${targetTable(c, landingTable(r))} AS t WHERE ${ident('t', r.tree?.locator.target ?? '')} = ${parent})
  AND NOT EXISTS (SELECT 1 FROM ${STAGE} AS o WHERE o.${stagedLocator(r)} = ${parent}${
    // elsewhere parent and child are never in one batch
    r.tree?.reference === undefined
      ? EMPTY
      : sql` AND NOT EXISTS (SELECT 1 FROM ${BAD} AS bad WHERE bad.stage_row = o.${stageRow(r)})`
  })`
}

const columnsOf = (r: FlowRelation, names: readonly string[]): readonly PlannedColumn[] =>
  names.flatMap((name) => r.columns.filter((x) => x.target === name))

const u = (i: number): Sql => ident(`u${i + 1}`)

/**
 * Rows whose value of a unique constraint another row holds, in the target as it will be once this batch has landed. Of
 * several in the batch the one that has the value already stays, else the first. Values are compared as the column's
 * collation does, and two NULLs are one value, as the constraint has it.
 */
export function addClashes(c: Catalogs, r: FlowRelation, staged: Staging, unique: readonly string[]): Sql {
  const columns = columnsOf(r, unique)
  const target = targetTable(c, landingTable(r))
  const same = (a: string, b: string): Sql =>
    joined(
      columns.map((x, i) => c.kit.isSame(ident(a, x.target), sql`${ident(b)}.${u(i)}`)),
      ' AND ',
    )
  const values = columns.map((_, i) => u(i))
  const shown = columns.every((x) => x.mask === null)
    ? sql`N' ', LEFT(${c.kit.keyJson(columns.map((x) => ({ type: x.targetType, x: ident('s', x.target) })))}, 80)`
    : sql`N''`
  const key = (alias: string): Sql => keyEquals(r, targetKey(r, 't'), targetKey(r, alias))
  return sql`WITH judged AS (
  SELECT s.*, v.stage_row, v.verdict FROM ${staged.from} JOIN ${VERDICT} AS v ON v.stage_row = ${staged.row}
), landing AS (
  SELECT s.*, ${list(columns.map((x, i) => sql`${ident('s', x.target)} AS ${u(i)}`))} FROM judged AS s WHERE s.verdict IN ('insert', 'update')
), held AS (
  SELECT DISTINCT ${list(columns.map((x, i) => sql`${ident('t', x.target)} AS ${u(i)}`))} FROM ${target} AS t
  WHERE EXISTS (SELECT 1 FROM landing AS l WHERE ${same('t', 'l')})
    AND NOT EXISTS (SELECT 1 FROM judged AS q WHERE q.verdict = 'update' AND ${key('q')})
), own AS (
  SELECT l.stage_row FROM landing AS l JOIN ${target} AS t ON ${key('l')} AND ${same('t', 'l')}
), ranked AS (
  SELECT l.*, ROW_NUMBER() OVER (PARTITION BY ${list(values)} ORDER BY CASE WHEN o.stage_row IS NULL THEN 1 ELSE 0 END, l.stage_row) AS place
  FROM landing AS l LEFT JOIN own AS o ON o.stage_row = l.stage_row
)
${ADD}
SELECT s.stage_row, 'TM5010', CONCAT(${param(unique.join(', '))}, ${shown}, N' is held by another row')
FROM ranked AS s WHERE s.place > 1 OR EXISTS (SELECT 1 FROM held AS h WHERE ${joined(
    values.map((x) => c.kit.isSame(sql`h.${x}`, sql`s.${x}`)),
    ' AND ',
  )})`
}

/**
 * Rows whose key the target holds equal to a different one, there or in this batch. They are never merged: the row that
 * is there stays, else the first lands. Staged keys have the target's collation.
 */
export function addFolded(c: Catalogs, r: FlowRelation, staged: Staging): Sql {
  const t = targetKey(r, 't')
  const sameBits = joined(
    r.key.map((x) => c.kit.sameContent(x.targetType, ident('t', x.target), ident('s', x.target))),
    ' AND ',
  )
  return sql`${ADD}
SELECT q.stage_row, 'TM5011', CASE WHEN q.other IS NULL THEN N'another row of the batch has a key that the target holds equal' ELSE CONCAT(N'the target holds it equal to ', q.other) END
FROM (
  SELECT v.stage_row, CASE WHEN ${t(0)} IS NOT NULL AND NOT (${sameBits}) THEN ${targetKeyJson(c, r, t)} END AS other,
    ROW_NUMBER() OVER (PARTITION BY ${list(r.key.map((x) => ident('s', x.target)))} ORDER BY CASE WHEN ${sameBits} THEN 0 ELSE 1 END, v.stage_row) AS place
  FROM ${staged.from} JOIN ${VERDICT} AS v ON v.stage_row = ${staged.row}
  LEFT JOIN ${targetTable(c, landingTable(r))} AS t ON ${keyEquals(r, t, targetKey(r, 's'))}${andLive(r, 't')}
) AS q WHERE q.other IS NOT NULL OR q.place > 1`
}

export const dropBadVerdicts = sql`DELETE FROM ${VERDICT} WHERE stage_row IN (SELECT stage_row FROM ${BAD})`

/** The bad rows with their keys, as the ledger names them. */
export const badRows = (c: Catalogs, r: FlowRelation, split: CapturedBatch, all: Staging): Sql =>
  split.range === null
    ? sql`SELECT b.stage_row, ${sourceKeyJson(c, r, workKey('w'))} AS [key], b.code, b.message
FROM ${BAD} AS b JOIN ${work(c, 'captured')} AS w ON w.n = b.stage_row`
    : sql`SELECT b.stage_row, ${targetKeyJson(c, r, targetKey(r, 's'))} AS [key], b.code, b.message
FROM ${BAD} AS b JOIN ${all.from} ON ${all.row} = b.stage_row`

export const badByCode = sql`SELECT code, COUNT_BIG(*) FROM ${BAD} GROUP BY code ORDER BY MIN(stage_row)`

export const examples = (c: Catalogs, r: FlowRelation, split: CapturedBatch, all: Staging, code: string): Sql =>
  sql`SELECT TOP (3) q.[key], q.message FROM (${badRows(c, r, split, all)}) AS q WHERE q.code = ${param(code)} ORDER BY q.stage_row`

/** For people: what is asked of a batch before it lands. Empty where nothing can be told before. */
export const explainRejects = (c: Catalogs, r: FlowRelation, staged: Staging): readonly Sql[] => [
  ...[addUnfit(c, r, staged)].filter((x) => x !== null),
  ...(r.tree ? [addParentless(c, r, staged)] : []),
  ...(r.target.rules.folded.length > 0 ? [addFolded(c, r, staged)] : []),
  ...r.target.rules.unique.map((columns) => addClashes(c, r, staged, columns)),
]
