/**
 * A worker slept past its lease, and a second one took the flow over while it slept. Here both live in one process,
 * because a DuckDB file belongs to one; the sleeper's renewals are only dreamt of, so nothing else can stop it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { RunRow } from '../../src/control/control-store.ts'
import type { Bench } from '../../src/dialects/contract.ts'
import type { RunDeps } from '../../src/run/run-deps.ts'
import type { Failpoint } from '../../src/runtime/failpoint.ts'
import { ids, rows, TABLE } from '../support/flat.ts'
import { gateAt } from '../support/gate.ts'
import { present } from '../support/present.ts'
import { errorOf, runWith, sleepingDeps } from '../support/sleeper.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'
import { shortLease } from '../support/world-ends.ts'

/** One batch at a time is open, where the target is a server too. */
const flow = flowSpec({ parallel: 1 })
/** Six rows in batches of two. */
const IN_TWOS = { batchRows: 2, workers: 1 }
const LEASE_MS = 400

async function sixRows(): Promise<World> {
  const w = await openWorld({ leaseMs: shortLease(LEASE_MS) })
  await w.source(TABLE, rows(6))
  return w
}

async function expired(w: World): Promise<void> {
  while ((await w.store.leases.find(flow.id))?.expired !== true) await sleep(25)
}

/** Who committed which batch: `1:token`. */
const committed = async (w: World): Promise<readonly string[]> =>
  (await w.targetRows('SELECT batch, token FROM tidemark.marker ORDER BY batch')).map(
    ([batch, token]) => `${batch}:${token}`,
  )

/** Everything once, the run succeeded, and a next run has nothing to do. */
async function delivered(w: World, runs: readonly RunRow[]): Promise<void> {
  expect(runs).toMatchObject([{ state: 'succeeded', rows: { read: 6n, inserted: 6n } }, { state: 'nothing_to_do' }])
  expect(await ids(w)).toEqual([0, 1, 2, 3, 4, 5])
  expect(await w.watermark(flow)).toBe(runs[0]?.window?.upTo)
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
}

/** The sleeper (token 1) falls asleep at `point`; the second worker (token 2) takes over and finishes; then it wakes up. */
async function takenOver(
  w: World,
  point: Failpoint,
  nth: number,
): Promise<{ readonly runs: readonly RunRow[]; readonly error: unknown }> {
  using gate = gateAt(point, nth)
  const asleep = errorOf(runWith(sleepingDeps(w, { ...IN_TWOS, hit: gate.hit }), w, flow, IN_TWOS))
  await gate.reached
  await expired(w)
  const runs = await w.runs(flow, IN_TWOS)
  gate.open()
  return { runs, error: await asleep }
}

test.for([
  ['batch:begun', 2],
  ['batch:staged', 2],
  ['batch:before-commit', 2],
] as const)(
  'a worker that slept beyond its lease with its transaction open (%s) is ended, and its rows never land',
  async ([point, nth]) => {
    await using w = await sixRows()
    const { runs, error } = await takenOver(w, point, nth)
    expect(error).toMatchObject({ code: 'TM3002' })
    await delivered(w, runs)
    expect(await committed(w)).toEqual(['1:1', '2:2', '3:2'])
    expect((await w.store.ledger.listBatches(present(runs[0], 'run').id)).map((b) => b.attempts)).toEqual([1, 2, 1])
  },
)

