/**
 * Fence and markers in a DuckDB target. DuckDB has no row locks and its readers conflict with nobody, so a batch
 * writes one of the flow's slot rows, and a raise writes all of them: two writers of one row cannot both commit.
 *
 * Both change `uses`: DuckDB finds conflicts per column, and drops an update that leaves a value as it was, so two
 * updates of different columns, or one that sets the token to itself, would pass each other unseen.
 */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchKey, FenceKey, NewSettled } from '../contract.ts'
import { catalogText, ident, param, type Sql, sql } from '../sql-text.ts'
import { own, type TargetNames } from './names.ts'

export const FENCE_SLOTS = 16

export const FENCE_TABLES = ['fence', 'marker', 'reject', 'settled'] as const
export type FenceTable = (typeof FENCE_TABLES)[number]

/** `c` null: as a person types it, in the database that is open. */
export function createFence(c: TargetNames | null, missing: readonly FenceTable[]): readonly Sql[] {
  const schema = c === null ? ident('tidemark') : ident(c.own, 'tidemark')
  return missing.length === 0
    ? []
    : [sql`CREATE SCHEMA IF NOT EXISTS ${schema}`, ...missing.map((name) => CREATE[name](c))]
}

const at = (c: TargetNames | null, name: FenceTable): Sql => (c === null ? ident('tidemark', name) : own(c, name))

const CREATE: Readonly<Record<FenceTable, (c: TargetNames | null) => Sql>> = {
  fence: (c) =>
    sql`CREATE TABLE IF NOT EXISTS ${at(c, 'fence')} (store VARCHAR, flow VARCHAR, slot INTEGER, token BIGINT, uses BIGINT, PRIMARY KEY (store, flow, slot))`,
  marker: (c) =>
    sql`CREATE TABLE IF NOT EXISTS ${at(c, 'marker')} (store VARCHAR, flow VARCHAR, scope VARCHAR, run VARCHAR, step INTEGER, batch INTEGER, token BIGINT,
  rows_read BIGINT, inserted BIGINT, updated BIGINT, deleted BIGINT, skipped_same BIGINT, skipped_older BIGINT, rejected BIGINT,
  committed_at TIMESTAMPTZ, PRIMARY KEY (store, run, step, batch))`,
  reject: (c) =>
    sql`CREATE TABLE IF NOT EXISTS ${at(c, 'reject')} (store VARCHAR, flow VARCHAR, scope VARCHAR, run VARCHAR, step INTEGER, batch INTEGER,
  key VARCHAR, code VARCHAR, message VARCHAR, PRIMARY KEY (store, run, step, batch, key))`,
  settled: (c) =>
    sql`CREATE TABLE IF NOT EXISTS ${at(c, 'settled')} (store VARCHAR, flow VARCHAR, scope VARCHAR, run VARCHAR, up_to VARCHAR, had_rows BOOLEAN,
  settled_at TIMESTAMPTZ, PRIMARY KEY (store, flow, scope))`,
}

/** Of the tables of the fence, those that are there. */
export const listOwn = (c: TargetNames): Sql =>
  sql`SELECT table_name FROM duckdb_tables() WHERE database_name = ${param(c.own)} AND schema_name = 'tidemark'`

export const addSlots = (c: TargetNames, k: FenceKey): Sql => sql`INSERT INTO ${own(c, 'fence')}
SELECT ${param(k.store)}, ${param(k.flow)}, slot, 0, 0 FROM range(${catalogText(String(FENCE_SLOTS))}) AS r(slot)
WHERE NOT EXISTS (SELECT 1 FROM ${own(c, 'fence')} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)})`

export const raise = (
  c: TargetNames,
  k: FenceKey,
): Sql => sql`UPDATE ${own(c, 'fence')} SET token = CAST(${param(k.token)} AS BIGINT), uses = uses + 1
WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND token < CAST(${param(k.token)} AS BIGINT)`

export const standsAt = (c: TargetNames, store: string, flow: string): Sql =>
  sql`SELECT coalesce(max(token), 0) FROM ${own(c, 'fence')} WHERE store = ${param(store)} AND flow = ${param(flow)}`

