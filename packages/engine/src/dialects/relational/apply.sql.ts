/** How staged rows land: one verdict per row, then one statement set. */
import { largestBackwardStepMs } from '@tidemark/contract/zone'
import {
  type CapturedBatch,
  type FlowRelation,
  landingTable,
  type PlannedPosition,
  type WindowBounds,
} from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import type { PlannedTemplate } from '../planned-steps.ts'
import type { BatchPart } from '../row-policy.ts'
import { catalogText, EMPTY, ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { fromSource } from './selection.sql.ts'
import { clearValue, landingKey, landingValue, mainKey, unfitting } from './columns.sql.ts'
import {
  type Catalogs,
  column,
  keyEquals,
  free,
  sidePosition,
  sideTable,
  targetKey,
  targetTable,
  typed,
  work,
  workKey,
} from './names.ts'
import { batchRows, givenType } from './template.sql.ts'
import {
  andLive,
  closing,
  keepsVersions,
  openedBy,
  versionDefinitions,
  versionKey,
  versionNames,
} from './versions.sql.ts'

export type ApplyMode = 'insert-missing' | 'latest'

export const stagedPosition = (r: FlowRelation): Sql => free(r, 'tidemark position')
export const stagedLocator = (r: FlowRelation): Sql => free(r, 'tidemark locator')
export const stagedParent = (r: FlowRelation): Sql => free(r, 'tidemark parent')
export const stageRow = (r: FlowRelation): Sql => free(r, 'tidemark stage row')
/** why a value does not fit, or NULL; there where the flow casts */
export const stagedUnfit = (r: FlowRelation): Sql => free(r, 'tidemark unfit')
const KEPT_ROW = ident('tidemark kept row')

export const STAGE = sql`tidemark_stage`
const VERDICT = sql`tidemark_verdict`
const KEPT = sql`tidemark_kept`

export const columnNames = (r: FlowRelation): Sql =>
  joined(
    r.columns.map((c) => ident(c.target)),
    ', ',
  )

/** The columns of a staged row: those of the target, and what apply needs besides. */
export const stagedColumns = (c: Catalogs, r: FlowRelation): readonly Sql[] => [
  ...r.columns.map((x) => sql`${landingValue(c, x)} AS ${ident(x.target)}`),
  ...stagedAside(r, true),
  ...unfit(c, r).map((why) => sql`${why} AS ${stagedUnfit(r)}`),
]

/** What apply needs beside the target's columns. */
function stagedAside(r: FlowRelation, withPosition: boolean): readonly Sql[] {
  return [
    ...(withPosition && r.position ? [sql`${column(r.position.ref)} AS ${stagedPosition(r)}`] : []),
    ...(r.tree
      ? [
          sql`${ident('m', r.tree.locator.source)} AS ${stagedLocator(r)}`,
          sql`${ident('m', r.tree.parent.source)} AS ${stagedParent(r)}`,
        ]
      : []),
  ]
}

/** One, or none: the first value of a row that is not exactly of the type it is cast to. */
function unfit(c: Catalogs, r: FlowRelation): readonly Sql[] {
  const cases = unfitting(c, r).map(({ column: x, predicate }) => {
    const value = x.mask === null ? c.kit.jsonText(sql`left(CAST(${clearValue(c, x)} AS VARCHAR), 40)`) : sql`'a value'`
    return sql` WHEN ${predicate} THEN ${param(`${x.target}: `)} || ${value} || ${param(` is not exactly ${x.cast}`)}`
  })
  return cases.length === 0 ? [] : [sql`${cases.reduce((all, one) => sql`${all}${one}`, sql`CASE`)} END`]
}

/** Staged rows as a statement sees them under the alias `s`: a table of the batch's own, or the source's rows themselves. */
export interface Staging {
  readonly from: Sql
  /** of alias `s`: its number among the captured keys, or in the source */
  readonly row: Sql
}

export const staged = (r: FlowRelation): Staging => ({ from: sql`tidemark_stage AS s`, row: sql`s.${stageRow(r)}` })

/** The batch's rows as they are in the source now, found by key; `narrowing` only narrows the reading. */
export const stage = (
  c: Catalogs,
  r: FlowRelation,
  { first, last }: BatchPart,
  narrowing: Sql | null,
): readonly Sql[] =>
  c.kit.remakeTemp(
    STAGE,
    sql`SELECT ${joined([...stagedColumns(c, r), sql`w.n AS ${stageRow(r)}`], ', ')}
FROM ${fromSource(c, r, true)}
JOIN ${work(c, 'captured')} AS w ON ${keyEquals(r, workKey('w'), mainKey(c, r))}
WHERE w.n BETWEEN CAST(${param(first)} AS BIGINT) AND CAST(${param(last)} AS BIGINT)${narrowing === null ? EMPTY : sql` AND ${narrowing}`}`,
  )

/** Where the batch's rows were when they were captured: numbers of the source's own. */
export const capturedRange = (c: Catalogs, r: FlowRelation, { first }: CapturedBatch): Sql =>
  sql`${c.source.rowNumber(r.source.table, 'm')} BETWEEN (SELECT rid_from FROM ${work(c, 'piece')} WHERE first = CAST(${param(first)} AS BIGINT)) AND (SELECT rid_to FROM ${work(c, 'piece')} WHERE first = CAST(${param(first)} AS BIGINT))`

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
  const own = columns.map((x) => sql`${landingValue(c, x)} AS ${ident(x.target)}`)
  const position = columns.find((x) => x.target === r.position?.targetColumn)
  const aside = r.tree !== null || (r.position !== null && !position)
  const rows = sql`(SELECT ${joined(
    r.columns.map((x) => sql`CAST(${ident('b', x.target)} AS ${typed(givenType(x))}) AS ${ident(x.target)}`),
    ', ',
  )}
FROM (${batchRows(c, r, template, split, window, targetExists)}) AS b) AS ${ident('j_ batch')}`
  const key = (i: number): Sql => ident('j_ batch', r.key[i]?.target ?? '')
  return c.kit.remakeTemp(
    STAGE,
    sql`SELECT ${joined(
      [
        ...own,
        ...(position ? [sql`${landingValue(c, position)} AS ${stagedPosition(r)}`] : []),
        ...(aside ? stagedAside(r, !position) : []),
      ],
      ', ',
    )}
FROM ${aside ? sql`${fromSource(c, r, true)}\nJOIN ${rows} ON ${keyEquals(r, key, landingKey(c, r))}` : rows}`,
  )
}

