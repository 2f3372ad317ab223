/**
 * A resumed run goes on where it stopped: in the database it read, into the table it wrote. When one of them is no
 * longer the same, what it had delivered may be gone, and settling would say that it is there.
 */
import { formatTableName } from '@tidemark/contract/table-name'
import type { BatchRow } from '../control/control-store.ts'
import { type Bench, landingTable, type Marker } from '../dialects/contract.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { otherSource } from '../plan/make-plan.ts'
import { AppError } from '../runtime/app-error.ts'

const giveUp = (plan: FlowPlan): string => `tidemark run ${plan.flow} --fresh   gives this run up and plans anew`

/** Throws TM4008 where a run by position would go on in another source than its plan was made for. */
export async function refuseOtherSource(bench: Bench, plan: FlowPlan): Promise<void> {
  if (plan.relation.position === null || plan.definition.source.replaced === 'expected') return
  const why = otherSource(plan.identity, await bench.source.identity())
  if (why === null) return
  throw new AppError(
    'TM4008',
    `${plan.definition.source.connection}: since this run was planned, ${why}; ${giveUp(plan)}`,
    { remedy: [giveUp(plan)] },
  )
}

/** Throws TM3007 where the target's table is gone, or empty, though batches of this run are in it. */
export async function refuseLostTable(bench: Bench, plan: FlowPlan, batches: readonly BatchRow[]): Promise<void> {
  if (!batches.some((b) => b.state === 'done' && b.rows.read > 0n)) return
  const table = landingTable(plan.relation)
  if ((await bench.target.describe(table)) === null) throw lost(plan, 'is gone')
  if (plan.definition.target.emptied === 'refused' && (await bench.target.isEmpty(table))) throw lost(plan, 'is empty')
}

/** Throws TM3007 where the target lacks the marker of a batch that is done: an older state of it was restored. */
export function refuseLostBatches(plan: FlowPlan, batches: readonly BatchRow[], markers: readonly Marker[]): void {
  const there = new Set(markers.map((m) => m.batch))
  const gone = batches.filter((b) => b.state === 'done' && !there.has(b.batch))
  if (gone.length > 0) throw lost(plan, `does not remember ${gone.length} of them`)
}

const lost = (plan: FlowPlan, what: string): AppError =>
  new AppError(
    'TM3007',
    `${plan.definition.target.connection}:${formatTableName(plan.relation.target.table)} ${what}, though this run had delivered batches; ${giveUp(plan)}`,
    {
      remedy: [giveUp(plan)],
    },
  )
