/**
 * A flow as the engine sees it: parsed, defaults merged, no raw shapes left. The grammar people write is in
 * `flow-schema.ts`; this file is its output.
 */
import type { ConnectionId, FlowId, ModuleId, TaskId } from './ids.ts'

/** One to four parts, outermost first, unquoted: `["catalog", "schema", "table"]`. */
export type TableName = readonly string[]

/** A column of the main table (`table: null`) or of a joined one (its alias). */
export interface ColumnRef {
  readonly table: string | null
  readonly column: string
}

/** Text of a value, to be cast by the database that owns the column; NULL is never written this way. */
export type ValueText = string

export type ConditionSpec =
  | {
      readonly kind: 'in-list'
      readonly column: ColumnRef
      readonly values: readonly ValueText[]
      readonly not: boolean
    }
  | {
      readonly kind: 'in-table'
      readonly column: ColumnRef
      readonly table: TableName
      readonly tableColumn: string
      readonly not: boolean
    }
  | {
      readonly kind: 'compare'
      readonly column: ColumnRef
      readonly operator: '=' | '<>' | '<' | '<=' | '>' | '>='
      readonly value: ValueText
    }
  | { readonly kind: 'null'; readonly column: ColumnRef; readonly not: boolean }

export interface JoinSpec {
  readonly table: TableName
  readonly as: string
  /** main column → joined column; equality, inner join */
  readonly on: Readonly<Record<string, string>>
}

export interface SourceSpec {
  readonly connection: ConnectionId
  readonly table: TableName
  readonly joins: readonly JoinSpec[]
  readonly where: readonly ConditionSpec[]
  /** `expected`: the file or database behind this connection is rebuilt on purpose; a new identity is not an error */
  readonly replaced: 'refused' | 'expected'
}

export interface TargetSpec {
  readonly connection: ConnectionId
  readonly table: TableName
  readonly create: 'if_missing' | 'never'
  /** `expected`: the target is emptied after each hand-off; an empty table is not a lost one */
  readonly emptied: 'refused' | 'expected'
}

/** What a capture mode is given: its kind, and its options as its own schema parsed them. */
export interface CaptureSpec {
  readonly kind: string
  readonly options: unknown
}

export type ApplyKind = 'insert-missing' | 'latest' | 'replace' | 'live' | 'forensic' | 'none'

/** A brake: how much of a target one run may delete. `20%` or a count of rows. */
export type DeleteLimit = { readonly percent: number } | { readonly rows: bigint }

/** Of a mirror whose flow sets no limit: so much of the target's rows, and a few whatever their share is. */
export const DEFAULT_MAX_DELETE = { percent: 20, floor: 10n } as const

/** null: the default of a mirror. */
export function formatMaxDelete(limit: DeleteLimit | null): string {
  if (limit === null) return `${DEFAULT_MAX_DELETE.percent}%, and ${DEFAULT_MAX_DELETE.floor} rows whatever their share`
  return 'rows' in limit ? `${limit.rows} rows` : `${limit.percent}%`
}

/** What a target of `apply: forensic` has besides the flow's columns: a version is valid from one batch to the other, inclusive. */
export const VERSION_COLUMNS = { from: 'batch_in', to: 'batch_out' } as const

export interface ApplySpec {
  readonly kind: ApplyKind
  /** null: the mode's own default */
  readonly maxDelete: DeleteLimit | null
}

export type OrphanPolicy = 'fail' | 'quarantine' | 'skip'
export type ShapeSpec =
  | { readonly kind: 'flat' }
  | {
      readonly kind: 'tree'
      readonly locator: string
      readonly parent: string
      /** null: fail, but skip below an excluded key */
      readonly orphans: OrphanPolicy | null
    }

export interface ColumnsSpec {
  /** null: all */
  readonly include: readonly string[] | null
  readonly exclude: readonly string[]
  /** target column → where its value comes from, for columns that are not taken as they stand */
  readonly add: Readonly<Record<string, AddedColumnSpec>>
  /** source column → target column */
  readonly rename: Readonly<Record<string, string>>
  /** target column → type of the target's database; a value that does not fit exactly is a reject */
  readonly cast: Readonly<Record<string, string>>
  /** target column → what stands there instead of its value */
  readonly mask: Readonly<Record<string, MaskSpec>>
}

export type AddedColumnSpec =
  | { readonly kind: 'column'; readonly column: ColumnRef }
  /** null: NULL */
  | { readonly kind: 'value'; readonly value: ValueText | null }

export type MaskSpec =
  /** HMAC-SHA-256 as 64 hexadecimal digits; `key` is a reference (`env:NAME`, `file:PATH`), never the key */
  | { readonly kind: 'hash'; readonly key: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'redact'; readonly text: string }

export type DriftPolicy = 'fail' | 'add' | 'ignore'

/** What becomes of a row whose value of another unique constraint is held by another row of the target. */
export type ConflictPolicy = 'fail' | 'quarantine' | 'skip'

/** The first that matches decides. */
export interface ErrorPolicy {
  /** a code such as TM5003, or the beginning of some: TM50* */
  readonly code: string
  /** null: any */
  readonly step: string | null
  readonly do: 'fatal' | 'retry' | 'quarantine'
  /** `retry`: how often in all; null: the default */
  readonly attempts: number | null
}

/** SQL of a person's own for a step, and how many of its batches run side by side. */
export interface StepSpec {
  /** a SELECT of the key columns: which rows the run takes; null: the generated one */
  readonly queue: string | null
  /** a SELECT of the target's columns for the keys in {batch}; null: the generated one */
  readonly batch: string | null
  /** null: the flow's */
  readonly maxDop: number | null
}

export interface FlowSpec {
  readonly id: FlowId
  readonly module: ModuleId
  readonly task: TaskId
  readonly order: number
  readonly active: boolean
  /** the control row's version this was read from */
  readonly version: number
  readonly source: SourceSpec
  readonly target: TargetSpec
  /** columns of the main table, in the order written */
  readonly key: readonly string[]
  readonly capture: CaptureSpec
  readonly apply: ApplySpec
  readonly shape: ShapeSpec
  /** parameter name → the column it narrows */
  readonly scope: Readonly<Record<string, ColumnRef>>
  /** key column → values never delivered in any role */
  readonly excludeKeys: Readonly<Record<string, readonly ValueText[]>>
  readonly columns: ColumnsSpec
  /** null: the target dialect's default */
  readonly batch: { readonly rows: number | null; readonly bytes: number | null }
  /** at most so many workers on this flow; null: the command's */
  readonly parallel: number | null
  /** step name → what is special about it */
  readonly steps: Readonly<Record<string, StepSpec>>
  readonly drift: DriftPolicy
  /** `max`: a run that quarantines more rows fails */
  readonly onReject: { readonly kind: 'fail' | 'quarantine'; readonly max: number }
  readonly onConflict: ConflictPolicy
  readonly onError: readonly ErrorPolicy[]
}

export const DEFAULT_MAX_REJECTS = 1000

/** Named parameters that narrow a run, e.g. `{ business_unit: "N" }`; `{}` is the whole flow. */
export type Scope = Readonly<Record<string, ValueText>>

/** The one text of a scope: names sorted, JSON. The whole flow is `{}`. */
export const scopeText = (scope: Scope): string =>
  JSON.stringify(Object.fromEntries(Object.entries(scope).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))))

/** The inverse of `scopeText`. */
export const parseScopeText = (text: string): Scope => JSON.parse(text) as Scope
