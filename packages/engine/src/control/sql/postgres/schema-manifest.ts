/**
 * What a store of the present version has: `schemaFacts` of one that the migrations made, which a test compares with
 * this. The columns of each table and view are in no order.
 */
import { columnFacts, factsOf, type SchemaFact } from '../server/schema-difference.ts'

const TABLES =
  'audit batch commit_mark connection connection_history lease look module module_history reject run run_group run_worker step store store_migration task task_history unmatched watermark'
const VIEWS = 'freshness run_summary'

const COLUMNS: Readonly<Record<string, string>> = {
  audit: `
    action text not null, actor text not null, after json, at text not null, before json, command text not null,
    id bigint not null, reason text, subject text not null`,
  batch: `
    attempts integer not null, batch integer not null, claimed_at text, error_code text, error_message text,
    finished_at text, rows_deleted bigint not null, rows_inserted bigint not null, rows_read bigint not null,
    rows_rejected bigint not null, rows_skipped_older bigint not null, rows_skipped_same bigint not null,
    rows_updated bigint not null, run text not null, split json not null, state text not null, step integer not null,
    token bigint, wave integer not null, worker text`,
  commit_mark: `
    at text not null, number bigint not null, writer text not null`,
  connection: `
    created_at text not null, deployed json, id text not null, kind text not null, options json not null,
    updated_at text not null, updated_by text not null, version bigint not null`,
  connection_history: `
    action text not null, after json, before json, changed_at text not null, changed_by text not null,
    id text not null, seq bigint not null, version bigint not null`,
  freshness: `
    age_seconds numeric, complete_at text, error_code text, error_message text, flow text, held_back text,
    held_by text, held_until text, lag_seconds numeric, last_at text, last_run text, last_state text,
    open_rejects bigint, position text, position_by text, position_since text, scope text, unmatched bigint,
    waiting_rows bigint, waiting_until text`,
  lease: `
    acquired_at text, actor text, expires_at text, flow text not null, host text, pid integer, renewed_at text,
    token bigint not null, worker text`,
  look: `
    flow text not null, run text not null, scope text not null, updated_at text not null, value text not null`,
  module: `
    created_at text not null, deployed json, description text, id text not null, is_active integer not null,
    schedule json, updated_at text not null, updated_by text not null, version bigint not null`,
  module_history: `
    action text not null, after json, before json, changed_at text not null, changed_by text not null,
    id text not null, seq bigint not null, version bigint not null`,
  reject: `
    batch integer, closed_at text, closed_by text, closed_reason text, code text not null, created_at text not null,
    flow text not null, id bigint not null, key text not null, last_at text, message text not null,
    run text not null, state text not null, times integer not null`,
  run: `
    actor text not null, actor_reason text, attempt_started_at text, attempts integer not null,
    batches integer not null, batches_done integer not null, cancel_requested_at text, cancel_requested_by text,
    captured json, command text not null, created_at text not null, duration_ms bigint not null, error_code text,
    error_message text, finished_at text, flow text not null, id text not null, lane text, plan json not null,
    reason text, rows_deleted bigint not null, rows_inserted bigint not null, rows_read bigint not null,
    rows_rejected bigint not null, rows_skipped_older bigint not null, rows_skipped_same bigint not null,
    rows_updated bigint not null, run_group text, scope text not null, seq bigint not null, started_at text,
    state text not null, superseded_by text, token bigint, waiting_rows bigint, waiting_until text,
    window_after text, window_decided_by text, window_up_to text, worker text`,
  run_group: `
    actor text not null, command text not null, created_at text not null, id text not null, reason text`,
  run_summary: `
    actor text, attempts integer, batches text, command text, error_code text, error_message text, finished_at text,
    flow text, lane text, reason text, rows_deleted bigint, rows_inserted bigint, rows_read bigint,
    rows_rejected bigint, rows_skipped bigint, rows_updated bigint, run text, run_group text, scope text,
    seconds numeric, started_at text, state text, superseded_by text, waiting_rows bigint, waiting_until text,
    window_after text, window_decided_by text, window_up_to text`,
  run_worker: `
    actor text not null, expires_at text not null, host text not null, joined_at text not null, pid integer not null,
    run text not null, token bigint not null, worker text not null`,
  step: `
    batches integer not null, batches_done integer not null, name text not null, rows_deleted bigint not null,
    rows_inserted bigint not null, rows_read bigint not null, rows_rejected bigint not null,
    rows_skipped_older bigint not null, rows_skipped_same bigint not null, rows_updated bigint not null,
    run text not null, state text not null, step integer not null`,
  store: `
    created_at text not null, id text not null, one integer not null`,
  store_migration: `
    applied_at text not null, name text not null, version integer not null`,
  task: `
    created_at text not null, deployed json, execution_order integer not null, id text not null,
    is_active integer not null, module text not null, source_config json, target_config json,
    transformation_config json, type text not null, updated_at text not null, updated_by text not null,
    version bigint not null`,
  task_history: `
    action text not null, after json, before json, changed_at text not null, changed_by text not null,
    id text not null, module text not null, seq bigint not null, version bigint not null`,
  unmatched: `
    alias text not null, closed_at text, first_seen_at text not null, flow text not null, key text not null,
    position text, run text not null, state text not null`,
  watermark: `
    coverage json not null, flow text not null, position text, run text not null, scope text not null,
    source json not null, updated_at text not null, version bigint not null`,
}

