/** Crashes that the matrix has no row for: twice, in the middle of a capture, while another waits, with files lost. */
import { rmSync, truncateSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import type { FlowSpec } from '@tidemark/contract/flow'
import { startChild } from '../support/child-process.ts'
import { present } from '../support/present.ts'
import type { World } from '../support/world.ts'
import { crash, expectWentOn, expectWhole, flowOf, type Shape, Sources, type Wreck, wreckOf } from './crash-world.ts'

const sources = new Sources()
afterAll(() => sources[Symbol.asyncDispose]())

const IN_TWOS = { batchRows: 2, workers: 1 }
const SHAPES = ['flat', 'tree'] as const
/** those whose keys are captured */
const BY_KEY = ['view', 'tree'] as const

async function wreckLeft(w: World, flow: FlowSpec): Promise<Wreck> {
  return present(await wreckOf(w, flow), 'run that was planned')
}

/** Goes on by `run`; the target is whole. */
async function recovers(w: World, shape: Shape, flow: FlowSpec, wreck: Wreck): Promise<void> {
  const run = present((await w.runs(flow, IN_TWOS))[0], 'run')
  await expectWentOn(w, wreck, run)
  await expectWhole(w, shape, flow, run, wreck.token)
}

test.for(BY_KEY)('%s: a crash with the captured keys half written captures the same window again', async (shape) => {
  await using w = await sources.world(shape)
  const flow = flowOf(shape, 'latest')
  await crash(w, { flow, dieAt: 'capture:half' })
  const wreck = await wreckLeft(w, flow)
  expect(wreck.run).toMatchObject({ state: 'running', captured: null, batches: 0 })
  await recovers(w, shape, flow, wreck)
})

test.for(BY_KEY)(
  '%s: a run whose captured keys were deleted after a crash captures again, and batch numbers go on',
  async (shape) => {
    await using w = await sources.world(shape)
    const flow = flowOf(shape, 'latest')
    await crash(w, { flow, dieAt: 'batch:begun:3' })
    const wreck = await wreckLeft(w, flow)
    rmSync(w.workPath(wreck.run.id))
    const run = await w.resume(wreck.run.id, IN_TWOS)
    expect(run).toMatchObject({ id: wreck.run.id, window: wreck.run.window, state: 'succeeded' })
    const batches = await w.store.ledger.listBatches(run.id)
    expect(batches.map((b) => b.batch)).toEqual(batches.map((_, i) => i + 1))
    expect(batches.slice(0, 2)).toEqual(wreck.batches.slice(0, 2))
    expect(batches.slice(2, wreck.batches.length).every((b) => b.state === 'superseded')).toBe(true)
    await expectWhole(w, shape, flow, run, wreck.token)
  },
)

test('captured keys that a crash of the machine damaged are captured again', async () => {
  await using w = await sources.world('view')
  const flow = flowOf('view', 'latest')
  await crash(w, { flow, dieAt: 'batch:begun:3' })
  const wreck = await wreckLeft(w, flow)
  rmSync(`${w.workPath(wreck.run.id)}.wal`, { force: true })
  truncateSync(w.workPath(wreck.run.id), 5_000)
  const run = await w.resume(wreck.run.id, IN_TWOS)
  expect(run).toMatchObject({ id: wreck.run.id, state: 'succeeded', error: null })
  await expectWhole(w, 'view', flow, run, wreck.token)
})

test.for(SHAPES)('%s: a run that dies three times, each time further on, ends whole', async (shape) => {
  await using w = await sources.world(shape)
  const flow = flowOf(shape, 'latest')
  await crash(w, { flow, dieAt: 'batch:after-commit:2' })
  const { id } = (await wreckLeft(w, flow)).run
  await crash(w, { flow, resume: id, dieAt: 'batch:before-commit' })
  await crash(w, { flow, dieAt: 'settle:target-done' })
  const wreck = await wreckLeft(w, flow)
  expect(wreck.run).toMatchObject({ id, attempts: 3 })
  await recovers(w, shape, flow, wreck)
})

test.for(['lease:after', 'capture:before-stored', 'capture:stored', 'batch:recorded'])(
  'a resume that dies at %s while it captures again, because the keys were lost, loses nothing',
  async (dieAt) => {
    await using w = await sources.world('view')
    const flow = flowOf('view', 'insert-missing')
    await crash(w, { flow, dieAt: 'batch:recorded:2' })
    const { id } = (await wreckLeft(w, flow)).run
    rmSync(w.workPath(id))
    await crash(w, { flow, dieAt })
    const wreck = await wreckLeft(w, flow)
    expect(wreck.run.id).toBe(id)
    await recovers(w, 'view', flow, wreck)
  },
)

test('a tree whose source changed, and whose resume dies while it checks the chains again, ends whole', async () => {
  await using w = await sources.world('tree')
  const flow = flowOf('tree', 'latest')
  await crash(w, { flow, dieAt: 'batch:recorded:3' })
  const { id } = (await wreckLeft(w, flow)).run
  // a change that no window takes, but the chains may have
  await w.source("UPDATE meta SET owning_business_unit = 'S' WHERE stream_id = 'aa'")
  await crash(w, { flow, dieAt: 'capture:before-stored' })
  await crash(w, { flow, dieAt: 'batch:after-commit' })
  const wreck = await wreckLeft(w, flow)
  expect(wreck.run.id).toBe(id)
  await recovers(w, 'tree', flow, wreck)
})

test('a delta run that dies is resumed before the rows that came meanwhile are run', async () => {
  await using w = await sources.world('flat')
  const flow = flowOf('flat', 'latest')
  await w.run(flow)
  const now = "CAST(get_current_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP)"
  await w.source(`UPDATE src SET name = 'second', modified_on = ${now} WHERE id < 6`)
  await crash(w, { flow, dieAt: 'batch:before-commit:2' })
  const [died] = await w.store.ledger.listRuns({ limit: 1 })
  await w.source(
    `INSERT INTO src VALUES (90, 'third', ${now})`,
    `UPDATE src SET name = 'third', modified_on = ${now} WHERE id = 5`,
  )
  const runs = await w.runs(flow, IN_TWOS)
  expect(runs).toMatchObject([
    { id: died?.id, window: died?.window, state: 'succeeded', rows: { updated: 5n } },
    { state: 'succeeded', window: { after: died?.window?.upTo }, rows: { inserted: 1n, updated: 1n } },
  ])
  const all = 'SELECT id, name, CAST(modified_on AS VARCHAR) FROM'
  expect(await w.targetRows(`${all} dst ORDER BY ALL`)).toEqual(await w.sourceRows(`${all} src ORDER BY ALL`))
})

test('a process that waits for the lease goes on at once when its holder is killed', async () => {
  await using w = await sources.world('flat')
  const flow = flowOf('flat', 'latest')
  await using holder = startChild(w, { flow, holdAt: 'batch:before-commit' })
  await holder.said('held')
  const held = await w.store.leases.find(flow.id)
  let asked = 0
  const waiting = w.runs(flow, {
    ...IN_TWOS,
    waitMs: 60_000,
    emit: (event) => {
      if (event !== 'lease:waiting') return
      asked += 1
      holder.kill('SIGKILL')
    },
  })
  const [resumed] = await waiting
  expect(asked).toBe(1)
  // long before the lease of the dead would have ended
  expect((await w.store.now()) < (held?.expiresAt ?? '')).toBe(true)
  expect(resumed).toMatchObject({ state: 'succeeded', attempts: 2, rows: { inserted: 10n } })
  await expectWhole(w, 'flat', flow, present(resumed, 'run'), held?.token ?? 0n)
})

test('after a crash --fresh gives the run up, also when the target had settled it, and delivers everything', async () => {
  await using w = await sources.world('flat')
  const flow = flowOf('flat', 'latest')
  await crash(w, { flow, dieAt: 'settle:target-done' })
  const wreck = await wreckLeft(w, flow)
  const fresh = await w.run(flow, { ...IN_TWOS, fresh: true })
  expect(fresh).toMatchObject({ state: 'succeeded', rows: { read: 10n, inserted: 0n, skippedSame: 10n } })
  expect(await w.store.ledger.getRun(wreck.run.id)).toMatchObject({ state: 'superseded' })
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
})

test.for(['batch:recorded', 'settle:before', 'settle:swapped'] as const)(
  'a replacement whose process dies at %s is finished by its resume, and the target is what the source is',
  async (point) => {
    await using w = await sources.world('flat')
    const flow: FlowSpec = {
      ...flowOf('flat', 'latest'),
      capture: { kind: 'backfill', options: {} },
      apply: { kind: 'replace', maxDelete: null },
    }
    await w.target(
      "CREATE TABLE dst AS SELECT 100 AS id, 'before' AS name, TIMESTAMP '2020-01-01' AS modified_on FROM range(3)",
    )
    await w.target('ALTER TABLE dst ALTER id TYPE BIGINT')
    await crash(w, { flow: { ...flow, apply: { kind: 'replace', maxDelete: { percent: 100 } } }, dieAt: point })
    const left = present(await w.store.ledger.findUnfinished(flow.id, '{}'), 'unfinished run')
    expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([[point === 'settle:swapped' ? '10' : '3']])
    const run = await w.resume(left.id, IN_TWOS)
    expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 10n, deleted: 3n } })
    const all = 'SELECT id, name, CAST(modified_on AS VARCHAR) FROM'
    expect(await w.targetRows(`${all} dst ORDER BY ALL`)).toEqual(await w.sourceRows(`${all} src ORDER BY ALL`))
  },
)