/** Takes the slot; no row means the token is no longer the newest. */
export const enter = (
  c: TargetNames,
  k: FenceKey,
  worker: number,
): Sql => sql`UPDATE ${own(c, 'fence')} SET uses = uses + 1
WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND slot = CAST(${param(String(worker % FENCE_SLOTS))} AS INTEGER) AND token = CAST(${param(k.token)} AS BIGINT)`

const COUNTS = catalogText('rows_read, inserted, updated, deleted, skipped_same, skipped_older, rejected')

const batchIs = (k: FenceKey, b: BatchKey): Sql =>
  sql`store = ${param(k.store)} AND run = ${param(b.run)} AND step = CAST(${param(String(b.step))} AS INTEGER) AND batch = CAST(${param(String(b.batch))} AS INTEGER)`

export const findMarker = (c: TargetNames, k: FenceKey, b: BatchKey): Sql =>
  sql`SELECT ${COUNTS} FROM ${own(c, 'marker')} WHERE ${batchIs(k, b)}`

export const insertMarker = (c: TargetNames, k: FenceKey, b: BatchKey): Sql => sql`INSERT INTO ${own(c, 'marker')}
VALUES (${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(b.run)}, CAST(${param(String(b.step))} AS INTEGER), CAST(${param(String(b.batch))} AS INTEGER), CAST(${param(k.token)} AS BIGINT), 0, 0, 0, 0, 0, 0, 0, now())`

export function completeMarker(c: TargetNames, k: FenceKey, b: BatchKey, n: RowCounts): Sql {
  const big = (v: bigint): Sql => sql`CAST(${param(v)} AS BIGINT)`
  return sql`UPDATE ${own(c, 'marker')} SET rows_read = ${big(n.read)}, inserted = ${big(n.inserted)}, updated = ${big(n.updated)}, deleted = ${big(n.deleted)},
  skipped_same = ${big(n.skippedSame)}, skipped_older = ${big(n.skippedOlder)}, rejected = ${big(n.rejected)} WHERE ${batchIs(k, b)}`
}

export const listMarkers = (c: TargetNames, k: FenceKey, run: string): Sql =>
  sql`SELECT batch, ${COUNTS} FROM ${own(c, 'marker')} WHERE store = ${param(k.store)} AND run = ${param(run)} ORDER BY batch`

/** What the batch leaves out, in its own transaction; `rows` gives key, code and message. */
export const insertRejects = (
  c: TargetNames,
  k: FenceKey,
  b: BatchKey,
  rows: Sql,
): Sql => sql`INSERT INTO ${own(c, 'reject')}
SELECT ${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(b.run)}, CAST(${param(String(b.step))} AS INTEGER), CAST(${param(String(b.batch))} AS INTEGER), key, code, message
FROM (${rows})`

export const listRejects = (c: TargetNames, k: FenceKey, run: string, batch: number): Sql =>
  sql`SELECT key, code, message FROM ${own(c, 'reject')} WHERE store = ${param(k.store)} AND run = ${param(run)} AND batch = CAST(${param(String(batch))} AS INTEGER) ORDER BY key`

export const listSettled = (c: TargetNames, flow: string): Sql =>
  sql`SELECT store, scope, run, up_to, had_rows FROM ${own(c, 'settled')} WHERE flow = ${param(flow)} ORDER BY settled_at`

/** The scope's newest settled run; markers of older runs have done their work, and the ledger has all rejects. */
export const settle = (c: TargetNames, k: FenceKey, s: NewSettled, table: Sql): readonly Sql[] => [
  sql`DELETE FROM ${own(c, 'settled')} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND (scope = ${param(k.scope)} OR ${param(s.forgetsOtherScopes)})`,
  sql`INSERT INTO ${own(c, 'settled')} SELECT ${param(k.store)}, ${param(k.flow)}, ${param(k.scope)}, ${param(s.run)}, ${param(s.upTo)}, EXISTS (SELECT 1 FROM ${table}), now()`,
  sql`DELETE FROM ${own(c, 'marker')} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND scope = ${param(k.scope)} AND run <> ${param(s.run)}`,
  sql`DELETE FROM ${own(c, 'reject')} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND scope = ${param(k.scope)}`,
]

export const forget = (c: TargetNames, k: FenceKey, run: string): readonly Sql[] =>
  (['marker', 'reject'] as const).map(
    (name) =>
      sql`DELETE FROM ${own(c, name)} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND run = ${param(run)}`,
  )
