/** Being asked to stop, in every way there is, and going on afterwards. */
import { expect, test } from 'vitest'
import { openSqlite } from '../../src/drivers/sqlite.ts'
import { Cancelled } from '../../src/runtime/app-error.ts'
import { ids, rows, TABLE } from '../support/flat.ts'
import { gateAt } from '../support/gate.ts'
import { runningOf } from '../support/sleeper.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
/** Ten rows in batches of two. */
const IN_TWOS = { batchRows: 2, workers: 1 }
const BY = { actor: 'operator', command: 'tidemark cancel', reason: null }
const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

async function tenRows(): Promise<World> {
  const w = await openWorld()
  await w.source(TABLE, rows(10))
  return w
}

const batchStates = async (w: World, id: Parameters<World['resume']>[0]): Promise<string> =>
  (await w.store.ledger.listBatches(id)).map((b) => b.state).join(' ')

const isFree = async (w: World): Promise<void> =>
  expect(await w.store.leases.find(flow.id)).toMatchObject({ owner: null })

/** It goes on where it stopped, with the batches that are left, and then there is nothing to do. */
async function goesOn(w: World, id: Parameters<World['resume']>[0]): Promise<void> {
  await isFree(w)
  expect(await w.resume(id, IN_TWOS)).toMatchObject({
    id,
    state: 'succeeded',
    reason: null,
    error: null,
    rows: { read: 10n, inserted: 10n },
  })
  expect(await ids(w)).toEqual(TEN)
  expect((await w.store.ledger.listBatches(id)).every((b) => b.state === 'done')).toBe(true)
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
  await isFree(w)
}

test('asked softly, the batches in flight end, the run is cancelled, the lease is free, and a resume goes on', async () => {
  await using w = await tenRows()
  using gate = gateAt('batch:staged', 2)
  const soft = new AbortController()
  const run = w.run(flow, { ...IN_TWOS, workers: 2, hit: gate.hit, soft: soft.signal })
  await gate.reached
  soft.abort(new Cancelled('stopped by the operator'))
  gate.open()
  const stopped = await run
  expect(stopped).toMatchObject({ state: 'cancelled', reason: 'stopped by the operator', error: null })
  expect(stopped.batchesDone).toBeGreaterThan(0)
  expect(stopped.batchesDone).toBeLessThan(5)
  // nothing is half done
  expect(await batchStates(w, stopped.id)).toMatch(/^(done|planned)( (done|planned))*$/)
  expect(await ids(w)).toHaveLength(2 * stopped.batchesDone)
  await goesOn(w, stopped.id)
})

test('asked hard, the batch in flight is rolled back, the run is cancelled, the lease is free, and a resume goes on', async () => {
  await using w = await tenRows()
  using gate = gateAt('batch:before-commit', 3)
  const hard = new AbortController()
  const run = w.run(flow, { ...IN_TWOS, hit: gate.hit, hard: hard.signal })
  await gate.reached
  hard.abort(new Cancelled('rolled back by the operator'))
  gate.open()
  const stopped = await run
  expect(stopped).toMatchObject({
    state: 'cancelled',
    reason: 'rolled back by the operator',
    batchesDone: 2,
    error: null,
  })
  expect(await ids(w)).toEqual([0, 1, 2, 3])
  await goesOn(w, stopped.id)
})

test('asked hard in the middle of a statement, the statement ends', async () => {
  await using w = await openWorld()
  // a column that takes far longer than the test to compute, and only when a batch reads it
  const slowly = 'list_sum(list_transform(range(3000), lambda x: (x * id) % 1000003))'
  await w.source(TABLE, rows(200_000), `CREATE VIEW slow AS SELECT *, ${slowly} AS work FROM src`)
  const hard = new AbortController()
  const hit = (point: string): void => {
    if (point === 'batch:begun') setTimeout(() => hard.abort(new Cancelled('enough')), 100)
  }
  const run = await w.run(flowSpec({ source: { ...flow.source, table: ['slow'] } }), {
    workers: 1,
    hard: hard.signal,
    hit,
  })
  expect(run).toMatchObject({ state: 'cancelled', reason: 'enough', error: null, batchesDone: 0 })
  await isFree(w)
})

