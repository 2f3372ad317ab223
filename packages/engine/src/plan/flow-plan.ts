/** The plan of one run: printable, stored as JSON, executed as it stands; a resume never recomputes it. */
import type { FlowId } from '@tidemark/contract/ids'
import type { FlowSpec, Scope } from '@tidemark/contract/flow'
import type { FlowRelation, Selection, SourceIdentity } from '../dialects/contract.ts'
import type { Lane } from '../dialects/lanes.ts'
import type { Coverage } from './coverage.ts'

export interface PlannedWindow {
  readonly after: string | null
  readonly upTo: string | null
  /** clock, buffer, ceiling, look, period, or what a capture mode says */
  readonly decidedBy: string
}

/** Rows younger than the window: how many, and when the last of them is due. */
export interface Waiting {
  readonly rows: string
  readonly until: string | null
}

export interface FlowPlan {
  readonly format: 1
  readonly flow: FlowId
  readonly scope: Scope
  readonly definition: FlowSpec
  readonly lane: Lane
  /** all rows are taken out of the source before the first batch, and batches read that */
  readonly spoolsWhole: boolean
  /** what the capture's keeper has to know again; null, or absent in what earlier versions stored: it has none */
  readonly extraction?: unknown
  readonly relation: FlowRelation
  /** initial, delta, full, period, backfill or snapshot */
  readonly goal: string
  readonly window: PlannedWindow | null
  readonly selection: Selection
  readonly waiting: Waiting | null
  /** null: this run leaves the watermark */
  readonly watermark: { readonly expected: number | null; readonly position: string | null } | null
  readonly coverage: Coverage
  readonly identity: SourceIdentity
  /** what the source showed, of numbers the greatest, for the next run's ceiling */
  readonly look: string | null
  readonly createTable: boolean
  /** the brake on deletes is lifted for this run; absent: it holds */
  readonly allowsDeletes?: boolean
  /** the target was empty though other scopes had left rows in it: what they delivered is gone, and this scope does not bring it back */
  readonly forgetsOtherScopes: boolean
  readonly batch: { readonly rows: number; readonly bytes: number }
  /** open unmatched keys given up by this run, and all those it looks up */
  readonly unmatched: { readonly open: readonly string[]; readonly givenUp: readonly string[] }
  /** estimate of the rows that the selection takes, as text of an integer */
  readonly estimatedRows: string
  /** what the person should know: held back, relied on, left out */
  readonly notes: readonly string[]
}

const MIRRORS: readonly string[] = ['live', 'forensic']

/** Rows that the source no longer has go from the target too, in a step of their own before the others. */
export const takesAway = ({ extraction, definition }: Pick<FlowPlan, 'extraction' | 'definition'>): boolean =>
  extraction != null && MIRRORS.includes(definition.apply.kind)

/** Nothing is written: why, and what waits. */
export interface NothingToDo {
  readonly lane: Lane
  readonly reason: string
  readonly window: PlannedWindow | null
  readonly waiting: Waiting | null
  /** what the source showed, for the next run's ceiling */
  readonly look?: string | null
  readonly notes: readonly string[]
  readonly relation: FlowRelation
  /** the change that the person accepted, to be recorded though no run carries it; null: none */
  readonly accepted: {
    readonly expected: number | null
    readonly coverage: Coverage
    readonly identity: SourceIdentity
  } | null
}

export type Planned =
  | { readonly kind: 'run'; readonly plan: FlowPlan }
  | { readonly kind: 'nothing'; readonly nothing: NothingToDo }

/** JSON has no integers beyond 2^53: the definition's counts travel as `{ "bigint": "…" }`. */
const isBig = (value: unknown): value is { readonly bigint: string } =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === 'bigint'

export const planJson = (plan: FlowPlan): string =>
  JSON.stringify(plan, (_, value: unknown) => (typeof value === 'bigint' ? { bigint: String(value) } : value))
export const parsePlan = (json: string): FlowPlan =>
  JSON.parse(json, (_, value: unknown) => (isBig(value) ? BigInt(value.bigint) : value)) as FlowPlan

/** What a run with nothing to do stores in the place of a plan. */
export const nothingJson = (nothing: NothingToDo): string => JSON.stringify({ format: 1, nothing })
export const findNothing = (json: string): NothingToDo | null =>
  (JSON.parse(json) as { readonly nothing?: NothingToDo }).nothing ?? null
