/** Servers that crash and connections that are cut in the middle of a batch: the run fails as resumable, and resumes. */
import { describe, expect, test } from 'vitest'
import { VERSIONS } from '../support/postgres-server.ts'
import { ProcessProject, saidBy } from '../support/process-project.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { expectRecovered, rowsFrom, TABLE, wreckOf } from './postgres-wreck.ts'

/** about 20 MB, in batches of some MB */
const ROWS = 60_000
const WISH = { batchRows: 10_000, parallel: 1 }

describe.each(VERSIONS)('a connection that is cut in mid-COPY on PostgreSQL %s', (version) => {
  test.for([
    { side: 'source', load: 'first load', url: 'A_URL', direction: 'down' },
    { side: 'target', load: 'first load', url: 'B_URL', direction: 'up' },
    { side: 'source', load: 'changes', url: 'A_URL', direction: 'down' },
    { side: 'target', load: 'changes', url: 'B_URL', direction: 'up' },
  ] as const)('on the side of the $side, in a $load: the run fails as resumable and resumes', async (how) => {
    await using p = await ProcessProject.open({ ways: 'relay', version })
    await using proxy = await TcpProxy.to(p.a.options.port)
    await p.a.exec(TABLE, rowsFrom(1, ROWS))
    if (how.load === 'changes') {
      await p.run()
      await p.a.exec("UPDATE office.src SET modified_on = now(), name = name || 'x'")
    }
    const before = { rows: how.load === 'changes' ? ROWS : 0, runs: how.load === 'changes' ? 1 : 0 }
    // the second batch: some MB, of which one connection has passed more than the first
    const cut = proxy.arm(how.direction, 6_000_000, 'cut')
    await using child = p.start({ wish: WISH }, { [how.url]: proxy.urlOf(how.side === 'source' ? p.a.url : p.b.url) })
    await Promise.race([cut, child.ended])
    const { runs } = await saidBy(child)
    expect(runs).toMatchObject([{ status: 'failed', error: { code: 'TM2005' } }])
    const wreck = await wreckOf(p, before, 'failed')
    expect(wreck?.run).toMatchObject({ state: 'failed' })
    const done = wreck?.batches.filter((b) => b.state === 'done').length ?? 0
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(wreck?.batches.length ?? 0)
    const resumed = await p.resume(runs[0]?.run ?? '', WISH)
    expect(resumed).toMatchObject({ error: null, status: 'succeeded', rows: { read: ROWS } })
    await expectRecovered(p, wreck, resumed.run)
  })
})
