import { expect, test } from 'vitest'
import { type FlowPlan, parsePlan, planJson } from './flow-plan.ts'

test('a stored plan keeps whole numbers of any size, and text that looks like one', () => {
  const plan = {
    estimatedRows: '9',
    definition: { capture: { options: { buffer: { count: 9007199254740993n } }, note: '9007199254740993n' } },
  }
  expect(parsePlan(planJson(plan as unknown as FlowPlan))).toEqual(plan)
})
