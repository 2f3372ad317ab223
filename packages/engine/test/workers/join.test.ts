/** Several workers on one run: those that join share its batches with the owner, and nothing comes twice or too early. */
import { expect, test } from 'vitest'
import type { EngineEvents } from '@tidemark/contract/events'
import { AppError, Cancelled } from '../../src/runtime/app-error.ts'
import { ids } from '../support/flat.ts'
import { gateAt } from '../support/gate.ts'
import { attempts, heard, heldOwner, joinWith, runOf, sharedWorld, sleepingJoiner } from '../support/joiner.ts'
import { quarantining } from '../support/rejected.ts'
import { errorOf, runWith, sleepingDeps } from '../support/sleeper.ts'
import { failAt, fileFlow, openFiles } from '../support/tree-world.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()
/** Ten rows in batches of two, by one worker. */
const IN_TWOS = { batchRows: 2, workers: 1 } as const
const TEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

test('a worker that joins shares the batches with the owner, waits for those that others have, and each lands once', async () => {
  await using w = await sharedWorld(10)
  using held = await heldOwner(w, flow, IN_TWOS)
  const { owner, id } = held
  const waiting = heard('worker:waiting')
  const joiner = w.join(id, { workers: 1, emit: waiting.emit })
  await waiting.once
  expect(await ids(w)).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
  held.letGo()
  expect(await joiner).toMatchObject({ batches: 4, rows: { read: 8n, inserted: 8n }, error: null })
  expect(await owner).toMatchObject({ id, state: 'succeeded', attempts: 1, batchesDone: 5, rows: { inserted: 10n } })
  expect(await attempts(w, id)).toEqual(Array.from({ length: 5 }, () => 'done 1'))
  expect(await ids(w)).toEqual(TEN)
  expect(await w.store.ledger.listWorkers(id)).toEqual([])
})

test('the owner waits for the last batch of a worker that joined before it settles', async () => {
  await using w = await sharedWorld(10)
  using last = gateAt('batch:before-commit', 4)
  const waiting = heard('worker:waiting')
  using held = await heldOwner(w, flow, { ...IN_TWOS, emit: waiting.emit })
  const { owner, id } = held
  const joiner = w.join(id, { workers: 1, hit: last.hit })
  await last.reached
  held.letGo()
  await waiting.once
  expect(await w.store.ledger.getRun(id)).toMatchObject({ state: 'running', batchesDone: 4 })
  expect(await w.watermark(flow)).toBeNull()
  last.open()
  expect(await owner).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
  expect(await joiner).toMatchObject({ batches: 4 })
  expect(await ids(w)).toEqual(TEN)
})

test('in a tree no worker begins a wave before all batches of the one before are in, whoever has them', async () => {
  await using f = await openFiles({ joinable: { sharesKeys: true } })
  const tree = fileFlow()
  await f.add({ a: {}, b: {} })
  await f.add({ c: { under: 'a' }, d: { under: 'b' } })
  await f.add({ e: { under: 'c' }, f: { under: 'd' } })
  using gate = gateAt('batch:claimed')
  const owner = f.world.run(tree, { batchRows: 1, workers: 1, hit: gate.hit })
  await gate.reached
  const id = await runOf(f.world, tree)
  const claims: EngineEvents['batch:claimed'][] = []
  const waits = Promise.withResolvers<void>()
  const joiner = f.world.join(id, {
    workers: 1,
    emit: (event, fields) => {
      if (event === 'batch:claimed') claims.push(fields as EngineEvents['batch:claimed'])
      if (event === 'worker:waiting') waits.resolve()
    },
  })
  await waits.promise
  expect(claims.map((c) => [c.step, c.batch])).toEqual([['roots', 2]])
  expect(await f.landed()).toBe('b')
  gate.open()
  await joiner
  expect(await owner).toMatchObject({ state: 'succeeded', rows: { inserted: 6n } })
  expect(await f.parentless()).toEqual([])
  expect(await f.batches(await f.ledger.getRun(id))).toBe('roots 1+1 | children 1+1 1+1')
})

