/** Connections that are cut and servers that crash in the middle of a batch: the run fails as resumable, and resumes. */
import { describe, expect, test } from 'vitest'
import { LONG_VERSIONS, someOf } from '../support/long.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { present } from '../support/present.ts'
import { ProcessProject, saidBy, wake } from '../support/process-project.ts'
import type { RunOf } from '../support/transfer-project.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { rowsFrom, TABLE } from './postgres-wreck.ts'
import { expectRecovered, wreckOf } from './wreck.ts'

/** about 20 MB, in batches of some MB */
const ROWS = 60_000
const WISH = { batchRows: 10_000, parallel: 1 }
/** what it says of its own crashes is no news */
const QUIET = { log_min_messages: 'panic' }

type Load = 'a first load' | 'changes'

/** Some batches are in, others are not, and nothing of the one in hand is; then it resumes, and the target is the source. */
async function resumes(
  p: ProcessProject,
  load: Load,
  run: string,
  expected: Partial<RunOf['rows']> = { read: ROWS },
): Promise<void> {
  const before = load === 'changes' ? { rows: ROWS, runs: 1 } : { rows: 0, runs: 0 }
  const wreck = present(await wreckOf(p, before, 'failed'), 'wreck')
  expect(wreck.run).toMatchObject({ id: run, state: 'failed' })
  const done = wreck.batches.filter((b) => b.state === 'done').length
  expect(done).toBeGreaterThan(0)
  expect(done).toBeLessThan(wreck.batches.length)
  expect(await p.resume(run, WISH)).toMatchObject({ error: null, status: 'succeeded', rows: expected })
  await expectRecovered(p, wreck, run)
}

async function prepared(p: ProcessProject, load: Load): Promise<void> {
  await p.a.exec(TABLE, rowsFrom(1, ROWS))
  if (load === 'a first load') return
  expect(await p.run()).toMatchObject({ status: 'succeeded' })
  await p.a.exec("UPDATE office.src SET modified_on = now(), name = name || 'x'")
}

const CUTS = [
  { side: 'source', load: 'a first load', version: '15' },
  { side: 'target', load: 'a first load', version: '18' },
  { side: 'source', load: 'changes', version: '18' },
  { side: 'target', load: 'changes', version: '15' },
] as const

test.for(someOf(3, CUTS))(
  'a connection cut in mid-COPY on the side of the $side, in $load on PostgreSQL $version: the run resumes',
  async ({ side, load, version }) => {
    await using p = await ProcessProject.open({ ways: 'relay', version })
    await using proxy = await TcpProxy.to(p.a.options.port)
    await prepared(p, load)
    const [db, name, direction] = side === 'source' ? [p.a, 'A_URL', 'down' as const] : [p.b, 'B_URL', 'up' as const]
    // in the second batch: one connection has passed more than the first
    const cut = proxy.arm(direction, 6_000_000, 'cut')
    await using child = p.start({ wish: WISH }, { [name]: proxy.urlOf(db.url) })
    await Promise.race([cut, child.ended])
    const { runs } = await saidBy(child)
    expect(runs).toMatchObject([{ status: 'failed', error: { code: 'TM2005' } }])
    expect(runs[0]?.error?.message).toContain(db.options.database)
    await resumes(p, load, present(runs[0]?.run, 'run'))
  },
)

describe.each(LONG_VERSIONS)('a server that crashes in mid-batch, PostgreSQL %s', (version) => {
  test('the target alone, in the middle of a COPY: the run fails as resumable and resumes', async () => {
    await using server = await PostgresServer.start({ version, settings: QUIET })
    await using p = await ProcessProject.open({ ways: 'relay', version, own: { port: server.port, has: 'target' } })
    await using proxy = await TcpProxy.to(server.port)
    await prepared(p, 'a first load')
    const held = proxy.arm('up', 6_000_000, 'hold')
    await using child = p.start({ wish: WISH }, { B_URL: proxy.urlOf(p.b.url) })
    await held
    await server.restart('immediate')
    proxy.release()
    const { runs } = await saidBy(child)
    expect(runs).toMatchObject([{ status: 'failed', error: { code: 'TM2005' } }])
    await resumes(p, 'a first load', present(runs[0]?.run, 'run'))
  })

  test.for(['relay', 'pushdown'] as const)(
    'source, target and control store at once, by %s: the run fails as resumable and resumes',
    async (ways) => {
      await using server = await PostgresServer.start({ version, settings: QUIET })
      const own = { port: server.port, has: 'everything' } as const
      await using p = await ProcessProject.open({ ways, version, own, lease: '60s' })
      await prepared(p, 'changes')
      await using child = p.start({ at: 'batch:staged:3', signal: 'SIGSTOP', wish: WISH })
      await child.said('stopped')
      await server.restart('immediate')
      await wake(child)
      const { runs } = await saidBy(child)
      expect(runs).toMatchObject([{ status: 'failed', error: { code: 'TM2005' } }])
      // captured keys are gone with the crash, and what two batches brought is met again
      const again = { read: ROWS + 20_000, updated: ROWS, skipped_same: 20_000 }
      await resumes(p, 'changes', present(runs[0]?.run, 'run'), ways === 'pushdown' ? again : { updated: ROWS })
    },
  )
})
