/** Several workers of one run: nothing lost, nothing twice, and a conflict is tried again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineEvents } from '@tidemark/contract/events'
import { expect, test } from 'vitest'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { FENCE_SLOTS } from '../../src/dialects/duckdb/fence.sql.ts'
import { rows, TABLE } from '../support/flat.ts'
import { gateAt } from '../support/gate.ts'
import { fileFlow, openFiles } from '../support/tree-world.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const BATCHES = 200
const ROWS = BATCHES * 5

/** What differs between source and target, row by row. */
async function difference(w: World): Promise<readonly string[]> {
  const query = (table: string): string =>
    `SELECT id, name, CAST(modified_on AS VARCHAR) FROM ${table} ORDER BY id, name`
  const text = (all: readonly (readonly (string | null)[])[]): readonly string[] => all.map((r) => r.join(' | '))
  const source = text(await w.sourceRows(query('src')))
  const target = text(await w.targetRows(query('dst')))
  const twice = target.filter((line, i) => target.indexOf(line) !== i)
  return [...source.filter((r) => !target.includes(r)), ...target.filter((r) => !source.includes(r)), ...twice]
}

for (const kind of ['insert-missing', 'latest'] as const) {
  test(`four workers on 200 batches of ${kind} lose no row and deliver none twice`, async () => {
    await using w = await openWorld()
    const flow = flowSpec({ apply: { kind, maxDelete: null } })
    await w.source(TABLE, rows(ROWS))
    const first = await w.run(flow, { batchRows: 5, workers: 4 })
    expect(first).toMatchObject({
      state: 'succeeded',
      batches: BATCHES,
      batchesDone: BATCHES,
      rows: { read: BigInt(ROWS), inserted: BigInt(ROWS) },
    })
    expect(await difference(w)).toEqual([])
    const again = await w.run(flow, { full: true, batchRows: 20, workers: 4 })
    expect(again).toMatchObject({
      batchesDone: BATCHES / 4,
      rows: { read: BigInt(ROWS), inserted: 0n, updated: 0n, skippedSame: BigInt(ROWS) },
    })
    expect(await difference(w)).toEqual([])
  })
}

test('four workers on 50 batches of updates take every newer row once', async () => {
  await using w = await openWorld()
  const flow = flowSpec()
  await w.source(TABLE, rows(ROWS))
  await w.run(flow)
  await w.source("UPDATE src SET name = name || '!', modified_on = modified_on + INTERVAL '1 YEAR' WHERE id % 2 = 0")
  const run = await w.run(flow, { full: true, batchRows: 20, workers: 4 })
  expect(run).toMatchObject({
    state: 'succeeded',
    rows: { read: BigInt(ROWS), updated: BigInt(ROWS / 2), skippedSame: BigInt(ROWS / 2), inserted: 0n },
  })
  expect(await difference(w)).toEqual([])
})

test('four workers on a wide tree land no row before its parent', async () => {
  await using f = await openFiles()
  const below = (parent: string) =>
    Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${parent}-${i}`, { under: parent }]))
  await f.add({ a: {}, b: {}, c: {} })
  for (const root of ['a', 'b', 'c']) await f.add(below(root))
  for (const parent of ['a-0', 'b-1', 'c-2']) await f.add(below(parent))
  const run = await f.world.run(fileFlow(), { batchRows: 2, workers: 4 })
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 75n } })
  expect(await f.parentless()).toEqual([])
})

test('a batch that meets a conflict is tried again and lands once', async () => {
  await using w = await openWorld()
  const flow = flowSpec()
  await w.source(TABLE, rows(10))
  const retried: EngineEvents['batch:retry'][] = []
  const seen = Promise.withResolvers<void>()
  const emit = (event: string, fields: unknown): void => {
    if (event !== 'batch:retry') return
    retried.push(fields as EngineEvents['batch:retry'])
    seen.resolve()
  }
  using gate = gateAt('batch:recorded')
  const run = w.run(flow, { batchRows: 5, workers: 1, emit, hit: gate.hit })
  await gate.reached
  // between two batches somebody else's transaction takes every slot, and keeps it until the conflict was seen
  await using file = await openDuckdbFile(w.targetPath, 'write', { memoryBytes: null, threads: 2, tempDir: null })
  using other = await file.session()
  await other.begin()
  await other.run(`UPDATE "${file.catalog}".tidemark.fence SET uses = uses + 1`)
  gate.open()
  await seen.promise
  await other.rollback()
  expect(await run).toMatchObject({ state: 'succeeded', rows: { read: 10n, inserted: 10n } })
  expect(retried[0]).toMatchObject({ flow: 'm.t', batch: 2, attempt: 1, code: 'TM5003' })
  expect(await difference(w)).toEqual([])
})

test('more workers than the fence has slots share them, and all batches land', async () => {
  await using w = await openWorld()
  const workers = FENCE_SLOTS + 4
  await w.source(TABLE, rows(workers))
  // each batch takes longer than a conflict is tried again for
  const hit = async (point: string): Promise<void> => {
    if (point === 'batch:staged') await sleep(1_500)
  }
  const run = await w.run(flowSpec(), { batchRows: 1, workers, hit })
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: BigInt(workers) } })
  expect(await difference(w)).toEqual([])
})