test('a joined worker that dies with a batch in hand: its claim expires, the owner takes it over and locks it out', async () => {
  await using w = await sharedWorld(10, { leaseMs: 600 })
  using asleep = gateAt('batch:claimed', 2)
  using held = await heldOwner(w, flow, IN_TWOS)
  const { owner, id } = held
  const joiner = joinWith(sleepingJoiner(w, { workers: 1, hit: asleep.hit }), id)
  await asleep.reached
  held.letGo()
  expect(await owner).toMatchObject({ state: 'succeeded', batchesDone: 5, rows: { read: 10n, inserted: 10n } })
  expect(await attempts(w, id)).toEqual(['done 1', 'done 1', 'done 2', 'done 1', 'done 1'])
  const before = await w.store.ledger.getRun(id)
  asleep.open()
  // it had one batch in before it slept, and the run went well without it
  expect(await joiner).toMatchObject({ status: 'succeeded', batches: 1, rows: { inserted: 2n } })
  expect(await w.store.ledger.getRun(id)).toEqual(before)
  expect(await ids(w)).toEqual(TEN)
})

test('a joined worker that sleeps with its transaction open in the target stops nobody: the owner ends it', async () => {
  await using w = await sharedWorld(10, { leaseMs: 600 })
  using asleep = gateAt('batch:staged')
  using held = await heldOwner(w, flow, IN_TWOS)
  const { owner, id } = held
  const joiner = joinWith(sleepingJoiner(w, { workers: 1, hit: asleep.hit }), id)
  await asleep.reached
  held.letGo()
  expect(await owner).toMatchObject({ state: 'succeeded', batchesDone: 5, rows: { read: 10n, inserted: 10n } })
  asleep.open()
  expect(await joiner).toMatchObject({ status: 'succeeded', batches: 0 })
  expect(await ids(w)).toEqual(TEN)
})

test('a worker that sleeps past the end of its run delivers nothing when it wakes up', async () => {
  await using w = await sharedWorld(10, { leaseMs: 600 })
  // it keeps no watermark, so that the target forgets its markers
  const backfill = flowSpec({
    capture: { kind: 'backfill', options: {} },
    apply: { kind: 'insert-missing', maxDelete: null },
  })
  using first = gateAt('batch:claimed')
  using asleep = gateAt('batch:claimed')
  const owner = w.run(backfill, { ...IN_TWOS, hit: first.hit })
  await first.reached
  const id = await runOf(w, backfill)
  const joiner = joinWith(sleepingJoiner(w, { workers: 1, hit: asleep.hit }), id)
  await asleep.reached
  first.open()
  expect(await owner).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
  await w.target('DELETE FROM dst')
  asleep.open()
  expect(await joiner).toMatchObject({ status: 'succeeded', batches: 0 })
  expect(await ids(w)).toEqual([])
  expect(await w.targetRows('SELECT count(*) FROM tidemark.marker')).toEqual([['0']])
})

test('what workers of other processes keep out counts too: more rejects than the run may have fail it', async () => {
  await using w = await sharedWorld(10)
  await w.target('CREATE TABLE dst (id BIGINT, name VARCHAR NOT NULL, modified_on TIMESTAMP)')
  await w.source('UPDATE src SET name = NULL WHERE id < 4')
  const few = quarantining({}, 3)
  using first = gateAt('batch:claimed')
  using second = gateAt('batch:recorded')
  const owner = w.run(few, { ...IN_TWOS, hit: first.hit })
  await first.reached
  const id = await runOf(w, few)
  const joiner = w.join(id, { workers: 1, hit: second.hit })
  await second.reached
  first.open()
  expect(await owner).toMatchObject({ state: 'failed', error: { code: 'TM5012' } })
  second.open()
  expect(await joiner).toMatchObject({ status: 'failed', error: { code: 'TM5012' } })
})

