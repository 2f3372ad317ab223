/** Which staged rows cannot land, as far as it can be told before, and what is kept of them. */
import type { CapturedBatch, FlowRelation } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { RefusedRow } from '../row-policy.ts'
import { landingTable } from '../contract.ts'
import { catalogText, EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { parentlessRows, type Staging, stagedUnfit } from './apply.sql.ts'
import { mainKey, sourceKeyJson, targetKeyJson, unfitting } from './columns.sql.ts'
import { type Catalogs, targetKey, targetTable, work, workKey } from './names.ts'

export const noneBad = ({ kit }: Catalogs): readonly Sql[] =>
  kit.remakeEmptyTemp(sql`tidemark_bad`, sql`stage_row BIGINT, code VARCHAR, message VARCHAR`)

/** What lands: the staged rows without the bad ones. */
export const withoutBad = ({ from, row }: Staging): Staging => ({
  from: sql`(SELECT s.* FROM ${from} WHERE ${row} NOT IN (SELECT stage_row FROM tidemark_bad)) AS s`,
  row,
})

/** What an earlier attempt found out. */
export const addRefused = ({ kit }: Catalogs, refused: readonly RefusedRow[]): Sql => sql`INSERT INTO tidemark_bad
SELECT CAST(x ->> 'number' AS BIGINT), x ->> 'code', x ->> 'message' FROM ${kit.objectsOf(
  param(JSON.stringify(refused.map((x) => ({ ...x, number: String(x.number) })))),
)} AS q`

/** Values that do not fit, and NULL where the target takes none. Null: this flow can have none. */
export function addUnfit(c: Catalogs, r: FlowRelation, staged: Staging): Sql | null {
  const unfit = unfitting(c, r).length > 0 ? sql`s.${stagedUnfit(r)}` : null
  const nulls = r.target.rules.notNull.map((name) => ident('s', name))
  const conditions = [...(unfit ? [sql`${unfit} IS NOT NULL`] : []), ...nulls.map((x) => sql`${x} IS NULL`)]
  if (conditions.length === 0) return null
  const isNull = r.target.rules.notNull.map(
    (name) => sql` WHEN ${ident('s', name)} IS NULL THEN ${param(`${name}: NULL, and the target's column takes none`)}`,
  )
  const message = isNull.length === 0 ? sql`NULL` : isNull.reduce((all, x) => sql`${all}${x}`, sql`CASE`)
  return sql`INSERT INTO tidemark_bad
SELECT ${staged.row}, ${unfit ? sql`CASE WHEN ${unfit} IS NULL THEN 'TM5009' ELSE 'TM4031' END` : sql`'TM5009'`}, ${
    unfit ? sql`coalesce(${unfit}, ${message}${isNull.length === 0 ? EMPTY : sql` END`})` : sql`${message} END`
  }
FROM ${staged.from} WHERE ${joined(conditions, ' OR ')}`
}

/** Rows of a tree whose parent is not there when they land. */
export const addParentless = (c: Catalogs, r: FlowRelation, staged: Staging): Sql => {
  const { locator, parent, where } = parentlessRows(c, r)
  return sql`INSERT INTO tidemark_bad
SELECT ${staged.row}, 'TM5004', CAST(${locator} AS VARCHAR) || ' needs ' || CAST(${parent} AS VARCHAR)
FROM ${staged.from} WHERE ${where}`
}

/** Compared as the constraint does, which knows no collation. */
const bits = ({ kit }: Catalogs, x: PlannedColumn, value: Sql): Sql => kit.bits(x.targetType, value)

const columnsOf = (r: FlowRelation, names: readonly string[]): readonly PlannedColumn[] =>
  names.flatMap((name) => r.columns.filter((x) => x.target === name))

const u = (i: number): Sql => ident(`u${i + 1}`)

/**
 * Rows whose value of a unique constraint another row holds, in the target as it will be once this batch has landed. Of
 * several in the batch the one that has the value already stays, else the first.
 */
export function addClashes(c: Catalogs, r: FlowRelation, staged: Staging, unique: readonly string[]): Sql {
  const columns = columnsOf(r, unique)
  const target = targetTable(c, landingTable(r))
  const address = c.kit.address('t')
  const same = (a: string, b: string): Sql =>
    joined(
      columns.map((x, i) => sql`${bits(c, x, ident(a, x.target))} = ${ident(b)}.${u(i)}`),
      ' AND ',
    )
  const values = columns.map((_, i) => u(i))
  const shown = columns.every((x) => x.mask === null)
    ? sql`' ' || left(${c.kit.keyJson(columns.map((x) => ({ type: x.targetType, x: ident('s', x.target) })))}, 80)`
    : sql`''`
  return sql`INSERT INTO tidemark_bad
WITH landing AS (
  SELECT v.stage_row, v.target_row, ${joined(
    columns.map((x, i) => sql`${bits(c, x, ident('s', x.target))} AS ${u(i)}`),
    ', ',
  )}
  FROM ${staged.from} JOIN tidemark_verdict AS v ON v.stage_row = ${staged.row}
  WHERE v.verdict IN ('insert', 'update') AND ${joined(
    columns.map((x) => sql`${ident('s', x.target)} IS NOT NULL`),
    ' AND ',
  )}
), held AS (
  SELECT DISTINCT ${joined(
    columns.map((x, i) => sql`${bits(c, x, ident('t', x.target))} AS ${u(i)}`),
    ', ',
  )} FROM ${target} AS t
  WHERE EXISTS (SELECT 1 FROM landing AS l WHERE ${same('t', 'l')})
    AND NOT EXISTS (SELECT 1 FROM tidemark_verdict AS v WHERE v.target_row = ${address} AND v.verdict = 'update')
), own AS (
  SELECT l.stage_row FROM landing AS l JOIN ${target} AS t ON ${address} = l.target_row AND ${same('t', 'l')}
), ranked AS (
  SELECT l.*, row_number() OVER (PARTITION BY ${joined(values, ', ')} ORDER BY o.stage_row IS NULL, l.stage_row) AS place
  FROM landing AS l LEFT JOIN own AS o ON o.stage_row = l.stage_row
)
SELECT k.stage_row, 'TM5010', ${param(unique.join(', '))} || ${shown} || ' is held by another row'
FROM ${staged.from} JOIN ranked AS k ON k.stage_row = ${staged.row} LEFT JOIN held AS h ON ${joined(
    values.map((x) => sql`h.${x} = k.${x}`),
    ' AND ',
  )}
WHERE k.place > 1 OR h.${u(0)} IS NOT NULL`
}

/**
 * Rows whose key the target holds equal to a different one, there or in this batch. They are never merged: the row that
 * is there stays, else the first lands.
 */
export function addFolded(c: Catalogs, r: FlowRelation, staged: Staging): Sql {
  const collations = new Map(r.target.rules.folded.map((x) => [x.column, x.collation]))
  const folded = r.key.map((x) => {
    const collation = collations.get(x.target)
    return collation === undefined
      ? ident('s', x.target)
      : sql`${ident('s', x.target)} COLLATE ${catalogText(collation)}`
  })
  const sameBits = joined(
    r.key.map((x) => sql`${bits(c, x, ident('t', x.target))} = ${bits(c, x, ident('s', x.target))}`),
    ' AND ',
  )
  return sql`INSERT INTO tidemark_bad
SELECT stage_row, 'TM5011', CASE WHEN other IS NULL THEN 'another row of the batch has a key that the target holds equal' ELSE 'the target holds it equal to ' || other END
FROM (
  SELECT v.stage_row, CASE WHEN ${c.kit.address('t')} IS NOT NULL AND NOT (${sameBits}) THEN ${targetKeyJson(c, r, targetKey(r, 't'))} END AS other,
    row_number() OVER (PARTITION BY ${joined(folded, ', ')} ORDER BY coalesce(${sameBits}, FALSE) DESC, v.stage_row) AS place
  FROM ${staged.from} JOIN tidemark_verdict AS v ON v.stage_row = ${staged.row}
  LEFT JOIN ${targetTable(c, landingTable(r))} AS t ON ${c.kit.address('t')} = v.target_row
) AS q WHERE other IS NOT NULL OR place > 1`
}

export const dropBadVerdicts = sql`DELETE FROM tidemark_verdict WHERE stage_row IN (SELECT stage_row FROM tidemark_bad)`

/** The bad rows with their keys, as the ledger names them. */
export function badRows(c: Catalogs, r: FlowRelation, split: CapturedBatch, all: Staging): Sql {
  if (split.range !== null)
    return sql`SELECT b.stage_row, ${targetKeyJson(c, r, targetKey(r, 's'))} AS key, b.code, b.message
FROM tidemark_bad AS b JOIN ${all.from} ON ${all.row} = b.stage_row`
  if (split.readAt === null)
    return sql`SELECT b.stage_row, ${sourceKeyJson(c, r, workKey('w'))} AS key, b.code, b.message
FROM tidemark_bad AS b JOIN ${work(c, 'captured')} AS w ON w.n = b.stage_row`
  const part = c.source.slice(r.source.table, 'm', split.first, split.last)
  return sql`SELECT b.stage_row, ${sourceKeyJson(c, r, mainKey(c, r))} AS key, b.code, b.message
FROM ${part.from} AS m JOIN tidemark_bad AS b ON b.stage_row = ${c.source.rowNumber(r.source.table, 'm')} WHERE ${part.where}`
}

export const badByCode = sql`SELECT code, count(*) FROM tidemark_bad GROUP BY code ORDER BY min(stage_row)`

export const examples = (c: Catalogs, r: FlowRelation, split: CapturedBatch, all: Staging, code: string): Sql =>
  sql`SELECT key, message FROM (${badRows(c, r, split, all)}) AS q WHERE code = ${param(code)} ORDER BY stage_row LIMIT 3`

/** For people: what is asked of a batch before it lands. Empty where nothing can be told before. */
export const explainRejects = (c: Catalogs, r: FlowRelation, staged: Staging): readonly Sql[] => [
  ...[addUnfit(c, r, staged)].filter((x) => x !== null),
  ...(r.tree ? [addParentless(c, r, staged)] : []),
  ...(r.target.rules.folded.length > 0 ? [addFolded(c, r, staged)] : []),
  ...r.target.rules.unique.map((columns) => addClashes(c, r, staged, columns)),
]