test('stopped after its last batch, a run is cancelled with everything in, and its resume only settles', async () => {
  await using w = await tenRows()
  const soft = new AbortController()
  const hit = (point: string): void => void (point === 'batch:recorded' && soft.abort(new Cancelled('late')))
  const stopped = await w.run(flow, { workers: 1, hit, soft: soft.signal })
  expect(stopped).toMatchObject({ state: 'cancelled', batches: 1, batchesDone: 1 })
  expect(await w.watermark(flow)).toBeNull()
  const begun: string[] = []
  expect(await w.resume(stopped.id, { hit: (point) => void begun.push(point) })).toMatchObject({ state: 'succeeded' })
  expect(begun.filter((point) => point.startsWith('batch:'))).toEqual([])
  await goesNowhere(w)
})

const goesNowhere = async (w: World): Promise<void> => {
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
  await isFree(w)
}

test('a cancel asked for through the ledger ends the batches in flight and begins no other', async () => {
  await using w = await tenRows()
  using gate = gateAt('batch:staged', 2)
  const run = w.run(flow, { ...IN_TWOS, hit: gate.hit })
  await gate.reached
  const { id } = await runningOf(w, flow)
  await w.store.ledger.requestCancel(id, BY)
  gate.open()
  expect(await run).toMatchObject({ id, state: 'cancelled', reason: 'cancelled by request', batchesDone: 2 })
  expect(await ids(w)).toEqual([0, 1, 2, 3])
  expect(await batchStates(w, id)).toBe('done done planned planned planned')
  await goesOn(w, id)
})

test('a cancel asked for between plan and start is honoured before the first batch', async () => {
  await using w = await tenRows()
  using gate = gateAt('plan:stored')
  const run = w.run(flow, { ...IN_TWOS, hit: gate.hit })
  await gate.reached
  const { id } = await runningOf(w, flow)
  await w.store.ledger.requestCancel(id, BY)
  gate.open()
  expect(await run).toMatchObject({ state: 'cancelled', batchesDone: 0 })
  await goesOn(w, id)
})

test('with several workers a cancel ends all of them', async () => {
  await using w = await tenRows()
  using gate = gateAt('batch:staged', 4)
  const run = w.run(flow, { batchRows: 1, workers: 4, hit: gate.hit })
  await gate.reached
  const { id } = await runningOf(w, flow)
  await w.store.ledger.requestCancel(id, BY)
  gate.open()
  const stopped = await run
  expect(stopped).toMatchObject({ state: 'cancelled', reason: 'cancelled by request' })
  expect(stopped.batchesDone).toBeLessThan(10)
  expect(await ids(w)).toHaveLength(stopped.batchesDone)
  await goesOn(w, id)
})

test('a run whose watermark moved meanwhile can never settle: the next run gives it up and plans anew', async () => {
  await using w = await tenRows()
  await w.run(flow)
  await w.source("INSERT INTO src VALUES (10, 'new', get_current_timestamp() AT TIME ZONE 'UTC')")
  const moved = (point: string): void => {
    if (point !== 'settle:before') return
    const store = openSqlite(`${w.dir}/control.db`, 1000)
    store.script('UPDATE watermark SET version = version + 1')
    store.close()
  }
  const refused = await w.run(flow, { hit: moved })
  expect(refused).toMatchObject({ state: 'failed', error: { code: 'TM3003' } })
  expect(await w.runs(flow)).toMatchObject([{ state: 'succeeded', rows: { skippedSame: 1n } }])
  expect(await w.store.ledger.getRun(refused.id)).toMatchObject({ state: 'superseded', supersededBy: 'TM3003' })
  expect(await ids(w)).toEqual([...TEN, 10])
  await goesNowhere(w)
})

test('a failed batch is not tried again by the run that it failed', async () => {
  await using w = await tenRows()
  let attempts = 0
  const failing = (point: string): void => {
    if (point !== 'batch:staged') return
    attempts += 1
    throw new Error('this batch cannot land')
  }
  expect(await w.run(flow, { ...IN_TWOS, hit: failing })).toMatchObject({ state: 'failed' })
  expect(attempts).toBe(1)
  const { id } = await runningOf(w, flow)
  expect(await batchStates(w, id)).toBe('failed planned planned planned planned')
  await goesOn(w, id)
})
