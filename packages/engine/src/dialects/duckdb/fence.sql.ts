/**
 * Fence and markers in a DuckDB target. DuckDB has no row locks and its readers conflict with nobody, so a batch
 * writes one of the flow's slot rows, and a raise writes all of them: two writers of one row cannot both commit.
 *
 * Both change `uses`: DuckDB finds conflicts per column, and drops an update that leaves a value as it was, so two
 * updates of different columns, or one that sets the token to itself, would pass each other unseen.
 */
import type { FenceKey } from '../contract.ts'
import { catalogText, ident, param, type Sql, sql } from '../sql-text.ts'
import type { OwnTable, TargetNames } from '../relational/names.ts'
import { hotView } from '../relational/hot.sql.ts'
import { OWN_TABLES } from '../relational/recall.sql.ts'
import type { AttachedTarget } from './names.ts'

export const FENCE_SLOTS = 16

export const FENCE_TABLES = OWN_TABLES
export type FenceTable = OwnTable

/** `c` null: as a person types it, in the database that is open. */
export function createFence(c: AttachedTarget | null, missing: readonly FenceTable[]): readonly Sql[] {
  const schema = c === null ? ident('tidemark') : ident(c.ownCatalog, 'tidemark')
  return missing.length === 0
    ? []
    : [sql`CREATE SCHEMA IF NOT EXISTS ${schema}`, ...missing.map((name) => CREATE[name](c))]
}

const at = (c: TargetNames | null, name: FenceTable): Sql => (c === null ? ident('tidemark', name) : c.own(name))

const CREATE: Readonly<Record<FenceTable, (c: TargetNames | null) => Sql>> = {
  fence: (c) =>
    sql`CREATE TABLE IF NOT EXISTS ${at(c, 'fence')} (store VARCHAR, flow VARCHAR, slot INTEGER, token BIGINT, uses BIGINT, PRIMARY KEY (store, flow, slot))`,
  marker: (c) =>
    sql`CREATE TABLE IF NOT EXISTS ${at(c, 'marker')} (store VARCHAR, flow VARCHAR, scope VARCHAR, run VARCHAR, step INTEGER, batch INTEGER, token BIGINT,
  rows_read BIGINT, inserted BIGINT, updated BIGINT, deleted BIGINT, skipped_same BIGINT, skipped_older BIGINT, rejected BIGINT,
  committed_at TIMESTAMPTZ, PRIMARY KEY (store, run, step, batch))`,
  marker_reject: (c) =>
    sql`CREATE TABLE IF NOT EXISTS ${at(c, 'marker_reject')} (store VARCHAR, flow VARCHAR, scope VARCHAR, run VARCHAR, step INTEGER, batch INTEGER,
  key VARCHAR, code VARCHAR, message VARCHAR, PRIMARY KEY (store, run, step, batch, key))`,
  settled: (c) =>
    sql`CREATE TABLE IF NOT EXISTS ${at(c, 'settled')} (store VARCHAR, flow VARCHAR, scope VARCHAR, run VARCHAR, up_to VARCHAR, had_rows BOOLEAN,
  settled_at TIMESTAMPTZ, PRIMARY KEY (store, flow, scope))`,
}

/** Of snapshots that are kept here. */
export const createHot = (c: AttachedTarget): readonly Sql[] => [
  sql`CREATE TABLE IF NOT EXISTS ${c.own('snapshot')} (store VARCHAR, flow VARCHAR, id VARCHAR, number BIGINT NOT NULL, scope VARCHAR NOT NULL, run VARCHAR NOT NULL,
  taken_at TIMESTAMPTZ NOT NULL, state VARCHAR NOT NULL, previous VARCHAR, rows BIGINT NOT NULL, new_rows BIGINT NOT NULL, changed_rows BIGINT NOT NULL,
  deleted_rows BIGINT NOT NULL, unchanged_rows BIGINT NOT NULL, schema_change VARCHAR NOT NULL, engine VARCHAR NOT NULL, key VARCHAR NOT NULL,
  compared VARCHAR NOT NULL, columns VARCHAR NOT NULL, image_bytes BIGINT NOT NULL)`,
  sql`CREATE TABLE IF NOT EXISTS ${c.own('hot_row')} (store VARCHAR NOT NULL, flow VARCHAR NOT NULL, snapshot VARCHAR NOT NULL, key VARCHAR NOT NULL, row_hash VARCHAR NOT NULL,
  first_hash UBIGINT NOT NULL, second_hash UBIGINT NOT NULL, place BIGINT NOT NULL)`,
  // by the names of its own file, whatever that is attached as
  sql`CREATE VIEW IF NOT EXISTS ${c.own('hot')} AS ${hotView({ own: (name) => ident('tidemark', name) })}`,
]

/** Of the tables of Tidemark's own, those that are there. */
export const listOwn = (c: AttachedTarget): Sql =>
  sql`SELECT table_name FROM duckdb_tables() WHERE database_name = ${param(c.ownCatalog)} AND schema_name = 'tidemark'`

export const addSlots = (c: TargetNames, k: FenceKey): Sql => sql`INSERT INTO ${c.own('fence')}
SELECT ${param(k.store)}, ${param(k.flow)}, slot, 0, 0 FROM range(${catalogText(String(FENCE_SLOTS))}) AS r(slot)
WHERE NOT EXISTS (SELECT 1 FROM ${c.own('fence')} WHERE store = ${param(k.store)} AND flow = ${param(k.flow)})`

export const raise = (
  c: TargetNames,
  k: FenceKey,
): Sql => sql`UPDATE ${c.own('fence')} SET token = CAST(${param(k.token)} AS BIGINT), uses = uses + 1
WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND token < CAST(${param(k.token)} AS BIGINT)`

/** Takes the slot; no row means the token is no longer the newest. */
export const enter = (
  c: TargetNames,
  k: FenceKey,
  worker: number,
): Sql => sql`UPDATE ${c.own('fence')} SET uses = uses + 1
WHERE store = ${param(k.store)} AND flow = ${param(k.flow)} AND slot = CAST(${param(String(worker % FENCE_SLOTS))} AS INTEGER) AND token = CAST(${param(k.token)} AS BIGINT)`