/** Falls asleep when it is about to begin its `nth` batch; and what the target said when it woke up. */
function asleepBeforeBegin(deps: RunDeps, nth: number) {
  const arrived = Promise.withResolvers<void>()
  const woken = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<unknown>()
  let left = nth
  const begin =
    (bench: Bench): Bench['begin'] =>
    async (...args) => {
      if (--left === 0) {
        arrived.resolve()
        await woken.promise
      }
      const begun = bench.begin(...args)
      if (left <= 0) begun.then(() => answered.resolve(null), answered.resolve)
      return await begun
    }
  const openBench: RunDeps['openBench'] = async (definition, run) => {
    const opened = await deps.openBench(definition, run)
    const bench = new Proxy(opened.bench, {
      get: (target, name) => {
        if (name === 'begin') return begin(target)
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return { ...opened, bench }
  }
  return { deps: { ...deps, openBench }, reached: arrived.promise, wake: woken.resolve, answer: answered.promise }
}

test('a worker that slept beyond its lease before its transaction began is refused by the fence', async () => {
  await using w = await sixRows()
  const sleeper = asleepBeforeBegin(sleepingDeps(w, IN_TWOS), 2)
  const asleep = errorOf(runWith(sleeper.deps, w, flow, IN_TWOS))
  await sleeper.reached
  await expired(w)
  const runs = await w.runs(flow, IN_TWOS)
  sleeper.wake()
  expect(await asleep).toMatchObject({ code: 'TM3002' })
  // the run may have heard of its lease before the target has answered
  expect(await sleeper.answer).toMatchObject({ code: 'TM5002' })
  await delivered(w, runs)
  expect(await committed(w)).toEqual(['1:1', '2:2', '3:2'])
})

test('a batch that a sleeper committed but did not record is known by its marker and not done again', async () => {
  await using w = await sixRows()
  const { runs, error } = await takenOver(w, 'batch:after-commit', 2)
  expect(error).toMatchObject({ code: 'TM3002' })
  await delivered(w, runs)
  expect(await committed(w)).toEqual(['1:1', '2:1', '3:2'])
})

async function expectNothingMore(point: Failpoint): Promise<void> {
  await using w = await sixRows()
  using gate = gateAt(point)
  const asleep = errorOf(runWith(sleepingDeps(w, { ...IN_TWOS, hit: gate.hit }), w, flow, IN_TWOS))
  await gate.reached
  await expired(w)
  const runs = await w.runs(flow, IN_TWOS)
  const before = await everything(w)
  gate.open()
  expect(await asleep).toHaveProperty('code', expect.stringMatching(/^(TM3002|TM5002)$/))
  expect(await everything(w)).toEqual(before)
  expect(runs[0]).toMatchObject({ state: 'succeeded', rows: { inserted: 6n } })
  expect(await ids(w)).toEqual([0, 1, 2, 3, 4, 5])
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
}

test.for([
  'plan:stored',
  'capture:before-stored',
  'capture:stored',
  'batch:recorded',
  'settle:before',
  'settle:target-done',
] as const)(
  'a worker that slept beyond its lease at %s writes nothing more, neither in the ledger nor in the target',
  expectNothingMore,
)

test('a worker that slept beyond its lease before its plan was stored writes nothing more', () =>
  expectNothingMore('lease:after'))

/** Runs, watermark, lease, and all that the target remembers. */
async function everything(w: World): Promise<unknown> {
  return {
    runs: await w.store.ledger.listRuns({ limit: 9 }),
    watermarks: await w.store.ledger.listWatermarks(),
    lease: await w.store.leases.find(flow.id),
    fence: await w.targetRows('SELECT DISTINCT token FROM tidemark.fence'),
    markers: await committed(w),
    settled: await w.targetRows('SELECT scope, run, up_to FROM tidemark.settled'),
    rows: await ids(w),
  }
}

test('a takeover waits for a batch that still commits, and then knows it', async () => {
  await using w = await sixRows()
  using gate = gateAt('batch:before-commit', 2)
  const asleep = errorOf(runWith(sleepingDeps(w, { ...IN_TWOS, hit: gate.hit }), w, flow, IN_TWOS))
  await gate.reached
  await expired(w)
  const second = w.runs(flow, IN_TWOS)
  // it stands at the fence as soon as it holds the lease and the run is its own
  while ((await w.store.leases.find(flow.id))?.token === 1n) await sleep(5)
  gate.open()
  expect(await asleep).toMatchObject({ code: 'TM3002' })
  await delivered(w, await second)
})

test('the fence is raised by every owner, so an older token never comes back', async () => {
  await using w = await sixRows()
  for (const token of ['1', '2', '3']) {
    await w.run(flow, { full: true, ...IN_TWOS })
    expect(await w.targetRows('SELECT DISTINCT token FROM tidemark.fence')).toEqual([[token]])
  }
})
