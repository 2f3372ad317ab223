/**
 * The control store: definitions and the ledger behind one contract. SQLite, PostgreSQL and SQL
 * Server are its implementations. Every comparison of times happens in the store, on its clock.
 * Every change of state is a compare-and-set that believes only the rows that came back.
 */
import type { ErrorCode } from '@tidemark/contract/error-codes'
import type { FlowId, GroupId, RunId, StoreId } from '@tidemark/contract/ids'
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchState, RunState, StepState } from '@tidemark/contract/states'
import type { RunWorkers } from './run-workers.ts'

/** UTC, milliseconds, as `2026-11-20T21:57:12.440Z`: the store's clock. */
export type StoreTime = string

export interface ControlStore extends AsyncDisposable {
  /** Made with the store, never changed: fences and markers in targets carry it. */
  readonly id: StoreId
  /** For messages: the path, or host and database. Never a secret. */
  readonly location: string
  now(): Promise<StoreTime>
  readonly catalog: CatalogStore
  readonly leases: LeaseStore
  readonly ledger: LedgerStore
}

// ── definitions ───────────────────────────────────────────────────────────────────────────────────────────────

export interface ConnectionRow {
  readonly id: string
  readonly kind: string
  /** JSON with the YAML's names; secrets only as references */
  readonly options: string
  /** What the last deploy wrote: JSON `{kind, options}`; null: never deployed, made by hand */
  readonly deployed: string | null
}

export interface ModuleRow {
  readonly id: string
  readonly description: string | null
  /** JSON or null */
  readonly schedule: string | null
  readonly isActive: boolean
  /** What the last deploy wrote: JSON `{description, schedule, is_active}`; null: never deployed, made by hand */
  readonly deployed: string | null
}

export interface TaskRow {
  readonly module: string
  readonly id: string
  readonly executionOrder: number
  readonly type: string
  /** JSON with the YAML's names; null where the type has none */
  readonly sourceConfig: string | null
  readonly targetConfig: string | null
  readonly transformationConfig: string | null
  readonly isActive: boolean
  readonly version: number
  readonly updatedAt: StoreTime
  readonly updatedBy: string
  /** What the last deploy wrote: JSON `{execution_order, type, source_config, target_config, transformation_config, is_active}`; null: never deployed, made by hand */
  readonly deployed: string | null
}

export interface CatalogRows {
  readonly connections: readonly ConnectionRow[]
  readonly modules: readonly ModuleRow[]
  readonly tasks: readonly TaskRow[]
}

/** A row to be written, and what it was when the difference was computed; null: it was not there. */
export type Replacing<Row> = Row & { readonly was: Row | null }

/** What one deploy writes, in one transaction. `version` is the one the difference was computed from. */
export interface CatalogChange {
  readonly connections: readonly Replacing<ConnectionRow>[]
  readonly modules: readonly Replacing<ModuleRow>[]
  readonly tasks: readonly (Omit<TaskRow, 'version' | 'updatedAt' | 'updatedBy'> & {
    readonly version: number | null
  })[]
}

export interface CatalogStore {
  read(): Promise<CatalogRows>
  /** Upserts; nothing is deleted. Refuses with TM3010 when a row is no longer what it was, or a task's version not the one given. Audited. */
  deploy(change: CatalogChange, by: Actor): Promise<void>
}

/** Who does it and why, for audit rows. */
export interface Actor {
  readonly actor: string
  /** the command line as typed, without secrets */
  readonly command: string
  readonly reason: string | null
}

// ── leases ────────────────────────────────────────────────────────────────────────────────────────────────────

export interface LeaseOwner {
  /** random per worker */
  readonly worker: string
  readonly host: string
  readonly pid: number
  readonly actor: string
}

export interface LeaseRow {
  readonly flow: FlowId
  readonly token: bigint
  /** null: free */
  readonly owner: LeaseOwner | null
  readonly expiresAt: StoreTime | null
  readonly expired: boolean
}

