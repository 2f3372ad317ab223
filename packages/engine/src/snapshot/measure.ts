/** What a Parquet file says of itself, and the digest of its row hashes. */
import { createHash } from 'node:crypto'
import type { Desk } from '../dialects/duckdb/desk.ts'
import { imagePlace, readImage } from '../dialects/duckdb/image.sql.ts'
import { joined, param, type Sql, sql, textLiteral, whole } from '../dialects/sql-text.ts'
import type { ComparedColumn } from './compared.ts'
import { comparedHash } from './fingerprint.sql.ts'
import { hotTable } from './hot.sql.ts'
import type { HotSide } from './hot-side.ts'

export interface Measures {
  readonly rows: bigint
  readonly schemaHash: string
  readonly uncompressedBytes: bigint
}

export async function measure(desk: Desk, path: string): Promise<Measures> {
  const file = textLiteral(path)
  const columns = await desk.query(
    sql`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet(${file}, hive_partitioning = FALSE))`,
  )
  return {
    rows: await desk.count(sql`SELECT num_rows FROM parquet_file_metadata(${file})`),
    schemaHash: createHash('sha256').update(JSON.stringify(columns)).digest('hex'),
    uncompressedBytes: await desk.count(
      sql`SELECT coalesce(sum(total_uncompressed_size), 0) FROM parquet_metadata(${file})`,
    ),
  }
}

const EXAMPLES = sql`5`
const QUARTERS = [1n, 17n, 33n, 49n]

/** Whatever the order of the rows: each quarter of their hashes, as a number, summed up. */
const digestOf = (hash: Sql, from: Sql): Sql =>
  sql`SELECT concat_ws(':', ${joined(
    QUARTERS.map(
      (first) => sql`CAST(coalesce(sum(CAST('0x' || substr(${hash}, ${whole(first)}, 16) AS UBIGINT)), 0) AS VARCHAR)`,
    ),
    ', ',
  )}) FROM ${from}`

/** Of a snapshot that the hot side has. */
export async function keptDigest({ desk, catalog }: HotSide, snapshot: string): Promise<string> {
  const rows = sql`${hotTable(catalog, 'hot_row')} AS r WHERE r.snapshot = ${param(snapshot)}`
  return await only(desk, digestOf(sql`r.row_hash`, rows))
}

/** Of a file: every row is hashed anew. */
export async function readDigest(desk: Desk, path: string, compared: readonly ComparedColumn[]): Promise<string> {
  using _room = await desk.room(compared.length)
  const rows = sql`(SELECT ${comparedHash('i', compared)} AS row_hash FROM ${readImage(path)} AS i) AS r`
  return await only(desk, digestOf(sql`r.row_hash`, rows))
}

async function only(desk: Desk, statement: Sql): Promise<string> {
  const [row] = await desk.query(statement)
  return row?.[0] ?? ''
}

/** Rows of a file whose hash is another one than the hot side has; null: it has none of that snapshot any more. */
export async function otherHashes(
  { desk, catalog }: HotSide,
  snapshot: string,
  path: string,
  compared: readonly ComparedColumn[],
): Promise<{ readonly count: bigint; readonly keys: readonly string[] } | null> {
  const kept = sql`(SELECT key, row_hash, place FROM ${hotTable(catalog, 'hot_row')} WHERE snapshot = ${param(snapshot)})`
  if ((await desk.count(sql`SELECT count(*) FROM ${kept}`)) === 0n) return null
  using _room = await desk.room(compared.length)
  const rows = await desk.query(
    sql`SELECT count(*) OVER (), coalesce(k.key, 'row ' || CAST(f.place AS VARCHAR)) FROM ${kept} AS k
FULL JOIN (SELECT ${imagePlace('i')} AS place, ${comparedHash('i', compared)} AS row_hash FROM ${readImage(path)} AS i) AS f ON f.place = k.place
WHERE f.row_hash IS DISTINCT FROM k.row_hash ORDER BY 2 LIMIT ${EXAMPLES}`,
  )
  return { count: BigInt(rows[0]?.[0] ?? '0'), keys: rows.map(([, key]) => key ?? '') }
}
