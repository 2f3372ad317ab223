import { expect, test } from 'vitest'
import { rows, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'
import { nothingJson } from '../../src/plan/flow-plan.ts'

const flow = flowSpec()

/** Found by the flat model: the worker went away between storing "nothing to do" and ending the run with it. */
test('regression: a run with nothing to do whose worker died before it said so is ended by the next one', async () => {
  await using w = await openWorld()
  await w.source(TABLE)
  const planned = await w.plan(flow)
  if (planned.kind !== 'nothing') throw new TypeError('an empty source has nothing to do')
  const id = await w.store.ledger.newRunId()
  const { nothing } = planned
  const by = { actor: 'tester', command: 'test', reason: null }
  await w.store.ledger.createRun(
    {
      id,
      group: null,
      flow: flow.id,
      scope: '{}',
      lane: 'pushdown',
      window: nothing.window,
      waiting: null,
      plan: nothingJson(nothing),
      by,
    },
    null,
  )
  await w.source(rows(3))
  const [first, second] = await w.runs(flow)
  expect(first).toMatchObject({ id, state: 'nothing_to_do', reason: nothing.reason })
  expect(second).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
})
