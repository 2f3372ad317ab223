import { type FenceKey, type FlowRelation, landingTable } from '../contract.ts'
import { own, targetTable } from '../relational/names.ts'
import { param, type Sql, sql } from '../sql-text.ts'
import type { DuckdbCatalogs } from './names.ts'

/** The target has no row but those that this run inserted, so no staged key can be there. */
export const holdsOnlyThisRun = (c: DuckdbCatalogs, r: FlowRelation, k: FenceKey, run: string): Sql =>
  sql`SELECT count(*) = coalesce(max(t.rowid) + 1, 0) AND count(*) = (SELECT coalesce(sum(inserted), 0) FROM ${own(c, 'marker')} WHERE store = ${param(k.store)} AND run = ${param(run)}) FROM ${targetTable(c, landingTable(r))} AS t`
