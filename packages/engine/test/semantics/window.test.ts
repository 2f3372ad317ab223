import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { at, delivered, ids, justBefore, row, rows, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()

test('the initial run delivers everything up to upTo and creates the target', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  const run = await w.run(flow, { batchRows: 10 })
  expect(run).toMatchObject({ state: 'succeeded', batches: 3, batchesDone: 3, rows: { read: 25n, inserted: 25n } })
  expect(await w.targetRows('SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([['25', '25']])
  expect(await w.watermark(flow)).toBe(run.window?.upTo)
})

test('a row exactly on upTo is in, one microsecond later is out and waits', async () => {
  await using w = await openWorld()
  await w.source(TABLE)
  await using late = await w.counted()
  await late.session.begin()
  const ceiling = late.session.openSince ?? ''
  await w.source(row(1, 'on', justBefore(ceiling)), row(2, 'after', ceiling))
  const run = await w.run(flow)
  // a text of a time ends with the last digit that is not 0
  const upTo = justBefore(ceiling).replace(/0+$/, '')
  expect(run.window).toEqual({ after: null, upTo, decidedBy: 'ceiling' })
  expect(await ids(w)).toEqual([1])
  expect(run.waiting).toMatchObject({ rows: 1n })
  await late.session.rollback()
  const next = await w.run(flow)
  expect(next).toMatchObject({ rows: { read: 1n }, waiting: null })
  expect(await ids(w)).toEqual([1, 2])
})

test('a row exactly on after is out of the next window', async () => {
  await using w = await openWorld()
  await w.source(TABLE)
  const late = await w.counted()
  await late.session.begin()
  await w.source(row(1, 'on the watermark', justBefore(late.session.openSince ?? '')))
  const first = await w.run(flow)
  await late.session.rollback()
  await late[Symbol.asyncDispose]()
  await w.source("INSERT INTO src VALUES (2, 'new', get_current_timestamp())")
  const next = await w.run(flow)
  expect(next.window?.after).toBe(first.window?.upTo)
  expect(next.rows).toMatchObject({ read: 1n, inserted: 1n })
})

test('a window without new rows is nothing to do, says after which position, and leaves the watermark', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const first = await w.run(flow)
  expect(await w.run(flow)).toMatchObject({
    state: 'nothing_to_do',
    reason: `no rows after ${first.window?.upTo}`,
    batches: 0,
  })
  expect(await w.watermark(flow)).toBe(first.window?.upTo)
})

test('an empty source is nothing to do and makes no target', async () => {
  await using w = await openWorld()
  await w.source(TABLE)
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do', window: { after: null } })
  expect(await w.watermark(flow)).toBeNull()
  expect(existsSync(w.targetPath)).toBe(false)
})

test('the next window overlaps by the buffer', async () => {
  const buffered = flowSpec({ watermark: { buffer: { ms: 3_600_000 } } })
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const first = await w.run(buffered)
  expect(first.window?.decidedBy).toBe('buffer')
  await w.source("INSERT INTO src VALUES (9, 'now', get_current_timestamp() - INTERVAL '61 MINUTE')")
  const next = await w.planned(buffered)
  const [hour] = await w.sourceRows(
    `SELECT TIMESTAMP '${first.window?.upTo}' - TIMESTAMP '${next.window?.after}' BETWEEN INTERVAL '1 HOUR' AND INTERVAL '3600.000001 seconds'`,
  )
  expect(hour).toEqual(['true'])
})

test('a row that commits late with an older position inside the buffer arrives', async () => {
  const buffered = flowSpec({ watermark: { buffer: { ms: 3_600_000 } } })
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(buffered)
  const mark = await w.watermark(buffered)
  await w.source(
    `INSERT INTO src VALUES (9, 'late', TIMESTAMP '${mark}' - INTERVAL '30 MINUTE'), (10, 'too late', TIMESTAMP '${mark}' - INTERVAL '2 HOUR')`,
  )
  expect(await w.run(buffered)).toMatchObject({ state: 'succeeded', rows: { read: 1n, inserted: 1n } })
  expect(await ids(w)).toEqual([0, 1, 2, 9])
})

test('a younger row waits, is counted as waiting until it is old enough, and arrives later', async () => {
  const buffered = flowSpec({ watermark: { buffer: { ms: 3_600_000 } } })
  await using w = await openWorld()
  await w.source(TABLE, rows(3), "INSERT INTO src VALUES (9, 'young', get_current_timestamp())")
  const [[young, due] = []] = await w.sourceRows(
    "SELECT modified_on::VARCHAR, (modified_on + INTERVAL '1 HOUR')::VARCHAR FROM src WHERE id = 9",
  )
  const first = await w.run(buffered)
  expect(first).toMatchObject({ rows: { read: 3n }, waiting: { rows: 1n, until: due } })
  expect((first.window?.upTo ?? '') < (young ?? '')).toBe(true)
  expect(await ids(w)).toEqual([0, 1, 2])
  await w.run(buffered, { buffer: '0s' })
  expect(await ids(w)).toEqual([0, 1, 2, 9])
})

test('a run with nothing to do still counts the rows that wait', async () => {
  const buffered = flowSpec({ watermark: { buffer: { ms: 3_600_000 } } })
  await using w = await openWorld()
  await w.source(TABLE, "INSERT INTO src VALUES (9, 'young', get_current_timestamp())")
  expect(await w.run(buffered)).toMatchObject({ state: 'nothing_to_do', waiting: { rows: 1n } })
})

test('a clock below the watermark is an error, not nothing to do', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  const mark = await w.store.ledger.getWatermark(flow.id, '{}')
  await w.store.ledger.rewind(
    flow.id,
    '{}',
    { version: mark?.version ?? null },
    { position: '2999-01-01 00:00:00', coverage: mark?.coverage ?? '', source: mark?.source ?? '' },
    { actor: 'tester', command: 'test', reason: 'a clock that ran ahead' },
  )
  await expect(w.run(flow)).rejects.toMatchObject({ code: 'TM4009' })
  await expect(w.run(flow, { full: true })).rejects.toMatchObject({ code: 'TM4009' })
})

test('a delta delivers only what is new, and says what decided its window', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await w.source("INSERT INTO src VALUES (7, 'new', get_current_timestamp())")
  const run = await w.run(flow)
  expect(run).toMatchObject({ window: { decidedBy: 'clock' }, rows: { read: 1n, inserted: 1n } })
  expect(await delivered(w)).toEqual([
    ['0', 'n0'],
    ['1', 'n1'],
    ['2', 'n2'],
    ['7', 'new'],
  ])
})

test('--full reads everything again and leaves its own upTo as the watermark', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const first = await w.run(flow)
  await w.source(row(5, 'old position, long after', at(1)))
  const full = await w.run(flow, { full: true })
  expect(full).toMatchObject({
    state: 'succeeded',
    window: { after: null },
    rows: { read: 4n, inserted: 1n, skippedSame: 3n },
  })
  expect(await w.watermark(flow)).toBe(full.window?.upTo)
  expect((full.window?.upTo ?? '') > (first.window?.upTo ?? '')).toBe(true)
})
