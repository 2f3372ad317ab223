/** A run as the keeper of its capture sees it. */
import { scopeText } from '@tidemark/contract/flow'
import { parseRunId } from '@tidemark/contract/ids'
import type {
  CaptureKeeper,
  CaptureModes,
  ExplainedExtraction,
  Extracted,
  KeptPlan,
  KeptRun,
} from '../capture/capture-mode.ts'
import type { RunRow } from '../control/control-store.ts'
import type { Bench, FenceKey } from '../dialects/contract.ts'
import { type FlowPlan, takesAway } from '../plan/flow-plan.ts'
import type { AppError } from '../runtime/app-error.ts'
import { modeOf } from './plan-flow.ts'
import type { RunDeps } from './run-deps.ts'

/** Null: the plan names no extraction. */
function keeperOf(modes: CaptureModes, plan: FlowPlan): CaptureKeeper | null {
  if (plan.extraction == null) return null
  const { kind } = plan.definition.capture
  const { keeper } = modeOf(modes, kind)
  if (keeper === undefined) throw new TypeError(`capture ${kind} has no keeper`)
  return keeper
}

const keptPlan = (store: string, plan: FlowPlan): KeptPlan => {
  const { capture, apply, target } = plan.definition
  return {
    store,
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
  }
}

const keptRun = ({ store, hit }: RunDeps, id: RunRow['id'], plan: FlowPlan, begun: boolean): KeptRun => ({
  ...keptPlan(store.id, plan),
  run: id,
  begun,
  stateOf: async (run) => (await store.ledger.findRun(parseRunId(run)))?.state ?? null,
  hit,
})

/** Null: the plan names no extraction. */
export async function extract(
  deps: RunDeps,
  id: RunRow['id'],
  plan: FlowPlan,
  bench: Bench,
  begun: boolean,
): Promise<Extracted | null> {
  const keeper = keeperOf(deps.modes, plan)
  return keeper === null ? null : await keeper.extract(keptRun(deps, id, plan, begun), bench)
}

/** The same under a bench that cannot write: what would be found. */
export async function lookAt(
  modes: CaptureModes,
  store: string,
  plan: FlowPlan,
  bench: Bench,
): Promise<Extracted | null> {
  const keeper = keeperOf(modes, plan)
  return keeper === null ? null : await keeper.look(keptPlan(store, plan), bench)
}

/** Null: the plan names no extraction. */
export async function explainExtraction(
  modes: CaptureModes,
  store: string,
  plan: FlowPlan,
  bench: Bench,
): Promise<ExplainedExtraction | null> {
  const keeper = keeperOf(modes, plan)
  return keeper === null ? null : await keeper.explain(keptPlan(store, plan), bench)
}

export async function tellPrepared(
  deps: RunDeps,
  id: RunRow['id'],
  plan: FlowPlan,
  bench: Bench,
  fence: FenceKey,
): Promise<void> {
  await keeperOf(deps.modes, plan)?.prepared(keptRun(deps, id, plan, true), bench, fence)
}

/** What could not be done. */
export async function tellSettled(
  deps: RunDeps,
  id: RunRow['id'],
  plan: FlowPlan,
  bench: Bench,
  fence: FenceKey,
): Promise<readonly AppError[]> {
  return (await keeperOf(deps.modes, plan)?.settled(keptRun(deps, id, plan, true), bench, fence)) ?? []
}
