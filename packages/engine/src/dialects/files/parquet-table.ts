/** The Parquet files of one table: they are read in place, so their columns have to be the same. */
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { ColumnFacts } from '../contract.ts'
import { query } from '../duckdb/run-sql.ts'
import { sql } from '../sql-text.ts'
import type { PinnedFile, PinnedTable } from './pinned-files.ts'
import { pathList, readParquet } from './read-files.sql.ts'

export interface ParquetTable {
  readonly columns: readonly ColumnFacts[]
  /** of each file, in order */
  readonly rows: readonly bigint[]
  /** unpacked, of a row on average */
  readonly averageBytes: bigint
}

/** DuckDB's own columns, by which rows are found again. */
const TAKEN = ['file_row_number', 'file_index']

export async function lookAtParquet(session: DuckdbSession, table: PinnedTable): Promise<ParquetTable> {
  const list = pathList(table.files)
  const counts = await query(
    session,
    sql`SELECT file_name, num_rows FROM parquet_file_metadata(${list})`,
    table.text,
    'TM2008',
  )
  const [size] = await query(
    session,
    sql`SELECT CAST(coalesce(sum(total_uncompressed_size), 0) AS BIGINT) FROM parquet_metadata(${list})`,
    table.text,
    'TM2008',
  )
  const rows = new Map(counts.map(([path, n]) => [path ?? '', BigInt(n ?? '0')]))
  const shapes = await query(
    session,
    sql`SELECT file_name, md5(string_agg(concat_ws('|', coalesce(name, ''), coalesce(type, ''), coalesce(duckdb_type, ''), coalesce(num_children, 0)), ',' ORDER BY column_id)) FROM parquet_schema(${list}) GROUP BY file_name ORDER BY file_name`,
    table.text,
    'TM2008',
  )
  const shapeOf = new Map(shapes.map(([path, shape]) => [path ?? '', shape ?? '']))
  const seen = new Set<string>()
  let first: { readonly path: string; readonly columns: readonly ColumnFacts[] } | null = null
  for (const file of table.files) {
    const shape = shapeOf.get(file.path) ?? ''
    if (seen.has(shape)) continue
    seen.add(shape)
    const columns = await columnsOf(session, file)
    if (first === null) first = { path: file.path, columns }
    else refuseOther(first, { path: file.path, columns })
  }
  const counted = table.files.map((f) => rows.get(f.path) ?? 0n)
  const all = counted.reduce((n, of) => n + of, 0n)
  return {
    columns: first?.columns ?? [],
    rows: counted,
    averageBytes: all === 0n ? 0n : BigInt(size?.[0] ?? '0') / all + 8n * BigInt(first?.columns.length ?? 0),
  }
}

async function columnsOf(session: DuckdbSession, file: PinnedFile): Promise<readonly ColumnFacts[]> {
  const described = await query(session, sql`DESCRIBE SELECT * FROM ${readParquet([file])}`, file.path, 'TM2008')
  const columns = described.map(([name, type]) => ({
    name: name ?? '',
    type: type ?? '',
    nullable: true,
    generated: false,
  }))
  const taken = columns.find((c) => TAKEN.includes(c.name.toLowerCase()))
  if (taken)
    throw new AppError('TM2007', `${file.path}: a column called ${taken.name} hides the row's own place in its file`)
  return columns
}

interface Shape {
  readonly path: string
  readonly columns: readonly ColumnFacts[]
}

/** Throws TM2007. Another order is no difference: columns are read by name. */
function refuseOther(first: Shape, other: Shape): void {
  for (const c of first.columns) {
    const found = other.columns.find((o) => o.name === c.name)
    if (!found) throw new AppError('TM2007', `${other.path} has no column ${c.name}, ${first.path} has`)
    if (found.type !== c.type)
      throw new AppError('TM2007', `${c.name} is ${found.type} in ${other.path}, ${c.type} in ${first.path}`)
  }
  const more = other.columns.find((o) => !first.columns.some((c) => c.name === o.name))
  if (more) throw new AppError('TM2007', `${other.path} has a column ${more.name}, ${first.path} has not`)
}
