import { expect, test } from 'vitest'
import { at, delivered, row, rows, TABLE } from '../support/flat.ts'
import { keyOf, openRejects } from '../support/open-rejects.ts'
import { expectFailed, expectRefused } from '../support/refusals.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const backfill = flowSpec({
  capture: { kind: 'backfill', options: {} },
  apply: { kind: 'insert-missing', maxDelete: null },
})
const states = async (w: World) =>
  (await w.store.ledger.listRejects(null, { state: 'all', limit: null })).map((r) => `${r.key} ${r.state}`)

test('retry does not overwrite a newer version', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'old', at(10)), row(2, 'two', at(10)))
  await w.run(flow)
  await openRejects(w, flow.id, [keyOf(1), keyOf(2)])
  await w.target(`UPDATE dst SET name = 'newer', modified_on = TIMESTAMP '${at(20)}' WHERE id = 1`)
  await w.source(`UPDATE src SET name = 'mended', modified_on = TIMESTAMP '${at(15)}' WHERE id = 2`)
  expect(await w.run(flow, { onlyAgain: [keyOf(1), keyOf(2)] })).toMatchObject({
    state: 'succeeded',
    rows: { read: 2n, updated: 1n, skippedOlder: 1n },
  })
  expect(await delivered(w)).toEqual([
    ['1', 'newer'],
    ['2', 'mended'],
  ])
  expect(await states(w)).toEqual(['["1"] delivered', '["2"] delivered'])
})

test('a retry reads its keys alone, delivers them as they are now and leaves the watermark and every other reject', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'one', at(10)))
  await w.run(flow)
  const mark = await w.store.ledger.getWatermark(flow.id, '{}')
  await w.source(
    row(2, 'two', at(20)),
    row(3, 'three', at(20)),
    "INSERT INTO src VALUES (4, 'no reject', get_current_timestamp())",
  )
  await openRejects(w, flow.id, [keyOf(2), keyOf(3)])
  const run = await w.run(flow, { onlyAgain: [keyOf(2), keyOf(4)] })
  expect(run).toMatchObject({
    state: 'succeeded',
    window: { after: null, upTo: null, decidedBy: 'retry' },
    rows: { read: 1n, inserted: 1n },
  })
  expect(await delivered(w)).toEqual([
    ['1', 'one'],
    ['2', 'two'],
  ])
  expect(await w.store.ledger.getWatermark(flow.id, '{}')).toEqual(mark)
  expect(await states(w)).toEqual(['["2"] delivered', '["3"] open'])
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
  expect(await states(w)).toEqual(['["2"] delivered', '["3"] delivered'])
})

test('a retry of a backfill reads its keys alone, not every row that is missing', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(backfill)
  await w.source(row(7, 'seven', null), row(8, 'eight', null))
  await openRejects(w, backfill.id, [keyOf(7)])
  expect(await w.run(backfill, { onlyAgain: [keyOf(7)] })).toMatchObject({ rows: { read: 1n, inserted: 1n } })
  expect((await delivered(w)).map(([id]) => id)).toEqual(['0', '1', '2', '7'])
})

test('a retry of a row that the source has no more says so, and its reject is closed as gone', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(2))
  await w.run(flow)
  await openRejects(w, flow.id, [keyOf(99)])
  expect(await w.run(flow, { onlyAgain: [keyOf(99)] })).toMatchObject({
    state: 'nothing_to_do',
    reason: 'the source has none of these rows any more',
  })
  expect(await w.store.ledger.listRejects(null, { state: 'all', limit: null })).toMatchObject([
    { state: 'dismissed', closedReason: 'the source has no such row any more' },
  ])
})

test('a retry of a flow that replaces its target is refused, and every row stays', async () => {
  await using w = await openWorld()
  const replacing = flowSpec({
    capture: { kind: 'backfill', options: {} },
    apply: { kind: 'replace', maxDelete: null },
  })
  await w.source(TABLE, rows(3))
  await w.run(replacing)
  await openRejects(w, replacing.id, [keyOf(1)])
  await expectRefused(w, replacing, 'TM1019', { onlyAgain: [keyOf(1)] })
  expect(await delivered(w)).toHaveLength(3)
  expect(await states(w)).toEqual(['["1"] open'])
})

test('a retry of rejects that somebody closed meanwhile does nothing', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(2))
  await w.run(flow)
  expect(await w.run(flow, { onlyAgain: [keyOf(1)] })).toMatchObject({
    state: 'nothing_to_do',
    reason: 'no such reject is open any more',
    rows: { read: 0n },
  })
})

const refusesBad = "CREATE TABLE dst (id BIGINT, name VARCHAR CHECK (name <> 'bad'), modified_on TIMESTAMP)"

test('a retry first resumes what was left unfinished', async () => {
  await using w = await openWorld()
  await w.target(refusesBad)
  await w.source(TABLE, row(1, 'bad', at(10)), row(2, 'two', at(10)))
  await openRejects(w, flow.id, [keyOf(2)])
  const failed = await expectFailed(w, flow, 'TM5001')
  await w.source("UPDATE src SET name = 'good' WHERE id = 1")
  expect(await w.runs(flow, { onlyAgain: [keyOf(2)] })).toMatchObject([
    { id: failed.id, state: 'succeeded', rows: { read: 2n } },
    { state: 'nothing_to_do', reason: 'no such reject is open any more' },
  ])
})

test('a retry that died is resumed as what it was, before anything new', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'one', at(10)), row(2, 'two', at(10)))
  await openRejects(w, flow.id, [keyOf(2)])
  const hit = async (point: string): Promise<void> => {
    if (point === 'batch:begun') throw new Error('cut')
  }
  const [cut] = await w.runs(flow, { onlyAgain: [keyOf(2)], hit })
  expect(cut).toMatchObject({ state: 'failed', window: { decidedBy: 'retry' } })
  expect(await states(w)).toEqual(['["2"] open'])
  expect(await w.runs(flow)).toMatchObject([
    { id: cut?.id, state: 'succeeded', rows: { read: 1n } },
    { state: 'succeeded', rows: { read: 2n, inserted: 1n, skippedSame: 1n } },
  ])
  expect(await states(w)).toEqual(['["2"] delivered'])
})