/** What a template gave, numbered as it was captured; its values are of the target's types already. */
export function numberGiven(c: Catalogs, r: FlowRelation, { first, last }: BatchPart): readonly Sql[] {
  const none = unfit(c, r).map(() => sql`, CAST(NULL AS VARCHAR) AS ${stagedUnfit(r)}`)
  const given = sql`tidemark_given`
  return [
    ...c.kit.remakeTemp(given, sql`SELECT * FROM ${STAGE}`),
    ...c.kit.remakeTemp(
      STAGE,
      sql`SELECT s.*${joined(none, '\n')}, w.n AS ${stageRow(r)} FROM ${given} AS s
JOIN ${work(c, 'captured')} AS w ON ${joined(
        r.key.map((k, i) => sql`${ident('s', k.target)} = CAST(${workKey('w')(i)} AS ${typed(k.targetType)})`),
        ' AND ',
      )}
WHERE w.n BETWEEN CAST(${param(first)} AS BIGINT) AND CAST(${param(last)} AS BIGINT)`,
    ),
  ]
}

/** The batch's rows where they are: a range of the source's row numbers, and of it what the selection takes. */
export function slice(c: Catalogs, r: FlowRelation, split: BatchPart, predicate: Sql): Staging {
  const n = c.source.rowNumber(r.source.table, 'm')
  return {
    from: sql`(SELECT ${joined([...stagedColumns(c, r), sql`${n} AS ${stageRow(r)}`], ', ')}
${slicedRows(c, r, split, predicate)}) AS s`,
    row: sql`s.${stageRow(r)}`,
  }
}

/** Where `slice` reads: FROM and WHERE. */
function slicedRows(c: Catalogs, r: FlowRelation, split: BatchPart, predicate: Sql): Sql {
  const part = c.source.slice(r.source.table, 'm', split.first, split.last)
  return sql`FROM ${part.from} AS m WHERE ${part.where} AND ${predicate}`
}

export const stagedRows = sql`SELECT count(*) FROM tidemark_stage`

export const repeatedKeys = (r: FlowRelation): Sql =>
  sql`SELECT count(*) - count(DISTINCT (${joined(
    r.key.map((k) => ident(k.target)),
    ', ',
  )})) FROM tidemark_stage`

