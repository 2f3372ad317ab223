/** How Parquet and CSV files are read in FROM. */
import { catalogText, EMPTY, ident, joined, type Sql, sql, textLiteral, whole } from '../sql-text.ts'
import type { PinnedFile } from './pinned-files.ts'

/** DuckDB takes a path for a pattern: what would be one stands for itself in brackets. */
const pathLiteral = (path: string): Sql => textLiteral(path.replaceAll(/[*?[]/g, (c) => `[${c}]`))

export const pathList = (files: readonly Pick<PinnedFile, 'path'>[]): Sql =>
  sql`[${joined(
    files.map((f) => pathLiteral(f.path)),
    ', ',
  )}]`

/** `hive_partitioning` off: which columns there are does not follow from where the files lie. */
export const readParquet = (files: readonly PinnedFile[]): Sql =>
  sql`read_parquet(${pathList(files)}, hive_partitioning = FALSE)`

/** Rows of one file, at most; whole row groups, so that ranges of all files are cut where row groups are. */
const FILE_SPAN = 122_880n * 2n ** 24n

export const rowOfFile = (n: bigint): { readonly file: number; readonly row: bigint } => ({
  file: Number(n / FILE_SPAN),
  row: n % FILE_SPAN,
})

/** Of DuckDB's virtual columns: the file's place in the list, and the row's in the file. */
export const parquetRowNumber = (files: readonly PinnedFile[], alias: string): Sql =>
  files.length === 1
    ? sql`${ident(alias)}.file_row_number`
    : sql`(CAST(${ident(alias)}.file_index AS BIGINT) * ${whole(FILE_SPAN)} + ${ident(alias)}.file_row_number)`

/**
 * Rows of a range that ends inside a file are read with literal bounds, so that the reader skips other row groups; the
 * files between are read as they are. `rows`: how many rows each file has.
 */
export function parquetSlice(
  files: readonly PinnedFile[],
  rows: readonly bigint[],
  alias: string,
  first: bigint,
  last: bigint,
): { readonly from: Sql; readonly where: Sql } {
  const [from, to] = [rowOfFile(first), rowOfFile(last)]
  const own = files.slice(from.file, to.file + 1)
  const ends = (rows[to.file] ?? 0n) - 1n
  const number = sql`${ident(alias)}.file_row_number`
  if (own.length === 1)
    return { from: readParquet(own), where: sql`${number} BETWEEN ${whole(from.row)} AND ${whole(to.row)}` }
  if (from.row === 0n && to.row >= ends) return { from: readParquet(own), where: sql`TRUE` }
  const part = (of: readonly PinnedFile[], index: number, where: Sql): Sql =>
    sql`SELECT p.*, p.file_row_number, p.file_index + ${whole(BigInt(index))} AS file_index FROM ${readParquet(of)} AS p${where}`
  const middle = own.slice(1, -1)
  const parts = [
    part(own.slice(0, 1), 0, sql` WHERE p.file_row_number >= ${whole(from.row)}`),
    ...(middle.length > 0 ? [part(middle, 1, EMPTY)] : []),
    part(own.slice(-1), own.length - 1, sql` WHERE p.file_row_number <= ${whole(to.row)}`),
  ]
  return { from: sql`(${joined(parts, '\nUNION ALL BY NAME\n')})`, where: sql`TRUE` }
}

export interface CsvDialect {
  readonly delimiter: string
  readonly quote: string
  readonly escape: string
  readonly header: boolean
  readonly nullText: string
  readonly encoding: string
}

/** All columns as text: '' and NULL apart, a line with other than these columns refused. */
/** `more`: options of the reading, each with a comma before it. */
export const readCsv = (
  files: readonly Pick<PinnedFile, 'path'>[],
  d: CsvDialect,
  columns: readonly string[],
  more: Sql = EMPTY,
): Sql =>
  sql`read_csv(${pathList(files)}, auto_detect = FALSE, header = ${flag(d.header)}, delim = ${textLiteral(d.delimiter)}, quote = ${textLiteral(d.quote)}, escape = ${textLiteral(d.escape)}, nullstr = ${textLiteral(d.nullText)}, allow_quoted_nulls = FALSE, strict_mode = TRUE, null_padding = FALSE, hive_partitioning = FALSE, encoding = ${textLiteral(d.encoding)}, columns = {${joined(
    columns.map((c) => sql`${textLiteral(c)}: 'VARCHAR'`),
    ', ',
  )}}${more})`

export const flag = (value: boolean): Sql => catalogText(value ? 'TRUE' : 'FALSE')
