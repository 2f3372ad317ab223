/**
 * What a data system must be able to do, as narrow ports. A dialect folder has the same file names everywhere and
 * exports one `DialectModule`. Positions, keys and values travel as text in the database's own notation and are
 * compared by the database that owns them.
 */
import type { ConnectionId } from '@tidemark/contract/ids'
import type { TableName } from '@tidemark/contract/flow'
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { Bounds, BoundsRequest, Moment } from './bounds.ts'
import type { Lane, LaneFacts } from './lanes.ts'
import type { Orphan, OrphanReason } from './orphan.ts'
import type { Fault } from './fault.ts'
import type { BatchPart, RejectedRow, RowPolicy } from './row-policy.ts'
import type { FlowRelation, PlannedPosition, Selection, SelfReference, WindowBounds } from './flow-relation.ts'
import type { TargetMemory } from './target-memory.ts'
import type { Departure } from './departure.ts'
import type { TemplateReader } from './planned-steps.ts'
import type { SplitRange } from './split-range.ts'
import type { LogicalType } from '@tidemark/contract/logical-type'
import type { Secret } from '../runtime/secret.ts'
import type { EmbeddedWork } from './embedded-work.ts'
import type { ForeignTypes } from './foreign-types.ts'
import type { ImageFile } from './image-file.ts'
import type { SurveyPort } from './survey.ts'

export { landingTable } from './flow-relation.ts'
export type {
  PlannedPosition,
  PlannedTree,
  PlannedCondition,
  FlowRelation,
  WindowBounds,
  Selection,
} from './flow-relation.ts'

// ── what is there ─────────────────────────────────────────────────────────────────────────────────────────────

export interface ColumnFacts {
  readonly name: string
  /** the database's own name of the type */
  readonly type: string
  readonly nullable: boolean
  /** computed by the database: cannot be written */
  readonly generated: boolean
  /** of texts that the database holds equal although they differ; empty: of bytes that it does; absent: it has none of its own */
  readonly collation?: string
  /** numbered by the database; `always`: an INSERT that brings a number of its own has to say so. Absent: it is not */
  readonly identity?: 'always' | 'by default'
}

export interface TableFacts {
  readonly table: TableName
  readonly columns: readonly ColumnFacts[]
  /** columns of each primary key, unique constraint and unique index */
  readonly uniqueKeys: readonly (readonly string[])[]
  readonly estimatedRows: bigint | null
}

/** Column of the source → type; `others`: found out from all values, or left as text because nobody reads them. */
export interface WantedTypes {
  readonly types: Readonly<Record<string, string>>
  /** what they mean, where they are called otherwise than in DuckDB */
  readonly meaning?: ForeignTypes
  readonly others: 'found' | 'text'
}

/** Which database this is; a restored or replaced one differs. */
export interface SourceIdentity {
  readonly system: string
  /** a number that only grows while it is the same state of the same system; null: not to be had */
  readonly timeline: string | null
  /** other databases that the flow reads, by name; absent: there is none, or it was not looked at */
  readonly beside?: Readonly<Record<string, SourceIdentity>>
}

// ── asking the source ─────────────────────────────────────────────────────────────────────────────────────────

export interface Tally {
  /** rows that the selection takes */
  readonly rows: bigint
  /** rows younger than upTo, and the greatest position among them */
  readonly waiting: bigint
  readonly waitingMax: string | null
  /** when the last of the waiting rows is old enough, as text of the position's type; null for numbers */
  readonly waitingUntil: string | null
  /** rows without a position that no window will ever take */
  readonly nullPositions: bigint
}

