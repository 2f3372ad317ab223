/** A run as the keeper of its capture sees it. */
import { scopeText } from '@tidemark/contract/flow'
import { parseRunId } from '@tidemark/contract/ids'
import type { CaptureKeeper, Extracted, KeptRun } from '../capture/capture-mode.ts'
import type { RunRow } from '../control/control-store.ts'
import type { Bench } from '../dialects/contract.ts'
import { type FlowPlan, takesAway } from '../plan/flow-plan.ts'
import { modeOf } from './plan-flow.ts'
import type { RunDeps } from './run-deps.ts'

interface Kept {
  readonly keeper: CaptureKeeper
  readonly run: KeptRun
}

function keptOf({ modes, store, hit }: RunDeps, id: RunRow['id'], plan: FlowPlan, begun: boolean): Kept | null {
  if (plan.extraction == null) return null
  const { capture, apply, target } = plan.definition
  const { keeper } = modeOf(modes, capture.kind)
  if (keeper === undefined) throw new TypeError(`capture ${capture.kind} has no keeper`)
  return {
    keeper,
    run: {
      run: id,
      flow: plan.flow,
      scope: scopeText(plan.scope),
      options: capture.options,
      extraction: plan.extraction,
      relation: plan.relation,
      selection: plan.selection,
      estimatedRows: BigInt(plan.estimatedRows),
      delivers: apply.kind !== 'none',
      refills: apply.kind !== 'none' && target.emptied === 'refused',
      brake: takesAway(plan) ? { limit: apply.maxDelete, lifted: plan.allowsDeletes === true } : null,
      begun,
      stateOf: async (run) => (await store.ledger.findRun(parseRunId(run)))?.state ?? null,
      hit,
    },
  }
}

/** Null: the plan names no extraction. */
export async function extract(
  deps: RunDeps,
  id: RunRow['id'],
  plan: FlowPlan,
  bench: Bench,
  begun: boolean,
): Promise<Extracted | null> {
  const kept = keptOf(deps, id, plan, begun)
  return kept === null ? null : await kept.keeper.extract(kept.run, bench)
}

export async function tellSettled(deps: RunDeps, id: RunRow['id'], plan: FlowPlan): Promise<void> {
  const kept = keptOf(deps, id, plan, true)
  await kept?.keeper.settled(kept.run)
}
