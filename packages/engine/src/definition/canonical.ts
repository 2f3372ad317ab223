/** The one order in which definitions are written, so that a difference is a difference in meaning. */
import { FLOW_KEYS } from '@tidemark/contract/flow-schema'

const INNER_KEYS = [
  'connection table as on join where column replaced create emptied',
  'position clock zone stamped_by buffer overlap nulls unmatched give_up max_hold',
  'locator parent orphans include exclude add rename cast mask rows bytes',
  'queue max_dop max_delete max code step do attempts',
].flatMap((line) => line.split(' '))
const RANK: ReadonlyMap<string, number> = new Map(['kind', ...FLOW_KEYS, ...INNER_KEYS].map((key, i) => [key, i]))

/** Parts of a flow where a string is short for `{ kind: … }`, and whose other keys belong to that kind. */
export const KINDED: readonly string[] = ['capture', 'apply', 'shape', 'on_reject']

/** A mapping that is one value: half of one and half of another would be a third. `path`: from the flow. */
export const isOneValue = ([part, kind, ...name]: readonly string[]): boolean =>
  part === 'columns' && (kind === 'add' || kind === 'mask') && name.length === 1

export type Json = string | number | boolean | null | readonly Json[] | JsonMap
export interface JsonMap {
  readonly [key: string]: Json
}
export const isJsonMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Keys of the grammar in its order, then all others by name. */
export function canonical(value: Json): Json {
  if (Array.isArray(value)) return value.map(canonical)
  if (!isJsonMap(value)) return value
  const entries = Object.entries(value).sort(([a], [b]) => {
    const byRank = (RANK.get(a) ?? RANK.size) - (RANK.get(b) ?? RANK.size)
    return byRank !== 0 ? byRank : a < b ? -1 : 1
  })
  return Object.fromEntries(entries.map(([key, child]) => [key, canonical(child)]))
}

export const canonicalJson = (value: Json): string => JSON.stringify(canonical(value))
