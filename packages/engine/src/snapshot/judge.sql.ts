/** What became of each key: temporary tables of one session. */
import { type ImageColumn, imagePlace, imageValue, readImage } from '../dialects/duckdb/image.sql.ts'
import { sameContent } from '../dialects/duckdb/types.ts'
import { freeAmong } from '../dialects/relational/names.ts'
import { ident, joined, param, type Sql, sql } from '../dialects/sql-text.ts'
import type { ComparedColumn } from './compared.ts'
import { comparedHash, comparedText, comparedValue, fingerprints, keyText, valueText } from './fingerprint.sql.ts'
import { hotTable } from './hot.sql.ts'
import { packedIn, packedLists, type PackedRows, packedRows, packRows } from './packed.sql.ts'

const temp = (name: string): Sql => ident('temp', 'main', name)
const EXAMPLES = sql`5`
const SHOWN_LENGTH = sql`40`
/** Others are the same where their texts are: a float that is no number whatever its sign, an interval by its fields. */
const COMPARED_AS_THEY_ARE =
  /^(?:BOOLEAN|U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|DECIMAL\(\d+,\d+\)|VARCHAR|BLOB|UUID|DATE|TIME|TIMESTAMP|TIMESTAMP_N?S|TIMESTAMP WITH TIME ZONE)$/

/** rows of the later snapshot: key, first_hash, second_hash, place */
export const PRESENT = temp('snapshot_present')
/** rows of the earlier snapshot, where none are kept: key, row_hash, first_hash, second_hash, place */
export const FORMER = temp('snapshot_former')
/** each key of the two: key, kind, both hashes, place, old_place, old_hash */
export const JUDGED = temp('snapshot_judged')
const OLD_HASHES = temp('snapshot_old_hashes')
const NEW_HASHES = temp('snapshot_new_hashes')
/** rows that are new or changed: read once, and looked at more than once */
const MOVED = temp('snapshot_moved')
/** places whose row hash was computed */
export const HASHED = temp('snapshot_hashed')

/** The files of two images. */
export interface Images {
  readonly before: string
  readonly now: string
}

export const nullKeys = (image: string, key: readonly ImageColumn[]): Sql =>
  sql`SELECT count(*) FROM ${readImage(image)} AS i WHERE ${joined(
    key.map((column) => sql`${imageValue('i', column)} IS NULL`),
    ' OR ',
  )}`

/** A few of those, so that they can be found: each value as text, cut short. */
export const nullKeyExamples = (image: string, key: readonly ImageColumn[], shown: readonly ImageColumn[]): Sql =>
  sql`SELECT CAST(to_json(struct_pack(${joined(
    shown.map((column) => sql`${ident(column.name)} := left(${valueText('i', column)}, ${SHOWN_LENGTH})`),
    ', ',
  )})) AS VARCHAR) AS r FROM ${readImage(image)} AS i WHERE ${joined(
    key.map((column) => sql`${imageValue('i', column)} IS NULL`),
    ' OR ',
  )} ORDER BY r LIMIT ${EXAMPLES}`

export function presentFrom(image: string, key: readonly ImageColumn[], compared: readonly ComparedColumn[]): Sql {
  const { first, second } = fingerprints('i', compared)
  return sql`CREATE OR REPLACE TEMP TABLE ${PRESENT} AS
SELECT ${keyText('i', key)} AS key, ${first} AS first_hash, ${second} AS second_hash, ${imagePlace('i')} AS place FROM ${readImage(image)} AS i`
}

/**
 * The same, and beside it what `movedIn` reads: the rows whose fingerprints, and the key is in them, `before` does not have.
 * So the image is not read again for what has changed.
 */
