/**
 * Rows as they arrive from another engine: a temporary table of texts and bytes, read as a relation of the types that they
 * arrive as.
 */
import { carriedPosition } from '../arrived-relation.ts'
import { type FlowRelation, landingTable } from '../contract.ts'
import { columnNames, stageRow } from '../relational/apply.sql.ts'
import { landingValue } from '../relational/columns.sql.ts'
import { type Catalogs, targetTable } from '../relational/names.ts'
import type { BatchPart } from '../row-policy.ts'
import { catalogText, EMPTY, ident, joined, param, type Sql, sql, whole } from '../sql-text.ts'
import type { CsvColumn } from './csv-rows.ts'
import { emptyStage, STAGE, stagedValues, stageNames } from './stage.sql.ts'
import { findType, longest, TEXTS } from './type-text.ts'
import { fromText } from './types.ts'

/** why a row is bad, or NULL */
const WHY = ident('tidemark why')
export const ARRIVED = sql`#tidemark_arrived`
const PARTS = sql`#tidemark_arrived_parts`
const NARROW = sql`#tidemark_arrived_narrow`
/** characters of a text that is not of any length, and bytes */
const LONGEST_TEXT = 4000
const LONGEST_BYTES = 8000

const list = (items: readonly Sql[]): Sql => joined(items, ', ')

/** A column of the file, in its order. */
export interface ArrivedColumn extends CsvColumn {
  /** that it arrives as */
  readonly type: string
  /** some of its values came in parts, or may have */
  readonly inParts: boolean
}

/** `r`: as it arrives; `long`: columns that had values of the length that takes room for any. */
export function arrivedColumns(r: FlowRelation, long: ReadonlySet<string> = new Set()): readonly ArrivedColumn[] {
  const carried = carriedPosition(r)
  const columns = [
    ...r.columns.map((x) => columnOf(x.source, x.sourceType)),
    ...(carried !== null && r.position ? [columnOf(carried, r.position.type)] : []),
  ]
  return columns.map((x) => (long.has(x.name) ? { ...x, room: null } : x))
}

const BYTES: ReadonlySet<string> = new Set(['binary', 'varbinary', 'image', 'rowversion', 'geometry', 'geography'])

function columnOf(name: string, text: string): ArrivedColumn {
  const type = findType(text)
  if (type === null) throw new TypeError(`no values of ${text} arrive`)
  if (BYTES.has(type.name)) return { name, type: text, kind: 'bytes', most: null, room: LONGEST_BYTES, inParts: true }
  const long = TEXTS.has(type.name) ? longest(type) > LONGEST_TEXT : type.name === 'xml' || type.name === 'json'
  return { name, type: text, kind: 'text', most: long ? null : LONGEST_TEXT, room: LONGEST_TEXT, inParts: long }
}

/** Names of our own: the client does not quote them. */
export const arrivedName = (i: number): string => `c${i + 1}`
/** by which the parts of a row are known */
export const PARTS_NAME = 'parts'
export const NUMBER_NAME = 'n'

export const hasLong = (columns: readonly ArrivedColumn[]): boolean => columns.some(({ most }) => most === null)

/** What arrives is compared with nothing, and kept as it is. */
const KEPT = sql`COLLATE Latin1_General_BIN2`

function definition({ kind, room }: ArrivedColumn, i: number): Sql {
  const length = room === null ? sql`max` : whole(BigInt(room))
  return kind === 'bytes'
    ? sql`${ident(arrivedName(i))} varbinary(${length}) NULL`
    : sql`${ident(arrivedName(i))} nvarchar(${length}) ${KEPT} NULL`
}

/** Rows come with their numbers: to count them here costs the load a tenth. */
function makeArrived(columns: readonly ArrivedColumn[]): Sql {
  const parts = hasLong(columns) ? [sql`${ident(PARTS_NAME)} nvarchar(20) ${KEPT} NULL`] : []
  return sql`CREATE TABLE ${ARRIVED} (${list([...columns.map(definition), ...parts, sql`${ident(NUMBER_NAME)} bigint NOT NULL`])})`
}

/**
 * A longer value comes. Room for any is made only then: it costs the load a third, for short values too. By a copy, which
 * keeps collation and needs no right to alter a column. `columns`: with that room.
 */
export function makeRoom(columns: readonly ArrivedColumn[]): Sql {
  const names = list([
    ...columns.map((_, i) => ident(arrivedName(i))),
    ...(hasLong(columns) ? [ident(PARTS_NAME)] : []),
    ident(NUMBER_NAME),
  ])
  return sql`SELECT * INTO ${NARROW} FROM ${ARRIVED}; DROP TABLE ${ARRIVED};
${makeArrived(columns)};
INSERT INTO ${ARRIVED} (${names}) SELECT ${names} FROM ${NARROW};
DROP TABLE ${NARROW}`
}

/** Empty. */
export function remakeArrived(columns: readonly ArrivedColumn[]): Sql {
  return sql`DROP TABLE IF EXISTS ${ARRIVED}; DROP TABLE IF EXISTS ${PARTS};
${makeArrived(columns)}${
  hasLong(columns)
    ? sql`;
CREATE TABLE ${PARTS} (of_row nvarchar(20) ${KEPT} NOT NULL, of_column int NOT NULL, data varbinary(max) NOT NULL, PRIMARY KEY (of_row, of_column))`
    : EMPTY
}`
}

/** Parameters: the row's name, the column's number and the bytes, those of a text in UTF-16. */
export const KEEP_PARTS =
  'INSERT INTO #tidemark_arrived_parts (of_row, of_column, data) VALUES (@p1, CAST(@p2 AS int), @p3)'

