import { expect, test } from 'vitest'
import type { CaptureMode } from '../../src/capture/capture-mode.ts'
import { ids } from '../support/flat.ts'
import { flowSpec, MODES, openWorld } from '../support/world.ts'

interface CounterOptions {
  readonly table: string
}

/** Reads how far it may go from a table that somebody else counts up: no clock, no ceiling, nothing the engine knows. */
const counter: CaptureMode<CounterOptions, { readonly counted: string | null; readonly rows: bigint }> = {
  kind: 'counter',
  position: () => ({ ref: { table: null, column: 'seq' }, clock: 'number', zone: null }),
  async ask(q) {
    const counted = (await q.source.listValues([q.options.table], 'value')).at(-1) ?? null
    const { rows } = await q.source.tally(q.relation, selection(q.watermark, counted), 0n, q.targetExists)
    return { counted, rows }
  },
  decide(q, { counted, rows }) {
    const window = { after: q.watermark, upTo: counted, decidedBy: 'counter' }
    if (counted === null || rows === 0n)
      return { kind: 'nothing', reason: `the counter stands at ${counted}`, window, waiting: null, notes: [] }
    return {
      kind: 'take',
      goal: 'delta',
      window,
      selection: selection(q.watermark, counted),
      watermark: { position: counted },
      look: null,
      rows,
      waiting: null,
      notes: [],
    }
  },
}

const selection = (after: string | null, upTo: string | null) => ({
  window: { after, upTo },
  withNullPosition: false,
  absent: null,
  unmatched: [],
  again: [],
  gained: [],
})

test('a capture mode that reads a counter is a file and a line in the table: run, resume and settle know nothing of it', async () => {
  const flow = flowSpec({ capture: { kind: 'counter', options: { table: 'counter' } } })
  await using w = await openWorld({ modes: { ...MODES, counter } })
  await w.source(
    'CREATE TABLE src (id BIGINT, name VARCHAR, seq BIGINT)',
    "INSERT INTO src SELECT i, 'n' || i, i FROM range(1, 31) t(i)",
    'CREATE TABLE counter (value BIGINT)',
    'INSERT INTO counter VALUES (25)',
  )
  expect(await w.run(flow, { batchRows: 10 })).toMatchObject({
    state: 'succeeded',
    batches: 3,
    window: { after: null, upTo: '25', decidedBy: 'counter' },
    rows: { inserted: 25n },
  })
  expect(await w.watermark(flow)).toBe('25')
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do', reason: 'the counter stands at 25' })
  await w.source('UPDATE counter SET value = 30')
  await w.target('ALTER TABLE dst ALTER COLUMN name SET NOT NULL')
  await w.source('UPDATE src SET name = NULL WHERE id = 28')
  const failed = await w.run(flow)
  expect(failed).toMatchObject({ state: 'failed', window: { after: '25', upTo: '30' } })
  await w.source("UPDATE src SET name = 'mended' WHERE id = 28", 'UPDATE counter SET value = 99')
  expect(await w.resume(failed.id)).toMatchObject({
    state: 'succeeded',
    window: { upTo: '30' },
    rows: { inserted: 5n },
  })
  expect(await ids(w)).toHaveLength(30)
})