export function presentBeside(
  image: string,
  key: readonly ImageColumn[],
  compared: readonly ComparedColumn[],
  { before, columns }: { readonly before: Sql; readonly columns: readonly ImageColumn[] },
): Sql {
  const { first, second } = fingerprints('i', compared)
  const free = (wanted: string): Sql =>
    ident(
      freeAmong(
        columns.map(({ name }) => name),
        wanted,
      ),
    )
  const own = { key: free('tidemark key'), first: free('tidemark first'), second: free('tidemark second') }
  const same = free('tidemark same')
  const lists = packedLists(movedIn(columns), sql`NOT i.${same}`)
  return sql`CREATE OR REPLACE TEMP TABLE ${PRESENT} AS
SELECT i.${own.key} AS key, i.${own.first} AS first_hash, i.${own.second} AS second_hash, ${imagePlace('i')} AS place, ${joined(lists, ', ')}
FROM (SELECT i.*, (i.${own.first}, i.${own.second}) IN (SELECT (first_hash, second_hash) FROM ${before} AS f) AS ${same}
FROM (SELECT i.*, ${keyText('i', key)} AS ${own.key}, ${first} AS ${own.first}, ${second} AS ${own.second} FROM ${readImage(image)} AS i) AS i) AS i`
}

export const movedIn = (columns: readonly ImageColumn[]): PackedRows => packedIn(PRESENT, columns)

/** New and changed rows that are not there: the target lacks them, or another key was the same as it is normalised. */
export const movedElsewhere: Sql = sql`SELECT count(*) FROM ${JUDGED} WHERE kind IN ('new', 'changed') AND place NOT IN (SELECT place FROM ${packedIn(PRESENT, []).table})`

/** `rows`: of a snapshot that is kept, see `keptRows`. */
export const presentOf = (rows: Sql): Sql =>
  sql`CREATE OR REPLACE TEMP TABLE ${PRESENT} AS SELECT key, first_hash, second_hash, place FROM ${rows} AS f`

export const repeatedKeys = sql`SELECT key, count(*) FROM ${PRESENT} GROUP BY key HAVING count(*) > 1 ORDER BY key LIMIT ${EXAMPLES}`

/** The rows of a snapshot that is kept: key, row_hash, first_hash, second_hash, place. */
export const keptRows = (catalog: string, snapshot: string): Sql =>
  sql`(SELECT key, row_hash, first_hash, second_hash, place FROM ${hotTable(catalog, 'hot_row')} WHERE snapshot = ${param(snapshot)})`

/** Likewise of one that nothing but an image is left of, into FORMER. `hashes`: row hashes are asked for, which take their time. */
export function formerFrom(
  image: string,
  key: readonly ImageColumn[],
  compared: readonly ComparedColumn[],
  hashes: boolean,
): Sql {
  const { first, second } = fingerprints('i', compared)
  const hash = hashes ? comparedHash('i', compared) : sql`CAST(NULL AS VARCHAR)`
  return sql`CREATE OR REPLACE TEMP TABLE ${FORMER} AS
SELECT ${keyText('i', key)} AS key, ${hash} AS row_hash, ${first} AS first_hash, ${second} AS second_hash, ${imagePlace('i')} AS place FROM ${readImage(image)} AS i`
}

const NO_ROWS = sql`(SELECT key, CAST(NULL AS VARCHAR) AS row_hash, first_hash, second_hash, place FROM ${PRESENT} WHERE FALSE)`

/** `before` null: there is none, and every key is new. `trusts`: the hashes of both were made in one way. */
export function judge(before: Sql | null, trusts: boolean): Sql {
  const same = trusts ? sql`(p.first_hash = f.first_hash AND p.second_hash = f.second_hash)` : sql`TRUE`
  return sql`CREATE OR REPLACE TEMP TABLE ${JUDGED} AS
SELECT coalesce(p.key, f.key) AS key,
  CASE WHEN f.key IS NULL THEN 'new' WHEN p.key IS NULL THEN 'deleted' WHEN ${same} THEN 'unchanged' ELSE 'changed' END AS kind,
  p.first_hash, p.second_hash, p.place, f.place AS old_place, f.row_hash AS old_hash
FROM ${PRESENT} AS p
FULL JOIN ${before ?? NO_ROWS} AS f ON p.key = f.key`
}

/** Where fingerprints say nothing: rows whose canonical texts are not the same become changed. Each image is read once. */
export const judgeByText = (
  images: Images,
  columns: { readonly before: readonly ComparedColumn[]; readonly now: readonly ComparedColumn[] },
): readonly Sql[] => [
  hashesOf(OLD_HASHES, images.before, columns.before),
  hashesOf(NEW_HASHES, images.now, columns.now),
  sql`UPDATE ${JUDGED} SET kind = 'changed' WHERE kind = 'unchanged' AND place IN (
SELECT j.place FROM ${JUDGED} AS j JOIN ${OLD_HASHES} AS o ON o.place = j.old_place JOIN ${NEW_HASHES} AS n ON n.place = j.place
WHERE j.kind = 'unchanged' AND o.row_hash <> n.row_hash)`,
]