const CONSTRAINTS = `
  audit.audit_pkey batch.batch_batch_check batch.batch_check batch.batch_pkey batch.batch_run_step_fkey
  batch.batch_state_check commit_mark.commit_mark_pkey connection.connection_deployed_check connection.connection_id_check
  connection.connection_options_check connection.connection_pkey connection_history.connection_history_action_check
  connection_history.connection_history_pkey lease.lease_check lease.lease_pkey lease.lease_token_check
  look.look_pkey look.look_run_fkey look.look_scope_check module.module_deployed_check module.module_id_check
  module.module_is_active_check module.module_pkey module.module_schedule_check
  module_history.module_history_action_check module_history.module_history_pkey reject.reject_check
  reject.reject_key_check reject.reject_pkey reject.reject_run_fkey reject.reject_state_check run.run_check
  run.run_check1 run.run_check2 run.run_id_key run.run_pkey run.run_run_group_fkey run.run_scope_check
  run.run_state_check run_group.run_group_pkey run_worker.run_worker_pkey run_worker.run_worker_run_fkey step.step_check step.step_pkey step.step_run_fkey
  step.step_state_check step.step_step_check store.store_id_check store.store_one_check store.store_pkey
  store_migration.store_migration_pkey task.task_deployed_check task.task_id_check task.task_is_active_check
  task.task_module_check task.task_module_fkey task.task_pkey task.task_source_config_check
  task.task_target_config_check task.task_transformation_config_check task_history.task_history_action_check
  task_history.task_history_pkey unmatched.unmatched_check unmatched.unmatched_key_check unmatched.unmatched_pkey
  unmatched.unmatched_run_fkey unmatched.unmatched_state_check watermark.watermark_pkey
  watermark.watermark_scope_check`

const INDEXES = `
  connection_history.connection_history_key module_history.module_history_key reject.reject_of_batch
  reject.reject_of_run reject.reject_open run.run_of_flow run.run_of_group task_history.task_history_key
  unmatched.unmatched_of_run`

const TRIGGERS = `
  connection.connection_inserted connection.connection_kept connection.connection_named
  connection.connection_updated lease.lease_never_deleted lease.lease_never_emptied lease.lease_token_only_grows
  module.module_inserted module.module_kept module.module_named module.module_updated task.task_inserted
  task.task_kept task.task_named task.task_updated`

/** the start of the SHA-256 of each function's text */
const FUNCTIONS: Readonly<Record<string, string>> = {
  connection_inserted: 'cafe92711895',
  connection_kept: '2c2cf4a3b07e',
  connection_named: '06e3e6e5dbe6',
  connection_updated: '1e44dd0225fd',
  lease_never_deleted: '48adf92f5a5b',
  lease_token_only_grows: '090ab990c955',
  module_inserted: '2a4d27e47f25',
  module_kept: '187867f7354c',
  module_named: '06e3e6e5dbe6',
  module_updated: 'dc4ed2ae5e62',
  seconds_since: '2037e758cf44',
  task_inserted: '4bde77cbf12a',
  task_kept: 'c643c0b0a34e',
  task_named: '06e3e6e5dbe6',
  task_updated: 'c5e865c2f6b0',
}

export const SCHEMA_MANIFEST: readonly SchemaFact[] = [
  ...factsOf('table', TABLES, 'there'),
  ...factsOf('view', VIEWS, 'there'),
  ...columnFacts(COLUMNS),
  ...factsOf('constraint', CONSTRAINTS, 'there'),
  ...factsOf('index', INDEXES, 'there'),
  ...Object.entries(FUNCTIONS).map(([name, is]) => ({ what: `function ${name}`, is })),
  ...factsOf('trigger', TRIGGERS, 'enabled'),
]
