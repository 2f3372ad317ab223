import { type FlowPlan, takesAway } from '../plan/flow-plan.ts'
import { STEP_NAMES } from '../plan/with-steps.ts'

/** The first step of a run whose target loses what the source no longer has: a unique value is free before another row takes it. */
const DELETES = 'deletes'

export const stepNames = (plan: FlowPlan): readonly string[] => {
  const names = STEP_NAMES[plan.relation.tree === null ? 'flat' : 'tree']
  return takesAway(plan) ? [DELETES, ...names] : names
}

/** A run that captured again may have the same steps twice. */
export const stepName = (plan: FlowPlan, step: number): string =>
  stepNames(plan)[(step - 1) % stepNames(plan).length] ?? `step ${step}`
