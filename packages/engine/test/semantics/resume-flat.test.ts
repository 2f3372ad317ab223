import { existsSync } from 'node:fs'
import { parseRunId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { openSqlite } from '../../src/drivers/sqlite.ts'
import { expectFailed, expectFree } from '../support/refusals.ts'
import { ids, rows, TABLE } from '../support/flat.ts'
import { removeDatabase, withStoreClosed } from '../support/store-files.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const TEN = { batchRows: 10, workers: 1 }

/** 25 rows of which id 12 is refused by the target until it is repaired. */
async function failed(w: World) {
  await w.target("CREATE TABLE dst (id BIGINT, name VARCHAR CHECK (name <> 'n12'), modified_on TIMESTAMP)")
  await w.source(TABLE, rows(25))
  return expectFailed(w, flow, 'TM5001', TEN)
}
const repair = (w: World) => w.source("UPDATE src SET name = 'good' WHERE id = 12")
const batches = async (w: World, run: { readonly id: Parameters<World['resume']>[0] }) =>
  (await w.store.ledger.listBatches(run.id)).map((b) => [b.batch, b.state, b.attempts])

test('a resume over an unchanged source goes on with the batch that failed', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  let batch = 0
  const hit: Hit = (point) =>
    point === 'batch:before-commit' && (batch += 1) === 2 ? Promise.reject(new Error('cut')) : Promise.resolve()
  const run = await expectFailed(w, flow, 'TM5001', { ...TEN, hit })
  const resumed = await w.resume(run.id)
  expect(resumed).toMatchObject({ id: run.id, state: 'succeeded', attempts: 2, rows: { read: 25n, inserted: 25n } })
  expect(await batches(w, run)).toEqual([
    [1, 'done', 1],
    [2, 'done', 2],
    [3, 'done', 1],
  ])
})

test('a resume keeps run id and stored window, skips what is done, continues the batch numbers and ends succeeded', async () => {
  await using w = await openWorld()
  const run = await failed(w)
  await repair(w)
  await w.source("INSERT INTO src VALUES (99, 'younger than the window', get_current_timestamp())")
  const resumed = await w.resume(run.id)
  expect(resumed).toMatchObject({
    id: run.id,
    state: 'succeeded',
    window: run.window,
    error: null,
    attempts: 2,
    rows: { read: 25n, inserted: 25n },
  })
  // the source changed, so what is open is found again by its keys
  expect(await batches(w, run)).toEqual([
    [1, 'done', 1],
    [2, 'superseded', 1],
    [3, 'superseded', 0],
    [4, 'done', 1],
    [5, 'done', 1],
  ])
  expect(await ids(w)).not.toContain(99)
  expect(await w.watermark(flow)).toBe(run.window?.upTo)
})

test('a second failure is recorded as cleanly as the first', async () => {
  await using w = await openWorld()
  const first = await failed(w)
  const second = await w.resume(first.id, TEN)
  expect(second).toMatchObject({
    id: first.id,
    state: 'failed',
    attempts: 2,
    batchesDone: 1,
    error: { code: 'TM5001' },
  })
  expect(await batches(w, first)).toEqual([
    [1, 'done', 1],
    [2, 'failed', 2],
    [3, 'planned', 0],
  ])
  await expectFree(w, flow)
  await repair(w)
  expect(await w.resume(first.id)).toMatchObject({ state: 'succeeded', attempts: 3, error: null })
})

test('run after a failure resumes it first, then runs the new window; both are in the answer', async () => {
  await using w = await openWorld()
  const run = await failed(w)
  await repair(w)
  await w.source("INSERT INTO src VALUES (99, 'new', get_current_timestamp())")
  const both = await w.runs(flow)
  expect(both).toMatchObject([
    { id: run.id, state: 'succeeded', window: run.window },
    { state: 'succeeded', window: { after: run.window?.upTo }, rows: { read: 1n } },
  ])
  expect(await ids(w)).toHaveLength(26)
})

test('run after a failure that still fails stops there and starts no new window', async () => {
  await using w = await openWorld()
  const run = await failed(w)
  expect(await w.runs(flow)).toMatchObject([{ id: run.id, state: 'failed' }])
})

test('--fresh supersedes the unfinished run, which can no longer be resumed', async () => {
  await using w = await openWorld()
  const run = await failed(w)
  await repair(w)
  expect(await w.runs(flow, { fresh: true })).toMatchObject([
    { state: 'succeeded', rows: { read: 25n, inserted: 15n, skippedSame: 10n } },
  ])
  expect(await w.store.ledger.getRun(run.id)).toMatchObject({ state: 'superseded' })
  await expect(w.resume(run.id)).rejects.toMatchObject({ code: 'TM3006' })
})