/** Staged rows whose parent would not be there when they land. */
export const parentlessRows = (c: Catalogs, r: FlowRelation) => ({
  locator: sql`s.${stagedLocator(r)}`,
  parent: sql`s.${stagedParent(r)}`,
  where: sql`s.${stagedParent(r)} IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM ${targetTable(c, landingTable(r))} AS t WHERE ${ident('t', r.tree?.locator.target ?? '')} = s.${stagedParent(r)})
  AND NOT EXISTS (SELECT 1 FROM tidemark_stage AS o WHERE o.${stagedLocator(r)} = s.${stagedParent(r)}${
    // elsewhere parent and child are never in one batch
    r.tree?.reference === undefined ? EMPTY : sql` AND o.${stageRow(r)} NOT IN (SELECT stage_row FROM tidemark_bad)`
  })`,
})

/** Local times of an hour that is lived twice say nothing about which came first. */
export function sameRepeatedHour({ kit }: Catalogs, position: PlannedPosition, a: Sql, b: Sql): Sql {
  const step = position.clock === 'local' && position.zone !== null ? largestBackwardStepMs(position.zone) : 0
  if (step === 0) return EMPTY
  const zone = param(position.zone)
  const ms = kit.milliseconds(sql`CAST(${param(String(step))} AS BIGINT)`)
  const twice = (x: Sql): Sql => {
    const local = sql`CAST(${x} AS TIMESTAMP)`
    return sql`(((${local} AT TIME ZONE ${zone}) + ${ms}) AT TIME ZONE ${zone} = ${local} OR ((${local} AT TIME ZONE ${zone}) - ${ms}) AT TIME ZONE ${zone} = ${local})`
  }
  return sql` AND NOT (${twice(a)} AND ${twice(b)} AND abs(${kit.epochMs(sql`CAST(${a} AS TIMESTAMP)`)} - ${kit.epochMs(sql`CAST(${b} AS TIMESTAMP)`)}) < CAST(${param(String(step))} AS BIGINT))`
}

/**
 * insert, update, older or same; `tie` where content has to decide. Newer wins; an equal position, or none on either
 * side, is decided by content: a coarse clock ticks once for two updates. Content is read for ties alone, since most
 * rows need only key and position.
 */
export function verdict(c: Catalogs, r: FlowRelation, mode: ApplyMode, staged: Staging): readonly Sql[] {
  const t = targetKey(r, 't')
  const s = targetKey(r, 's')
  const side = r.position && r.position.targetColumn === null && mode === 'latest'
  const held = side ? sql`p.${sidePosition(r)}` : ident('t', r.position?.targetColumn ?? '')
  const unsure = r.position ? sameRepeatedHour(c, r.position, sql`s.${stagedPosition(r)}`, held) : EMPTY
  const byPosition =
    r.position && mode === 'latest'
      ? sql`\n  WHEN s.${stagedPosition(r)} > ${held}${unsure} THEN 'update'\n  WHEN s.${stagedPosition(r)} < ${held}${unsure} THEN 'older'`
      : EMPTY
  const address = c.kit.address('t')
  return c.kit.remakeTemp(
    VERDICT,
    sql`SELECT ${staged.row} AS stage_row, ${address} AS target_row, ${side ? sql`p.${sidePosition(r)}` : sql`NULL`} AS held, CASE
  WHEN ${address} IS NULL THEN 'insert'${byPosition}
  ELSE ${catalogText(mode === 'latest' ? "'tie'" : "'same'")}
END AS verdict
FROM ${staged.from}
LEFT JOIN ${targetTable(c, landingTable(r))} AS t ON ${keyEquals(r, t, s)}${andLive(r, 't')}${
      side ? sql`\nLEFT JOIN ${sideTable(c, r.target.table)} AS p ON ${keyEquals(r, targetKey(r, 'p'), s)}` : EMPTY
    }`,
  )
}

/** Equal content is the same row, any other is the newer one. `lacking`: columns that the target does not have yet. */
export function decideTies(c: Catalogs, r: FlowRelation, staged: Staging, lacking: readonly string[] = []): Sql {
  const keySet = new Set(r.key.map((k) => k.target))
  const content = r.columns
    .filter((x) => !keySet.has(x.target))
    .map((x) => {
      const held = lacking.includes(x.target) ? sql`CAST(NULL AS ${typed(x.targetType)})` : ident('t', x.target)
      return c.kit.sameContent(x.targetType, held, ident('s', x.target))
    })
  return sql`UPDATE tidemark_verdict AS v SET verdict = CASE WHEN ${joined(content, ' AND ', sql`TRUE`)} THEN 'same' ELSE 'update' END
FROM ${targetTable(c, landingTable(r))} AS t, ${staged.from}
WHERE v.verdict = 'tie' AND ${c.kit.address('t')} = v.target_row AND ${staged.row} = v.stage_row`
}

