/** What differs, of JUDGED and both images: value by value in a narrow table, which is listed, counted, or copied into a file. */
import { imagePlace, readImage } from '../dialects/duckdb/image.sql.ts'
import { freeAmong } from '../dialects/relational/names.ts'
import { EMPTY, ident, joined, param, type Sql, sql, textLiteral, whole } from '../dialects/sql-text.ts'
import type { ComparedColumn } from './compared.ts'
import { comparedText, fingerprints, valueText } from './fingerprint.sql.ts'
import { JUDGED } from './judge.sql.ts'
import { type PackedRows, packedValue } from './packed.sql.ts'

export type ComparedPairs = readonly { readonly before: ComparedColumn; readonly now: ComparedColumn }[]

/** A column with its number: columns are listed in the order of these. */
export interface NumberedColumn {
  readonly ord: number
  readonly before: ComparedColumn
  readonly now: ComparedColumn
}

const temp = (name: string): Sql => ident('temp', 'main', name)
/** changed rows in the order of their keys, counted from 1 */
const CHANGED = temp('snapshot_changed')
/** nr of the row, ord of the column, old and new text */
const VALUES = temp('snapshot_changed_value')

const atMost = (limit: bigint | null): Sql => (limit === null ? EMPTY : sql` LIMIT ${whole(limit)}`)

/** The keys of one kind, in their order. */
export const keysOf = (kind: string, limit: bigint | null): Sql =>
  sql`SELECT key FROM ${JUDGED} WHERE kind = ${param(kind)} ORDER BY key${atMost(limit)}`

export const numberChanged: readonly Sql[] = [
  sql`CREATE OR REPLACE TEMP TABLE ${CHANGED} AS
SELECT row_number() OVER (ORDER BY key) AS nr, key, place, old_place FROM ${JUDGED} WHERE kind = 'changed'`,
  sql`CREATE OR REPLACE TEMP TABLE ${VALUES} (nr BIGINT, ord SMALLINT, old VARCHAR, new VARCHAR)`,
]

/** The rows as they were, and as they are. */
export interface BothSides {
  readonly before: Sql
  readonly now: Sql
}

const changedRows = ({ before, now }: BothSides): Sql => sql`FROM ${CHANGED} AS j
JOIN ${before} AS o ON ${imagePlace('o')} = j.old_place
JOIN ${now} AS n ON ${imagePlace('n')} = j.place`

/** The rows of CHANGED, in the images. */
export const NOW = temp('snapshot_changed_now')
export const BEFORE = temp('snapshot_changed_before')
/** some columns of the rows as they were */
export const SOME_BEFORE = temp('snapshot_changed_some')

export const placesNow = sql`${imagePlace('i')} IN (SELECT place FROM ${CHANGED})`
export const placesBefore = sql`${imagePlace('i')} IN (SELECT old_place FROM ${CHANGED})`

/** Where in the earlier image the first so many changed rows end. */
export const endOfFirst = (rows: bigint): Sql =>
  sql`SELECT max(old_place) FROM (SELECT old_place FROM ${CHANGED} ORDER BY old_place LIMIT ${whole(rows)}) AS q`

export const placesUpTo = (end: bigint): Sql => sql`${placesBefore} AND ${imagePlace('i')} <= ${whole(end)}`

export const packedPairs = (before: PackedRows, now: PackedRows): Sql => sql`FROM ${CHANGED} AS j
JOIN ${before.table} AS o ON o.place = j.old_place
JOIN ${now.table} AS n ON n.place = j.place`

export const takeSome = (image: string, columns: readonly NumberedColumn[]): Sql =>
  sql`CREATE OR REPLACE TEMP TABLE ${SOME_BEFORE} AS SELECT ${joined(
    [imagePlace('i'), ...columns.map(({ before }) => ident('i', before.name))],
    ', ',
  )} FROM ${readImage(image)} AS i WHERE ${placesBefore}`

/**
 * How many of the changed rows become what they were by the values of SOME_BEFORE alone: both fingerprints are those that
 * the earlier snapshot has. `rows`: with place and fingerprints.
 */
export function countExplained(
  columns: readonly NumberedColumn[],
  some: readonly NumberedColumn[],
  now: PackedRows,
  rows: Sql,
): Sql {
  const values = columns.map((column) => {
    const name = column.before.name
    const value = some.includes(column) ? ident('o', name) : packedValue(now, 'n', column.now.name)
    return sql`${value} AS ${ident(name)}`
  })
  const { first, second } = fingerprints(
    'i',
    columns.map(({ before }) => before),
  )
  const place = freeAmong(
    columns.map(({ before }) => before.name),
    'tidemark place',
  )
  return sql`SELECT count(*) FROM (SELECT j.old_place AS ${ident(place)}, ${joined(values, ', ')} FROM ${CHANGED} AS j
JOIN ${SOME_BEFORE} AS o ON ${imagePlace('o')} = j.old_place
JOIN ${now.table} AS n ON n.place = j.place) AS i
JOIN ${rows} AS f ON f.place = ${ident('i', place)}
WHERE ${first} = f.first_hash AND ${second} = f.second_hash`
}

