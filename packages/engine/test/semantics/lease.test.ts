/** One worker runs a flow at a time: who holds the lease, who waits, who is told, and what a lost lease stops. */
import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { ERRORS } from '@tidemark/contract/error-codes'
import { parseFlowId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import type { LeaseRow } from '../../src/control/control-store.ts'
import { AppError, Cancelled } from '../../src/runtime/app-error.ts'
import { startChild } from '../support/child-process.ts'
import { ids, rows, TABLE } from '../support/flat.ts'
import { gateAt } from '../support/gate.ts'
import { depsWithRenewals, errorOf, ledgerOf, runningOf, runWith } from '../support/sleeper.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
/** Ten rows in batches of two, by one worker. */
const IN_TWOS = { batchRows: 2, workers: 1 }
const STRANGER = { worker: 'stranger', host: 'elsewhere.example', pid: 4711, actor: 'someone' }

async function tenRows(leaseMs = 30_000): Promise<World> {
  const w = await openWorld({ leaseMs })
  await w.source(TABLE, rows(10))
  return w
}

async function leaseOf(w: World): Promise<LeaseRow> {
  const lease = await w.store.leases.find(flow.id)
  if (lease === null) throw new TypeError('nobody ever took the lease')
  return lease
}

test('two runs of one flow at once: one works, the other is told who holds the lease until when', async () => {
  await using w = await tenRows()
  using gate = gateAt('batch:staged')
  const first = w.run(flow, { ...IN_TWOS, hit: gate.hit })
  await gate.reached
  const { expiresAt } = await leaseOf(w)
  const error = await errorOf(w.run(flow))
  gate.open()
  expect(await first).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
  if (!(error instanceof AppError)) throw error
  expect(error.code).toBe('TM3001')
  expect(error.detail).toBe(`m.t is run by tester, process ${process.pid} on ${hostname()}, until ${expiresAt}`)
  expect(ERRORS[error.code].exit).toBe(3)
  expect(await w.store.ledger.listRuns({ limit: 9 })).toHaveLength(1)
  expect(await ids(w)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('a run that waits begins when the holder ends, and is told meanwhile whom it waits for', async () => {
  await using w = await tenRows()
  using gate = gateAt('batch:staged')
  const first = w.run(flow, { ...IN_TWOS, hit: gate.hit })
  await gate.reached
  const said: string[] = []
  const second = w.runs(flow, {
    waitMs: 30_000,
    emit: (event, fields) => {
      if (event !== 'lease:waiting') return
      said.push((fields as { holder: string }).holder)
      gate.open()
    },
  })
  expect(await second).toMatchObject([{ state: 'nothing_to_do' }])
  expect(await first).toMatchObject({ state: 'succeeded' })
  expect(said).toHaveLength(1)
  expect(said[0]).toContain(`tester, process ${process.pid} on ${hostname()}, until `)
})

test('the lease of a process that died on this machine is taken over at once', async () => {
  await using w = await tenRows()
  const dead = spawnSync(process.execPath, ['--version']).pid
  await w.store.leases.acquire(flow.id, { ...STRANGER, host: hostname(), pid: dead }, 3_600_000, null)
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded' })
})

test('the lease of another machine is waited for until it expires, whatever its process', async () => {
  await using w = await tenRows()
  const dead = spawnSync(process.execPath, ['--version']).pid
  await w.store.leases.acquire(flow.id, { ...STRANGER, pid: dead }, 700, null)
  await expect(w.run(flow)).rejects.toMatchObject({ code: 'TM3001' })
  expect(await w.run(flow, { waitMs: 30_000 })).toMatchObject({ state: 'succeeded' })
})

test('a lease is given back with its row and its token, and the next one has a greater token', async () => {
  await using w = await tenRows()
  await w.run(flow)
  const first = await leaseOf(w)
  expect(first).toMatchObject({ owner: null, expiresAt: null })
  await w.run(flow)
  const second = await leaseOf(w)
  expect(second.owner).toBeNull()
  expect(second.token).toBeGreaterThan(first.token)
})

test('a lease is renewed while one batch takes longer than it lasts', async () => {
  await using w = await tenRows(600)
  using gate = gateAt('batch:staged')
  const run = w.run(flow, { ...IN_TWOS, hit: gate.hit })
  await gate.reached
  const before = await leaseOf(w)
  // until the store's own clock has passed the end of the lease as it was taken
  while ((await w.store.now()) <= (before.expiresAt ?? '')) await sleep(50)
  await expect(w.run(flow)).rejects.toMatchObject({ code: 'TM3001' })
  gate.open()
  expect(await run).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
})

test('a worker whose lease was taken ends with TM3002, rolls its batch back and writes nothing more in the ledger', async () => {
  await using w = await tenRows(600)
  using gate = gateAt('batch:before-commit', 2)
  const lost = Promise.withResolvers<void>()
  const run = w.run(flow, { ...IN_TWOS, hit: gate.hit, emit: (event) => event === 'lease:lost' && lost.resolve() })
  await gate.reached
  const { id } = await runningOf(w, flow)
  const taken = await w.store.leases.acquire(flow.id, STRANGER, 3_600_000, (await leaseOf(w)).token)
  const ledger = await ledgerOf(w, id)
  await lost.promise
  gate.open()
  await expect(run).rejects.toMatchObject({ code: 'TM3002' })
  expect(await ledgerOf(w, id)).toEqual(ledger)
  expect(await leaseOf(w)).toMatchObject({ token: taken?.token, owner: STRANGER })
  expect(await ids(w)).toEqual([0, 1])
  expect(ERRORS.TM3002.exit).toBe(3)
})

test.for([
  ['hang', () => new Promise<boolean>(() => {})],
  ['fail', () => Promise.reject(new Error('the network is down'))],
] as const)('a worker whose renewals %s gives up before another may take the flow', async ([, renew]) => {
  await using w = await tenRows(600)
  using gate = gateAt('batch:before-commit', 2)
  const lost = Promise.withResolvers<LeaseRow>()
  const emit = (event: string): void => {
    if (event === 'lease:lost') lost.resolve(leaseOf(w))
  }
  const run = runWith(depsWithRenewals(w, { ...IN_TWOS, hit: gate.hit, emit }, renew), w, flow, IN_TWOS)
  await gate.reached
  await lost.promise
  gate.open()
  expect(await run).toMatchObject([{ state: 'failed', batchesDone: 1, error: { code: 'TM3002' } }])
  expect(await ids(w)).toEqual([0, 1])
  expect(await w.runs(flow, IN_TWOS)).toMatchObject([
    { state: 'succeeded', rows: { inserted: 10n } },
    { state: 'nothing_to_do' },
  ])
})

test('a second process is refused by the lease of the first, and by its lock on the file, both naming the process', async () => {
  await using w = await tenRows()
  await using child = startChild(w, { flow, holdAt: 'batch:staged' })
  await child.said('held')
  const who = `process ${child.pid}`
  const sameFlow = await errorOf(w.run(flow))
  expect(sameFlow).toMatchObject({ code: 'TM3001' })
  expect(String(sameFlow)).toContain(who)

  // another flow, so another lease, into the same file
  const other = flowSpec({ id: parseFlowId('m.other'), target: { ...flow.target, table: ['other'] } })
  const sameFile = await errorOf(w.run(other))
  expect(sameFile).toMatchObject({ code: 'TM2002' })
  expect(String(sameFile)).toContain(`${w.targetPath} is open in ${who}`)
  expect(ERRORS.TM2002.exit).toBe(3)
  expect(await w.store.leases.find(other.id)).toMatchObject({ owner: null })
  expect(await w.store.ledger.listRuns({ flow: other.id, limit: 9 })).toEqual([])

  child.kill('SIGKILL')
  await child.ended
  expect(await w.run(other)).toMatchObject({ state: 'succeeded' })
  expect(await w.runs(flow, IN_TWOS)).toMatchObject([
    { state: 'succeeded', rows: { inserted: 10n } },
    { state: 'nothing_to_do' },
  ])
})

test('two flows into one file share it within a process', async () => {
  await using w = await tenRows()
  const other = flowSpec({ id: parseFlowId('m.other'), target: { ...flow.target, table: ['other'] } })
  await w.run(flow)
  await w.source(
    "UPDATE src SET name = 'again', modified_on = CAST(get_current_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP)",
  )
  using gate = gateAt('batch:staged')
  const first = w.run(flow, { ...IN_TWOS, hit: gate.hit })
  await gate.reached
  expect(await w.run(other, IN_TWOS)).toMatchObject({ state: 'succeeded', rows: { inserted: 10n } })
  gate.open()
  expect(await first).toMatchObject({ state: 'succeeded', rows: { updated: 10n } })
})

test('a flow into a file that another flow of the process reads is refused until that one ends', async () => {
  await using w = await tenRows()
  const copy = flowSpec({
    id: parseFlowId('m.copy'),
    target: { ...flow.target, connection: flow.source.connection, table: ['copy'] },
  })
  using gate = gateAt('batch:staged')
  const first = w.run(flow, { ...IN_TWOS, hit: gate.hit })
  await gate.reached
  expect(await w.run(copy, IN_TWOS)).toMatchObject({ state: 'failed', error: { code: 'TM2002' } })
  gate.open()
  expect(await first).toMatchObject({ state: 'succeeded' })
  expect(await w.run(copy, IN_TWOS)).toMatchObject({ state: 'nothing_to_do' })
  expect(await w.sourceRows('SELECT count(*) FROM copy')).toEqual([['10']])
})

test('a run asked to stop while it waits for a lease ends at once, without a run', async () => {
  await using w = await tenRows()
  await w.store.leases.acquire(flow.id, STRANGER, 3_600_000, null)
  const soft = new AbortController()
  const waiting = w.run(flow, {
    waitMs: 60_000,
    soft: soft.signal,
    emit: (event) => event === 'lease:waiting' && soft.abort(new Cancelled('enough')),
  })
  await expect(waiting).rejects.toThrow(new Cancelled('enough'))
  expect(await w.store.ledger.listRuns({ limit: 9 })).toEqual([])
})
