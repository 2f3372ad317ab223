import { expect, test } from 'vitest'
import type { DuckdbSession } from '../../src/drivers/duckdb.ts'
import { ids, rows, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()
const STAMPED = "INSERT INTO src VALUES (99, 'late', now())"

test('the ceiling holds for a transaction that wrote before the run and commits after it, without any buffer', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await using late = await w.counted()
  await late.session.begin()
  await late.session.run(STAMPED)
  const held = await w.run(flow)
  expect(held).toMatchObject({ state: 'succeeded', window: { decidedBy: 'ceiling' }, rows: { read: 3n } })
  expect((held.window?.upTo ?? '') < (late.session.openSince ?? '')).toBe(true)
  await late.session.commit()
  expect(await w.run(flow)).toMatchObject({ rows: { read: 1n, inserted: 1n } })
  expect(await ids(w)).toEqual([0, 1, 2, 99])
})

test('the ceiling holds for a transaction that is open and writes only after the run', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await using late = await w.counted()
  await late.session.begin()
  await w.run(flow)
  await late.session.run(STAMPED)
  await late.session.commit()
  expect(await w.run(flow)).toMatchObject({ rows: { read: 1n, inserted: 1n } })
  expect(await ids(w)).toEqual([0, 1, 2, 99])
})

test('a ceiling below the watermark is nothing to do, held back, and names who holds', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await using late = await w.counted()
  await late.session.begin()
  await w.run(flow)
  const mark = await w.watermark(flow)
  expect(await w.run(flow)).toMatchObject({
    state: 'nothing_to_do',
    reason: expect.stringMatching(/^held back by transaction duckdb-\d+-\d+, open since 2/),
  })
  expect(await w.watermark(flow)).toBe(mark)
})

test('--full while held back ends at the watermark, never below it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await using late = await w.counted()
  await late.session.begin()
  await w.run(flow)
  const mark = await w.watermark(flow)
  expect(await w.run(flow, { full: true })).toMatchObject({
    state: 'succeeded',
    window: { after: null, upTo: mark },
    rows: { read: 3n, skippedSame: 3n },
  })
  expect(await w.watermark(flow)).toBe(mark)
})

test('a transaction that begins between clock and ceiling loses no row: the clock is read first', async () => {
  let between: (() => Promise<void>) | null = null
  await using w = await openWorld({ hooks: { betweenClockAndCeiling: async () => between?.() } })
  await w.source(TABLE, rows(3))
  await using late = await w.counted()
  between = async () => {
    between = null
    await begunAndStamped(late.session)
  }
  const first = await w.run(flow)
  expect((first.window?.upTo ?? '') < (late.session.openSince ?? '')).toBe(true)
  await late.session.commit()
  await w.run(flow)
  expect(await ids(w)).toEqual([0, 1, 2, 99])
})

async function begunAndStamped(session: DuckdbSession): Promise<void> {
  await session.begin()
  await session.run(STAMPED)
}
