/** A column on its way from the source to the target: where it comes from, its cast, its mask. */

/** Where a column's value comes from. */
export type ColumnOrigin =
  | { readonly kind: 'main' }
  | { readonly kind: 'joined'; readonly alias: string }
  | { readonly kind: 'value'; readonly value: string | null }

/** What stands in the place of a value, from the capture's SELECT on: the clear value never leaves the source. */
export type PlannedMask =
  /** HMAC-SHA-256 of the value's canonical text; `key` is a reference, opened where the statement is made */
  | { readonly kind: 'hash'; readonly key: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'redact'; readonly text: string }

export interface PlannedColumn {
  /** its name in the table it comes from; of a constant: the target's */
  readonly source: string
  readonly target: string
  readonly sourceType: string
  /** as `ColumnFacts` has it of the source's column; absent: it has none, or is a constant */
  readonly sourceCollation?: string
  readonly targetType: string
  readonly origin: ColumnOrigin
  /** the type that the flow casts it to: a value that does not fit exactly is a reject; null: it lands as it is */
  readonly cast: string | null
  readonly mask: PlannedMask | null
}

/** A constant whose type only the target knows: a source of another kind sends its text. */
export const isConstant = ({ origin, mask }: PlannedColumn): boolean => origin.kind === 'value' && mask === null
