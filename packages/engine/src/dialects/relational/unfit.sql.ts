/** Rows whose value does not fit the type that it is cast to: which, and what they hold. */
import type { FlowRelation } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import { joined, type Sql, sql, whole } from '../sql-text.ts'
import { clearValue, mainKey, sourceKeyJson, unfitting } from './columns.sql.ts'
import type { Catalogs } from './names.ts'

const EXAMPLES = 3n

export interface Unfit {
  readonly column: PlannedColumn
  /** count, key as JSON, value as text (NULL where it is masked); a few rows */
  readonly query: Sql
}

/** Per column that is cast. `rows`: FROM and WHERE of the rows that are to land. */
export const unfitRows = (c: Catalogs, r: FlowRelation, rows: Sql): readonly Unfit[] =>
  unfitting(c, r).map(({ column, predicate }) => ({
    column,
    query: sql`SELECT count(*) OVER (), ${sourceKeyJson(c, r, mainKey(c, r))} AS k, ${column.mask === null ? sql`CAST(${clearValue(c, column)} AS VARCHAR)` : sql`NULL`} AS v
${rows} AND ${predicate} ORDER BY k LIMIT ${whole(EXAMPLES)}`,
  }))

/** Of all columns in one pass: does any row not fit? */
export const hasUnfit = (c: Catalogs, r: FlowRelation, rows: Sql): Sql =>
  sql`SELECT count(*) FROM (SELECT 1 ${rows} AND (${joined(
    unfitting(c, r).map((u) => u.predicate),
    ' OR ',
  )}) LIMIT 1) AS q`
