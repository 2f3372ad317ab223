/** A batch's rows as they arrive from another engine: a CSV file beside the run's work file, gone with its transaction. */
import { createWriteStream, rmSync, statSync } from 'node:fs'
import { carriedPosition } from '../arrived-relation.ts'
import type { CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import { type Departure, LeavingFailed } from '../departure.ts'
import type { PlannedColumn } from '../planned-column.ts'
import { catalogText, ident, joined, type Sql, sql, textLiteral, whole } from '../sql-text.ts'
import { exactDecimal } from './decimal-cast.sql.ts'
import { findType } from './type-text.ts'

/** a row longer than this is read with larger buffers, once it has been seen */
const USUAL_ROW = 8n * 1024n ** 2n
const USUAL_BUFFER = 8n * 1024n ** 2n
const LONGEST_ROW = 2_000_000_000n

export interface ArrivedFile extends Disposable {
  readonly path: string
  readonly bytes: bigint
  /** that left; null: nobody counted them */
  readonly rows: bigint | null
}

/** Takes out the rows of the batch. The file is whole, or the error is thrown and there is none. */
export async function fetchCsv(
  from: Departure,
  r: FlowRelation,
  selection: Selection,
  split: CapturedBatch,
  path: string,
): Promise<ArrivedFile> {
  const remove = (): void => rmSync(path, { force: true })
  try {
    const leaving = await from.read(r, selection, split, 'csv')
    const rows = await leaving.sendTo(createWriteStream(path))
    return { path, bytes: BigInt(statSync(path).size), rows, [Symbol.dispose]: remove }
  } catch (error) {
    remove()
    throw from.translate(error instanceof LeavingFailed ? error.cause : error)
  }
}

const MOMENTS: ReadonlySet<string> = new Set(['DATE', 'TIMESTAMP', 'TIMESTAMP WITH TIME ZONE'])

/** DuckDB writes (BC) behind the date, whatever follows it. */
function moment(type: string, x: Sql): Sql {
  const old = sql`regexp_replace(${x}, '^(\\S+)(.*) BC$', '\\1 (BC)\\2')`
  return sql`CAST(CASE WHEN suffix(${x}, 'BC') THEN ${old} ELSE ${x} END AS ${catalogText(type)})`
}

/** A numeric may be NaN, which is no number of DuckDB's, and no NULL either. */
const decimal = (type: string, value: Sql, x: Sql): Sql =>
  sql`coalesce(${value}, CASE WHEN ${x} IS NOT NULL THEN error('a ' || ${textLiteral(type)} || ' does not hold ' || ${x}) END)`

/** How a column is read, and the value that it then is. Both stand in for the type that the column arrives as. */
function reading(type: string, x: Sql): { readonly as: string; readonly value: Sql } {
  const tree = findType(type)
  // the reader of files makes NULL of an instant that does not fit, and takes a year before the first for one after it
  if (MOMENTS.has(type)) return { as: 'VARCHAR', value: moment(type, x) }
  if (type === 'BLOB') return { as: 'VARCHAR', value: sql`from_hex(substr(${x}, 3))` }
  // DuckDB's own cast of a long decimal is dear
  if (tree?.kind === 'decimal' && tree.precision > 18)
    return { as: 'VARCHAR', value: decimal(type, exactDecimal(x, tree.precision, tree.scale), x) }
  return { as: type, value: x }
}

/** The file as a relation `m` of the arrived relation's columns. `anyRow`: whatever its length. */
export function csvRelation(arrived: FlowRelation, file: CsvFile, anyRow: boolean): Sql {
  const carried = carriedPosition(arrived)
  const columns: readonly Pick<PlannedColumn, 'source' | 'sourceType'>[] = [
    ...arrived.columns,
    ...(carried !== null && arrived.position ? [{ source: carried, sourceType: arrived.position.type }] : []),
  ]
  const named = columns.map(({ source, sourceType }) => ({ name: source, type: sourceType }))
  return csvOf(named, file, anyRow)
}

export type CsvFile = Pick<ArrivedFile, 'path' | 'bytes'>

export interface NamedType {
  readonly name: string
  readonly type: string
}

/** The same of any columns, in the order in which they lie in the file. */
export function csvOf(columns: readonly NamedType[], { path, bytes }: CsvFile, anyRow: boolean): Sql {
  const read = columns.map(({ name, type }) => ({ name, ...reading(type, ident(name)) }))
  const types = joined(
    read.map(({ name, as }) => sql`${textLiteral(name)}: ${textLiteral(as)}`),
    ', ',
  )
  const values = joined(
    read.map(({ name, value }) => sql`${value} AS ${ident(name)}`),
    ', ',
  )
  const longest = bytes < (anyRow ? LONGEST_ROW : USUAL_ROW) ? bytes + 1n : anyRow ? LONGEST_ROW : USUAL_ROW
  const buffer = longest > USUAL_BUFFER ? longest : USUAL_BUFFER
  return sql`(SELECT ${values} FROM read_csv(${textLiteral(path)}, auto_detect = FALSE, header = FALSE, delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = '', allow_quoted_nulls = FALSE, max_line_size = ${whole(longest)}, buffer_size = ${whole(buffer)}, columns = {${types}})) AS m`
}

/** The same of no row. */
export const noRows = (arrived: FlowRelation): Sql =>
  noRowsOf(arrived.columns.map(({ source, sourceType }) => ({ name: source, type: sourceType })))

export const noRowsOf = (columns: readonly NamedType[]): Sql =>
  sql`(SELECT ${joined(
    columns.map(({ name, type }) => sql`CAST(NULL AS ${catalogText(type)}) AS ${ident(name)}`),
    ', ',
  )} WHERE FALSE) AS m`

/** Said of a row that is longer than the buffers were made for. */
export const isLongRow = (error: unknown): boolean => error instanceof Error && /maximum line size/i.test(error.message)
