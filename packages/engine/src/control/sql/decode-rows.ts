/** What a row of each table means, however its database gave it: the same columns in every store. */
import { parseFlowId, parseGroupId, parseRunId } from '@tidemark/contract/ids'
import type { RowCounts } from '@tidemark/contract/row-counts'
import { BATCH_STATES, RUN_STATES, STEP_STATES } from '@tidemark/contract/states'
import {
  type BatchRow,
  type ConnectionRow,
  type FreshnessRow,
  type LeaseRow,
  type ModuleRow,
  REJECT_STATES,
  type RejectRow,
  type RunRow,
  type StepRow,
  type TaskRow,
  type UnmatchedRow,
  type WatermarkRow,
  type WindowRow,
} from '../control-store.ts'
import type { RunWork, WorkerRow } from '../run-workers.ts'
import type { RawRow, StoreValue } from '../store-session.ts'
import { count, countOrNull, decodeError, errorCode, flag, int, oneOf, text, textOrNull } from './decode.ts'
import type { AuditRow, BatchStanding, RunStanding, WaveStanding } from './statements.ts'

export const COUNT_COLUMNS =
  'rows_read, rows_inserted, rows_updated, rows_deleted, rows_skipped_same, rows_skipped_older, rows_rejected'
/** The same one by one, in the order of `countParams`. */
export const COUNTS_IN_ORDER: readonly string[] = COUNT_COLUMNS.split(', ')

export const countParams = (rows: RowCounts | null): readonly StoreValue[] =>
  rows === null
    ? COUNTS_IN_ORDER.map(() => null)
    : [rows.read, rows.inserted, rows.updated, rows.deleted, rows.skippedSame, rows.skippedOlder, rows.rejected]

const decodeCounts = (raw: RawRow): RowCounts => ({
  read: count(raw, 'rows_read'),
  inserted: count(raw, 'rows_inserted'),
  updated: count(raw, 'rows_updated'),
  deleted: count(raw, 'rows_deleted'),
  skippedSame: count(raw, 'rows_skipped_same'),
  skippedOlder: count(raw, 'rows_skipped_older'),
  rejected: count(raw, 'rows_rejected'),
})

export const decodeConnection = (raw: RawRow): ConnectionRow => ({
  id: text(raw, 'id'),
  kind: text(raw, 'kind'),
  options: text(raw, 'options'),
  deployed: textOrNull(raw, 'deployed'),
})

export const decodeModule = (raw: RawRow): ModuleRow => ({
  id: text(raw, 'id'),
  description: textOrNull(raw, 'description'),
  schedule: textOrNull(raw, 'schedule'),
  isActive: flag(raw, 'is_active'),
  deployed: textOrNull(raw, 'deployed'),
})

export const decodeTask = (raw: RawRow): TaskRow => ({
  module: text(raw, 'module'),
  id: text(raw, 'id'),
  executionOrder: int(raw, 'execution_order'),
  type: text(raw, 'type'),
  sourceConfig: textOrNull(raw, 'source_config'),
  targetConfig: textOrNull(raw, 'target_config'),
  transformationConfig: textOrNull(raw, 'transformation_config'),
  isActive: flag(raw, 'is_active'),
  version: int(raw, 'version'),
  updatedAt: text(raw, 'updated_at'),
  updatedBy: text(raw, 'updated_by'),
  deployed: textOrNull(raw, 'deployed'),
})

export function decodeLease(raw: RawRow): LeaseRow {
  const worker = textOrNull(raw, 'worker')
  return {
    flow: parseFlowId(text(raw, 'flow')),
    token: count(raw, 'token'),
    owner:
      worker === null ? null : { worker, host: text(raw, 'host'), pid: int(raw, 'pid'), actor: text(raw, 'actor') },
    expiresAt: textOrNull(raw, 'expires_at'),
    expired: flag(raw, 'expired'),
  }
}

function decodeWindow(raw: RawRow): WindowRow | null {
  const decidedBy = textOrNull(raw, 'window_decided_by')
  if (decidedBy === null) return null
  return { after: textOrNull(raw, 'window_after'), upTo: textOrNull(raw, 'window_up_to'), decidedBy }
}

export function decodeRun(raw: RawRow): RunRow {
  const group = textOrNull(raw, 'run_group')
  const waiting = countOrNull(raw, 'waiting_rows')
  return {
    id: parseRunId(text(raw, 'id')),
    group: group === null ? null : parseGroupId(group),
    flow: parseFlowId(text(raw, 'flow')),
    scope: text(raw, 'scope'),
    state: oneOf(raw, 'state', RUN_STATES),
    reason: textOrNull(raw, 'reason'),
    lane: textOrNull(raw, 'lane'),
    window: decodeWindow(raw),
    waiting: waiting === null ? null : { rows: waiting, until: textOrNull(raw, 'waiting_until') },
    rows: decodeCounts(raw),
    batches: int(raw, 'batches'),
    batchesDone: int(raw, 'batches_done'),
    startedAt: textOrNull(raw, 'started_at'),
    finishedAt: textOrNull(raw, 'finished_at'),
    durationMs: int(raw, 'duration_ms'),
    error: decodeError(raw),
    actor: text(raw, 'actor'),
    command: text(raw, 'command'),
    attempts: int(raw, 'attempts'),
    supersededBy: textOrNull(raw, 'superseded_by'),
    plan: text(raw, 'plan'),
    captured: textOrNull(raw, 'captured'),
  }
}