test('a claim is not taken over while its worker attends, however long its batch takes', async () => {
  await using w = await sharedWorld(4, { leaseMs: 900 })
  using slow = gateAt('batch:claimed')
  using held = await heldOwner(w, flow, IN_TWOS)
  const { owner, id } = held
  const joiner = w.join(id, { workers: 1, hit: slow.hit })
  await slow.reached
  const [claim] = (await w.store.ledger.listWorkers(id)).filter((x) => !x.isOwner)
  held.letGo()
  while ((await w.store.now()) <= (claim?.expiresAt ?? '')) await new Promise((done) => setTimeout(done, 20))
  expect(await attempts(w, id)).toEqual(['done 1', 'running 1'])
  slow.open()
  expect(await joiner).toMatchObject({ batches: 1 })
  expect(await owner).toMatchObject({ state: 'succeeded', attempts: 1 })
  expect(await attempts(w, id)).toEqual(['done 1', 'done 1'])
})

test('an owner that dies while a worker joined: the next owner has another token, and the worker stops at once', async () => {
  await using w = await sharedWorld(10, { leaseMs: 600 })
  using dead = gateAt('batch:claimed', 2)
  using gate = gateAt('batch:staged', 2)
  const owner = runWith(sleepingDeps(w, { ...IN_TWOS, hit: dead.hit }), w, flow, IN_TWOS)
  await dead.reached
  const id = await runOf(w, flow)
  const joiner = w.join(id, { workers: 1, hit: gate.hit })
  await gate.reached
  const next = w.runs(flow, { ...IN_TWOS, waitMs: 30_000 })
  const runs = await next
  expect(runs).toMatchObject([
    { id, state: 'succeeded', batchesDone: 5, rows: { inserted: 10n } },
    { state: 'nothing_to_do' },
  ])
  gate.open()
  dead.open()
  // its second batch was rolled back, and it claimed no more
  expect(await joiner).toMatchObject({ batches: 1 })
  await errorOf(owner)
  expect(await ids(w)).toEqual(TEN)
  expect(await w.store.ledger.getRun(id)).toMatchObject({ rows: { inserted: 10n }, batchesDone: 5 })
})

test('a worker under a token that another owner outgrew claims nothing more, and is told that another has the run', async () => {
  await using w = await sharedWorld(10, { leaseMs: 60_000 })
  using dead = gateAt('batch:claimed', 2)
  using gate = gateAt('batch:recorded')
  const owner = runWith(sleepingDeps(w, { ...IN_TWOS, hit: dead.hit }), w, flow, IN_TWOS)
  await dead.reached
  const id = await runOf(w, flow)
  const joiner = w.join(id, { workers: 1, hit: gate.hit })
  await gate.reached
  const token = (await w.store.leases.find(flow.id))?.token ?? 0n
  const thief = { worker: 'thief', host: 'elsewhere.example', pid: 4711, actor: 'someone' }
  const taken = await w.store.leases.acquire(flow.id, thief, 60_000, token)
  await w.store.ledger.startRun(id, taken?.token ?? 0n, 'thief')
  gate.open()
  expect(await joiner).toMatchObject({ status: 'failed', batches: 1, error: { code: 'TM3002' } })
  expect(await attempts(w, id)).toEqual(['done 1', 'running 1', 'done 1', 'planned 0', 'planned 0'])
  dead.open()
  await errorOf(owner)
})

test('a batch that fails with a worker that joined fails the run, and a resume does the rest', async () => {
  await using w = await sharedWorld(10)
  using held = await heldOwner(w, flow, { ...IN_TWOS, nth: 2 })
  const { owner, id } = held
  const joined = await w.join(id, { workers: 1, hit: failAt('batch:staged', 2) })
  expect(joined).toMatchObject({ status: 'failed', batches: 1, error: { code: 'TM5001' } })
  held.letGo()
  expect(await owner).toMatchObject({ state: 'failed', error: joined.error })
  expect(await w.watermark(flow)).toBeNull()
  const [resumed] = await w.runs(flow, IN_TWOS)
  expect(resumed).toMatchObject({ id, state: 'succeeded', rows: { inserted: 10n } })
  expect(await ids(w)).toEqual(TEN)
})

