import { type FenceKey, type FlowRelation, landingTable } from '../contract.ts'
import { type Catalogs, own, targetTable } from '../relational/names.ts'
import { param, type Sql, sql } from '../sql-text.ts'

/**
 * One row where, as far as can be told without counting, the target is empty, or what this run brought so far was new. A key
 * that is there after all is found by its unique constraint.
 */
export const isFilledByRun = (c: Catalogs, r: FlowRelation, k: FenceKey, run: string): Sql =>
  sql`SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ${targetTable(c, landingTable(r))})
OR EXISTS (SELECT 1 FROM ${own(c, 'marker')} WHERE store = ${param(k.store)} AND run = ${param(run)} HAVING SUM(inserted) > 0 AND SUM(inserted) = SUM(rows_read))`