export interface LeaseStore {
  /**
   * Takes the flow when it is free or expired, or when `deadToken` names the token of a holder known to be dead.
   * The new token is greater than every one before. Null: somebody holds it; ask `find`.
   */
  acquire(
    flow: FlowId,
    owner: LeaseOwner,
    ttlMs: number,
    deadToken: bigint | null,
  ): Promise<{ token: bigint; expiresAt: StoreTime } | null>
  /** False: no longer ours. */
  renew(flow: FlowId, token: bigint, ttlMs: number): Promise<boolean>
  /** Clears the holder; keeps the row and its token. False: no longer ours. */
  release(flow: FlowId, token: bigint): Promise<boolean>
  find(flow: FlowId): Promise<LeaseRow | null>
  list(): Promise<readonly LeaseRow[]>
}

// ── ledger ────────────────────────────────────────────────────────────────────────────────────────────────────

export interface WindowRow {
  readonly after: string | null
  readonly upTo: string | null
  readonly decidedBy: string
}

export interface RunRow {
  readonly id: RunId
  readonly group: GroupId | null
  readonly flow: FlowId
  /** `scopeText` */
  readonly scope: string
  readonly state: RunState
  readonly reason: string | null
  readonly lane: string | null
  readonly window: WindowRow | null
  readonly waiting: { readonly rows: bigint; readonly until: string | null } | null
  readonly rows: RowCounts
  readonly batches: number
  readonly batchesDone: number
  readonly startedAt: StoreTime | null
  readonly finishedAt: StoreTime | null
  readonly durationMs: number
  readonly error: { readonly code: ErrorCode; readonly message: string } | null
  readonly actor: string
  readonly command: string
  /** 1, and one more for each resume */
  readonly attempts: number
  readonly supersededBy: string | null
  /** JSON of the stored plan */
  readonly plan: string
  /** what the capture fixed, JSON; null until the capture is complete */
  readonly captured: string | null
}

export interface StepRow {
  readonly run: RunId
  /** 1-based */
  readonly step: number
  readonly name: string
  readonly state: StepState
  readonly batches: number
  readonly batchesDone: number
  readonly rows: RowCounts
}

export interface BatchRow {
  readonly run: RunId
  readonly step: number
  /** 1-based, unique in the run, in order of execution */
  readonly batch: number
  readonly state: BatchState
  /** JSON of the split */
  readonly split: string
  /** batches of one wave are independent; the next wave waits for them */
  readonly wave: number
  readonly attempts: number
  /** of the newest claim; null: never claimed by one that attends */
  readonly worker: string | null
  readonly claimedAt: StoreTime | null
  readonly rows: RowCounts
  readonly error: { readonly code: ErrorCode; readonly message: string } | null
}

export interface NewStep {
  readonly step: number
  readonly name: string
}

export interface NewBatch {
  readonly step: number
  readonly batch: number
  readonly wave: number
  readonly split: string
}

export interface WatermarkRow {
  readonly flow: FlowId
  readonly scope: string
  /** exact text; null: no row had a position yet */
  readonly position: string | null
  /** the run, or rewind, that set it */
  readonly run: string
  /** grows with every change: what compare-and-set compares */
  readonly version: number
  /** JSON */
  readonly coverage: string
  /** JSON */
  readonly source: string
  readonly updatedAt: StoreTime
}

/** The watermark a plan read: `version` null where its scope had none (a copy of the unscoped one, or nothing). */
export interface WatermarkExpected {
  readonly version: number | null
}

export interface UnmatchedRow {
  readonly flow: FlowId
  /** canonical JSON array of the join key's texts */
  readonly key: string
  readonly alias: string
  readonly position: string | null
  readonly firstSeenAt: StoreTime
  readonly state: 'open' | 'found' | 'given_up'
}

/** A row that a batch or a capture left out, with the reason; `key` is a canonical JSON array of texts. */
export interface NewReject {
  readonly key: string
  readonly code: ErrorCode
  readonly message: string
}

export const REJECT_STATES = ['open', 'delivered', 'dismissed'] as const
export type RejectState = (typeof REJECT_STATES)[number]

export interface RejectRow extends NewReject {
  readonly id: number
  readonly flow: FlowId
  /** the newest run that rejected it, and its batch; null: left out by the capture */
  readonly run: RunId
  readonly batch: number | null
  readonly state: RejectState
  /** by how many batches or runs it was rejected */
  readonly times: number
  readonly createdAt: StoreTime
  readonly lastAt: StoreTime
  readonly closedAt: StoreTime | null
  /** the run that delivered it or found it gone, or `dismiss-N`: N is the number in the audit */
  readonly closedBy: string | null
  readonly closedReason: string | null
}

