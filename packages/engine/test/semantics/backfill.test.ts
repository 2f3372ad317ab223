import { expect, test } from 'vitest'
import { ids, row, rows, TABLE, at } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const backfill = flowSpec({
  capture: { kind: 'backfill', options: {} },
  apply: { kind: 'insert-missing', maxDelete: null },
})

test('a backfill brings what the target lacks, and a second one has nothing to do', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  expect(await w.run(backfill, { batchRows: 10 })).toMatchObject({
    state: 'succeeded',
    window: null,
    batches: 3,
    rows: { read: 25n, inserted: 25n },
  })
  expect(await w.run(backfill)).toMatchObject({
    state: 'nothing_to_do',
    reason: 'every row of the source is in the target',
  })
  expect(await w.watermark(backfill)).toBeNull()
})

test('a backfill brings rows that were deleted in the target, and rows without any position', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5), row(9, 'no position', null))
  await w.run(backfill)
  await w.target('DELETE FROM dst WHERE id IN (1, 9)')
  expect(await w.run(backfill)).toMatchObject({ rows: { read: 2n, inserted: 2n } })
  expect(await ids(w)).toEqual([0, 1, 2, 3, 4, 9])
})

test('a backfill leaves rows that are there as they are', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(2))
  await w.run(backfill)
  await w.source("UPDATE src SET name = 'changed'", row(7, 'new', at(1)))
  expect(await w.run(backfill, { full: true })).toMatchObject({
    rows: { read: 3n, inserted: 1n, updated: 0n, skippedSame: 2n },
  })
  expect(await w.targetRows("SELECT count(*) FROM dst WHERE name = 'changed'")).toEqual([['0']])
})

test('a backfill resumes where it failed', async () => {
  await using w = await openWorld()
  await w.target("CREATE TABLE dst (id BIGINT, name VARCHAR CHECK (name <> 'n7'), modified_on TIMESTAMP)")
  await w.source(TABLE, rows(10))
  const run = await w.run(backfill, { batchRows: 3, workers: 1 })
  expect(run).toMatchObject({ state: 'failed', batchesDone: 2 })
  await w.source("UPDATE src SET name = 'good' WHERE id = 7")
  expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
})

test('a backfill knows no period', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(1))
  await expect(w.run(backfill, { period: { after: at(0), upTo: at(1) } })).rejects.toMatchObject({ code: 'TM1019' })
})