export interface SourcePort {
  readonly location: string
  /** What order a position of that type has, xid: that of transactions, rowversion: that of writes; null: it cannot be one. */
  positionClass(type: string): 'time' | 'number' | 'xid' | 'rowversion' | null
  /** Values of that type can identify a row. */
  canBeKey(type: string): boolean
  /** The narrowest logical type that holds every value; null: one that only databases of this kind know. */
  logicalTypeOf(type: string): LogicalType | null
  /** Names that differ only in case are one name. */
  readonly foldsCase: boolean
  /** `wanted`: types for the columns of a table that has none of its own, such as a CSV file's; null: to be found out. */
  describe(table: TableName, wanted?: WantedTypes | null): Promise<TableFacts | null>
  identity(): Promise<SourceIdentity>
  /** Changes whenever the contents may have changed: tells a resumed run whether it reads what it captured. */
  fingerprint(): Promise<string>
  /** The list's values as sorted text. */
  listValues(table: TableName, column: string): Promise<readonly string[]>
  /** Canonical text of a value of that type, or null when it is none. */
  canonical(type: string, text: string): Promise<string | null>
  /** The clock, **then** the ceiling, each a statement of its own and outside any snapshot. `positionTable` holds the column. */
  moment(position: PlannedPosition, positionTable: TableName): Promise<Moment>
  bounds(request: BoundsRequest): Promise<Bounds>
  tally(relation: FlowRelation, selection: Selection, buffer: bigint, targetExists: boolean): Promise<Tally>
  /** -1, 0, 1 by the type's own order. */
  compare(type: string, a: string, b: string): Promise<-1 | 0 | 1>
}

// ── what a run reads, fixed once ──────────────────────────────────────────────────────────────────────────────

export interface KeyCheck {
  readonly nullKeys: bigint
  /** examples of keys that occur more than once, as readable text */
  readonly duplicates: readonly string[]
}

export interface CapturedBatch {
  /** 1 roots (or the only step of a flat flow), 2 ancestors, 3 children */
  readonly step: number
  /** batches of one wave are independent */
  readonly wave: number
  /**
   * null: captured keys number `first` to `last`. Else: rows `first` to `last` of the source's own numbering that the
   * selection takes, good only while the source has this fingerprint.
   */
  readonly readAt: string | null
  /** what the batch reads of a source that another engine reads; null: what `first` and `last` say */
  readonly range: SplitRange | null
  /** inclusive; with a range: of the rows as they arrive, which are numbered from 1 */
  readonly first: bigint
  readonly last: bigint
  /** with a range of pages: an estimate, as are the bytes */
  readonly rows: bigint
  readonly bytes: bigint
  /** keys number `first` to `last` of those that the target is to lose (`EmbeddedWork.gone`); absent: rows to deliver */
  readonly deletes?: true
}

/** What a run reads, as ranges of the source's own row numbers: no key is remembered. */
export interface CapturedRanges {
  readonly check: KeyCheck
  readonly batches: readonly CapturedBatch[]
}

export interface RangesRequest {
  readonly relation: FlowRelation
  readonly selection: Selection
  readonly size: { readonly rows: number; readonly bytes: number }
  /** batches of the capture before this one that are not in, where ranges were captured; null: there was none */
  readonly left: readonly CapturedBatch[] | null
}

export interface UnmatchedRow {
  readonly key: string
  readonly alias: string
  readonly position: string | null
}

/** Which rows a run reads, told by ranges of the source. `Keys`: where there are none, keys can be captured. */
export interface RangeCapture<Keys extends boolean = boolean> {
  readonly capturesKeys: Keys
  /**
   * The selection as ranges that one pass over the source reads; null: its keys have to be captured. Of row numbers only
   * when nobody but the source's owner can change the table while the run reads.
   */
  ranges(request: RangesRequest): Promise<CapturedRanges | null>
  /** Position rows inside the window whose main row is not there: their join keys. */
  unmatched(window: WindowBounds): Promise<readonly UnmatchedRow[]>
  /** Of these join keys, those whose main row is there now, and is taken by the flow's filters and the run's scope. */
  found(unmatched: readonly string[]): Promise<readonly string[]>
  /** After the capture: those of the keys (JSON arrays of text) that are captured, now or in a batch that is in. */
  captured(keys: readonly string[]): Promise<readonly string[]>
}

/** All rows that a run reads, taken out before its first batch. */
export interface SpoolArea {
  /** The spool of the run, when it is here and whole: what tells it from any other; null: there is none. */
  spooled(): Promise<string | null>
  /** The rows that the selection takes, by one statement, as the target's columns. TM2004 where `rows` would not fit. */
  spool(relation: FlowRelation, selection: Selection, rows: bigint): Promise<void>
  /** Of these keys (JSON arrays of text), those that are in the spool. */
  inSpool(relation: FlowRelation, keys: readonly string[]): Promise<readonly string[]>
}

/** Ranges are all that there is, and every selection has them. */
export interface RangesAlone extends RangeCapture<false> {
  /** they are ranges of this; absent: of the source */
  readonly ofSpool?: SpoolArea
}

