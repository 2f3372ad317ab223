import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { postgresStoreSession } from '../../src/control/sql/postgres/postgres-session.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { BY, counts, expectCode, FLOW, succeeded, TTL_MS, World } from '../contract/control-store/store-world.ts'
import { optionsOf } from '../support/postgres-database.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { PostgresStoreHarness } from './postgres-store-harness.ts'

/** what it says of its own crashes is no news */
const QUIET = { log_min_messages: 'panic' }

const onOwnServer = (server: PostgresServer) => new PostgresStoreHarness(server.port, 'postgres')
const worldOn = async (server: PostgresServer): Promise<World> => {
  const store = await openControlStore(server.url(), { projectDir: '/nowhere', readOnly: false })
  return new World(onOwnServer(server), store)
}

test.each(LONG_VERSIONS)(
  'a run goes on over restarts of PostgreSQL %s, in the middle of its batches too',
  async (version) => {
    await using server = await PostgresServer.start({ version, settings: QUIET })
    const world = await worldOn(server)
    const token = await world.lease()
    const id = await world.running(token, 200)
    await server.restart('fast')
    await world.finish(id, token, [1])
    let next = 2
    const working = [1, 2, 3].map(async () => {
      for (let n = next++; n <= 200; n = next++) await world.finish(id, token, [n])
    })
    for (const mode of ['immediate', 'fast', 'immediate'] as const) {
      await sleep(100)
      await server.restart(mode)
    }
    await Promise.all(working)
    expect(await world.store.leases.renew(FLOW, token, TTL_MS)).toBe(true)
    await world.ledger.settle(id, token, succeeded('20', null, { rows: counts(2000) }))
    expect(await world.ledger.getRun(id)).toMatchObject({ state: 'succeeded', batchesDone: 200 })
    expect(await world.ledger.listSteps(id)).toMatchObject([{ state: 'done', rows: counts(2000) }])
    await world.store[Symbol.asyncDispose]()
  },
)

test.each(LONG_VERSIONS)('what is written while PostgreSQL %s crashes is in once, or not yet', async (version) => {
  await using server = await PostgresServer.start({ version, settings: QUIET })
  const { store } = await worldOn(server)
  let isOver = false
  let number = 0
  const answered: number[] = []
  const writing = Array.from({ length: 6 }, async () => {
    while (!isOver) {
      const n = number++
      await store.ledger.audit('write', String(n), BY, null, null)
      answered.push(n)
    }
  })
  for (let crash = 0; crash < 6; crash++) {
    await sleep(150 + crash * 7)
    await server.restart('immediate')
  }
  isOver = true
  await Promise.all(writing)
  const kept = (await store.ledger.listAudit(1_000_000)).map(({ subject }) => Number(subject))
  const inOrder = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
  expect(inOrder(kept)).toEqual(inOrder(answered))
  expect(answered.length).toBeGreaterThan(100)
  await store[Symbol.asyncDispose]()
})

test('a server that stays away is told as a lost connection, and at the opening as one that cannot be reached', async () => {
  await using server = await PostgresServer.start({ version: '18', settings: QUIET })
  const session = postgresStoreSession(optionsOf(server.port, 'postgres'), {
    location: 'here',
    readOnly: false,
    busyMs: 1_000,
    awayMs: 1_500,
  })
  const now = { text: 'select 1', params: [], decode: () => null }
  await session.all(now)
  await server.stop('fast')
  const started = performance.now()
  await expectCode(session.all(now), 'TM2005')
  expect(performance.now() - started).toBeGreaterThan(1_400)
  await session[Symbol.asyncDispose]()
  await expect(openControlStore(server.url(), { projectDir: '/nowhere', readOnly: false })).rejects.toMatchObject({
    code: 'TM3005',
    remedy: [expect.stringContaining('host and port'), expect.any(String)],
  })
})