export interface RejectFilter {
  readonly state: 'open' | 'all'
  /** null: every one */
  readonly limit: number | null
}

export interface Settlement {
  readonly state: 'succeeded' | 'succeeded_with_rejects' | 'nothing_to_do'
  readonly reason: string | null
  readonly rows: RowCounts
  /** null: the capture keeps no watermark, or this run leaves it */
  readonly watermark: {
    readonly expected: WatermarkExpected
    readonly position: string | null
    readonly coverage: string
    readonly source: string
  } | null
  readonly unmatched: {
    readonly open: readonly { readonly key: string; readonly alias: string; readonly position: string | null }[]
    readonly found: readonly string[]
    readonly givenUp: readonly string[]
  }
  /** keys quarantined by this run, and keys delivered by it whose open rejects close */
  readonly rejects: {
    readonly open: readonly NewReject[]
    readonly delivered: readonly string[]
    /** keys with an open reject that the source has no more: closed as dismissed, with that reason */
    readonly gone?: readonly string[]
  }
  /** what the source showed this run, of numbers the greatest, for the next run's ceiling; null: the former one stays */
  readonly look: string | null
}

export interface NewRun {
  readonly id: RunId
  readonly group: GroupId | null
  readonly flow: FlowId
  readonly scope: string
  readonly lane: string
  readonly window: WindowRow | null
  readonly waiting: { readonly rows: bigint; readonly until: string | null } | null
  readonly plan: string
  readonly by: Actor
}

export interface RunFilter {
  readonly flow?: FlowId
  /** `scopeText` */
  readonly scope?: string
  readonly group?: GroupId
  readonly state?: RunState
  readonly limit: number
}

export interface FreshnessRow {
  readonly flow: FlowId
  readonly scope: string
  /** when a run last left in the target everything that was due; null: never */
  readonly completeAt: StoreTime | null
  /** what held back the newest run, which found nothing therefore */
  readonly heldBack: string | null
}

export interface Pruned {
  /** runs that ended before it were looked at */
  readonly before: StoreTime
  readonly runs: number
  readonly batches: number
  readonly groups: number
  /** ended before it too, and are still needed */
  readonly kept: number
}

export interface LedgerStore extends RunWorkers {
  /** Random, and not in the ledger yet. */
  newRunId(): Promise<RunId>
  newGroupId(): Promise<GroupId>
  createGroup(id: GroupId, by: Actor): Promise<void>

  /** State `planned`, the plan stored, under the lease's token; null: by nobody who works on it. */
  createRun(run: NewRun, token: bigint | null): Promise<void>
  getRun(id: RunId): Promise<RunRow>
  findRun(id: RunId): Promise<RunRow | null>
  /** The newest run of flow and scope if it is unfinished (planned, running, failed, cancelled). */
  findUnfinished(flow: FlowId, scope: string): Promise<RunRow | null>
  /** Newest first. */
  listRuns(filter: RunFilter): Promise<readonly RunRow[]>

  /** `start`: planned, failed, cancelled or (take-over) running → running, under this lease token; attempts + 1 on a resume. */
  startRun(id: RunId, token: bigint, worker: string): Promise<void>
  /**
   * Steps and batches of a completed capture, in one transaction, under the token. May be called again on a resume:
   * open batches of the run become `superseded`, new ones are added with greater numbers; steps of the same number stay.
   */
  addBatches(
    id: RunId,
    token: bigint,
    captured: string,
    steps: readonly NewStep[],
    batches: readonly NewBatch[],
  ): Promise<void>
  listSteps(id: RunId): Promise<readonly StepRow[]>
  listBatches(id: RunId): Promise<readonly BatchRow[]>
  /** `claim` of that very batch, whoever has it: its marker was found. Attempts + 1. */
  claimBatch(id: RunId, batch: number, token: bigint): Promise<void>
  /**
   * What a batch leaves out, beside `batchDone`: the keys of the last word count, the others are closed. On the disk
   * once resolved. A run that looks at a batch's rejects again takes them back with none.
   */
  quarantine(id: RunId, batch: number, token: bigint, rejects: readonly NewReject[]): Promise<void>
  /**
   * `commit`; also starts or finishes the step when this was its first or last batch. Repeating it changes nothing.
   * `rejects`: opened with it, and what else this batch had in quarantine is closed; left out: as `quarantine` left it.
   */
  batchDone(id: RunId, batch: number, token: bigint, rows: RowCounts, rejects?: readonly NewReject[]): Promise<void>
  /** With `worker`: only while the newest claim is its own. False: another has taken the batch over, and this says nothing. */
  batchFailed(
    id: RunId,
    batch: number,
    token: bigint,
    code: ErrorCode,
    message: string,
    worker?: string,
  ): Promise<boolean>

