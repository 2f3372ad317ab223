/** A cast that answers NULL where a value does not fit. */
import { catalogText, type Sql, sql } from '../sql-text.ts'

const TIMES: ReadonlySet<string> = new Set(['DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'])

/** Among times DuckDB's own TRY_CAST throws where a value is out of reach; by way of their text it does not. */
export function tryCast(source: string, target: string, x: Sql): Sql {
  const from = TIMES.has(source) && TIMES.has(target) ? sql`CAST(${x} AS VARCHAR)` : x
  return sql`TRY_CAST(${from} AS ${catalogText(target)})`
}
