/** What a target remembers of batches and runs, in tables that all databases have alike. How a fence is taken is each one's own. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchKey, FenceKey, NewSettled } from '../contract.ts'
import { catalogText, param, type Sql, sql } from '../sql-text.ts'
import type { TargetNames } from './names.ts'

export const standsAt = (c: TargetNames, store: string, flow: string): Sql =>
  sql`SELECT coalesce(max(token), 0) FROM ${c.own('fence')} WHERE store = ${param(store)} AND flow = ${param(flow)}`

const COUNTS = catalogText('rows_read, inserted, updated, deleted, skipped_same, skipped_older, rejected')

const batchIs = (k: FenceKey, b: BatchKey): Sql =>
  sql`store = ${param(k.store)} AND run = ${param(b.run)} AND step = CAST(${param(String(b.step))} AS int) AND batch = CAST(${param(String(b.batch))} AS int)`

export const findMarker = (c: TargetNames, k: FenceKey, b: BatchKey): Sql =>
  sql`SELECT ${COUNTS} FROM ${c.own('marker')} WHERE ${batchIs(k, b)}`

export const insertMarker = (c: TargetNames, k: FenceKey, b: BatchKey): Sql => sql`INSERT INTO ${c.own('marker')}
VALUES (${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(b.run)}, CAST(${param(String(b.step))} AS int), CAST(${param(String(b.batch))} AS int), CAST(${param(k.token)} AS BIGINT), 0, 0, 0, 0, 0, 0, 0, now())`

export function completeMarker(c: TargetNames, k: FenceKey, b: BatchKey, n: RowCounts): Sql {
  const big = (v: bigint): Sql => sql`CAST(${param(v)} AS BIGINT)`
  return sql`UPDATE ${c.own('marker')} SET rows_read = ${big(n.read)}, inserted = ${big(n.inserted)}, updated = ${big(n.updated)}, deleted = ${big(n.deleted)},
  skipped_same = ${big(n.skippedSame)}, skipped_older = ${big(n.skippedOlder)}, rejected = ${big(n.rejected)} WHERE ${batchIs(k, b)}`
}

export const listMarkers = (c: TargetNames, k: FenceKey, run: string): Sql =>
  sql`SELECT batch, ${COUNTS} FROM ${c.own('marker')} WHERE store = ${param(k.store)} AND run = ${param(run)} ORDER BY batch`

/** What the batch leaves out, in its own transaction; `rows` gives key, code and message. */
export const insertRejects = (
  c: TargetNames,
  k: FenceKey,
  b: BatchKey,
  rows: Sql,
): Sql => sql`INSERT INTO ${c.own('marker_reject')}
SELECT ${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(b.run)}, CAST(${param(String(b.step))} AS int), CAST(${param(String(b.batch))} AS int), key, code, message
FROM (${rows}) AS q`

export const listRejects = (c: TargetNames, k: FenceKey, run: string, batch: number): Sql =>
  sql`SELECT key, code, message FROM ${c.own('marker_reject')} WHERE store = ${param(k.store)} AND run = ${param(run)} AND batch = CAST(${param(String(batch))} AS int) ORDER BY key`

export const listSettled = (c: TargetNames, flow: string): Sql =>
  sql`SELECT store, scope, run, up_to, had_rows FROM ${c.own('settled')} WHERE flow = ${param(flow)} ORDER BY settled_at`

/** The scope's newest settled run; markers of older runs have done their work, and the ledger has all rejects. */
export const settle = (c: TargetNames, k: FenceKey, s: NewSettled, table: Sql): readonly Sql[] => [
  sql`DELETE FROM ${c.own('settled')} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND (scope = ${param(k.scope)} OR ${param(s.forgetsOtherScopes)})`,
  sql`INSERT INTO ${c.own('settled')} SELECT ${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(s.run)}, ${param(s.upTo)}, EXISTS (SELECT 1 FROM ${table}), now()`,
  sql`DELETE FROM ${c.own('marker')} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND scope = ${param(k.scope)} AND run <> ${param(s.run)}`,
  sql`DELETE FROM ${c.own('marker_reject')} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND scope = ${param(k.scope)}`,
]

export const forget = (c: TargetNames, k: FenceKey, run: string): readonly Sql[] =>
  (['marker', 'marker_reject'] as const).map(
    (name) =>
      sql`DELETE FROM ${c.own(name)} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND run = ${param(run)}`,
  )
