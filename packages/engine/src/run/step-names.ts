import type { FlowPlan } from '../plan/flow-plan.ts'
import { STEP_NAMES } from '../plan/with-steps.ts'

export const stepNames = (plan: FlowPlan): readonly string[] =>
  STEP_NAMES[plan.relation.tree === null ? 'flat' : 'tree']

/** A run that captured again may have the same steps twice. */
export const stepName = (plan: FlowPlan, step: number): string =>
  stepNames(plan)[(step - 1) % stepNames(plan).length] ?? `step ${step}`
