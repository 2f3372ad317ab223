/** Real processes that share one run between PostgreSQL servers, and what becomes of it when one of them dies or sleeps. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { RunId } from '@tidemark/contract/ids'
import type { Child } from '../support/child-process.ts'
import type { Version } from '../support/postgres-server.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import { present } from '../support/present.ts'
import { FLOW, ProcessProject, saidBy, wake } from '../support/process-project.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { rowsFrom, TABLE } from './postgres-wreck.ts'
import { expectRecovered } from './wreck.ts'

const ROWS = 20_000
const WISH = { batchRows: 500, parallel: 1, waitMs: 45_000 }
const LEASE_MS = 15_000
const BOUND_MS = LEASE_MS + 30_000

async function opened(version: Version, ways: 'relay' | 'pushdown' = 'relay'): Promise<ProcessProject> {
  const p = await ProcessProject.open({ ways, version, lease: `${LEASE_MS / 1_000}s` })
  await p.a.exec(TABLE, rowsFrom(1, ROWS))
  return p
}

/** The owner stands still in its second batch, so that others may join; the run's id. */
async function stopped(p: ProcessProject, owner: Child): Promise<RunId> {
  await owner.said('stopped')
  return present(await p.store.ledger.findUnfinished(FLOW, '{}'), 'run').id
}

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await sleep(50)
}

const openBatches = async (p: ProcessProject, run: RunId): Promise<number> =>
  (await p.store.ledger.listBatches(run)).filter((b) => b.state === 'planned').length

const inserted = { status: 'succeeded', error: null, rows: { read: ROWS, inserted: ROWS } }

