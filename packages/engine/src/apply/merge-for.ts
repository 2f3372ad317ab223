/** How staged rows land, by apply mode; and how rows go. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { BatchTransaction, Bench, CapturedBatch, FlowRelation, Staged } from '../dialects/contract.ts'
import type { RowPolicy } from '../dialects/row-policy.ts'

export type Merge = (
  bench: Bench,
  tx: BatchTransaction,
  work: { readonly relation: FlowRelation; readonly split: CapturedBatch; readonly rows: RowPolicy },
  staged: Staged,
) => Promise<RowCounts>

const set =
  (kind: 'insert-missing' | 'latest'): Merge =>
  (bench, tx, { relation, rows }, staged) =>
    staged.rows === 0n ? Promise.resolve(NO_ROWS) : bench.apply(tx, relation, kind, rows)

const MODES: Readonly<Record<string, Merge>> = {
  'insert-missing': set('insert-missing'),
  latest: set('latest'),
  // as `latest`; what the source no longer has goes in batches of its own
  live: set('latest'),
  // the relation says that versions are opened and closed
  forensic: set('latest'),
  // into the table beside, which may hold an older state of a row where the source changed while it was read
  replace: set('latest'),
}

/** Rows that the source no longer has go from the target, or their versions are closed: no row has travelled. */
const takeAway: Merge = (bench, tx, { relation, split }) => {
  if (bench.embedded === undefined) throw new TypeError('no embedded engine')
  return bench.embedded.remove(tx, relation, split)
}

export function mergeFor({ apply, split }: { readonly apply: string; readonly split: CapturedBatch }): Merge {
  const merge = split.deletes ? takeAway : MODES[apply]
  if (!merge) throw new TypeError(`no apply ${apply}`)
  return merge
}
