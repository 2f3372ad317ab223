import { RunDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject } from './project.ts'

const ROWS = 2_000

test('^C in mid-run ends the batch in flight, cancels, frees the lease, and resume goes on to the end', async () => {
  await using p = await flatProject(ROWS)
  await p.ok('deploy')
  const child = p.child(['run', 'm.t', '--json', '--batch-rows', '10'])
  await child.said('step rows')
  child.process.kill('SIGINT')
  const stopped = await child.ended
  expect(stopped.exit).toBe(130)
  expect(stopped.err).toContain('Stopping after the batches in flight (^C again to roll them back) …')
  const [run] = RunDocument.parse(JSON.parse(stopped.out)).runs
  expect(run).toMatchObject({ status: 'cancelled', error: null })
  p.expectFree()
  // what is in is whole batches, and the ledger knows each of them
  const [batches] = p.store("select count(*) as n, sum(rows_inserted) as rows from batch where state = 'done'")
  const there = p.exists('data/b.duckdb') ? await p.rows('data/b.duckdb', 'SELECT count(*) FROM dst') : [['0']]
  expect(there).toEqual([[String(batches?.['rows'] ?? 0)]])
  expect(batches?.['n']).toBe(BigInt(run?.batches ?? -1))
  expect(run?.batches).toBeLessThan(ROWS / 10)

  const { runs } = await p.json(RunDocument, ['resume', run?.run ?? ''])
  expect(runs).toMatchObject([{ run: run?.run, status: 'succeeded', batches: ROWS / 10, rows: { inserted: ROWS } }])
  expect(await p.rows('data/b.duckdb', 'SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([
    [String(ROWS), String(ROWS)],
  ])
})

test('cancel from another process stops a running run after its batches in flight', async () => {
  await using p = await flatProject(ROWS)
  await p.ok('deploy')
  const child = p.child(['run', 'm.t', '--batch-rows', '10'])
  await child.said('step rows')
  const id = String(p.store('select id from run')[0]?.['id'])
  const { exit, out } = await p.cli(['cancel', id])
  const stopped = await child.ended
  expect([exit, stopped.exit]).toEqual([0, 130])
  expect(out).toMatch(
    new RegExp(`^${id} was (asked to stop; its worker finishes the batches in flight first|running, now cancelled)`),
  )
  expect(p.store('select state, reason from run')).toEqual([{ state: 'cancelled', reason: 'cancelled by request' }])
  p.expectFree()
})

test('SIGTERM stops like ^C', async () => {
  await using p = await flatProject(ROWS)
  await p.ok('deploy')
  const child = p.child(['run', 'm.t', '--batch-rows', '10'])
  await child.said('step rows')
  child.process.kill('SIGTERM')
  expect((await child.ended).exit).toBe(130)
  expect(p.store('select state from run')).toEqual([{ state: 'cancelled' }])
  p.expectFree()
})

test('^C twice rolls the batches in flight back, and the run is cancelled all the same', async () => {
  await using p = await flatProject(ROWS)
  await p.ok('deploy')
  const child = p.child(['run', 'm.t', '--batch-rows', '10'])
  await child.said('step rows')
  child.process.kill('SIGINT')
  await child.said('Stopping after')
  child.process.kill('SIGINT')
  expect((await child.ended).exit).toBe(130)
  p.expectFree()
  await p.ok('run', 'm.t', '--fresh')
  expect(await p.rows('data/b.duckdb', 'SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([
    [String(ROWS), String(ROWS)],
  ])
})

test.each(['source', 'target'])('^C ends the waiting for a %s file that another process holds', async (end) => {
  await using p = await flatProject(3)
  await p.duckdb('data/b.duckdb', 'CREATE TABLE other AS SELECT 1')
  await p.ok('deploy')
  await using held = await p.heldElsewhere(end === 'source' ? 'data/a.duckdb' : 'data/b.duckdb')
  const child = p.child(['run', 'm.t', '--wait', '10m'])
  await child.said(`process ${held.pid}`)
  child.process.kill('SIGINT')
  const stopped = await child.ended
  expect([stopped.exit, stopped.signal]).toEqual([130, null])
  p.expectFree()
})
