/** The wide table of snapshots: 276 columns of the usual kinds, as a Parquet file. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { quoted } from './reference-session.ts'

const COLUMNS = 276
/** Three columns, far from each other, in which one row of a hundred is another in the later version. */
const CHANGING = new Set([5, 100, 200])
export const CHANGED_SHARE = 100

/** `h`: 64 bits that differ from row to row and from column to column */
const KINDS: readonly ((h: string) => string)[] = [
  (h) => `CAST(${h} % 1000000007 AS BIGINT)`,
  (h) => `CAST(CAST(${h} % 10000000000 AS BIGINT) AS DECIMAL(18,0)) * 0.0001`,
  (h) => `'item ' || (${h} % 100003)`,
  (h) => `['open', 'picked', 'shipped', NULL][1 + CAST(${h} % 4 AS INTEGER)]`,
  (h) => `TIMESTAMP '2025-01-01 00:00:00' + to_seconds(CAST(${h} % 31536000 AS BIGINT))`,
  (h) => `CAST(${h} % 1000003 AS DOUBLE) / 1000003`,
  (h) => `CAST(${h} % 100 AS INTEGER)`,
  (h) => `${h} % 3 = 0`,
]

export const WIDE_NAMES: readonly string[] = Array.from({ length: COLUMNS }, (_, c) => (c === 0 ? 'id' : `c${c}`))

const columnOf = (c: number, later: boolean): string => {
  if (c === 0) return 'i AS id'
  const salt = later && CHANGING.has(c) ? `${c} + CAST(i % ${CHANGED_SHARE} = 7 AS INTEGER) * 1000` : String(c)
  const kind = KINDS[c % KINDS.length]
  if (kind === undefined) throw new RangeError(`no kind for column ${c}`)
  return `${kind(`hash(i * ${COLUMNS} + ${salt})`)} AS c${c}`
}

export async function writeWide(db: DuckDBConnection, file: string, rows: number, later: boolean): Promise<void> {
  const columns = Array.from({ length: COLUMNS }, (_, c) => columnOf(c, later))
  await db.run(
    `COPY (SELECT ${columns.join(', ')} FROM range(${rows}) AS r(i)) TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 28672)`,
  )
}
