import { expect, test } from 'vitest'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()
const TABLE = 'CREATE TABLE src (id BIGINT, name VARCHAR, modified_on TIMESTAMP)'

test('the initial run delivers everything up to upTo and creates the target', async () => {
  await using w = await openWorld()
  await w.source(TABLE, "INSERT INTO src SELECT i, 'n' || i, TIMESTAMP '2026-01-01' + to_seconds(i) FROM range(25) t(i)")
  const run = await w.run(flow, { batchRows: 10 })
  expect(run).toMatchObject({ state: 'succeeded', batches: 3, batchesDone: 3, rows: { read: 25n, inserted: 25n } })
  expect((await w.store.ledger.listBatches(run.id)).map((b) => Number(b.rows.read))).toEqual([10, 10, 5])
  expect(await w.targetRows('SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([['25', '25']])
  expect(await w.watermark(flow)).toBe(run.window?.upTo)
})
