import { expect, test } from 'vitest'
import { RejectBudget } from './reject-budget.ts'

const TOO_MANY = expect.objectContaining({ code: 'TM5012' })

test('what other workers recorded is out too, and what is recorded here is not counted twice', () => {
  // two of the capture, three of batches that were in before
  const budget = new RejectBudget(10, 5n, 3n)
  using own = budget.take(2n)
  own.keep()
  budget.learn(5n) // the own two
  expect(budget.left).toBe(3n)
  budget.learn(7n) // two more, of another
  expect(budget.left).toBe(1n)
  budget.refuseBeyond(1n)
  expect(() => budget.refuseBeyond(2n)).toThrow(TOO_MANY)
  expect(() => budget.learn(9n)).toThrow(TOO_MANY)
})
