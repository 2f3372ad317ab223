import { expect, test } from 'vitest'
import { at, ids, row, rows, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()

test('a period takes after < position <= up-to, and leaves the watermark', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(10))
  await w.run(flow)
  const mark = await w.watermark(flow)
  await w.target('DELETE FROM dst WHERE id > 1')
  const run = await w.run(flow, { period: { after: at(3), upTo: at(6) } })
  expect(run).toMatchObject({
    state: 'succeeded',
    window: { after: at(3), upTo: at(6), decidedBy: 'period' },
    rows: { read: 3n, inserted: 3n },
  })
  expect(await ids(w)).toEqual([0, 1, 4, 5, 6])
  expect(await w.watermark(flow)).toBe(mark)
})

test('a period before the first run leaves no watermark, so the first run still reads everything', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(10))
  await w.run(flow, { period: { after: at(3), upTo: at(6) } })
  expect(await w.watermark(flow)).toBeNull()
  expect(await w.run(flow)).toMatchObject({
    window: { after: null },
    rows: { read: 10n, inserted: 7n, skippedSame: 3n },
  })
})

test('a period delivers newest-wins like any run', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(5)))
  await w.run(flow)
  await w.source(`UPDATE src SET name = 'older', modified_on = TIMESTAMP '${at(4)}'`)
  expect(await w.run(flow, { period: { after: at(0), upTo: at(9) } })).toMatchObject({ rows: { skippedOlder: 1n } })
})

test('a period whose ends are no positions, equal or swapped is refused', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await expect(w.run(flow, { period: { after: 'yesterday', upTo: at(6) } })).rejects.toMatchObject({ code: 'TM4014' })
  await expect(w.run(flow, { period: { after: at(6), upTo: at(6) } })).rejects.toMatchObject({ code: 'TM1002' })
  await expect(w.run(flow, { period: { after: at(7), upTo: at(6) } })).rejects.toMatchObject({ code: 'TM1002' })
})

test('a period without rows is nothing to do', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  expect(await w.run(flow, { period: { after: at(100), upTo: at(200) } })).toMatchObject({ state: 'nothing_to_do' })
})