/** As it arrived, parts joined: a look for them takes the server as long for a row without any. */
function arrived({ kind, inParts }: ArrivedColumn, i: number): Sql {
  const value = ident('a', arrivedName(i))
  if (!inParts) return value
  const parts = sql`(SELECT q.data FROM ${PARTS} AS q WHERE q.of_row = ${ident('a', PARTS_NAME)} AND q.of_column = ${whole(BigInt(i))})`
  const large = kind === 'bytes' ? parts : sql`CONVERT(nvarchar(max), ${parts})`
  return sql`CASE WHEN ${ident('a', PARTS_NAME)} IS NULL OR ${value} IS NOT NULL THEN ${value} ELSE ${large} END`
}

/** The value that a text of the file says; what is none of that type fails the statement. */
function valueOf({ type, kind }: ArrivedColumn, x: Sql): Sql {
  if (kind === 'bytes') return sql`CONVERT(${catalogText(type === 'image' ? 'varbinary(max)' : type)}, ${x})`
  switch (findType(type)?.name) {
    // it is one: a conversion would shorten it unsaid, and costs what all other columns of a row do together
    case 'nvarchar':
      return x
    case 'bit':
      return sql`CONVERT(bit, CASE ${x} WHEN N't' THEN N'1' WHEN N'f' THEN N'0' ELSE ${x} END)`
    // hours of an offset, without minutes
    case 'datetimeoffset':
      return fromText(type, sql`CASE WHEN ${x} LIKE N'%[+-][0-9][0-9]' THEN ${x} + N':00' ELSE ${x} END`)
    default:
      return fromText(type, x)
  }
}

/** The same, or NULL: each value is looked at, and what does not fit is told apart from NULL. */
function checkedValue(c: Catalogs, { type, kind }: ArrivedColumn, x: Sql): Sql {
  return c.kit.exactCast(kind === 'bytes' ? 'varbinary(max)' : c.kit.textType, type, x)
}

/** The number of an arrived row: columns of a target may have any name, `n` too. */
const rowNumber = (r: FlowRelation): Sql => sql`m.${stageRow(r)}`

const inPart = (r: FlowRelation, part: BatchPart | null): Sql =>
  part === null ? EMPTY : sql`\nWHERE ${rowNumber(r)} BETWEEN ${whole(part.first)} AND ${whole(part.last)}`

/** The arrived rows as `m`, each column under its name and of its type. */
function asRelation(
  r: FlowRelation,
  columns: readonly ArrivedColumn[],
  value: (column: ArrivedColumn, x: Sql) => Sql,
  besides: readonly Sql[] = [],
): Sql {
  const values = columns.map((column, i) => sql`${value(column, ident('b', arrivedName(i)))} AS ${ident(column.name)}`)
  const joinedParts = columns.map((column, i) => sql`${arrived(column, i)} AS ${ident(arrivedName(i))}`)
  const rows = columns.some(({ inParts }) => inParts)
    ? sql`(SELECT ${list([...joinedParts, sql`a.n`])} FROM ${ARRIVED} AS a)`
    : ARRIVED
  return sql`(SELECT ${list([...values, ...besides, sql`b.n AS ${stageRow(r)}`])} FROM ${rows} AS b) AS m`
}

/** Straight into the table, where no row has to be looked at. */
export const insertArrived = (c: Catalogs, r: FlowRelation, columns: readonly ArrivedColumn[]): Sql =>
  sql`INSERT INTO ${targetTable(c, landingTable(r))} (${columnNames(r)})
SELECT ${list(r.columns.map((x) => landingValue(c, x)))}
FROM ${asRelation(r, columns, valueOf)}`

/** Into the batch's staging. */
export const stageArrived = (
  c: Catalogs,
  r: FlowRelation,
  columns: readonly ArrivedColumn[],
  part: BatchPart | null,
): readonly Sql[] => [
  ...emptyStage(c, r),
  sql`INSERT INTO ${STAGE} (${stageNames(c, r)})
SELECT ${list([...stagedValues(c, r), rowNumber(r)])}
FROM ${asRelation(r, columns, valueOf)}${inPart(r, part)}`,
]

/** What is looked at value by value has casts, and so a place that says what does not fit. */
export const lookedAt = (r: FlowRelation): FlowRelation => ({
  ...r,
  columns: r.columns.map((x) => (x.cast === null ? { ...x, cast: x.sourceType } : x)),
})

/**
 * The same of rows of which some are known to be bad: their values do not fail the statement. `r`: as `lookedAt` has it;
 * `exists`: the target is there.
 */
export function stageLookedAt(
  c: Catalogs,
  r: FlowRelation,
  columns: readonly ArrivedColumn[],
  part: BatchPart | null,
  exists = true,
): readonly Sql[] {
  const values = stagedValues(c, r)
  const [unfit, ...others] = values.toReversed()
  const cases = columns.map((column, i) => {
    const x = ident('b', arrivedName(i))
    const shown = column.kind === 'bytes' ? sql`N'its bytes'` : c.kit.jsonText(sql`LEFT(${x}, 40)`)
    return sql` WHEN ${x} IS NOT NULL AND ${checkedValue(c, column, x)} IS NULL THEN CONCAT(${param(`${column.name}: `)}, ${shown}, ${param(` is not exactly ${column.type}`)})`
  })
  const why = sql`CASE${joined(cases, '')} END AS ${WHY}`
  const rows = asRelation(r, columns, (column, x) => checkedValue(c, column, x), [why])
  return [
    ...emptyStage(c, r, exists),
    sql`INSERT INTO ${STAGE} (${stageNames(c, r)})
SELECT ${list([...others.toReversed(), sql`COALESCE(m.${WHY}, ${unfit ?? sql`NULL`})`, rowNumber(r)])}
FROM ${rows}${inPart(r, part)}`,
  ]
}
