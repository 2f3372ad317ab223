import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { BY, counts, FLOW, succeeded, TTL_MS, World } from '../contract/control-store/store-world.ts'
import { TEST_SERVER, sqlServerOptions } from '../support/sqlserver-server.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { SqlServerStoreHarness } from './sqlserver-store-harness.ts'

/** A store by way of a proxy that cuts. */
async function byProxy(harness: SqlServerStoreHarness) {
  const { host, port } = sqlServerOptions(harness.url)
  const proxy = await TcpProxy.to(port ?? 1433, host)
  const url = new URL(harness.url)
  ;[url.hostname, url.port] = ['127.0.0.1', String(proxy.port)]
  // the name in a certificate is that of the server behind
  if (url.searchParams.get('tls') !== 'disable') url.searchParams.set('server_name', host)
  const store = await openControlStore(url.href, { projectDir: '/nowhere', readOnly: false })
  return { proxy, store }
}

describe.skipIf(TEST_SERVER === null)('a way to SQL Server that is cut', () => {
  // each of hundreds of sessions that are cut and opened again takes this server its time
  test('does not end a run, in the middle of its batches either', { timeout: 600_000 }, async () => {
    await using harness = await SqlServerStoreHarness.make()
    const { proxy, store } = await byProxy(harness)
    await using _closed = proxy
    await using _store = store
    const world = new World(harness, store)
    const token = await world.lease()
    const id = await world.running(token, 200)
    let next = 1
    let isOver = false
    const working = [1, 2, 3].map(async () => {
      for (let n = next++; n <= 200; n = next++) await world.finish(id, token, [n])
    })
    const cutting = (async () => {
      for (let cut = 0; !isOver; cut++) {
        await Promise.race([proxy.arm(cut % 2 === 0 ? 'down' : 'up', 500 + ((cut * 7919) % 9000), 'cut'), sleep(500)])
        await sleep(20)
      }
    })()
    await Promise.all(working)
    isOver = true
    await cutting
    expect(await store.leases.renew(FLOW, token, TTL_MS)).toBe(true)
    await world.ledger.settle(id, token, succeeded('20', null, { rows: counts(2000) }))
    expect(await world.ledger.getRun(id)).toMatchObject({ state: 'succeeded', batchesDone: 200 })
    expect(await world.ledger.listSteps(id)).toMatchObject([{ state: 'done', rows: counts(2000) }])
  })

  test('leaves what was written in once, though its commit was not answered', async () => {
    await using harness = await SqlServerStoreHarness.make()
    const { proxy, store } = await byProxy(harness)
    await using _closed = proxy
    await using _store = store
    let isOver = false
    let number = 0
    const answered: number[] = []
    const writing = Array.from({ length: 3 }, async () => {
      while (!isOver) {
        const n = number++
        await store.ledger.audit('write', String(n), BY, null, null)
        answered.push(n)
      }
    })
    for (let cut = 0; cut < 60; cut++) {
      // somewhere in the answers to BEGIN, mark, INSERT, COMMIT
      await Promise.race([proxy.arm('down', 100 + ((cut * 131) % 1700), 'cut'), sleep(1_000)])
      await sleep(15)
    }
    isOver = true
    await Promise.all(writing)
    const kept = (await store.ledger.listAudit(1_000_000)).map(({ subject }) => Number(subject))
    const inOrder = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)
    expect(inOrder(kept)).toEqual(inOrder(answered))
    expect(answered.length).toBeGreaterThan(30)
  })
})