/**
 * The captured keys of one run: written once, read by batch number, kept until the run ends. The neutral algorithm
 * is in `capture/capture-rows.ts` and `capture/close-tree.ts`; these are its statements.
 */
export interface WorkArea extends RangeCapture<true>, SpoolArea {
  /**
   * An empty capture, the `epoch`-th of its run. `done` are ranges of the one before whose batches are in: their rows
   * are not captured again, where that capture is still here.
   */
  start(
    relation: FlowRelation,
    epoch: number,
    done: readonly { readonly first: bigint; readonly last: bigint }[],
  ): Promise<void>
  /** Is the run's `epoch`-th capture here, and whole? A later one, begun before a crash, numbers its rows otherwise. */
  exists(epoch: number): Promise<boolean>
  /** The rows that the selection takes. */
  select(selection: Selection): Promise<bigint>
  checkKeys(): Promise<KeyCheck>
  /** Tree: all ancestors not visited yet; the missing ones are captured. */
  climb(): Promise<void>
  /**
   * Tree: one more level below captured rows and their ancestors. Below rows that are new in the target or moved there
   * everything is looked at, below the others what the target holds elsewhere. Returns rows added.
   */
  descend(): Promise<bigint>
  /** Tree: keys of captured rows whose locator is NULL; a few. */
  withoutLocator(): Promise<readonly string[]>
  duplicateLocators(): Promise<readonly string[]>
  /** Tree: depth of every captured row that can be reached from a root; the others, with the reason. */
  orphans(): Promise<readonly Orphan[]>
  /** Tree: a path through a cycle, first locator repeated at the end. */
  cyclePath(locator: string): Promise<readonly string[]>
  /** Leaves out the orphans of these reasons. */
  drop(reasons: readonly OrphanReason[]): Promise<void>

  /** Numbers the rows in the order of execution and cuts them, at `rows` or `bytes`, whichever comes first. */
  cut(rows: number, bytes: number): Promise<readonly CapturedBatch[]>
  /** Runs whose captured keys lie in the same place: a crash may have left those of one that ended. */
  runs(): Promise<readonly string[]>
  /** Forgets the captured keys of that run, where they are not a file of its own. */
  remove(run: string): Promise<void>
}

// ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────

export interface FenceKey {
  readonly store: string
  readonly flow: string
  /** `scopeText` */
  readonly scope: string
  readonly token: bigint
}

export interface Marker extends RowCounts {
  readonly batch: number
}

export interface SettledMarker {
  readonly store: string
  readonly scope: string
  readonly run: string
  readonly upTo: string | null
  /** the target had rows when it was settled */
  readonly hadRows: boolean
}

export interface BatchKey {
  readonly run: string
  readonly step: number
  readonly batch: number
}

export interface NewSettled {
  readonly run: string
  readonly upTo: string | null
  /** the other scopes' settled runs count no more: their next run stops and says so */
  readonly forgetsOtherScopes: boolean
}

/** One batch's transaction in the target. Disposing it uncommitted rolls it back. */
export interface BatchTransaction extends AsyncDisposable {
  /** the marker was there already: this batch is in, with these counts */
  readonly alreadyIn: RowCounts | null
  /** ends the statement under way and rolls back */
  abort(): void
  commit(counts: RowCounts): Promise<void>
}

/** The staged rows of one batch, visible to the transaction that applies them. */
export interface Staged {
  readonly rows: bigint
  readonly bytes: bigint
}

export interface StageHow {
  readonly lane: Lane
  /** some of the rows are known to be refused: they are looked at before they land */
  readonly knowsBadRows: boolean
}

export interface SwapOptions {
  /** rows beside that this selection does not take any more are left out; null: the source stood still */
  readonly still: Selection | null
  /** Asked before: how many keys vanish, of how many. Throws to stop. */
  allow(deleted: bigint, of: bigint): void
}

