/** A type of one database in another, by way of the logical type that both know. */
import type { LogicalType } from '@tidemark/contract/logical-type'

/** What a type of the source's database means; null: only databases of its kind know it. */
export type ForeignTypes = (type: string) => LogicalType | null

export type Held = { readonly type: string; readonly why: null } | { readonly type: null; readonly why: string }

/** `foreign` null: there is no other kind of database. */
export function heldAbroad(
  foreign: ForeignTypes | null,
  type: string,
  holderOf: (type: LogicalType) => { readonly type: string } | { readonly refused: string },
): Held {
  const logical = foreign?.(type) ?? null
  if (logical === null) return { type: null, why: `${type} is known to databases of its own kind alone` }
  const holder = holderOf(logical)
  return 'refused' in holder ? { type: null, why: holder.refused } : { type: holder.type, why: null }
}