test('a batch that fails with the owner ends the work of those that joined, with its error', async () => {
  await using w = await sharedWorld(10)
  using gate = gateAt('batch:recorded')
  let wakes = false
  using held = await heldOwner(w, flow, {
    ...IN_TWOS,
    hit: async (point) => {
      if (point === 'batch:staged' && wakes) throw new Error('stopped here')
    },
  })
  const { owner, id } = held
  const joiner = w.join(id, { workers: 1, hit: gate.hit })
  await gate.reached
  wakes = true
  held.letGo()
  expect(await owner).toMatchObject({ state: 'failed', error: { code: 'TM5001' } })
  gate.open()
  expect(await joiner).toMatchObject({ status: 'failed', batches: 1, error: { code: 'TM5001' } })
})

test('places in the source that changed: the owner goes on under a new token, and those that joined come along', async () => {
  await using w = await sharedWorld(10)
  using gate = gateAt('batch:recorded')
  let moved = false
  using held = await heldOwner(w, flow, {
    ...IN_TWOS,
    hit: async (point) => {
      if (point !== 'batch:staged' || moved) return
      moved = true
      throw new AppError('TM5006', 'src')
    },
  })
  const { owner, id } = held
  const token = (await w.store.leases.find(flow.id))?.token ?? 0n
  const tokens: bigint[] = []
  const joiner = w.join(id, {
    workers: 1,
    hit: gate.hit,
    emit: (event, fields) => event === 'worker:joined' && tokens.push((fields as EngineEvents['worker:joined']).token),
  })
  await gate.reached
  held.letGo()
  // it may claim only what is free under the new token
  while ((await w.store.ledger.findWork(id)).token === token) await new Promise((done) => setTimeout(done, 20))
  gate.open()
  expect(await joiner).toMatchObject({ error: null })
  expect(await owner).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
  expect(tokens[0]).toBe(token)
  expect(await ids(w)).toEqual(TEN)
})

test('a worker that joined and is asked to stop ends its batch, and its leaving stops nobody', async () => {
  await using w = await sharedWorld(10)
  using own = gateAt('batch:staged')
  const soft = new AbortController()
  using held = await heldOwner(w, flow, IN_TWOS)
  const { owner, id } = held
  const joiner = w.join(id, { workers: 1, hit: own.hit, soft: soft.signal })
  await own.reached
  soft.abort(new Cancelled('enough'))
  own.open()
  expect(await joiner).toMatchObject({ status: 'cancelled', batches: 1, error: null })
  held.letGo()
  expect(await owner).toMatchObject({ state: 'succeeded', attempts: 1, rows: { inserted: 10n } })
  expect(await ids(w)).toEqual(TEN)
})

test('a worker that joined and is stopped at once rolls its batch back, which is free for others at once', async () => {
  await using w = await sharedWorld(10, { leaseMs: 60_000 })
  using own = gateAt('batch:staged')
  const [soft, hard] = [new AbortController(), new AbortController()]
  using held = await heldOwner(w, flow, IN_TWOS)
  const { owner, id } = held
  const joiner = w.join(id, { workers: 1, hit: own.hit, soft: soft.signal, hard: hard.signal })
  await own.reached
  soft.abort(new Cancelled('enough'))
  hard.abort(new Cancelled('now'))
  own.open()
  expect(await joiner).toMatchObject({ status: 'cancelled', batches: 0 })
  held.letGo()
  expect(await owner).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
  expect(await attempts(w, id)).toEqual(['done 1', 'done 2', 'done 1', 'done 1', 'done 1'])
  expect(await ids(w)).toEqual(TEN)
})

