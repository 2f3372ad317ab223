/**
 * Every statement that the ledger's logic runs, one function each. A further store writes the same members in its own
 * SQL; what one row back means, and which rows must not come back, is said here.
 * `now` is always the store's clock; `states` of a compare-and-set come from the transition tables.
 */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { ErrorCode } from '@tidemark/contract/error-codes'
import type { FlowId, GroupId, RunId, StoreId } from '@tidemark/contract/ids'
import type { BatchState, RunState, StepState } from '@tidemark/contract/states'
import type {
  Actor,
  BatchRow,
  ConnectionRow,
  FreshnessRow,
  LeaseOwner,
  LeaseRow,
  ModuleRow,
  NewBatch,
  NewReject,
  NewRun,
  NewStep,
  Pruned,
  RejectFilter,
  RejectRow,
  Replacing,
  RunFilter,
  RunRow,
  StepRow,
  StoreTime,
  TaskRow,
  UnmatchedRow,
  WatermarkRow,
} from '../control-store.ts'
import type { RunWork, WaveRange, WorkerRow } from '../run-workers.ts'
import type { Statement } from '../store-session.ts'

/** No row of the answer is looked at. */
export type Effect = Statement<null>
/** A row came back: it took place. None: the row was not in the state asked for. */
export type Attempt = Statement<true>

export interface StoreStatements {
  readonly schema: SchemaStatements
  readonly catalog: CatalogStatements
  readonly lease: LeaseStatements
  readonly run: RunStatements
  readonly batch: BatchStatements
  readonly worker: WorkerStatements
  readonly watermark: WatermarkStatements
  readonly remembered: RememberedStatements
  readonly audit: AuditStatements
  readonly prune: PruneStatements
}

export interface SchemaStatements {
  /** Keeps a second migrator waiting until the transaction ends; null where a transaction does so by itself. */
  lock(): Effect | null
  /** Whether anything is there, and whether it is ours. */
  look(): Statement<{ readonly tables: number; readonly isStore: boolean }>
  /** The greatest version recorded. */
  version(): Statement<number>
  record(a: { readonly version: number; readonly name: string }): Effect
  storeId(): Statement<StoreId>
  now(): Statement<StoreTime>
}

export type DeployedTask = Omit<TaskRow, 'version' | 'updatedAt' | 'updatedBy'>

export interface CatalogStatements {
  connections(): Statement<ConnectionRow>
  modules(): Statement<ModuleRow>
  tasks(): Statement<TaskRow>
  /** No row back: it is no longer what it was. */
  putConnection(a: { readonly row: Replacing<ConnectionRow>; readonly by: string }): Attempt
  putModule(a: { readonly row: Replacing<ModuleRow>; readonly by: string }): Attempt
  /** No row back: a task of that id is there. */
  insertTask(a: { readonly row: DeployedTask; readonly by: string }): Attempt
  /** No row back: the version is another one. */
  updateTask(a: { readonly row: DeployedTask; readonly version: number; readonly by: string }): Attempt
}

export interface LeaseStatements {
  /** In one step: make the row, or take it when free, expired or held under `deadToken`. */
  acquire(a: {
    readonly flow: FlowId
    readonly owner: LeaseOwner
    readonly ttlMs: number
    readonly deadToken: bigint | null
  }): Statement<{ readonly token: bigint; readonly expiresAt: StoreTime }>
  renew(a: { readonly flow: FlowId; readonly token: bigint; readonly ttlMs: number }): Attempt
  release(a: { readonly flow: FlowId; readonly token: bigint }): Attempt
  find(a: { readonly flow: FlowId }): Statement<LeaseRow>
  list(): Statement<LeaseRow>
}

/** Where a run stands, read first in every transaction that changes it. */
export interface RunStanding {
  readonly flow: FlowId
  readonly scope: string
  readonly state: RunState
  /** the token given is the one of the flow's present holder */
  readonly held: boolean
  /** and its time has not run out */
  readonly live: boolean
}

export interface RunError {
  readonly code: ErrorCode
  readonly message: string
}

