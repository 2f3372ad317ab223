import { expect, test } from 'vitest'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec({ scope: { unit: { table: null, column: 'unit' } } })

test('regression: a target emptied and refilled for one scope is not trusted for the others', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id INTEGER, unit VARCHAR, modified_on TIMESTAMP)',
    "INSERT INTO src VALUES (1, 'N', '2026-01-01'), (2, 'S', '2026-01-01')",
  )
  await w.run(flow)
  await w.run(flow, { scope: { unit: 'N' }, full: true })
  await w.target('DELETE FROM dst')
  await expect(w.run(flow, { scope: { unit: 'N' } })).rejects.toMatchObject({ code: 'TM3007' })
  expect(await w.run(flow, { scope: { unit: 'N' }, full: true })).toMatchObject({ rows: { inserted: 1n } })
  await expect(w.run(flow)).rejects.toMatchObject({ code: 'TM3007' })
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { inserted: 1n, skippedSame: 1n } })
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
})