/** Likewise, where the row hashes that are kept are of the same columns. */
export const judgeByRowHash = (image: string, columns: readonly ComparedColumn[]): readonly Sql[] => [
  hashesOf(NEW_HASHES, image, columns),
  sql`UPDATE ${JUDGED} SET kind = 'changed' WHERE kind = 'unchanged' AND place IN (
SELECT j.place FROM ${JUDGED} AS j JOIN ${NEW_HASHES} AS n ON n.place = j.place
WHERE j.kind = 'unchanged' AND j.old_hash <> n.row_hash)`,
]

const hashesOf = (table: Sql, image: string, columns: readonly ComparedColumn[]): Sql =>
  sql`CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${imagePlace('i')} AS place, ${comparedHash('i', columns)} AS row_hash FROM ${readImage(image)} AS i`

/** `exact`: value by value, and whatever the fingerprints said counts for nothing. */
export function judgeExactly(
  images: Images,
  columns: readonly { readonly before: ComparedColumn; readonly now: ComparedColumn }[],
): Sql {
  const same = columns.map(({ before, now }) => {
    const [o, n] = [comparedValue('o', before), comparedValue('n', now)]
    return o.type === n.type && COMPARED_AS_THEY_ARE.test(n.type)
      ? sql`(${sameContent(n.type, o.value, n.value)})`
      : sql`(${comparedText('o', before)} IS NOT DISTINCT FROM ${comparedText('n', now)})`
  })
  return sql`UPDATE ${JUDGED} SET kind = 'changed' WHERE kind = 'unchanged' AND place IN (
SELECT j.place FROM ${JUDGED} AS j
JOIN ${readImage(images.before)} AS o ON ${imagePlace('o')} = j.old_place
JOIN ${readImage(images.now)} AS n ON ${imagePlace('n')} = j.place
WHERE j.kind = 'unchanged' AND NOT (${joined(same, ' AND ')}))`
}

/** New and changed rows, where they are not beside PRESENT. */
export const movedRows = (columns: readonly ImageColumn[]): PackedRows => packedRows(MOVED, columns)

/** A join first and everything else after: what is made of few rows of many is slow within the statement that finds them. */
export const takeMoved = (image: string, columns: readonly ImageColumn[]): Sql =>
  packRows(
    movedRows(columns),
    image,
    sql`${imagePlace('i')} IN (SELECT place FROM ${JUDGED} WHERE kind IN ('new', 'changed'))`,
  )

/** Of the rows of an image, or of some of them. */
export const hashRows = (rows: Sql, compared: readonly ComparedColumn[]): Sql =>
  sql`CREATE OR REPLACE TEMP TABLE ${HASHED} AS SELECT ${imagePlace('i')} AS place, ${comparedHash('i', compared)} AS row_hash FROM ${rows} AS i`

/** Where none is to be computed: the statement that would compute them takes its time to be planned. */
export const noHashes: Sql = sql`CREATE OR REPLACE TEMP TABLE ${HASHED} (place BIGINT, row_hash VARCHAR)`

export const countKinds = sql`SELECT kind, count(*) FROM ${JUDGED} GROUP BY kind`

/** The rows of the later snapshot, for the one after it. */
export const keepRows = (catalog: string, snapshot: string): Sql =>
  sql`INSERT INTO ${hotTable(catalog, 'hot_row')} (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT ${param(snapshot)}, j.key, coalesce(h.row_hash, j.old_hash), j.first_hash, j.second_hash, j.place
FROM ${JUDGED} AS j LEFT JOIN ${HASHED} AS h ON h.place = j.place WHERE j.place IS NOT NULL`

export const keepDifferences = (catalog: string, snapshot: string): Sql =>
  sql`INSERT INTO ${hotTable(catalog, 'difference')} (snapshot, key, kind) SELECT ${param(snapshot)}, key, kind FROM ${JUDGED} WHERE kind <> 'unchanged'`