export interface TargetPort {
  readonly location: string
  /** What its own types mean, where other systems do not know their names. */
  readonly logicalTypeOf?: ForeignTypes
  describe(table: TableName): Promise<TableFacts | null>
  isEmpty(table: TableName): Promise<boolean>
  /** Foreign keys that refuse a row another locator while others refer to the one it has; absent: none is known here. */
  readonly selfReferences?: (table: TableName) => Promise<readonly SelfReference[]>
  /** The newest settled run of each scope of that flow, of every store. Empty when nothing was ever settled. */
  settled(flow: string): Promise<readonly SettledMarker[]>
  /** Throws where rows of that relation cannot be applied in that way here. */
  check(relation: FlowRelation, apply: string): void
  /** DDL for a target made from the source's columns. */
  createTableText(relation: FlowRelation): string
  /** DDL that gives the table the columns `relation.target.adds`. */
  addColumnTexts(relation: FlowRelation): readonly string[]
  /** The type of a column made for values of that source type; null: none holds them, and `narrowing` says why. */
  typeFor(sourceType: string): string | null
  /** Why a source type cannot be held exactly by a target type; null: it can. */
  narrowing(sourceType: string, targetType: string): string | null
  /** The same of a type of this database's own, whatever the source calls so. */
  castNarrowing(cast: string, targetType: string): string | null
  /** The database's own name of a type that a person wrote; null: it has none of that name. */
  typeNamed(text: string): Promise<string | null>
  /** Why no column of that type, which `typeFor` gives, can be made here: somebody has to make the type; null: one can. */
  lacks(type: string): Promise<string | null>
  /** The type for texts of at most so many characters. */
  textType(length: number): string
  /** Does that type hold every text of at most so many characters? */
  holdsText(type: string, length: number): boolean

  /**
   * Fence, markers and, when missing, the table that batches write, its new columns and the position's side table.
   * `anew`: a table beside the target that an earlier run left is emptied.
   */
  prepare(relation: FlowRelation, createTable: boolean, fence: FenceKey, anew?: boolean): Promise<void>
  /** The token that the fence of this store's flow stands at; 0: it has none. */
  fenceToken(store: string, flow: string): Promise<bigint>
  /** All slots to this token; waits for the former owner at most `boundMs`, then ends its session or throws TM3009. */
  raiseFence(fence: FenceKey, boundMs: number, signal: AbortSignal): Promise<void>
  markers(fence: FenceKey, run: string): Promise<readonly Marker[]>
  /** What a batch that is in left out; forgotten when its run settles. */
  rejects(fence: FenceKey, run: string, batch: number): Promise<readonly RejectedRow[]>
  /** The table loaded beside takes the target's place, in one transaction with a marker; a repetition finds that. */
  swap(fence: FenceKey, run: string, relation: FlowRelation, how: SwapOptions): Promise<void>
  /** Keys that the run's swap took away; null: it did not commit. */
  swapped(fence: FenceKey, run: string): Promise<bigint | null>
  /** Remembers the settled run of the scope and forgets the markers of older runs, under the fence. `table` null: none was written. */
  settle(fence: FenceKey, settled: NewSettled, table: TableName | null): Promise<void>
  /** The markers of an ended run that leaves no watermark have done their work. */
  forget(fence: FenceKey, run: string): Promise<void>
}

/** One engine that sees source, target and the captured keys: where a pushdown lane works. */
export interface Bench extends AsyncDisposable, TemplateReader {
  lanes(relation: FlowRelation): LaneFacts
  readonly source: SourcePort
  readonly target: TargetPort
  readonly work: WorkArea | RangesAlone
  /** absent: another engine reads the source, or has the spool */
  readonly embedded?: EmbeddedWork
  /** Fence and marker first, then nothing: the batch's transaction. `worker` picks the fence's slot. */
  begin(relation: FlowRelation, fence: FenceKey, batch: BatchKey, worker: number): Promise<BatchTransaction>
  /** The rows of a captured batch, or a part of them, as a staging relation of that transaction. */
  stage(
    tx: BatchTransaction,
    relation: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    part?: BatchPart | null,
    how?: StageHow,
  ): Promise<Staged>
  /**
   * Staging into target; one statement set per apply kind. Rows that cannot land are written beside the marker as the
   * policy says, by the same transaction. Throws TM5006 where the rows are not those captured any more.
   */
  apply(
    tx: BatchTransaction,
    relation: FlowRelation,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy,
  ): Promise<RowCounts>
  /** How many of the target's keys a replacement by this selection would take away, in read mode. */
  weighSwap(relation: FlowRelation, selection: Selection): Promise<bigint>
  /** What a batch would do, in read mode: staged in memory, judged against the target as it is, and thrown away. */
  weigh(
    relation: FlowRelation,
    selection: Selection,
    split: CapturedBatch,
    kind: 'insert-missing' | 'latest',
    policy?: RowPolicy,
  ): Promise<RowCounts>
  /** The statements a batch would send, for `plan --sql` and the golden files. */
  explain(
    relation: FlowRelation,
    selection: Selection,
    kind: 'insert-missing' | 'latest',
    lane: Lane,
  ): readonly { readonly name: string; readonly text: string }[]
}

