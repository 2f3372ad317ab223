/** The options of the built-in capture modes, parsed. A mode brings its own schema; see `capture-schema.ts`. */
import type { ColumnRef } from './flow.ts'
import type { ConnectionId } from './ids.ts'

export type PositionClock = 'utc' | 'local' | 'rowversion' | 'number' | 'xid'

export interface WatermarkOptions {
  readonly position: ColumnRef
  /** null: told from the column's type */
  readonly clock: PositionClock | null
  /** for `clock: local`: IANA zone */
  readonly zone: string | null
  /** null: the dialect's default */
  readonly stampedBy: 'database' | 'application' | null
  /** duration in ms for times, a count for numbers; null: 5 m with a ceiling and database stamps, 4 h without, 0 for numbers */
  readonly buffer: { readonly ms: number } | { readonly count: bigint } | null
  /** rows without a position: refuse the run, or deliver them in every run */
  readonly nulls: 'fail' | 'always'
  /** how long a position row without a main row is looked up again; null: for ever */
  readonly unmatchedGiveUpMs: number | null
  /** held back by the ceiling for longer is a status of its own */
  readonly maxHoldMs: number
}

export type BackfillOptions = Readonly<Record<string, never>>

/** What is done to a value before it is compared. It is delivered as it is. */
export type Normalisation =
  /** texts: blanks at both ends */
  | { readonly kind: 'trim' }
  /** texts: in lower case */
  | { readonly kind: 'case' }
  /** texts: '' is NULL, after they were trimmed */
  | { readonly kind: 'empty-is-null' }
  /** decimals and floats: to so many digits after the point */
  | { readonly kind: 'round'; readonly digits: number }

export type HotPlaceKind = 'local' | 'target'

export interface SnapshotOptions {
  /** columns of the target besides the key; null: all */
  readonly include: readonly string[] | null
  readonly exclude: readonly string[]
  /** column of the target → what is done, in this order */
  readonly normalise: Readonly<Record<string, readonly Normalisation[]>>
  /** values are compared instead of fingerprints */
  readonly exact: boolean
  /** snapshots of each scope that stay; null: the project's default */
  readonly keep: number | null
  /** where keys and hashes of these are kept: beside the project alone, or in the target database too */
  readonly hot: HotPlaceKind
  /** where each of them goes for good; null: nowhere */
  readonly archive: ArchiveOptions | null
}

export interface ArchiveOptions {
  /** null: the database that the variables `KESTRA_POSTGRES_*` name */
  readonly connection: ConnectionId | null
  /** how long an archive stays; null: the project's default */
  readonly retainMs: number | null
}
