import { type FenceKey, type FlowRelation, landingTable } from '../contract.ts'
import { type Catalogs, own, targetTable } from '../relational/names.ts'
import { param, type Sql, sql } from '../sql-text.ts'

/**
 * As far as can be told without counting its rows: the target is empty, or what this run brought so far was new. Where a
 * key is there after all, its unique constraint says so.
 */
export const isFilledByRun = (c: Catalogs, r: FlowRelation, k: FenceKey, run: string): Sql =>
  sql`SELECT NOT EXISTS (SELECT 1 FROM ${targetTable(c, landingTable(r))}) OR coalesce((SELECT sum(inserted) > 0 AND sum(inserted) = sum(rows_read) FROM ${own(c, 'marker')} WHERE store = ${param(k.store)} AND run = ${param(run)}), FALSE)`