export const decodeRunStanding = (raw: RawRow): RunStanding => ({
  flow: parseFlowId(text(raw, 'flow')),
  scope: text(raw, 'scope'),
  state: oneOf(raw, 'state', RUN_STATES),
  held: flag(raw, 'held'),
  live: flag(raw, 'live'),
})

export const decodeStep = (raw: RawRow): StepRow => ({
  run: parseRunId(text(raw, 'run')),
  step: int(raw, 'step'),
  name: text(raw, 'name'),
  state: oneOf(raw, 'state', STEP_STATES),
  batches: int(raw, 'batches'),
  batchesDone: int(raw, 'batches_done'),
  rows: decodeCounts(raw),
})

export const decodeBatch = (raw: RawRow): BatchRow => ({
  run: parseRunId(text(raw, 'run')),
  step: int(raw, 'step'),
  batch: int(raw, 'batch'),
  state: oneOf(raw, 'state', BATCH_STATES),
  split: text(raw, 'split'),
  wave: int(raw, 'wave'),
  attempts: int(raw, 'attempts'),
  worker: textOrNull(raw, 'worker'),
  claimedAt: textOrNull(raw, 'claimed_at'),
  rows: decodeCounts(raw),
  error: decodeError(raw),
})

export const decodeBatchStanding = (raw: RawRow): BatchStanding => ({
  step: int(raw, 'step'),
  state: oneOf(raw, 'state', BATCH_STATES),
  worker: textOrNull(raw, 'worker'),
  error: decodeError(raw),
})

export const decodeClaim = (raw: RawRow): { readonly batch: number; readonly attempt: number } => ({
  batch: int(raw, 'batch'),
  attempt: int(raw, 'attempts'),
})

export const decodeWave = (raw: RawRow): WaveStanding => ({
  open: int(raw, 'open'),
  failed: raw['failed'] === null ? null : int(raw, 'failed'),
})

export const decodeWorker = (raw: RawRow): WorkerRow => ({
  worker: text(raw, 'worker'),
  host: text(raw, 'host'),
  pid: int(raw, 'pid'),
  actor: text(raw, 'actor'),
  isOwner: flag(raw, 'is_owner'),
  token: count(raw, 'token'),
  joinedAt: text(raw, 'joined_at'),
  expiresAt: text(raw, 'expires_at'),
  expired: flag(raw, 'expired'),
})

export const decodeRunWork = (raw: RawRow): RunWork => ({
  state: oneOf(raw, 'state', RUN_STATES),
  token: countOrNull(raw, 'token'),
  held: flag(raw, 'held'),
  live: flag(raw, 'live'),
  open: flag(raw, 'open'),
})

export const decodeWatermark = (raw: RawRow): WatermarkRow => ({
  flow: parseFlowId(text(raw, 'flow')),
  scope: text(raw, 'scope'),
  position: textOrNull(raw, 'position'),
  run: text(raw, 'run'),
  version: int(raw, 'version'),
  coverage: text(raw, 'coverage'),
  source: text(raw, 'source'),
  updatedAt: text(raw, 'updated_at'),
})

export const decodeFreshness = (raw: RawRow): FreshnessRow => ({
  flow: parseFlowId(text(raw, 'flow')),
  scope: text(raw, 'scope'),
  completeAt: textOrNull(raw, 'complete_at'),
  heldBack: textOrNull(raw, 'held_back'),
})

export const decodeUnmatched = (raw: RawRow): UnmatchedRow => ({
  flow: parseFlowId(text(raw, 'flow')),
  key: text(raw, 'key'),
  alias: text(raw, 'alias'),
  position: textOrNull(raw, 'position'),
  firstSeenAt: text(raw, 'first_seen_at'),
  state: oneOf(raw, 'state', ['open', 'found', 'given_up'] as const),
})

export const decodeReject = (raw: RawRow): RejectRow => ({
  id: int(raw, 'id'),
  flow: parseFlowId(text(raw, 'flow')),
  run: parseRunId(text(raw, 'run')),
  batch: raw['batch'] === null ? null : int(raw, 'batch'),
  key: text(raw, 'key'),
  code: errorCode(raw, 'code'),
  message: text(raw, 'message'),
  state: oneOf(raw, 'state', REJECT_STATES),
  times: int(raw, 'times'),
  createdAt: text(raw, 'created_at'),
  lastAt: text(raw, 'last_at'),
  closedAt: textOrNull(raw, 'closed_at'),
  closedBy: textOrNull(raw, 'closed_by'),
  closedReason: textOrNull(raw, 'closed_reason'),
})

export const decodeAudit = (raw: RawRow): AuditRow => ({
  at: text(raw, 'at'),
  actor: text(raw, 'actor'),
  action: text(raw, 'action'),
  subject: text(raw, 'subject'),
  reason: textOrNull(raw, 'reason'),
  before: textOrNull(raw, 'before'),
  after: textOrNull(raw, 'after'),
})