/**
 * The values of some columns that differ. `texts`: of so many rows the texts
 * are kept, null: of all.
 */
export function takeValues(columns: readonly NumberedColumn[], from: BothSides, texts: bigint | null): Sql {
  const kept = (text: Sql): Sql => (texts === null ? text : sql`CASE WHEN j.nr <= ${whole(texts)} THEN ${text} END`)
  const values = columns.map(
    ({ ord, before, now }) =>
      sql`struct_pack(ord := ${whole(BigInt(ord))}, old := ${kept(valueText('o', before))}, new := ${kept(valueText('n', now))}, differs := ${differs(before, now)})`,
  )
  // a column of that name would be taken for it
  const value = ident(
    freeAmong(
      columns.flatMap(({ before, now }) => [before.name, now.name]),
      'tidemark value',
    ),
  )
  return sql`INSERT INTO ${VALUES} SELECT nr, c.ord, c.old, c.new FROM (
SELECT j.nr, unnest(list_filter([${joined(values, ', ')}], lambda ${value}: ${value}.differs)) AS c
${changedRows(from)}) AS q`
}

const differs = (before: ComparedColumn, now: ComparedColumn): Sql =>
  sql`(${comparedText('o', before)} IS DISTINCT FROM ${comparedText('n', now)})`

/** Where only some of the columns were looked at: a row without a value becomes unchanged. */
export const narrow: Sql = sql`UPDATE ${JUDGED} SET kind = 'unchanged' WHERE kind = 'changed' AND place NOT IN (
SELECT j.place FROM ${CHANGED} AS j SEMI JOIN ${VALUES} AS v ON v.nr = j.nr)`

const named = (ord: Sql, columns: readonly NumberedColumn[]): Sql =>
  sql`list_extract([${joined(
    columns.map(({ now }) => param(now.name)),
    ', ',
  )}], ${ord} + 1)`

/** Of each changed row, in the order of the keys: key, column, old and new text. `columns`: all that have a number. */
export const changedValues = (columns: readonly NumberedColumn[], limit: bigint | null): Sql =>
  sql`SELECT key, ${named(sql`ord`, columns)}, old, new FROM (
SELECT nr, key FROM ${CHANGED} SEMI JOIN ${VALUES} USING (nr) ORDER BY nr${atMost(limit)}
) JOIN ${VALUES} USING (nr) ORDER BY nr, ord`

/** How many changed rows differ in each column, most first; a column that differs in none is left out. */
export const changedColumns = (columns: readonly NumberedColumn[]): Sql =>
  sql`SELECT ${named(sql`ord`, columns)}, n FROM (SELECT ord, count(*) AS n FROM ${VALUES} GROUP BY ord) AS q ORDER BY n DESC, ord`

/** How a file holds a key, and how it is written: NULL and '' stay apart in each of them. */
const FILES = {
  csv: { key: (key: Sql) => key, options: sql`FORMAT csv, HEADER, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR ''` },
  json: { key: (key: Sql) => sql`CAST(${key} AS JSON)`, options: sql`FORMAT json, ARRAY true` },
  parquet: {
    key: (key: Sql) => sql`CAST(CAST(${key} AS JSON) AS VARCHAR[])`,
    options: sql`FORMAT parquet, COMPRESSION zstd`,
  },
} as const
export type DifferenceFile = keyof typeof FILES

/** Every difference as a line: a new or a deleted row has one, a changed row one for each value. The file is opened already. */
export function copyDifferences(columns: readonly NumberedColumn[] | null, path: string, format: DifferenceFile): Sql {
  const { key, options } = FILES[format]
  const changed =
    columns === null
      ? EMPTY
      : sql`
UNION ALL SELECT nr, key, 'changed', ord, old, new FROM ${VALUES} JOIN ${CHANGED} USING (nr)`
  const name = columns === null ? sql`CAST(ord AS VARCHAR)` : named(sql`ord`, columns)
  return sql`COPY (SELECT ${key(ident('d', 'key'))} AS key, kind, ${name} AS "column", old, new FROM (
SELECT CAST(NULL AS BIGINT) AS nr, key, kind, CAST(NULL AS SMALLINT) AS ord, CAST(NULL AS VARCHAR) AS old, CAST(NULL AS VARCHAR) AS new FROM ${JUDGED} WHERE kind IN ('new', 'deleted')${changed}
) AS d ORDER BY kind, nr, d.key, ord) TO ${textLiteral(path)} (${options}, USE_TMP_FILE false)`
}

/** The rows that `keysOf` lists, as one of the images has them: key, and the text of each column. */
export const sampleRows = (
  kind: 'new' | 'changed' | 'deleted',
  image: string,
  columns: readonly ComparedColumn[],
  limit: bigint,
): Sql =>
  sql`SELECT ${joined([ident('j', 'key'), ...columns.map((column) => valueText('i', column))], ', ')}
FROM (SELECT key, ${kind === 'deleted' ? sql`old_place` : sql`place`} AS at FROM ${JUDGED} WHERE kind = ${param(kind)} ORDER BY key${atMost(limit)}) AS j
JOIN ${readImage(image)} AS i ON ${imagePlace('i')} = j.at ORDER BY j.key`
