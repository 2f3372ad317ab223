/**
 * What a store of the present version has: `schemaFacts` of one that the migrations made, which a test compares with
 * this. Columns are listed here; what constraints, indexes and code there are, is read in the migrations.
 */
import { columnFacts, factsOf, type SchemaFact } from '../server/schema-difference.ts'
import { MIGRATION_BATCHES, SCHEMA_CODE } from './schema-code.ts'
import { codeHash } from './schema-facts.sql.ts'

/** The columns of each table, in no order. */
const COLUMNS: Readonly<Record<string, string>> = {
  audit: `
    action nvarchar(max) not null, actor nvarchar(max) not null, after nvarchar(max), at nvarchar(30) not null,
    before nvarchar(max), command nvarchar(max) not null, id bigint identity not null, reason nvarchar(max),
    subject nvarchar(max) not null`,
  batch: `
    attempts int not null, batch int not null, claimed_at nvarchar(30), error_code nvarchar(30),
    error_message nvarchar(max), finished_at nvarchar(30), rows_deleted bigint not null, rows_inserted bigint not null,
    rows_read bigint not null, rows_rejected bigint not null, rows_skipped_older bigint not null,
    rows_skipped_same bigint not null, rows_updated bigint not null, run nvarchar(60) not null,
    split nvarchar(max) not null, state nvarchar(30) not null, step int not null, token bigint, wave int not null,
    worker nvarchar(200)`,
  commit_mark: `
    at nvarchar(30) not null, number bigint not null, writer nvarchar(36) not null`,
  connection: `
    created_at nvarchar(30) not null, deployed nvarchar(max), id nvarchar(63) not null, kind nvarchar(max) not null,
    options nvarchar(max) not null, row_id bigint identity not null, updated_at nvarchar(30) not null,
    updated_by nvarchar(max) not null, version bigint not null`,
  connection_history: `
    action nvarchar(30) not null, after nvarchar(max), before nvarchar(max), changed_at nvarchar(30) not null,
    changed_by nvarchar(max) not null, id nvarchar(63) not null, seq bigint identity not null, version bigint not null`,
  lease: `
    acquired_at nvarchar(30), actor nvarchar(max), expires_at nvarchar(30), flow nvarchar(127) not null,
    host nvarchar(max), pid int, renewed_at nvarchar(30), token bigint not null, worker nvarchar(max)`,
  look: `
    flow nvarchar(127) not null, run nvarchar(60) not null, scope nvarchar(700) not null,
    updated_at nvarchar(30) not null, value nvarchar(max) not null`,
  module: `
    created_at nvarchar(30) not null, deployed nvarchar(max), description nvarchar(max), id nvarchar(63) not null,
    is_active int not null, row_id bigint identity not null, schedule nvarchar(max), updated_at nvarchar(30) not null,
    updated_by nvarchar(max) not null, version bigint not null`,
  module_history: `
    action nvarchar(30) not null, after nvarchar(max), before nvarchar(max), changed_at nvarchar(30) not null,
    changed_by nvarchar(max) not null, id nvarchar(63) not null, seq bigint identity not null, version bigint not null`,
  reject: `
    batch int, closed_at nvarchar(30), closed_by nvarchar(60), closed_reason nvarchar(max), code nvarchar(30) not null,
    created_at nvarchar(30) not null, flow nvarchar(127) not null, id bigint identity not null,
    key nvarchar(max) not null, key_hash binary(32) not null, last_at nvarchar(30), message nvarchar(max) not null,
    run nvarchar(60) not null, state nvarchar(30) not null, times int not null`,
  run: `
    actor nvarchar(max) not null, actor_reason nvarchar(max), attempt_started_at nvarchar(30), attempts int not null,
    batches int not null, batches_done int not null, cancel_requested_at nvarchar(30),
    cancel_requested_by nvarchar(max), captured nvarchar(max), command nvarchar(max) not null,
    created_at nvarchar(30) not null, duration_ms bigint not null, error_code nvarchar(30), error_message nvarchar(max),
    finished_at nvarchar(30), flow nvarchar(127) not null, id nvarchar(60) not null, lane nvarchar(max),
    plan nvarchar(max) not null, reason nvarchar(max), rows_deleted bigint not null, rows_inserted bigint not null,
    rows_read bigint not null, rows_rejected bigint not null, rows_skipped_older bigint not null,
    rows_skipped_same bigint not null, rows_updated bigint not null, run_group nvarchar(60),
    scope nvarchar(700) not null, seq bigint identity not null, started_at nvarchar(30), state nvarchar(30) not null,
    superseded_by nvarchar(60), token bigint, waiting_rows bigint, waiting_until nvarchar(max),
    window_after nvarchar(max), window_decided_by nvarchar(max), window_up_to nvarchar(max), worker nvarchar(max)`,
  run_group: `
    actor nvarchar(max) not null, command nvarchar(max) not null, created_at nvarchar(30) not null,
    id nvarchar(60) not null, reason nvarchar(max)`,
  run_worker: `
    actor nvarchar(max) not null, expires_at nvarchar(30) not null, host nvarchar(max) not null,
    joined_at nvarchar(30) not null, pid int not null, run nvarchar(60) not null, token bigint not null,
    worker nvarchar(200) not null`,
  step: `
    batches int not null, batches_done int not null, name nvarchar(max) not null, rows_deleted bigint not null,
    rows_inserted bigint not null, rows_read bigint not null, rows_rejected bigint not null,
    rows_skipped_older bigint not null, rows_skipped_same bigint not null, rows_updated bigint not null,
    run nvarchar(60) not null, state nvarchar(30) not null, step int not null`,
  store: `
    created_at nvarchar(30) not null, id nvarchar(16) not null, one int not null`,
  store_migration: `
    applied_at nvarchar(30) not null, name nvarchar(63) not null, version int not null`,
  task: `
    created_at nvarchar(30) not null, deployed nvarchar(max), execution_order int not null, id nvarchar(63) not null,
    is_active int not null, module nvarchar(63) not null, row_id bigint identity not null, source_config nvarchar(max),
    target_config nvarchar(max), transformation_config nvarchar(max), type nvarchar(max) not null,
    updated_at nvarchar(30) not null, updated_by nvarchar(max) not null, version bigint not null`,
  task_history: `
    action nvarchar(30) not null, after nvarchar(max), before nvarchar(max), changed_at nvarchar(30) not null,
    changed_by nvarchar(max) not null, id nvarchar(63) not null, module nvarchar(63) not null,
    seq bigint identity not null, version bigint not null`,
  unmatched: `
    alias nvarchar(63) not null, closed_at nvarchar(30), first_seen_at nvarchar(30) not null,
    flow nvarchar(127) not null, key nvarchar(max) not null, key_hash binary(32) not null, position nvarchar(max),
    run nvarchar(60) not null, state nvarchar(30) not null`,
  watermark: `
    coverage nvarchar(max) not null, flow nvarchar(127) not null, position nvarchar(max), run nvarchar(60) not null,
    scope nvarchar(700) not null, source nvarchar(max) not null, updated_at nvarchar(30) not null,
    version bigint not null`,
}

