/** How staged rows land, by apply mode. */
import type { BatchTransaction, Bench, FlowRelation, MarkerCounts, Staged } from '../dialects/contract.ts'

export type Merge = (
  bench: Bench,
  tx: BatchTransaction,
  work: { readonly relation: FlowRelation },
  staged: Staged,
) => Promise<MarkerCounts>

const NOTHING: MarkerCounts = {
  read: 0n,
  inserted: 0n,
  updated: 0n,
  deleted: 0n,
  skippedSame: 0n,
  skippedOlder: 0n,
  rejected: 0n,
}

const set =
  (kind: 'insert-missing' | 'latest'): Merge =>
  (bench, tx, { relation }, staged) =>
    staged.rows === 0n ? Promise.resolve(NOTHING) : bench.apply(tx, relation, kind)

const MODES: Readonly<Record<string, Merge>> = { 'insert-missing': set('insert-missing'), latest: set('latest') }

export function mergeFor(kind: string): Merge {
  const merge = MODES[kind]
  if (!merge) throw new TypeError(`no apply ${kind}`)
  return merge
}
