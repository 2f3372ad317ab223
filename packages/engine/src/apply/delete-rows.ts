/** Rows that the source no longer has go from the target, or their versions are closed. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchTransaction, Bench, CapturedBatch, FlowRelation } from '../dialects/contract.ts'

export function deleteRows(
  bench: Bench,
  tx: BatchTransaction,
  { relation, split }: { readonly relation: FlowRelation; readonly split: CapturedBatch },
): Promise<RowCounts> {
  if (bench.embedded === undefined) throw new TypeError('no embedded engine')
  return bench.embedded.remove(tx, relation, split)
}
