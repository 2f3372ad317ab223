/** Which of DuckDB's types a Parquet file gives back as they were written, and what its writer is told for that. */
import { type Sql, sql } from '../sql-text.ts'

const HELD =
  /^(?:BOOLEAN|U?(?:TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|BLOB|UUID|DATE|TIME|TIMESTAMP|TIMESTAMP_NS|TIMESTAMP WITH TIME ZONE|JSON)$/
const NOT_HELD = /HUGEINT|\bBIT\b|BIGNUM|INTERVAL|TIMESTAMP_M?S\b|TIME_NS|\bTIME WITH|ENUM|UNION|VARIANT|GEOMETRY/

export const isHeldByParquet = (type: string): boolean =>
  HELD.test(type) || (/^(STRUCT|MAP)|\]$/.test(type) && !NOT_HELD.test(type))

/** Types that it does not hold, and whose text reads back as the value it was. */
const READ_FROM_TEXT = /^(?:U?HUGEINT|BIGNUM|BIT|INTERVAL|TIMESTAMP_M?S|TIME_NS|TIME WITH TIME ZONE|ENUM\([^]*\))$/

/** How a value of that type lies in a file: as it is, as its text, or not at all. */
export const inParquet = (type: string): 'value' | 'text' | null =>
  isHeldByParquet(type) ? 'value' : READ_FROM_TEXT.test(type) ? 'text' : null

/** In a dictionary −0.0 and 0.0 are one value. Files are hardly larger without: what repeats is compressed. */
export const parquetOptions = (types: readonly string[]): Sql =>
  types.some((type) => /FLOAT|DOUBLE/.test(type))
    ? sql`FORMAT parquet, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 0`
    : sql`FORMAT parquet, COMPRESSION zstd`