export interface RunStatements {
  insertGroup(a: { readonly id: GroupId; readonly by: Actor }): Attempt
  hasGroup(a: { readonly id: GroupId }): Attempt
  /** State `planned`. No row back: the id is taken. */
  insert(run: NewRun): Attempt
  find(a: { readonly id: RunId }): Statement<RunRow>
  newest(a: { readonly flow: FlowId; readonly scope: string }): Statement<RunRow>
  list(filter: RunFilter): Statement<RunRow>
  /** Locks run and lease for the rest of the transaction; `token` null: only the run is asked about. */
  standing(a: { readonly id: RunId; readonly token: bigint | null }): Statement<RunStanding>
  /** `attempts` + 1 unless it was planned; an older request to cancel is forgotten, unless it was planned. */
  start(a: {
    readonly id: RunId
    readonly states: readonly RunState[]
    readonly token: bigint
    readonly worker: string
  }): Attempt
  setCaptured(a: { readonly id: RunId; readonly states: readonly RunState[]; readonly captured: string }): Attempt
  /** Adds one committed batch to the run's counts. */
  addBatch(a: { readonly id: RunId; readonly states: readonly RunState[]; readonly rows: RowCounts }): Attempt
  end(a: {
    readonly id: RunId
    readonly states: readonly RunState[]
    readonly to: RunState
    readonly reason: string | null
    readonly error: RunError | null
    /** null: as counted so far */
    readonly rows: RowCounts | null
  }): Attempt
  supersede(a: { readonly id: RunId; readonly states: readonly RunState[]; readonly supersededBy: string }): Attempt
  /** Oldest first; scope null: of every scope. Locked for the rest of the transaction. */
  inStates(a: {
    readonly flow: FlowId
    readonly scope: string | null
    readonly states: readonly RunState[]
  }): Statement<{ readonly id: RunId; readonly state: RunState }>
  clearProgress(a: { readonly id: RunId }): Effect
  requestCancel(a: { readonly id: RunId; readonly states: readonly RunState[]; readonly by: string }): Attempt
  cancelRequested(a: { readonly id: RunId }): Statement<boolean>
}

export interface BatchStanding {
  readonly step: number
  readonly state: BatchState
  /** of the newest claim */
  readonly worker: string | null
  readonly error: RunError | null
}

/** Where a wave stands. */
export interface WaveStanding {
  /** batches that are neither done nor superseded */
  readonly open: number
  /** the first of them that failed under the token given */
  readonly failed: number | null
}

export interface BatchStatements {
  steps(a: { readonly run: RunId }): Statement<StepRow>
  list(a: { readonly run: RunId }): Statement<BatchRow>
  standing(a: { readonly run: RunId; readonly batch: number }): Statement<BatchStanding>
  /** The greatest number so far; 0 where there is none. */
  greatest(a: { readonly run: RunId }): Statement<number>
  countOpen(a: { readonly run: RunId }): Statement<number>
  /** Steps whose number is there stay as they are. */
  insertSteps(a: { readonly run: RunId; readonly steps: readonly NewStep[] }): Effect
  insertBatches(a: { readonly run: RunId; readonly batches: readonly NewBatch[] }): Effect
  supersedeBatches(a: { readonly run: RunId; readonly states: readonly BatchState[] }): Effect
  supersedeSteps(a: { readonly run: RunId; readonly states: readonly StepState[] }): Effect
  /** Counts the batches that are not superseded, of each step and of the run. */
  recountSteps(a: { readonly run: RunId }): Effect
  recountRun(a: { readonly run: RunId }): Effect
  /** Under the lease, in a step that is under way: what most claims are. No row back: not so; `claim` follows the questions. */
  claimInStep(a: {
    readonly run: RunId
    readonly batch: number
    readonly states: readonly BatchState[]
    readonly token: bigint
  }): Attempt
  claim(a: {
    readonly run: RunId
    readonly batch: number
    readonly states: readonly BatchState[]
    readonly token: bigint
  }): Attempt
  /**
   * Under the lease, the first batch of `wave` from number `wave.from` on that is in one of `states` and free: planned,
   * or of another token, or running without a worker that attends in time. Never one that another claim is about to
   * take: where rows can be locked, FOR UPDATE SKIP LOCKED. `inStep`: only where its step is under way.
   */
  claimNext(a: {
    readonly run: RunId
    readonly wave: WaveRange
    readonly states: readonly BatchState[]
    readonly token: bigint
    readonly worker: string
    readonly inStep: boolean
  }): Statement<{ readonly batch: number; readonly attempt: number }>
  wave(a: { readonly run: RunId; readonly wave: WaveRange; readonly token: bigint }): Statement<WaveStanding>
  /** Under the lease of a running run. Its step; no row back: one of these is not so. */
  commit(a: {
    readonly run: RunId
    readonly batch: number
    readonly states: readonly BatchState[]
    readonly token: bigint
    readonly rows: RowCounts
  }): Statement<number>
  fail(a: {
    readonly run: RunId
    readonly batch: number
    readonly states: readonly BatchState[]
    readonly error: RunError
  }): Attempt
  /** Adds one committed batch to the step's counts; from `finishFrom` the step is done with its last one. */
  addToStep(a: {
    readonly run: RunId
    readonly step: number
    readonly finishFrom: readonly StepState[]
    readonly rows: RowCounts
  }): Effect
  moveStep(a: {
    readonly run: RunId
    readonly step: number
    readonly states: readonly StepState[]
    readonly to: StepState
  }): Attempt
  /** Only when every batch of the step is done, by its counts: looking at the batches would cost their number each time. */
  finishStep(a: { readonly run: RunId; readonly step: number; readonly states: readonly StepState[] }): Attempt
  deleteBatches(a: { readonly run: RunId }): Effect
  deleteSteps(a: { readonly run: RunId }): Effect
}

