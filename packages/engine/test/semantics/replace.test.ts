/** `apply: replace`: loaded beside the target, swapped in one transaction, with a brake. */
import { expect, test } from 'vitest'
import type { DeleteLimit } from '@tidemark/contract/flow'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { delivered, rows, TABLE } from '../support/flat.ts'
import { expectFailed } from '../support/refusals.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const replacing = (maxDelete: DeleteLimit | null = null) =>
  flowSpec({ capture: { kind: 'backfill', options: {} }, apply: { kind: 'replace', maxDelete } })
const flow = replacing()
const TEN = { batchRows: 10, workers: 1 }
const TARGET = 'CREATE TABLE dst (id BIGINT NOT NULL, name VARCHAR, modified_on TIMESTAMP)'

const source = (w: Awaited<ReturnType<typeof openWorld>>) => w.sourceRows('SELECT id, name FROM src ORDER BY id, name')

test('replace makes the target what the source is: rows that are gone go, rows that changed are new', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  expect(await w.run(flow, TEN)).toMatchObject({ state: 'succeeded', rows: { inserted: 25n, deleted: 0n } })
  await w.source('DELETE FROM src WHERE id < 5', "UPDATE src SET name = 'new' WHERE id = 9")
  expect(await w.run(flow, TEN)).toMatchObject({ state: 'succeeded', rows: { inserted: 20n, deleted: 5n } })
  expect(await delivered(w)).toEqual(await source(w))
  expect(await w.targetRows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%tidemark_new'")).toEqual([])
})

test('until the swap the target is as it was, and after it as the source is', async () => {
  await using w = await openWorld()
  await w.target(TARGET, "INSERT INTO dst VALUES (100, 'before', NULL)")
  await w.source(TABLE, rows(25))
  const seen: unknown[] = []
  const hit: Hit = async (point) => {
    if (point === 'batch:recorded' || point === 'settle:swapped') seen.push((await delivered(w)).length)
  }
  await w.run(replacing({ percent: 100 }), { ...TEN, hit })
  expect(seen).toEqual([1, 1, 1, 25])
})

test('a replaced table keeps its constraints, indexes and defaults', async () => {
  await using w = await openWorld()
  await w.target(
    "CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR DEFAULT 'x', modified_on TIMESTAMP)",
    'CREATE INDEX by_name ON dst (name)',
  )
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  await w.source('DELETE FROM src WHERE id = 3')
  await w.run(flow, TEN)
  expect(await delivered(w)).toEqual(await source(w))
  expect(await w.targetRows('SELECT index_name FROM duckdb_indexes()')).toEqual([['by_name']])
  expect(
    await w.targetRows("SELECT constraint_type FROM duckdb_constraints() WHERE table_name = 'dst' ORDER BY 1"),
  ).toEqual([['NOT NULL'], ['PRIMARY KEY']])
})

test('an empty source does not empty a target, unless the flow allows it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  await w.source('DELETE FROM src')
  await expectFailed(w, flow, 'TM5007', TEN)
  expect(await delivered(w)).toHaveLength(25)
  expect(await w.run(replacing({ percent: 100 }), { ...TEN, fresh: true })).toMatchObject({ rows: { deleted: 25n } })
  expect(await delivered(w)).toEqual([])
})

test('max_delete stops a replacement that would take away more, as a share or as a count, and deletes nothing', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  await w.source('DELETE FROM src WHERE id < 5')
  const run = await expectFailed(w, replacing({ percent: 19.9 }), 'TM5007', TEN)
  expect(run.error?.message).toContain('5 of 25 rows')
  await expectFailed(w, replacing({ rows: 4n }), 'TM5007', { ...TEN, fresh: true })
  expect(await delivered(w)).toHaveLength(25)
  expect(await w.run(replacing({ percent: 20 }), { ...TEN, fresh: true })).toMatchObject({ rows: { deleted: 5n } })
})

test('a replacement that is cut between swap and settle is not repeated by its resume', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  await w.source('DELETE FROM src WHERE id < 5')
  const hit: Hit = (point) => (point === 'settle:swapped' ? Promise.reject(new Error('cut')) : undefined)
  const run = await expectFailed(w, flow, 'TM9001', { ...TEN, hit })
  expect(await delivered(w)).toHaveLength(20)
  expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 20n, deleted: 5n } })
  expect(await delivered(w)).toEqual(await source(w))
})

test('a replacement whose source changed between two batches has neither stale rows nor rows that are gone', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  let cut = false
  const hit: Hit = (point) => {
    if (point !== 'batch:recorded' || cut) return
    cut = true
    throw new Error('cut')
  }
  const run = await expectFailed(w, flow, 'TM9001', { ...TEN, hit })
  await w.source('DELETE FROM src WHERE id = 3', "UPDATE src SET name = 'new' WHERE id = 4")
  expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded' })
  expect(await delivered(w)).toEqual(await source(w))
})

test('a replacement whose source changed between two batches may leave out a column of its target', async () => {
  await using w = await openWorld()
  await w.target(TARGET, 'ALTER TABLE dst ADD COLUMN note VARCHAR')
  await w.source(TABLE, rows(25))
  let cut = false
  const hit: Hit = (point) => {
    if (point !== 'batch:recorded' || cut) return
    cut = true
    throw new Error('cut')
  }
  const run = await expectFailed(w, flow, 'TM9001', { ...TEN, hit })
  await w.source("UPDATE src SET name = 'new' WHERE id IN (4, 20)")
  expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded', error: null })
  expect(await delivered(w)).toEqual(await source(w))
})

test('a replacement of a part is refused: a scope would swap away the others', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  const scoped = { ...flow, scope: { unit: { table: null, column: 'name' } } }
  await expect(w.plan(scoped, { scope: { unit: 'n1' } })).rejects.toMatchObject({ code: 'TM1019' })
})
