/**
 * A part of a source that one batch reads, told by bounds that mean the same to every process: no captured key, and
 * nothing written in the source. All ranges of a capture together cover the whole selection, keys born later included.
 */
export type SplitRange =
  /**
   * Places of a table's storage: pages `from` to `to` (exclusive; null: to the end). Rows move between them, so they hold
   * under one snapshot only. `unseenBy`: of them only the row versions that this older snapshot does not see.
   */
  | { readonly kind: 'pages'; readonly from: string; readonly to: string | null; readonly unseenBy: string | null }
  /** Rows `from` to `to` (inclusive) of the source's own numbering; `spool`: of the run's spool. Good while it stands still. */
  | { readonly kind: 'rows'; readonly of: 'source' | 'spool'; readonly from: string; readonly to: string }
  /** `after < (position, key) <= upTo`, or the key alone, as texts of the columns' own types; null: open. */
  | {
      readonly kind: 'order'
      readonly by: 'position' | 'key'
      readonly after: readonly string[] | null
      readonly upTo: readonly string[] | null
    }
  /** Rows without a position. */
  | { readonly kind: 'no-position' }
  /** Rows of these keys (JSON arrays of text), whatever else the selection takes. */
  | { readonly kind: 'keys'; readonly keys: readonly string[] }