export interface OpenBench {
  readonly source: ConnectionTarget
  readonly target: ConnectionTarget
  /** read: nothing is written, not even a file made */
  readonly mode: 'read' | 'write'
  /** file for the captured keys; null in read mode, where they are kept in memory */
  readonly workPath: string | null
  readonly limits: EngineLimits
  /** The value behind a reference such as env:MASK_KEY. Throws TM1016 when there is none. */
  readonly secret: (reference: string) => Secret
  /** The flow masks columns: what the database says of a failed statement may quote a clear value, and is not passed on. */
  readonly discreet?: boolean
  /** the table that batches write: its database may be another one than the connection's; absent: the connection's */
  readonly into?: TableName
  /** the tables that the flow reads: another server may show some of them and not others */
  readonly tables?: readonly TableName[]
  /** all rows are taken out before the first batch, whichever engine reads them: what is captured is captured of the spool */
  readonly spools?: boolean
  /** targets of the flows that run beside this one: one of them may be its source */
  readonly beside?: readonly ConnectionTarget[]
}

export interface ConnectionTarget {
  readonly id: ConnectionId
  /** the dialect's; left out: that of the dialect which is asked */
  readonly kind?: string
  /** resolved options of the connection, secrets opened */
  readonly options: Readonly<Record<string, unknown>>
}

export interface EngineLimits {
  readonly memoryBytes: number | null
  readonly threads: number | null
  readonly tempDir: string
}

export interface Abilities {
  /** default size of a batch */
  readonly batchRows: number
  readonly batchBytes: number
  /** rows that are stored together: a default batch is whole ones */
  readonly rowGroup: number
  /** the ceiling of its source is exact */
  readonly ceiling: boolean
  readonly stampedBy: 'database' | 'application'
  /** how many batches of one flow its fence lets be open at once; null: any number */
  readonly openBatches: number | null
  /** several processes may have it open, and batches of one run in it, at once */
  readonly sharedByProcesses: boolean
  /** captured keys are kept in it, for every worker of the run: not in a file of the worker that captured them */
  readonly sharesKeys: boolean
}

export interface DialectModule {
  readonly kind: string
  readonly abilities: Abilities
  /** Resolves the options of a connection against the project folder, and says where it leads. */
  locate(options: Readonly<Record<string, unknown>>, projectDir: string): string
  /** Can one engine of this dialect see both? */
  sees(other: string): boolean
  /** Where `sees` says that it can; what it then cannot see after all, another server for one, needs a departure. */
  openBench(options: OpenBench): Promise<Bench>
  /** The half of a bench that rows leave from. */
  openDeparture(options: OpenBench): Promise<Departure>
  /** The half that takes them in, as a whole bench. Disposing it disposes of the departure. */
  openArrival(options: OpenBench, from: Departure): Promise<Bench>
  /** Opens for reading and says what it is; throws what a run would throw. */
  probe(options: ConnectionTarget, limits: EngineLimits): Promise<string>
  /** Opens for reading, to look around. */
  survey(options: ConnectionTarget, limits: EngineLimits): Promise<SurveyPort>
  /** Opens for reading; null: the database does not exist yet. */
  recall(target: ConnectionTarget, tables: readonly TableName[], limits: EngineLimits): Promise<TargetMemory | null>
  /** Makes what is missing of fence, markers and settled markers; which tables were. The database too where it can be made. */
  prepareTarget(target: ConnectionTarget, limits: EngineLimits): Promise<readonly string[]>
  /** The tables that `prepareTarget` makes. */
  readonly ownTables: readonly string[]
  /** The statements that `prepareTarget` would send where nothing is there yet, for a DBA. */
  prepareSql(): readonly string[]
  /** Makes a table of a Parquet image, which must not be there yet; left out: it takes rows by flows alone. */
  readonly newTable?: (target: ConnectionTarget, table: TableName, image: ImageFile) => Promise<void>
  /** The name and version of the engine that does the work. */
  version(): string
  classify(error: unknown): Fault
  /** The AppError of a native error; AppErrors pass. */
  translate(error: unknown, where: string): Error
}

export type { Fault }
