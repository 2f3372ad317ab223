import { expect, test } from 'vitest'
import { flowSpec, openWorld } from '../support/world.ts'

const HOUR = 3_600_000
const flow = flowSpec({ watermark: { clock: 'local', zone: 'Europe/London', buffer: { ms: HOUR } } })

test('regression: in the hour that is lived twice the later delivery wins, also with an earlier local time', async () => {
  await using w = await openWorld()
  // the clocks of London went back at 02:00 on 26 October 2025: 01:00 to 02:00 came twice
  await w.source(
    'CREATE TABLE src (id INTEGER, name VARCHAR, modified_on TIMESTAMP)',
    "INSERT INTO src VALUES (1, 'summer', '2025-10-26 01:50:00'), (2, 'before', '2025-10-26 00:30:00')",
  )
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
  await w.source(
    "UPDATE src SET name = 'winter', modified_on = '2025-10-26 01:10:00' WHERE id = 1",
    "UPDATE src SET name = 'older', modified_on = '2025-10-26 00:20:00' WHERE id = 2",
  )
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 1n, skippedOlder: 1n } })
  expect(await w.targetRows('SELECT id, name FROM dst ORDER BY id')).toEqual([
    ['1', 'winter'],
    ['2', 'before'],
  ])
})