test('an owner that dies and is replaced by nobody: a worker that joined brings in the rest, and a resume only settles', async () => {
  await using w = await sharedWorld(10, { leaseMs: 600 })
  using dead = gateAt('batch:claimed', 2)
  const sleeper = sleepingDeps(w, { ...IN_TWOS, hit: dead.hit })
  const ledger = { ...sleeper.store.ledger, attend: () => Promise.resolve(true), leave: () => Promise.resolve() }
  const owner = runWith({ ...sleeper, store: { ...sleeper.store, ledger } }, w, flow, IN_TWOS)
  await dead.reached
  const id = await runOf(w, flow)
  const joined = await w.join(id, { workers: 1 })
  expect(joined).toMatchObject({ status: 'failed', batches: 4, error: { code: 'TM3015' } })
  expect(joined.error?.message).toContain(`all batches of ${id} are in`)
  expect(await w.resume(id, { waitMs: 30_000 })).toMatchObject({ state: 'succeeded', batchesDone: 5 })
  expect(await attempts(w, id)).toEqual(['done 1', 'done 2', 'done 1', 'done 1', 'done 1'])
  dead.open()
  await errorOf(owner)
  expect(await ids(w)).toEqual(TEN)
})

test('a run whose databases belong to one process is not joined, and why is said', async () => {
  await using w = await openWorld()
  await w.source('CREATE TABLE src (id BIGINT, name VARCHAR, modified_on TIMESTAMP)')
  await w.source("INSERT INTO src VALUES (1, 'a', TIMESTAMP '2020-01-01'), (2, 'b', TIMESTAMP '2020-01-01')")
  const { id } = await w.run(flow, { batchRows: 1, workers: 1, hit: failAt('batch:staged', 2) })
  const error = await errorOf(w.join(id))
  expect(error).toMatchObject({ code: 'TM3014' })
  expect(String(error)).toContain('a:src → b:dst, which one process at a time can open')
})

test('a run whose captured keys are in a file of its owner is not joined; one whose batches say their own bounds is', async () => {
  await using w = await sharedWorld(10, { joinable: { sharesKeys: false } })
  using held = await heldOwner(w, flow, IN_TWOS)
  const { owner, id } = held
  const soft = new AbortController()
  const waiting = heard('worker:waiting')
  const byBounds = w.join(id, { workers: 1, emit: waiting.emit, soft: soft.signal })
  await waiting.once
  held.letGo()
  expect(await byBounds).toMatchObject({ batches: 4 })
  await owner

  await using f = await openFiles({ joinable: { sharesKeys: false } })
  const tree = fileFlow()
  await f.add({ a: {}, b: {} })
  using heldTree = await heldOwner(f.world, tree, { batchRows: 1, workers: 1 })
  const error = await errorOf(f.world.join(heldTree.id))
  expect(error).toMatchObject({ code: 'TM3014' })
  expect(String(error)).toContain('the captured keys are in a file')
  heldTree.letGo()
  expect(await heldTree.owner).toMatchObject({ state: 'succeeded' })
})

test('a run that nobody works on is not joined but resumed, and one that has ended is neither', async () => {
  await using w = await sharedWorld(10)
  const { id } = await w.run(flow, { ...IN_TWOS, hit: failAt('batch:staged', 2) })
  await expect(w.join(id)).rejects.toMatchObject({ code: 'TM3015' })
  // another scope's run holds the flow: that is not this run
  await w.store.leases.acquire(flow.id, { worker: 'x', host: 'elsewhere.example', pid: 1, actor: 'a' }, 60_000, null)
  await expect(w.join(id)).rejects.toMatchObject({ code: 'TM3015' })
  await w.store.leases.release(flow.id, (await w.store.leases.find(flow.id))?.token ?? 0n)
  using gate = gateAt('batch:claimed')
  const waiting = heard('worker:waiting')
  const joiner = w.join(id, { workers: 1, waitMs: 30_000, emit: waiting.emit })
  await waiting.once
  const resumed = w.resume(id, { ...IN_TWOS, hit: gate.hit })
  await gate.reached
  gate.open()
  expect(await resumed).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
  expect(await joiner).toMatchObject({ error: null })
  await expect(w.join(id)).rejects.toMatchObject({ code: 'TM3012' })
  expect(await ids(w)).toEqual(TEN)
})
