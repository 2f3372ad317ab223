/**
 * As far as can be told without counting: is the target empty, or was all new that this run brought so far? A key that is
 * there after all is found by its unique constraint. Rows that another worker has not committed yet are passed over:
 * waited for, two workers would wait for each other.
 */
import { type FenceKey, type FlowRelation, landingTable } from '../contract.ts'
import { type Catalogs, own, targetTable } from '../relational/names.ts'
import { param, type Sql, sql } from '../sql-text.ts'

const PASSING = sql`WITH (READPAST)`

/** One row where it brought some, and all of them were new. */
export const broughtNewRows = (c: Catalogs, k: FenceKey, run: string): Sql =>
  sql`SELECT 1 FROM ${own(c, 'marker')} ${PASSING} WHERE store = ${param(k.store)} AND run = ${param(run)}
HAVING SUM(inserted) > 0 AND SUM(inserted) = SUM(rows_read)`

/** One row where there is any. */
export const anyRow = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT TOP (1) 1 FROM ${targetTable(c, landingTable(r))} ${PASSING}`