  /** One transaction: every batch done, token current, watermark as expected, then run ended and watermark set. TM3003 when it moved, TM3002 when the lease is not ours. */
  settle(id: RunId, token: bigint, settlement: Settlement): Promise<void>
  /** `fail`, `cancel`, or `find_nothing` of a planned run. Repeating it changes nothing. */
  endRun(
    id: RunId,
    token: bigint,
    end: {
      readonly state: 'failed' | 'cancelled' | 'nothing_to_do'
      readonly reason: string | null
      readonly error: { readonly code: ErrorCode; readonly message: string } | null
      /** as in `Settlement`; absent: the former one stays */
      readonly look?: string | null
    },
  ): Promise<void>
  /** Asks the worker of a planned or running run to stop; it looks before each batch. A resume forgets it. TM3010 in any other state. Audited. */
  requestCancel(id: RunId, by: Actor): Promise<void>
  isCancelRequested(id: RunId): Promise<boolean>
  /** Unfinished runs of the flow become `superseded`; scope null: of every scope. Returns their ids. */
  supersede(flow: FlowId, scope: string | null, by: string, actor: Actor): Promise<readonly RunId[]>
  /** Clears progress (steps, batches, captured) of an unfinished run and supersedes it; the target's rows stay. Audited. */
  resetRun(id: RunId, by: Actor): Promise<void>

  getWatermark(flow: FlowId, scope: string): Promise<WatermarkRow | null>
  listWatermarks(): Promise<readonly WatermarkRow[]>
  /** Moves it back (or sets it where none is, to adopt a target) and supersedes unfinished runs of that scope, in one transaction. Audited. */
  rewind(
    flow: FlowId,
    scope: string,
    expected: WatermarkExpected,
    to: { readonly position: string; readonly coverage: string; readonly source: string },
    by: Actor,
  ): Promise<readonly RunId[]>
  /** Records the accepted coverage or source with the watermark; position stays. Audited. */
  acceptChange(
    flow: FlowId,
    scope: string,
    expected: WatermarkExpected,
    change: { readonly coverage: string; readonly source: string },
    by: Actor,
  ): Promise<void>

  /** The view `freshness`, as people query it by hand. */
  listFreshness(): Promise<readonly FreshnessRow[]>
  listUnmatched(flow: FlowId): Promise<readonly UnmatchedRow[]>
  /** Flow null: of every flow. Without a filter the open ones; oldest first, with a limit the newest of them. */
  listRejects(flow: FlowId | null, filter?: RejectFilter): Promise<readonly RejectRow[]>
  /** All of them, or TM3013 where one is not open any more, or not of this flow. Audited, with `by.reason`. */
  dismissRejects(flow: FlowId, ids: readonly number[], by: Actor): Promise<readonly RejectRow[]>
  getLook(flow: FlowId, scope: string): Promise<string | null>

  /** The runs that `pruneRuns` would delete, and with what. */
  previewPrune(keepMs: number): Promise<Pruned>
  /**
   * Deletes runs that ended longer ago, with their steps and batches, and groups without runs. Stay: unfinished runs,
   * the newest of each flow and scope, the last that left its data complete, and every run that a watermark, look,
   * unmatched row or open reject names. Closed rejects and unmatched rows of a deleted run go with it. Audited.
   */
  pruneRuns(keepMs: number, by: Actor): Promise<Pruned>

  audit(action: string, subject: string, by: Actor, before: string | null, after: string | null): Promise<void>
  listAudit(limit: number): Promise<
    readonly {
      readonly at: StoreTime
      readonly actor: string
      readonly action: string
      readonly subject: string
      readonly reason: string | null
      readonly before: string | null
      readonly after: string | null
    }[]
  >
}
