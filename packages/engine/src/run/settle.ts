/** The watermark is earned: only here does it move, and only when every batch is in. */
import { formatTableName } from '@tidemark/contract/table-name'
import { refuseDeletes } from '../apply/delete-brake.ts'
import { RETRY } from '../capture/retry.ts'
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { LedgerStore, RunRow, Settlement } from '../control/control-store.ts'
import type { Bench, FenceKey } from '../dialects/contract.ts'
import { travelling } from '../lane/spool.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import type { Hit } from '../runtime/failpoint.ts'
import type { Captured } from './captured.ts'
import { ORPHAN_ALIAS } from './plan-flow.ts'

export interface SettleRequest {
  readonly ledger: LedgerStore
  readonly bench: Bench
  readonly fence: FenceKey
  readonly run: RunRow['id']
  readonly plan: FlowPlan
  readonly captured: Captured
  readonly rows: RowCounts
  readonly hit: Hit
}

/**
 * First the target remembers the run as settled, then the ledger settles in one transaction. A crash in between is
 * told by the ledger's run being unfinished: its resume comes here again.
 */
export async function settle(r: SettleRequest): Promise<Settlement['state']> {
  await r.hit('settle:before')
  const deleted = r.plan.relation.target.beside === null ? 0n : await swap(r)
  if (r.plan.watermark !== null) {
    await r.bench.target.settle(
      r.fence,
      { run: r.run, upTo: r.plan.watermark.position, forgetsOtherScopes: r.plan.forgetsOtherScopes },
      r.plan.definition.apply.kind === 'none' ? null : r.plan.relation.target.table,
    )
    await r.hit('settle:target-done')
  }
  const settlement = settlementOf({ ...r, rows: { ...r.rows, deleted: r.rows.deleted + deleted } })
  await r.ledger.settle(r.run, r.fence.token, settlement)
  await r.hit('settle:after')
  if (r.plan.watermark === null) await r.bench.target.forget(r.fence, r.run)
  return settlement.state
}

/** Before this the target is as it was, after it as the source is; a resume that comes here again finds it done. */
async function swap({ bench, fence, run, plan, captured, hit }: SettleRequest): Promise<bigint> {
  const { target } = bench
  const done = await target.swapped(fence, run)
  if (done !== null) return done
  const name = formatTableName(plan.relation.target.table)
  const read = travelling(plan)
  await target.swap(fence, run, read.relation, {
    // what another engine reads is not seen from the target: it is as the snapshot had it
    still: captured.epoch > 1 && bench.work.capturesKeys ? read.selection : null,
    allow: (deleted, of) => {
      if (plan.allowsDeletes !== true) refuseDeletes(deleted, of, plan.definition.apply.maxDelete, name)
    },
  })
  await hit('settle:swapped')
  return (await target.swapped(fence, run)) ?? 0n
}

function settlementOf({ plan, captured, rows }: SettleRequest): Settlement {
  const all = { ...rows, rejected: rows.rejected + BigInt(captured.quarantined.length) }
  const { extracted } = captured
  const moved = captured.rows !== '0' || rows.read > 0n || rows.deleted > 0n
  const nothing = !moved && extracted?.changed !== true
  const stillOrphans = new Set(captured.orphans.map((o) => o.key))
  const quarantined = new Set(captured.quarantined.map((o) => o.key))
  const again = plan.selection.again
  // looked at again and neither delivered nor kept: the row is gone, or the flow no longer takes it. A scope cannot tell
  const whole = Object.keys(plan.scope).length === 0
  const gone = again.filter(
    (key) => whole && !stillOrphans.has(key) && !quarantined.has(key) && !captured.deliveredAgain.includes(key),
  )
  return {
    state: all.rejected > 0n ? 'succeeded_with_rejects' : nothing ? 'nothing_to_do' : 'succeeded',
    reason:
      reasonOf(captured, plan.unmatched.givenUp.length) ??
      extracted?.reason ??
      (!nothing
        ? null
        : plan.goal === RETRY
          ? 'the source has none of these rows any more'
          : 'the source has no rows that are due'),
    rows: all,
    watermark:
      plan.watermark === null
        ? null
        : {
            expected: { version: plan.watermark.expected },
            position: plan.watermark.position,
            coverage: JSON.stringify(plan.coverage),
            source: JSON.stringify(plan.identity),
          },
    unmatched: {
      open: [
        ...captured.unmatched,
        ...captured.orphans.map((o) => ({ key: o.key, alias: ORPHAN_ALIAS, position: null })),
      ],
      found: [...captured.found, ...captured.deliveredAgain],
      givenUp: [...plan.unmatched.givenUp, ...gone],
    },
    rejects: {
      open: captured.quarantined.map((o) => ({
        key: o.key,
        code: o.reason === 'cycle' ? 'TM4011' : 'TM4012',
        message: `${o.locator} is ${o.reason === 'gone' ? 'below a parent that is not in the source' : o.reason === 'cycle' ? 'in or below a cycle' : 'below an excluded key'}`,
      })),
      delivered: captured.deliveredAgain,
      gone,
    },
    look: plan.look,
  }
}

/** What a person should know of a run that otherwise went well. */
function reasonOf(captured: Captured, givenUp: number): string | null {
  const parts = [
    ...(captured.belowExcluded > 0 ? [`${captured.belowExcluded} rows below an excluded key left out`] : []),
    ...(captured.orphans.length > 0
      ? [`${captured.orphans.length} orphans left out, looked at again by later runs`]
      : []),
    ...(captured.unmatched.length > 0
      ? [`${captured.unmatched.length} position rows without a main row are remembered`]
      : []),
    ...(givenUp > 0 ? [`${givenUp} position rows were given up: no main row came in time`] : []),
  ]
  return parts.length > 0 ? parts.join('; ') : null
}