test('a rewind supersedes the unfinished run, which can no longer be resumed', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5))
  await w.run(flow)
  const mark = await w.store.ledger.getWatermark(flow.id, '{}')
  await w.source("INSERT INTO src VALUES (12, 'n12', get_current_timestamp())")
  await w.target(
    'ALTER TABLE dst ADD COLUMN forced VARCHAR',
    'DROP TABLE dst',
    "CREATE TABLE dst (id BIGINT, name VARCHAR CHECK (name <> 'n12'), modified_on TIMESTAMP)",
    "INSERT INTO dst VALUES (0, 'n0', TIMESTAMP '2020-01-01')",
  )
  const run = await expectFailed(w, flow, 'TM5001')
  const superseded = await w.store.ledger.rewind(
    flow.id,
    '{}',
    { version: mark?.version ?? null },
    { position: '2020-01-01 00:00:02', coverage: mark?.coverage ?? '', source: mark?.source ?? '' },
    { actor: 'tester', command: 'rewind', reason: 'test' },
  )
  expect(superseded).toEqual([run.id])
  await expect(w.resume(run.id)).rejects.toMatchObject({
    code: 'TM3006',
    detail: expect.stringContaining('superseded by rewind-'),
  })
  await repair(w)
  expect(await w.runs(flow)).toMatchObject([
    { state: 'succeeded', window: { after: '2020-01-01 00:00:02' }, rows: { inserted: 3n } },
  ])
})

test('an unknown run, a finished run and a superseded run cannot be resumed, each with its own words', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const run = await w.run(flow)
  await expect(w.resume(parseRunId('r-zzzzz'))).rejects.toMatchObject({ code: 'TM1004' })
  await expect(w.resume(run.id)).rejects.toMatchObject({ code: 'TM3006', detail: `${run.id} is succeeded` })
  await expectFree(w, flow)
})

test('settle refuses when the watermark is no longer the one that was planned from', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await w.source("INSERT INTO src VALUES (9, 'new', get_current_timestamp())")
  const moved = (point: string): void => {
    if (point !== 'settle:before') return
    const store = openSqlite(`${w.dir}/control.db`, 1000)
    store.script('UPDATE watermark SET version = version + 1')
    store.close()
  }
  const before = await w.watermark(flow)
  const run = await w.run(flow, { hit: moved })
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM3003' } })
  expect(await w.watermark(flow)).toBe(before)
  expect(await ids(w)).toContain(9)
  await expectFree(w, flow)
})

test('a run that settled in the target but not yet in the ledger is resumed, and settles once', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await w.source("INSERT INTO src VALUES (9, 'new', get_current_timestamp())")
  const stopped = await w.run(flow, {
    hit: (point) => {
      if (point === 'settle:target-done') throw new TypeError('the worker died here')
    },
  })
  expect(stopped).toMatchObject({ state: 'failed', error: { code: 'TM9001' } })
  expect(await w.runs(flow)).toMatchObject([
    { id: stopped.id, state: 'succeeded', rows: { inserted: 1n } },
    { state: 'nothing_to_do' },
  ])
  expect(await w.watermark(flow)).toBe(stopped.window?.upTo)
})

test('reset clears the progress, and running again inserts nothing twice', async () => {
  await using w = await openWorld()
  const run = await failed(w)
  await repair(w)
  await w.store.ledger.resetRun(run.id, { actor: 'tester', command: 'reset', reason: null })
  await expect(w.resume(run.id)).rejects.toMatchObject({ code: 'TM3006' })
  expect(await w.runs(flow, TEN)).toMatchObject([
    { state: 'succeeded', rows: { read: 25n, inserted: 15n, skippedSame: 10n } },
  ])
  expect(await w.targetRows('SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([['25', '25']])
})

test('a resume whose captured keys are lost captures the same window again and delivers only what is open', async () => {
  await using w = await openWorld()
  const run = await failed(w)
  removeDatabase(w.workPath(run.id))
  await repair(w)
  const resumed = await w.resume(run.id)
  expect(resumed).toMatchObject({ state: 'succeeded', window: run.window })
  const all = await w.store.ledger.listBatches(run.id)
  expect(all.filter((b) => b.state === 'done').map((b) => b.batch)).toEqual(
    [1, 4, 5, 6].slice(0, all.filter((b) => b.state === 'done').length),
  )
  expect(await w.targetRows('SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([['25', '25']])
})

test('a resume in another process finds everything in ledger and files', async () => {
  await using w = await openWorld()
  const run = await failed(w)
  await repair(w)
  await withStoreClosed(w, () => {})
  expect(await w.resume(run.id)).toMatchObject({ id: run.id, state: 'succeeded' })
})

test('a finished run leaves no captured keys behind', async () => {
  await using w = await openWorld()
  const run = await failed(w)
  await repair(w)
  await w.run(flow, { fresh: true })
  expect(existsSync(w.workPath(run.id))).toBe(false)
})