describe.concurrent.each(LONG_VERSIONS)('two processes on one run over PostgreSQL %s', (version) => {
  test.for(['relay', 'pushdown'] as const)(
    'by %s: each brings some of many batches, and there is no difference',
    async (ways) => {
      await using p = await opened(version, ways)
      await using owner = p.start({ at: 'batch:claimed:2', signal: 'SIGSTOP', wish: WISH })
      const run = await stopped(p, owner)
      await using joiner = p.start({ task: 'join', run, at: 'batch:recorded:2', signal: 'SIGSTOP', wish: WISH })
      await joiner.said('stopped')
      await wake(owner)
      await wake(joiner)
      const [owned, joined] = [await saidBy(owner), await saidBy(joiner)]
      expect(owned.runs).toMatchObject([inserted])
      expect(joined.runs).toMatchObject([{ run, error: null }])
      expect(joined.runs[0]?.batches).toBeGreaterThan(1)
      expect(joined.runs[0]?.batches).toBeLessThan(owned.runs[0]?.batches ?? 0)
      await expectRecovered(p, null, run)
    },
  )

  test('one that joined dies in mid-batch: its batch is taken over, and comes once', async () => {
    await using p = await opened(version)
    await using owner = p.start({ at: 'batch:claimed:2', signal: 'SIGSTOP', wish: WISH })
    const run = await stopped(p, owner)
    await using joiner = p.start({ task: 'join', run, at: 'batch:before-commit:3', wish: WISH })
    expect(await joiner.ended).toMatchObject({ signal: 'SIGKILL' })
    await wake(owner)
    expect((await saidBy(owner)).runs).toMatchObject([inserted])
    expect((await p.store.ledger.listBatches(run)).filter((b) => b.attempts === 2)).toHaveLength(1)
    await expectRecovered(p, null, run)
  })

  test('one that joined sleeps before its batch: the owner ends within the lease and 30 s, and the batch comes once', async () => {
    await using p = await opened(version)
    await using owner = p.start({ at: 'batch:claimed:2', signal: 'SIGSTOP', wish: WISH })
    const run = await stopped(p, owner)
    await using joiner = p.start({ task: 'join', run, at: 'batch:claimed:3', signal: 'SIGSTOP', wish: WISH })
    await joiner.said('stopped')
    const begun = performance.now()
    await wake(owner)
    expect((await saidBy(owner)).runs).toMatchObject([inserted])
    expect(performance.now() - begun).toBeLessThan(BOUND_MS)
    await wake(joiner)
    const [joined] = (await saidBy(joiner)).runs
    expect(joined).toMatchObject({ run, error: null })
    // a batch about to commit takes no worker: it may have slept in that of its second one, which was the owner's then too
    expect([1, 2]).toContain(joined?.batches)
    expect((await p.store.ledger.listBatches(run)).filter((b) => b.attempts === 2).length).toBeGreaterThan(0)
    await expectRecovered(p, null, run)
  })

  test('one that joined sleeps in mid-COPY, its transaction open: the owner ends within the lease and 30 s, and the late commit is refused', async () => {
    await using p = await opened(version)
    await using proxy = await TcpProxy.to(p.b.options.port)
    await using owner = p.start({ at: 'batch:claimed:2', signal: 'SIGSTOP', wish: WISH })
    const run = await stopped(p, owner)
    const held = proxy.arm('up', 400_000, 'hold')
    await using joiner = p.start({ task: 'join', run, wish: WISH }, { B_URL: proxy.urlOf(p.b.url) })
    await held
    joiner.kill('SIGSTOP')
    const copying = await p.b.rows(
      "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY%FROM STDIN%' AND state = 'active' AND datname = current_database()",
    )
    expect(copying).toHaveLength(1)
    proxy.release()
    const begun = performance.now()
    await wake(owner)
    expect((await saidBy(owner)).runs).toMatchObject([inserted])
    expect(performance.now() - begun).toBeLessThan(BOUND_MS)
    expect(await p.b.rows(`SELECT pid FROM pg_stat_activity WHERE pid = ${copying[0]?.[0]}`)).toEqual([])
    joiner.kill('SIGCONT')
    const done = (await p.store.ledger.listBatches(run)).filter((b) => b.state === 'done').length
    const [joined] = (await saidBy(joiner)).runs
    expect(joined?.batches).toBeLessThan(done)
    expect(await p.differences()).toEqual([])
    await expectRecovered(p, null, run)
  })

  test('the owner dies: one that joined says who has to go on, and a resume brings in the rest', async () => {
    await using p = await opened(version)
    await using owner = p.start({ at: 'batch:claimed:2', signal: 'SIGSTOP', wish: WISH })
    const run = await stopped(p, owner)
    await using joiner = p.start({ task: 'join', run, at: 'batch:recorded', signal: 'SIGSTOP', wish: WISH })
    await joiner.said('stopped')
    owner.kill('SIGKILL')
    await owner.ended
    await wake(joiner)
    const joined = await saidBy(joiner)
    const resumed = await p.resume(run, WISH)
    expect(resumed).toMatchObject(inserted)
    // its snapshot died with the owner: where none of the places can be read any more, it leaves the rest to the resume
    expect(joined.runs[0]?.error?.code).toMatch(/^TM3015$|^TM5006$|^TM3002$/)
    await expectRecovered(p, null, run)
  })

  test('the owner sleeps in mid-COPY and another takes over: it ends within the lease and 30 s, and the sleeper commits nothing', async () => {
    await using p = await opened(version)
    await using proxy = await TcpProxy.to(p.b.options.port)
    const held = proxy.arm('up', 2_000_000, 'hold')
    await using owner = p.start({ wish: WISH }, { B_URL: proxy.urlOf(p.b.url) })
    await held
    owner.kill('SIGSTOP')
    proxy.release()
    const run = present(await p.store.ledger.findUnfinished(FLOW, '{}'), 'run').id
    expect(await openBatches(p, run)).toBeGreaterThan(0)
    const begun = performance.now()
    expect(await p.resume(run, { ...WISH, waitMs: BOUND_MS })).toMatchObject(inserted)
    expect(performance.now() - begun).toBeLessThan(BOUND_MS)
    owner.kill('SIGCONT')
    const said = await saidBy(owner)
    expect(said.error?.code ?? said.runs[0]?.error?.code).toBe('TM3002')
    await until(async () => (await p.store.leases.find(FLOW))?.owner === null)
    await expectRecovered(p, null, run)
  })
})
