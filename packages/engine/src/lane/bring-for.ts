/** How rows reach the staging relation, by lane. A lane is a function; the planner chose which. */
import type { BatchTransaction, Bench, CapturedBatch, FlowRelation, Selection, Staged } from '../dialects/contract.ts'
import type { BatchPart, RowPolicy } from '../dialects/row-policy.ts'
import { relay } from './relay.ts'
import { pushdown } from './pushdown.ts'
import { spool } from './spool.ts'

export type Bring = (
  bench: Bench,
  tx: BatchTransaction,
  work: {
    readonly relation: FlowRelation
    readonly selection: Selection
    readonly split: CapturedBatch
    readonly part: BatchPart | null
    readonly rows: RowPolicy
  },
) => Promise<Staged>

const LANES: Readonly<Record<string, Bring>> = { pushdown, relay, spool }

/** Keys that are to go lie beside the spool already. */
const nothing: Bring = () => Promise.resolve({ rows: 0n, bytes: 0n })

export function bringFor({ lane, split }: { readonly lane: string; readonly split: CapturedBatch }): Bring {
  const bring = split.deletes ? nothing : LANES[lane]
  if (!bring) throw new TypeError(`no lane ${lane}`)
  return bring
}
