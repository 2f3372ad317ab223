import { expect, test } from 'vitest'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec({ scope: { unit: { table: null, column: 'unit' } } })

test('regression: one scope written in two ways has one watermark', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id INTEGER, unit INTEGER, modified_on TIMESTAMP)',
    "INSERT INTO src VALUES (1, 7, '2026-01-01'), (2, 8, '2026-01-01')",
  )
  expect(await w.run(flow, { scope: { unit: '07' } })).toMatchObject({ scope: '{"unit":"7"}', rows: { inserted: 1n } })
  expect(await w.run(flow, { scope: { unit: '7' } })).toMatchObject({ state: 'nothing_to_do' })
  expect(await w.watermark(flow, { unit: '7' })).not.toBeNull()
  expect(await w.watermark(flow, { unit: '07' })).toBeNull()
})
