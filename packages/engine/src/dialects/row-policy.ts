/** Rows that cannot land: what is known of them before, what becomes of them, and what is kept. */
import type { ErrorCode } from '@tidemark/contract/error-codes'

/** What the target will refuse of a row, as far as that can be told before it lands. Names are the target's. */
export interface RowRules {
  /** columns that take no NULL and may be given one */
  readonly notNull: readonly string[]
  /** the columns of each unique constraint besides the key, all of them filled by the flow */
  readonly unique: readonly (readonly string[])[]
  /** key columns in which the target holds values equal that differ */
  readonly folded: readonly { readonly column: string; readonly collation: string }[]
}

/** A row that cannot land. */
export interface RejectedRow {
  /** JSON array of the key's texts */
  readonly key: string
  readonly code: ErrorCode
  readonly message: string
}

/** A row that the target refused, by its number among those of the batch. */
export interface RefusedRow {
  readonly number: bigint
  readonly code: ErrorCode
  readonly message: string
}

/** What becomes of rows that cannot land. */
export interface RowPolicy {
  /** such a row is kept out as a reject; false: the batch fails with that code */
  quarantines(code: ErrorCode): boolean
  /** a row whose unique value another holds is left out, and is no reject */
  readonly skipsConflicts: boolean
  /** found out before: they are kept out */
  readonly refused: readonly RefusedRow[]
  /** so many rejects fail the run: there is no need to look for more */
  readonly most: bigint
}

/** Rows of a batch, by their numbers, inclusive: all that an attempt takes of it. */
export interface BatchPart {
  readonly first: bigint
  readonly last: bigint
}