export const verdictCounts = sql`SELECT count(*), count(DISTINCT stage_row),
  count(*) FILTER (WHERE verdict = 'insert'), count(*) FILTER (WHERE verdict = 'update'),
  count(*) FILTER (WHERE verdict = 'same'), count(*) FILTER (WHERE verdict = 'older') FROM tidemark_verdict`

export const ties = sql`SELECT count(*) FROM tidemark_verdict WHERE verdict = 'tie'`

export const insertAll = (c: Catalogs, r: FlowRelation, staged: Staging): Sql =>
  sql`INSERT INTO ${targetTable(c, landingTable(r))} (${writtenNames(r)}) SELECT ${joined([columnNames(r), ...openedBy(r)], ', ')} FROM ${staged.from}`

/** Columns that an INSERT fills: the flow's, and those of a version that opens. */
export const writtenNames = (r: FlowRelation): Sql => joined([columnNames(r), ...versionNames(r)], ', ')

const stagedNames = (r: FlowRelation): readonly Sql[] => r.columns.map((x) => ident('s', x.target))

const insertVerdicts = (c: Catalogs, r: FlowRelation, staged: Staging, verdicts: Sql): Sql =>
  sql`INSERT INTO ${targetTable(c, landingTable(r))} (${writtenNames(r)})
SELECT ${joined([...stagedNames(r), ...openedBy(r)], ', ')} FROM ${staged.from} JOIN tidemark_verdict AS v ON v.stage_row = ${staged.row}
WHERE v.verdict IN (${verdicts})`

const deleteOlder = (c: Catalogs, r: FlowRelation): Sql =>
  sql`DELETE FROM ${targetTable(c, landingTable(r))} AS t WHERE ${c.kit.address('t')} IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update')`

const closeOlder = (c: Catalogs, r: FlowRelation): Sql =>
  sql`UPDATE ${targetTable(c, landingTable(r))} AS t SET ${closing(r)} WHERE ${c.kit.address('t')} IN (SELECT target_row FROM tidemark_verdict WHERE verdict = 'update')`

/** What rows that are about to be replaced hold in columns that the flow does not fill. */
const keep = (c: Catalogs, r: FlowRelation, others: readonly string[]): readonly Sql[] =>
  c.kit.remakeTemp(
    KEPT,
    sql`SELECT v.stage_row AS ${KEPT_ROW}, ${joined(
      others.map((o) => ident('t', o)),
      ', ',
    )}
FROM ${targetTable(c, landingTable(r))} AS t JOIN tidemark_verdict AS v ON v.target_row = ${c.kit.address('t')} WHERE v.verdict = 'update'`,
  )

const insertKept = (c: Catalogs, r: FlowRelation, staged: Staging, others: readonly string[]): Sql =>
  sql`INSERT INTO ${targetTable(c, landingTable(r))} (${columnNames(r)}, ${joined(
    others.map((o) => ident(o)),
    ', ',
  )})
SELECT ${joined([...stagedNames(r), ...others.map((o) => ident('k', o))], ', ')}
FROM ${staged.from} JOIN tidemark_kept AS k ON k.${KEPT_ROW} = ${staged.row}`

/**
 * The statements that make the verdicts true; `others` are the target columns that the flow does not fill. DELETE +
 * INSERT is twice as fast as UPDATE, and exact: DuckDB drops an UPDATE of a value it holds equal to the old one,
 * such as −0.0 over 0.0.
 */
export function take(
  c: Catalogs,
  r: FlowRelation,
  mode: ApplyMode,
  staged: Staging,
  others: readonly string[],
): readonly Sql[] {
  if (mode === 'insert-missing') return [insertVerdicts(c, r, staged, sql`'insert'`)]
  if (keepsVersions(r)) return [closeOlder(c, r), insertVerdicts(c, r, staged, sql`'insert', 'update'`)]
  return others.length === 0
    ? [deleteOlder(c, r), insertVerdicts(c, r, staged, sql`'insert', 'update'`)]
    : [
        ...keep(c, r, others),
        deleteOlder(c, r),
        insertKept(c, r, staged, others),
        insertVerdicts(c, r, staged, sql`'insert'`),
      ]
}

