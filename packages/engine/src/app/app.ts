/**
 * What Tidemark can do, as one type: the command line, the server and the scheduler meet here. Each method is one
 * use-case in a file of its own; `wire.ts` puts them together. Results are the documents of `contract/api.ts`.
 */
import type {
  DiscoverDocument,
  PlanDocument,
  PruneDocument,
  RejectsDocument,
  RunDocument,
  RunsDocument,
  ShowDocument,
  StatusDocument,
  WatermarksDocument,
} from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import type { Scope } from '@tidemark/contract/flow'
import type { ImportDocument, RetireDocument, ScheduleDocument } from '@tidemark/contract/operate-documents'
import type {
  ArchivesDocument,
  CleanupDocument,
  KeyHistoryDocument,
  RestoreDocument,
  SnapshotStatsDocument,
  TagDocument,
  ValidateDocument,
} from '@tidemark/contract/archive-documents'
import type { SnapshotDocument, SnapshotsDocument, SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import type { StoreStanding } from '../control/store-standing.ts'
import type { CleanupOptions } from './snapshot/cleanup.ts'
import type { DiffAnswer, DiffOptions } from './snapshot/diff.ts'
import type { KeyOptions } from './snapshot/key-history.ts'
import type { RestoreOptions } from './snapshot/restore.ts'
import type { TagOptions } from './snapshot/tag.ts'
import type { ValidateOptions } from './snapshot/validate.ts'

/** Which flows a command is about. None named and `all` false: an error that lists what there is. */
export interface FlowSelection {
  readonly flows: readonly string[]
  readonly all: boolean
  readonly module: string | null
}

export interface RunOptions extends FlowSelection {
  readonly scope: Scope
  readonly full: boolean
  /** exact text; both or neither: re-delivers a period and leaves the watermark */
  readonly after: string | null
  readonly upTo: string | null
  readonly fresh: boolean
  /** overrides the capture's buffer: a duration text or a count */
  readonly buffer: string | null
  readonly batchRows: number | null
  readonly parallel: number | null
  readonly lane: string | null
  readonly dryRun: boolean
  readonly waitMs: number
  readonly acceptChange: boolean
  /** the brake on deletes is lifted for this run */
  readonly allowsDeletes: boolean
  readonly reason: string | null
}

export interface Definitions {
  /** The YAML differs from the control tables in ways that only the YAML changed: what `plan` and `run` ask about. */
  readonly undeployed: readonly DefinitionDifference[]
  /** Rows a person edited since the last deploy, and what the YAML no longer has: said, never undone. */
  readonly editedByHand: readonly DefinitionDifference[]
}

export interface DefinitionDifference {
  /** `connection x`, `module x`, `task x.y` */
  readonly subject: string
  /** `added`: not in the tables yet; `changed`; `absent`: in the tables, no longer in the YAML (never deleted) */
  readonly kind: 'added' | 'changed' | 'absent'
  /** dotted path of the field with the old and new value as YAML flow text; empty for added and absent */
  readonly fields: readonly { readonly path: string; readonly from: string | null; readonly to: string | null }[]
}

export interface RewindPreview {
  readonly flow: string
  readonly scope: Scope
  readonly from: string | null
  readonly to: string
  /** rows of the source that a next run would read again; null where they cannot be counted */
  readonly redelivered: bigint | null
  /** unfinished runs that will be superseded */
  readonly supersedes: readonly string[]
}

export interface RejectSelection {
  readonly flow: string
  /** the plain text of a key of one column, or the JSON array of a key's texts */
  readonly keys: readonly string[]
  readonly ids: readonly number[]
}

export interface ConnectionReport {
  readonly id: string
  readonly kind: string
  /** where it leads, without secrets */
  readonly location: string
  readonly ok: boolean
  readonly detail: string
}

export interface DiscoverOptions {
  readonly connection: string
  /** `*` any text, `?` one character, whatever the case; null: every table */
  readonly pattern: string | null
  /** connection that the flows write to; null: the only other one */
  readonly target: string | null
  /** rows may be read without a limit */
  readonly deep: boolean
  /** the module to propose, and the file it will stand in; null: only look */
  readonly write: { readonly module: string; readonly path: string } | null
}

export interface Discovery {
  readonly document: DiscoverDocument
  /** the text of the file; null: nothing was to be written. Writing it is the caller's */
  readonly yaml: string | null
  /** the project reads that file by itself */
  readonly inProject: boolean
}

export interface Names {
  readonly flows: readonly string[]
  readonly modules: readonly string[]
  readonly connections: readonly string[]
  /** the newest first, each with its flow and state */
  readonly runs: readonly { readonly id: string; readonly about: string }[]
}

export interface PreparePreview {
  readonly connection: string
  readonly location: string
  /** tables that are not there yet */
  readonly missing: readonly string[]
  /** the database itself is not there yet, and will be made */
  readonly makesDatabase: boolean
}

export interface RetireOptions {
  readonly connection: string
  /** null: whatever the database */
  readonly database: string | null
  readonly reason: string | null
  readonly dryRun: boolean
}

export interface ImportOptions {
  /** where the installation is, and where its flows will run */
  readonly connection: string
  readonly database: string
  /** write modules and watermarks into the control tables */
  readonly deploy: boolean
  /** folder that the modules are written into by the caller; null: none */
  readonly dir: string | null
}

export interface App extends AsyncDisposable {
  /** The migrations that the present store still lacks, all where there is none yet; nothing is changed. */
  pendingMigrations(): Promise<StoreStanding>
  /** The statements that make fence and markers in a target of this connection, without opening it. */
  prepareSql(connection: string): Promise<{ readonly location: string; readonly sql: readonly string[] }>
  previewPrepare(connection: string): Promise<PreparePreview>
  /** Makes what is missing; which tables those were. */
  prepare(connection: string): Promise<{ readonly location: string; readonly made: readonly string[] }>
  /** Brings the control store up to date; making it is part of that. */
  migrate(): Promise<{ readonly location: string }>
  /** Validates everything; throws the first error, or returns how much there is. */
  check(): Promise<{
    readonly connections: number
    readonly modules: number
    readonly flows: number
    readonly warnings: readonly string[]
  }>
  /** The three-way difference of YAML, control tables and last deploy. Empty for a project without YAML modules. */
  compare(path: string | null): Promise<Definitions>
  /** Writes the YAML into the control tables; `overwrite` also takes fields that a person edited by hand. */
  deploy(options: {
    readonly path: string | null
    readonly dryRun: boolean
    readonly overwrite: boolean
  }): Promise<{ readonly written: readonly DefinitionDifference[]; readonly kept: readonly DefinitionDifference[] }>
  /** The control tables as YAML files: path relative to the project → text. */
  exportYaml(): Promise<ReadonlyMap<string, string>>

  /** Looks around in a connection; writes nothing. `progress` is told each table before it is looked at. */
  discover(
    options: DiscoverOptions,
    progress: (done: number, of: number, table: string) => void,
    signal: AbortSignal,
  ): Promise<Discovery>

  /** Reads an installation of BlobDeltaJobs; its modules are told, and written only with `deploy`. */
  importBlobDelta(options: ImportOptions): Promise<ImportDocument>

  plan(options: RunOptions, signal: AbortSignal): Promise<PlanDocument>
  run(options: RunOptions, emit: Emit, signal: AbortSignal): Promise<RunDocument>
  /** `run` null: the newest unfinished one. */
  resume(
    options: { readonly run: string | null; readonly waitMs: number; readonly parallel: number | null },
    emit: Emit,
    signal: AbortSignal,
  ): Promise<RunDocument>
  /** Helps with a run that another owns; the counts are those of this worker. */
  join(
    options: { readonly run: string; readonly waitMs: number; readonly parallel: number | null },
    emit: Emit,
    signal: AbortSignal,
  ): Promise<RunDocument>
  /** Asks a running run to stop (its worker sees it before its next batch), or ends an unfinished one that nobody runs. */
  /** `now` is `was` while its worker still ends the batches in flight. */
  cancel(run: string): Promise<{ readonly run: string; readonly was: string; readonly now: string }>
  reset(run: string): Promise<{ readonly run: string; readonly flow: string }>
  previewRewind(options: { readonly flow: string; readonly scope: Scope; readonly to: string }): Promise<RewindPreview>
  rewind(options: {
    readonly flow: string
    readonly scope: Scope
    readonly to: string
    readonly reason: string
  }): Promise<RewindPreview>

  listRejects(options: {
    readonly flow: string | null
    /** closed ones too */
    readonly all: boolean
    readonly limit: number | null
  }): Promise<RejectsDocument>
  /** The open rejects that these keys and numbers name, or TM3013; without any: all that are open. */
  openRejects(which: RejectSelection): Promise<RejectsDocument>
  /** Reads the keys' present rows again and applies them by newest wins; the watermark stays. */
  retryRejects(
    options: {
      readonly flow: string
      /** as for `openRejects` */
      readonly keys: readonly string[]
      readonly waitMs: number
      readonly parallel: number | null
    },
    emit: Emit,
    signal: AbortSignal,
  ): Promise<RunDocument>
  /** All of these or none: TM3013 where one is not open any more. */
  dismissRejects(options: {
    readonly flow: string
    readonly ids: readonly number[]
    readonly reason: string
  }): Promise<RejectsDocument>
  pruneRuns(options: { readonly keepMs: number; readonly dryRun: boolean }): Promise<PruneDocument>

  /** Switches off every task that names the connection, or the database; its history stays. */
  retire(options: RetireOptions): Promise<RetireDocument>
  /** The jobs of a scheduler that call Tidemark, as a script. `module` null: for all of them. */
  schedule(options: { readonly module: string | null }): Promise<ScheduleDocument>

  /** A run of a flow that takes snapshots. */
  takeSnapshot(
    options: RunOptions & { readonly flow: string },
    emit: Emit,
    signal: AbortSignal,
  ): Promise<SnapshotTakeDocument>
  listSnapshots(options: { readonly flow: string | null }): Promise<SnapshotsDocument>
  showSnapshot(snapshot: string): Promise<SnapshotDocument>
  /** The signal ends it: nothing of it stays. */
  diffSnapshots(options: DiffOptions, signal: AbortSignal): Promise<DiffAnswer>
  /** The row of a key through all snapshots that can be read. */
  keyHistory(options: KeyOptions): Promise<KeyHistoryDocument>
  restoreSnapshot(options: RestoreOptions): Promise<RestoreDocument>
  /** What is archived, or is still to be. `flow` null: of every flow. */
  listArchives(flow: string | null): Promise<ArchivesDocument>
  /** Writes what is pending; those that were tried, as they are now. */
  retryArchives(flow: string | null): Promise<ArchivesDocument>
  /** Reads archives again, byte by byte. */
  validateArchives(options: ValidateOptions): Promise<ValidateDocument>
  /** Deletes archives that nothing holds any more; `dryRun` lists exactly those. */
  cleanUpArchives(options: CleanupOptions): Promise<CleanupDocument>
  snapshotStats(days: number): Promise<SnapshotStatsDocument>
  tagArchive(options: TagOptions): Promise<TagDocument>

  status(): Promise<StatusDocument>
  runs(options: { readonly flow: string | null; readonly limit: number }): Promise<RunsDocument>
  show(run: string): Promise<ShowDocument>
  watermarks(): Promise<WatermarksDocument>
  connections(): Promise<readonly ConnectionReport[]>
  /** What a person may name, for a shell to complete: as the tables have it, or the YAML while they are empty. */
  names(): Promise<Names>
}
