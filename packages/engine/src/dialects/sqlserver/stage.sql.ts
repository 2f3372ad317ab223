/** A batch's rows as a temporary table with the types and collations of the target. */
import { type CapturedBatch, type FlowRelation, landingTable, type WindowBounds } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { PlannedTemplate } from '../planned-steps.ts'
import {
  stagedLocator,
  stagedParent,
  stagedPosition,
  stagedUnfit,
  stageRow,
  type Staging,
} from '../relational/apply.sql.ts'
import { clearValue, landingKey, landingValue, mainKey, unfitting } from '../relational/columns.sql.ts'
import { type Catalogs, column, keyEquals, targetTable, typed, work, workKey } from '../relational/names.ts'
import { fromSource } from '../relational/selection.sql.ts'
import { batchRows, givenType } from '../relational/template.sql.ts'
import type { BatchPart } from '../row-policy.ts'
import { EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { positionType } from './capture.sql.ts'

const list = (items: readonly Sql[]): Sql => joined(items, ', ')

export const STAGE = sql`#tidemark_stage`

export const staged = (r: FlowRelation): Staging => ({ from: sql`${STAGE} AS s`, row: sql`s.${stageRow(r)}` })

export const stagedRows = sql`SELECT COUNT_BIG(*) FROM ${STAGE}`

interface Aside {
  readonly name: Sql
  readonly type: Sql
}

/** What apply needs beside the target's columns. A row of a tree is told from others by the source's own locators. */
function asideColumns(c: Catalogs, r: FlowRelation): readonly Aside[] {
  const tree = r.tree
  return [
    ...(r.position ? [{ name: stagedPosition(r), type: sql`CAST(NULL AS ${positionType(r)})` }] : []),
    ...(tree
      ? [
          { name: stagedLocator(r), type: ident('t', tree.locator.target) },
          { name: stagedParent(r), type: ident('t', tree.locator.target) },
        ]
      : []),
    ...(unfitting(c, r).length > 0 ? [{ name: stagedUnfit(r), type: sql`CAST(NULL AS nvarchar(400))` }] : []),
    { name: stageRow(r), type: sql`CAST(NULL AS bigint)` },
  ]
}

/**
 * An empty staging. Made without parameters, so that it stays for the session: what a statement with parameters makes is
 * gone with it. Of a union no column is an identity or computed, and any may be NULL. `exists`: the target is there.
 */
export function emptyStage(c: Catalogs, r: FlowRelation, exists = true): readonly Sql[] {
  const typeOf = (x: PlannedColumn): Sql => (exists ? ident('t', x.target) : sql`CAST(NULL AS ${typed(x.targetType)})`)
  const columns = list([
    ...r.columns.map((x) => sql`${typeOf(x)} AS ${ident(x.target)}`),
    ...asideColumns(c, r).map(({ name, type }) => sql`${type} AS ${name}`),
  ])
  const from = exists ? sql` FROM ${targetTable(c, landingTable(r))} AS t` : EMPTY
  const one = sql`SELECT ${columns}${from} WHERE 1 = 0`
  return [sql`DROP TABLE IF EXISTS ${STAGE}`, sql`SELECT q.* INTO ${STAGE} FROM (${one} UNION ALL ${one}) AS q`]
}

export const stageNames = (c: Catalogs, r: FlowRelation): Sql =>
  list([...r.columns.map((x) => ident(x.target)), ...asideColumns(c, r).map(({ name }) => name)])

/** One, or none: the first value of a row that is not exactly of the type it is cast to. */
function unfit(c: Catalogs, r: FlowRelation): readonly Sql[] {
  const cases = unfitting(c, r).map(({ column: x, predicate }) => {
    const text = sql`LEFT(${c.kit.asText(x.sourceType, clearValue(c, x))}, 40)`
    const value = x.mask === null ? c.kit.jsonText(text) : sql`N'a value'`
    return sql` WHEN ${predicate} THEN CONCAT(${param(`${x.target}: `)}, ${value}, ${param(` is not exactly ${x.cast}`)})`
  })
  return cases.length === 0 ? [] : [sql`${cases.reduce((all, one) => sql`${all}${one}`, sql`CASE`)} END`]
}

/** Of the source, in the order of `stageNames`. */
export const stagedValues = (c: Catalogs, r: FlowRelation): readonly Sql[] => [
  ...r.columns.map((x) => landingValue(c, x)),
  ...(r.position ? [column(r.position.ref)] : []),
  ...(r.tree ? [ident('m', r.tree.locator.source), ident('m', r.tree.parent.source)] : []),
  ...unfit(c, r),
]

const inPart = ({ first, last }: BatchPart): Sql =>
  sql`w.n BETWEEN CAST(${param(first)} AS bigint) AND CAST(${param(last)} AS bigint)`

/** The batch's rows as they are in the source now, found by key; `narrowing` only narrows the reading. */
export const stage = (c: Catalogs, r: FlowRelation, part: BatchPart, narrowing: Sql | null): readonly Sql[] => [
  ...emptyStage(c, r),
  sql`INSERT INTO ${STAGE} (${stageNames(c, r)})
SELECT ${list([...stagedValues(c, r), sql`w.n`])}
FROM ${fromSource(c, r, true)}
JOIN ${work(c, 'captured')} AS w ON ${keyEquals(r, workKey('w'), mainKey(c, r))}
WHERE ${inPart(part)}${narrowing === null ? EMPTY : sql` AND ${narrowing}`}`,
]

/** A column as a template gives it; the name of no join begins with a space. */
const given = (x: PlannedColumn): PlannedColumn => ({
  ...x,
  source: x.target,
  sourceType: givenType(x),
  origin: { kind: 'joined', alias: ' batch' },
  cast: null,
})

/**
 * The batch's rows as a person's SELECT gives them, masked as planned. What the target's columns do not say, a
 * position that is kept beside it, locator and parent of a tree, is the source's.
 */
export function stageTemplate(
  c: Catalogs,
  r: FlowRelation,
  template: PlannedTemplate,
  split: CapturedBatch,
  window: WindowBounds | null,
  targetExists: boolean,
): readonly Sql[] {
  const columns = r.columns.map(given)
  const position = columns.find((x) => x.target === r.position?.targetColumn)
  const aside = r.tree !== null || (r.position !== null && !position)
  const rows = sql`(SELECT ${list(
    r.columns.map((x) => sql`CAST(${ident('b', x.target)} AS ${typed(givenType(x))}) AS ${ident(x.target)}`),
  )}
FROM (${batchRows(c, r, template, split, window, targetExists)}) AS b) AS ${ident('j_ batch')}`
  const key = (i: number): Sql => ident('j_ batch', r.key[i]?.target ?? '')
  return [
    ...emptyStage(c, r),
    sql`INSERT INTO ${STAGE} (${stageNames(c, r)})
SELECT ${list([
      ...columns.map((x) => landingValue(c, x)),
      ...(r.position ? [position ? landingValue(c, position) : column(r.position.ref)] : []),
      ...(r.tree ? [ident('m', r.tree.locator.source), ident('m', r.tree.parent.source)] : []),
      ...(unfitting(c, r).length > 0 ? [sql`NULL`] : []),
      sql`NULL`,
    ])}
FROM ${aside ? sql`${fromSource(c, r, true)}\nJOIN ${rows} ON ${keyEquals(r, key, landingKey(c, r))}` : rows}`,
  ]
}

/** A staged key as the source holds it: what a template gave is of the target's types. */
const stagedAsSource = (r: FlowRelation): Sql =>
  joined(
    r.key.map((k, i) => sql`${ident('s', k.target)} = CAST(${workKey('w')(i)} AS ${typed(k.targetType)})`),
    ' AND ',
  )

/** What a template gave, numbered as it was captured. */
export const numberGiven = (c: Catalogs, r: FlowRelation, part: BatchPart): readonly Sql[] => [
  sql`UPDATE s SET ${stageRow(r)} = w.n FROM ${STAGE} AS s JOIN ${work(c, 'captured')} AS w ON ${stagedAsSource(r)} WHERE ${inPart(part)}`,
  sql`DELETE FROM ${STAGE} WHERE ${stageRow(r)} IS NULL`,
]

/** A few staged keys that are not of the batch. */
export const strangers = (c: Catalogs, r: FlowRelation, split: CapturedBatch): Sql =>
  sql`SELECT TOP (3) ${list(r.key.map((k) => c.kit.asText(k.targetType, ident('s', k.target))))}
FROM ${STAGE} AS s
WHERE NOT EXISTS (SELECT 1 FROM ${work(c, 'captured')} AS w WHERE ${stagedAsSource(r)} AND ${inPart(split)}) ORDER BY ${list(
    r.key.map((k) => ident('s', k.target)),
  )}`

export const repeatedKeys = (r: FlowRelation): Sql =>
  sql`SELECT COALESCE(SUM(q.n - 1), 0) FROM (SELECT COUNT_BIG(*) AS n FROM ${STAGE} GROUP BY ${list(
    r.key.map((k) => ident(k.target)),
  )}) AS q`