/** Their columns have the types of what they are made from. */
const VIEWS: Readonly<Record<string, string>> = {
  freshness: `
    age_seconds complete_at error_code error_message flow held_back held_by held_until lag_seconds last_at last_run
    last_state open_rejects position position_by position_since scope unmatched waiting_rows waiting_until`,
  run_summary: `
    actor attempts batches command error_code error_message finished_at flow lane reason rows_deleted rows_inserted
    rows_read rows_rejected rows_skipped rows_updated run run_group scope seconds started_at state superseded_by
    waiting_rows waiting_until window_after window_decided_by window_up_to`,
}

const TABLES = Object.keys(COLUMNS)
const ALL = MIGRATION_BATCHES.join('\n')

/** A constraint bears the name of its table first; no table's name continues another's but by one that is longer. */
function ownerOf(constraint: string): string {
  const owners = TABLES.filter((table) => constraint.startsWith(`${table}_`))
  return owners.toSorted((a, b) => b.length - a.length)[0] ?? ''
}

const constraints = [...ALL.matchAll(/\bconstraint (\w+)/g)].map(([, name = '']) => `${ownerOf(name)}.${name}`)
const indexes = [...ALL.matchAll(/\bindex (\w+) on tidemark\.(\w+)/g)].map(([, name, table]) => `${table}.${name}`)
const triggers = [...ALL.matchAll(/\btrigger tidemark\.(\w+) on tidemark\.(\w+)/g)].map(
  ([, n, table]) => `${table}.${n}`,
)
const functions = [...SCHEMA_CODE].flatMap(([name, { kind }]) => (kind === 'function' ? [name] : []))
const viewColumns = Object.entries(VIEWS).flatMap(([view, columns]) =>
  columns
    .trim()
    .split(/\s+/)
    .map((column) => `${view}.${column}`),
)

export const SCHEMA_MANIFEST: readonly SchemaFact[] = [
  ...factsOf('table', TABLES.join(' '), 'there'),
  ...factsOf('view', Object.keys(VIEWS).join(' '), 'there'),
  ...columnFacts(COLUMNS),
  ...factsOf('column', viewColumns.join(' '), 'there'),
  ...factsOf('constraint', constraints.join(' '), 'there'),
  ...factsOf('index', indexes.join(' '), 'there'),
  ...factsOf('trigger', triggers.join(' '), 'enabled'),
  ...factsOf('function', functions.join(' '), 'there'),
  ...[...SCHEMA_CODE].map(([name, { text }]) => ({ what: `text of ${name}`, is: codeHash(text) })),
]