export interface WorkerStatements {
  /** No row back: the run is not running under that token, or the worker is there already. */
  join(a: { readonly run: RunId; readonly token: bigint; readonly worker: LeaseOwner; readonly ttlMs: number }): Attempt
  /** No row back: it left, its time had run out, or the run is not running under that token. */
  attend(a: { readonly run: RunId; readonly token: bigint; readonly worker: string; readonly ttlMs: number }): Attempt
  leave(a: { readonly run: RunId; readonly worker: string }): Effect
  /** Workers of other tokens. */
  clear(a: { readonly run: RunId; readonly token: bigint }): Effect
  /** In the order in which they joined. */
  list(a: { readonly run: RunId }): Statement<WorkerRow>
  standing(a: { readonly run: RunId }): Statement<RunWork>
}

export interface WatermarkStatements {
  find(a: { readonly flow: FlowId; readonly scope: string }): Statement<WatermarkRow>
  list(): Statement<WatermarkRow>
  /** No row back: the scope has one already. */
  insert(row: Omit<WatermarkRow, 'version' | 'updatedAt'>): Attempt
  /** No row back: the version is another one. */
  update(row: Omit<WatermarkRow, 'updatedAt'>): Attempt
}

/** What one run leaves for later ones: keys without a main row, keys in quarantine, the greatest number seen. */
export interface RememberedStatements {
  freshness(): Statement<FreshnessRow>
  unmatched(a: { readonly flow: FlowId }): Statement<UnmatchedRow>
  /** A key that is open already keeps the time it was first seen. */
  openUnmatched(a: {
    readonly flow: FlowId
    readonly run: RunId
    readonly rows: readonly { readonly key: string; readonly alias: string; readonly position: string | null }[]
  }): Effect
  closeUnmatched(a: {
    readonly flow: FlowId
    readonly run: RunId
    readonly keys: readonly string[]
    readonly to: 'found' | 'given_up'
  }): Effect
  /** Flow null: of every flow. Newest first. */
  rejects(a: { readonly flow: FlowId | null } & RejectFilter): Statement<RejectRow>
  /** One open row a key: a key rejected again takes the newer run, code and message. */
  openRejects(a: {
    readonly flow: FlowId
    readonly run: RunId
    readonly batch: number | null
    readonly rows: readonly NewReject[]
  }): Effect
  /** Those that this run itself rejected stay open. `reason` null: delivered; else dismissed for it. */
  closeRejects(a: {
    readonly flow: FlowId
    readonly run: RunId
    readonly keys: readonly string[]
    readonly reason: string | null
  }): Effect
  /** What an earlier attempt of this batch left out and the last one did not. */
  closeOthersOfBatch(a: { readonly run: RunId; readonly batch: number; readonly keys: readonly string[] }): Effect
  /** Only open ones of the flow; each that was closed comes back. */
  dismissRejects(a: {
    readonly flow: FlowId
    readonly ids: readonly number[]
    readonly by: string
    readonly reason: string | null
  }): Statement<RejectRow>
  look(a: { readonly flow: FlowId; readonly scope: string }): Statement<string>
  putLook(a: { readonly flow: FlowId; readonly scope: string; readonly value: string; readonly run: RunId }): Effect
}

/** Counting and deleting follow one rule of what may go. */
export interface PruneStatements {
  /** Keeps every writer of the ledger waiting until the transaction ends; null where a transaction does so by itself. */
  lock(): Effect | null
  cutoff(a: { readonly keepMs: number }): Statement<StoreTime>
  /** What would go, counted. */
  count(a: { readonly before: StoreTime }): Statement<Omit<Pruned, 'before' | 'groups'>>
  deleteRemembered(a: { readonly before: StoreTime }): readonly Effect[]
  deleteProgress(a: { readonly before: StoreTime }): readonly Effect[]
  deleteRuns(a: { readonly before: StoreTime }): Effect
  /** Each that went comes back. */
  deleteGroups(a: { readonly before: StoreTime }): Attempt
  /** Groups that would have no run. */
  countGroups(a: { readonly before: StoreTime }): Statement<number>
}

export interface AuditRow {
  readonly at: StoreTime
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly reason: string | null
  readonly before: string | null
  readonly after: string | null
}

export interface AuditStatements {
  /** Returns its number. */
  insert(a: {
    readonly action: string
    readonly subject: string
    readonly by: Actor
    readonly before: string | null
    readonly after: string | null
  }): Statement<bigint>
  list(a: { readonly limit: number }): Statement<AuditRow>
}
