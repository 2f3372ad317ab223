/**
 * How changed rows are found, one object per mode. The engine knows only this type: a new mode is a file that
 * exports one, and a line in the table that `app/wire.ts` hands over.
 */
import type { ColumnRef, DeleteLimit } from '@tidemark/contract/flow'
import type { PositionClock } from '@tidemark/contract/capture'
import type { FlowId, RunId } from '@tidemark/contract/ids'
import type { RunState } from '@tidemark/contract/states'
import type { Abilities, Bench, FenceKey, FlowRelation, Selection, SourcePort } from '../dialects/contract.ts'
import type { AppError } from '../runtime/app-error.ts'
import type { Hit } from '../runtime/failpoint.ts'

/** The column whose order a capture reads by. */
export interface PositionWish {
  readonly ref: ColumnRef
  /** null: told from the column's type */
  readonly clock: PositionClock | null
  readonly zone: string | null
}

/** What the person asked of this very run. */
export interface CaptureWish {
  readonly full: boolean
  readonly period: { readonly after: string; readonly upTo: string } | null
  /** duration or count as text, overriding the definition's */
  readonly buffer: string | null
}

/** What a mode may ask about, and with what. */
export interface CaptureQuestion {
  readonly options: unknown
  readonly relation: FlowRelation
  readonly source: SourcePort
  readonly abilities: Abilities
  readonly wish: CaptureWish
  /** position of the watermark in force for this scope */
  readonly watermark: string | null
  readonly earlierLook: string | null
  /** join keys remembered as unmatched and still looked for */
  readonly unmatched: readonly string[]
  /** main keys to look at again: open rejects, orphans left out */
  readonly again: readonly string[]
  /** values that `in` lists gained, where the person asked for them alone */
  readonly gained: Selection['gained']
  readonly targetExists: boolean
  /** the target is replaced as a whole: every row is taken */
  readonly replaces: boolean
}

export type CaptureDecision =
  | {
      readonly kind: 'nothing'
      readonly reason: string
      readonly window: {
        readonly after: string | null
        readonly upTo: string | null
        readonly decidedBy: string
      } | null
      readonly waiting: { readonly rows: bigint; readonly until: string | null } | null
      /** what the ledger keeps for the next run, though nothing is delivered; absent: nothing */
      readonly look?: string | null
      readonly notes: readonly string[]
    }
  | {
      readonly kind: 'take'
      readonly goal: string
      readonly window: {
        readonly after: string | null
        readonly upTo: string | null
        readonly decidedBy: string
      } | null
      readonly selection: Selection
      /**
       * The mode's keeper takes all rows out before the first batch, and this is what it has to know again: data, stored
       * with the plan. Absent: rows are read where they lie.
       */
      readonly extraction?: unknown
      /** what the watermark becomes when the run succeeds; null: it stays */
      readonly watermark: { readonly position: string | null } | null
      readonly look: string | null
      readonly rows: bigint
      readonly waiting: { readonly rows: bigint; readonly until: string | null } | null
      readonly notes: readonly string[]
    }

/** A plan that names an extraction, as the keeper of its capture sees it. */
export interface KeptPlan {
  /** id of the control store: the target tells flows of several by it */
  readonly store: string
  readonly flow: FlowId
  /** `scopeText` */
  readonly scope: string
  readonly options: unknown
  readonly extraction: unknown
  readonly relation: FlowRelation
  readonly selection: Selection
  readonly estimatedRows: bigint
  /** rows are to be delivered; else they are only compared */
  readonly delivers: boolean
  /** rows that the target lacks are missed there: it is not emptied after each hand-off */
  readonly refills: boolean
  /** rows that the source no longer has are to go; null: they stay */
  readonly brake: DeleteBrake | null
}

/** A run of such a plan. */
export interface KeptRun extends KeptPlan {
  readonly run: RunId
  /** batches may have been delivered: this extraction stands in for one that was lost */
  readonly begun: boolean
  /** where the ledger has that run; null: it has no such run */
  stateOf(run: string): Promise<RunState | null>
  readonly hit: Hit
}

/** How many rows one run may take out of the target. */
export interface DeleteBrake {
  /** null: the default */
  readonly limit: DeleteLimit | null
  /** `--allow-deletes`: as many as there are */
  readonly lifted: boolean
}

/** What an extraction found, stored with the run. */
export interface Extracted {
  /** false: the run has nothing to do */
  readonly changed: boolean
  /** for the person */
  readonly reason: string
  /** keys that the target is to lose, counted; absent: none */
  readonly deletes?: string
  /** what the run opens and closes versions by; absent: the target has none */
  readonly version?: string
}

/** What a run would send before its batches, for people. */
export interface ExplainedExtraction extends Pick<Extracted, 'version'> {
  readonly statements: readonly { readonly name: string; readonly text: string }[]
}

/** What a mode does beyond choosing rows. */
export interface CaptureKeeper {
  /**
   * Before the batches are cut: leaves the spool behind that they read. Where it is whole already, before a crash, it only
   * says again what was found.
   */
  extract(run: KeptRun, bench: Bench): Promise<Extracted>
  /** The same of a bench that cannot write, whose work is in memory: nothing is kept. */
  look(plan: KeptPlan, bench: Bench): Promise<Extracted>
  /** The statements of `extract`. Reads nothing of the source. */
  explain(plan: KeptPlan, bench: Bench): Promise<ExplainedExtraction>
  /** The target is prepared for this owner, and its batches are still to come; of a resumed run some are in. May be repeated. */
  prepared(run: KeptRun, bench: Bench, fence: FenceKey): Promise<void>
  /**
   * The ledger has settled the run. What could not be done, for a person to know: it is left to the flow's next run, as
   * all of it is by a crash.
   */
  settled(run: KeptRun, bench: Bench, fence: FenceKey): Promise<readonly AppError[]>
}

export interface CaptureMode<Options = unknown, Facts = unknown> {
  readonly kind: string
  /** of a mode that decides for an extraction */
  readonly keeper?: CaptureKeeper
  /** The column it orders by; null: it needs none. */
  position(options: Options): PositionWish | null
  /** Reads only. Everything the decision depends on. */
  ask(question: CaptureQuestion & { readonly options: Options }): Promise<Facts>
  /** Pure. */
  decide(question: CaptureQuestion & { readonly options: Options }, facts: Facts): CaptureDecision
}

export type CaptureModes = Readonly<Record<string, CaptureMode>>