/** `take` where every staged row is an insert or an update. */
export const takeAll = (c: Catalogs, r: FlowRelation, staged: Staging): readonly Sql[] => [
  keepsVersions(r) ? closeOlder(c, r) : deleteOlder(c, r),
  insertAll(c, r, staged),
]

/** The positions of what landed, and of what was the same but had none on record. */
export function takePositions(c: Catalogs, r: FlowRelation, staged: Staging): readonly Sql[] {
  if (!r.position || r.position.targetColumn !== null) return []
  const side = sideTable(c, r.target.table)
  const taken = sql`FROM ${staged.from} JOIN tidemark_verdict AS v ON v.stage_row = ${staged.row}
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s.${stagedPosition(r)} IS NOT NULL`
  const keyNames = joined(
    r.key.map((k) => ident(k.target)),
    ', ',
  )
  return [
    sql`DELETE FROM ${side} AS p WHERE EXISTS (SELECT 1 ${taken} AND ${keyEquals(r, targetKey(r, 'p'), targetKey(r, 's'))})`,
    sql`INSERT INTO ${side} (${keyNames}, ${sidePosition(r)}) SELECT ${joined(
      r.key.map((k) => ident('s', k.target)),
      ', ',
    )}, s.${stagedPosition(r)} ${taken}`,
  ]
}

/** DDL of a target made from the source's columns. */
export function createTarget({ kit }: Pick<Catalogs, 'kit'>, r: FlowRelation, name: Sql): Sql {
  const keySet = new Set(r.key.map((k) => k.target))
  const columns = r.columns.map(
    (x) => sql`${ident(x.target)} ${typed(x.targetType)}${keySet.has(x.target) ? catalogText(' NOT NULL') : EMPTY}`,
  )
  return sql`CREATE TABLE ${name} (${joined([...columns, ...versionDefinitions(r), ...declaredKey(kit, r, versionKey(r))], ', ')})`
}

const declaredKey = (
  { declaresKeys }: Catalogs['kit'],
  r: FlowRelation,
  others: readonly Sql[] = [],
): readonly Sql[] =>
  declaresKeys ? [sql`PRIMARY KEY (${joined([...r.key.map((k) => ident(k.target)), ...others], ', ')})`] : []

/** DDL of the columns that the target lacks. Nobody else may have made one in between. */
export const addColumns = (r: FlowRelation, name: Sql): readonly Sql[] =>
  r.columns
    .filter((x) => r.target.adds.includes(x.target))
    .map((x) => sql`ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${ident(x.target)} ${typed(x.targetType)}`)

export function createSide(c: Catalogs, r: FlowRelation): Sql | null {
  if (!r.position || r.position.targetColumn !== null) return null
  const k = joined(
    r.key.map((x) => sql`${ident(x.target)} ${typed(x.targetType)}`),
    ', ',
  )
  return sql`CREATE TABLE IF NOT EXISTS ${sideTable(c, r.target.table)} (${joined([k, sql`${sidePosition(r)} ${typed(r.position.type)}`, ...declaredKey(c.kit, r)], ', ')})`
}

/** Keys of the target that the table loaded beside lacks, and all its rows. */
export const vanishing = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM ${targetTable(c, landingTable(r))} AS b WHERE ${keyEquals(r, targetKey(r, 'b'), targetKey(r, 't'))})), count(*) FROM ${targetTable(c, r.target.table)} AS t`

/** The rows of the table beside become those of the target, which keeps its definition. */
export const replaceRows = (c: Catalogs, r: FlowRelation): readonly Sql[] => [
  sql`DELETE FROM ${targetTable(c, r.target.table)}`,
  sql`INSERT INTO ${targetTable(c, r.target.table)} (${columnNames(r)}) SELECT ${columnNames(r)} FROM ${targetTable(c, landingTable(r))}`,
  sql`DROP TABLE ${targetTable(c, landingTable(r))}`,
]

/** The table beside becomes the target: nothing is written twice. */
export const replaceTable = (c: Catalogs, r: FlowRelation): readonly Sql[] => [
  sql`DROP TABLE IF EXISTS ${targetTable(c, r.target.table)}`,
  sql`ALTER TABLE ${targetTable(c, landingTable(r))} RENAME TO ${ident(r.target.table.at(-1) ?? '')}`,
]
