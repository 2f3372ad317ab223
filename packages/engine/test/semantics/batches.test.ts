import { expect, test } from 'vitest'
import { TABLE, ids, rows } from '../support/flat.ts'
import { expectFailed } from '../support/refusals.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const sizes = async (w: World, id: Parameters<World['resume']>[0]) =>
  (await w.store.ledger.listBatches(id)).map((b) => Number(b.rows.read))

test('batches of 10 over 25 rows are 10, 10 and 5', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  const run = await w.run(flow, { batchRows: 10 })
  expect(await sizes(w, run.id)).toEqual([10, 10, 5])
  expect((await w.store.ledger.listBatches(run.id)).map((b) => [b.batch, b.state])).toEqual([
    [1, 'done'],
    [2, 'done'],
    [3, 'done'],
  ])
})

test('a batch size of 1 works', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  expect(await sizes(w, (await w.run(flow, { batchRows: 1 })).id)).toEqual([1, 1, 1])
  expect(await ids(w)).toEqual([0, 1, 2])
})

test('a batch size larger than the table works', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  expect(await sizes(w, (await w.run(flow, { batchRows: 1_000_000_000 })).id)).toEqual([3])
})

test('a batch size that divides the rows leaves no empty batch', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(20))
  expect(await sizes(w, (await w.run(flow, { batchRows: 10 })).id)).toEqual([10, 10])
})

test('a first load is cut for its workers, changes of a filled target are not', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(300_000))
  expect(await sizes(w, (await w.run(flow)).id)).toEqual([122_880, 122_880, 54_240])
  await w.source("UPDATE src SET name = 'changed', modified_on = get_current_timestamp() AT TIME ZONE 'UTC'")
  expect(await sizes(w, (await w.run(flow)).id)).toEqual([300_000])
})

test('a batch is cut at its bytes, when they come before its rows', async () => {
  const small = flowSpec({ batch: { rows: 10, bytes: 2500 } })
  await using w = await openWorld()
  await w.source(TABLE, "INSERT INTO src SELECT i, repeat('x', 1000), TIMESTAMP '2020-01-01' FROM range(5) t(i)")
  expect(await sizes(w, (await w.run(small)).id)).toEqual([2, 2, 1])
})

test('a row larger than the limit of bytes is a batch of its own and is delivered', async () => {
  const small = flowSpec({ batch: { rows: 10, bytes: 100 } })
  await using w = await openWorld()
  await w.source(TABLE, "INSERT INTO src SELECT i, repeat('x', i * 1000), TIMESTAMP '2020-01-01' FROM range(3) t(i)")
  expect(await sizes(w, (await w.run(small)).id)).toEqual([1, 1, 1])
  expect(await ids(w)).toEqual([0, 1, 2])
})

test('a failing batch never loops: it is tried once, and none after it begins', async () => {
  const said: string[] = []
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT CHECK (id <> 12), name VARCHAR, modified_on TIMESTAMP)')
  await w.source(TABLE, rows(25))
  const run = await expectFailed(w, flow, 'TM5001', { batchRows: 10, workers: 1, emit: (name) => said.push(name) })
  expect((await w.store.ledger.listBatches(run.id)).map((b) => [b.batch, b.state, b.attempts])).toEqual([
    [1, 'done', 1],
    [2, 'failed', 1],
    [3, 'planned', 0],
  ])
  expect(said).not.toContain('batch:retry')
  expect(await ids(w)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(await w.watermark(flow)).toBeNull()
})

test('a failing batch leaves nothing of itself: rows, marker and position come together or not at all', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT CHECK (id < 4), name VARCHAR, modified_on TIMESTAMP)')
  await w.source(TABLE, rows(5))
  const run = await expectFailed(w, flow, 'TM5001', { batchRows: 5 })
  expect(run.error?.message).toContain('Constraint Error')
  expect(await w.targetRows('SELECT (SELECT count(*) FROM dst), (SELECT count(*) FROM tidemark.marker)')).toEqual([
    ['0', '0'],
  ])
})

test('batches side by side deliver every row once', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(500))
  expect(await w.run(flow, { batchRows: 7, workers: 4 })).toMatchObject({
    state: 'succeeded',
    batchesDone: 72,
    rows: { inserted: 500n },
  })
  expect(await w.targetRows('SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([['500', '500']])
})
