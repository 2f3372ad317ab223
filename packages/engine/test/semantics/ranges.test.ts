/** A flat table is read by ranges of its row numbers, without its keys: as long as it stands still. */
import { expect, test } from 'vitest'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { ids, rows, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const TEN = { batchRows: 10, workers: 1 }

/** Calls `act` once, when the first batch is in the ledger. */
const afterFirstBatch = (act: () => Promise<void>): Hit => {
  let done = false
  return async (point) => {
    if (point !== 'batch:recorded' || done) return
    done = true
    await act()
  }
}

const names = async (w: World) => (await w.targetRows('SELECT id, name FROM dst ORDER BY id')).map((r) => r.join(' '))

test('a source that changes between two batches is captured again by key, and every row arrives once', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(30))
  const writer = await w.counted()
  const change = async () => {
    await writer.session.run('DELETE FROM src WHERE id IN (3, 25)')
    await writer.session.run("INSERT INTO src VALUES (3, 'n3', TIMESTAMP '2020-01-01')")
  }
  const run = await w.run(flow, { ...TEN, hit: afterFirstBatch(change) })
  await writer[Symbol.asyncDispose]()
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 29n } })
  expect(await ids(w)).toEqual(Array.from({ length: 30 }, (_, i) => i).filter((id) => id !== 25))
})

test('rows whose numbers move down while the run reads are not lost, though each range has as many rows as before', async () => {
  const group = 122_880
  await using w = await openWorld()
  await w.source(TABLE, rows(3 * group))
  const writer = await w.counted()
  const change = async () => {
    // the first row group goes, the others take its numbers, and as many new rows come behind them
    await writer.session.run(`DELETE FROM src WHERE id < ${group}`)
    await writer.session.run('CHECKPOINT')
    await writer.session.run(
      `INSERT INTO src SELECT i + ${3 * group}, 'late', TIMESTAMP '2020-01-01' FROM range(${group}) t(i)`,
    )
  }
  const run = await w.run(flow, { batchRows: group, workers: 1, hit: afterFirstBatch(change) })
  const [first] = await writer.session.rows('SELECT min(rowid), max(rowid) FROM src')
  await writer[Symbol.asyncDispose]()
  expect(first, 'the numbers moved').toEqual(['0', `${3 * group - 1}`])
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: BigInt(4 * group) } })
})

test('a row that another writer puts into the empty target during the first load is not delivered twice', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(30))
  const other = { ...flow, id: flowSpec().id.replace('m.t', 'm.other') as typeof flow.id }
  const run = await w.run(flow, {
    ...TEN,
    hit: afterFirstBatch(async () => {
      await w.run({ ...other, source: { ...flow.source, where: [] } }, { batchRows: 100, workers: 1 })
    }),
  })
  expect(run).toMatchObject({ state: 'succeeded', rows: { read: 30n, inserted: 10n, skippedSame: 20n } })
  expect(await ids(w)).toEqual(Array.from({ length: 30 }, (_, i) => i))
})

test('a first load looks no row up, and a later one merges', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(30))
  await w.run(flow, TEN)
  await w.source("UPDATE src SET name = 'new', modified_on = get_current_timestamp() WHERE id = 7")
  await w.source("INSERT INTO src VALUES (30, 'n30', get_current_timestamp())")
  expect(await w.run(flow, TEN)).toMatchObject({ rows: { read: 2n, inserted: 1n, updated: 1n } })
  expect(await names(w)).toContain('7 new')
})

test('batches follow the rows that the window takes, wherever they lie', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(1000))
  await w.run(flow, TEN)
  await w.source("UPDATE src SET name = 'new', modified_on = get_current_timestamp() WHERE id % 100 = 1")
  const run = await w.run(flow, { batchRows: 4, workers: 2 })
  expect(run).toMatchObject({ rows: { read: 10n, updated: 10n }, batches: 3 })
})

test('a key that occurs twice is refused before anything is written, though keys are not captured', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(30), "INSERT INTO src VALUES (4, 'again', TIMESTAMP '2020-01-01')")
  const run = await w.run(flow, TEN)
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4005' } })
  await expect(w.targetRows('FROM dst')).rejects.toThrow('database does not exist')
})

test('a key that occurs again in another row group is refused, though the keys of each group are in order', async () => {
  await using w = await openWorld()
  const group = 122_880
  await w.source(
    TABLE,
    `INSERT INTO src SELECT i % ${group}, 'n', TIMESTAMP '2020-01-01' FROM range(${4 * group}) t(i)`,
  )
  expect(await w.run(flow, { batchRows: group })).toMatchObject({ state: 'failed', error: { code: 'TM4005' } })
})
