import { expect, test } from 'vitest'
import { delivered, rows, TABLE } from '../support/flat.ts'
import { failAt } from '../support/tree-world.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()

test('run after a failure finishes what was left, under its id and window, before it plans anew', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5))
  const failed = await w.run(flow, { batchRows: 2, workers: 1, hit: failAt('batch:begun', 2) })
  expect(failed).toMatchObject({ state: 'failed', batchesDone: 1 })
  await w.source("INSERT INTO src VALUES (99, 'later', now()::TIMESTAMP)")
  const [first, second] = await w.runs(flow, { batchRows: 2 })
  expect(first).toMatchObject({ id: failed.id, state: 'succeeded', window: failed.window, attempts: 2, batchesDone: 3 })
  expect(second).toMatchObject({ state: 'succeeded', rows: { inserted: 1n }, window: { after: failed.window?.upTo } })
  expect((await delivered(w)).length).toBe(6)
})

test('a run that fails writes no watermark', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5))
  await w.run(flow, { batchRows: 2, workers: 1, hit: failAt('batch:begun', 3) })
  expect(await w.watermark(flow)).toBeNull()
})
