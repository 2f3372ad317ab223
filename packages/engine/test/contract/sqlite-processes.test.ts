import { readFileSync } from 'node:fs'
import { parseRunId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import { type Role, startChild } from './control-store/child-process.ts'
import { FLOW } from './control-store/store-world.ts'
import { SQLITE_MIGRATIONS } from '../../src/control/sql/sqlite/sqlite-migrations.ts'
import { SqliteHarness } from './sqlite-harness.ts'

async function together(role: Role, harness: SqliteHarness, names: readonly string[]): Promise<string[]> {
  const children = names.map((name) => startChild(role, harness.projectDir, name))
  return await Promise.all(
    children.map(async (child) => {
      const first = role === 'race' ? null : await child.lines.next()
      expect(await child.ended()).toEqual({ by: 0, errors: '' })
      return String(first?.value)
    }),
  )
}

test('two processes that race for a lease 200 times each never hold it together', async () => {
  await using harness = await SqliteHarness.make()
  await harness.open()
  await together('race', harness, ['p1', 'p2'])
  const events = readFileSync(`${harness.projectDir}/race.log`, 'utf8').trim().split('\n')
  expect(events).toHaveLength(800)
  const turns = events.filter((_, i) => i % 2 === 0).map((line, i) => ({ line, next: events[2 * i + 1] ?? '' }))
  expect(turns.filter(({ line, next }) => !line.startsWith('in ') || next !== line.replace('in', 'out'))).toEqual([])
  expect(turns.map(({ line }) => Number(line.split(' ')[2]))).toEqual(turns.map((_, i) => i + 1))
})

test('processes that work on flows of their own in one store wait for each other and all finish', async () => {
  await using harness = await SqliteHarness.make()
  const store = await harness.open()
  const ids = await together('work', harness, ['p1', 'p2', 'p3'])
  for (const id of ids) {
    expect(await store.ledger.getRun(parseRunId(id))).toMatchObject({ batches: 300, batchesDone: 300 })
  }
})

test('four processes that start on a project without a store end in the same one', async () => {
  await using harness = await SqliteHarness.make()
  const ids = await together('open', harness, ['p1', 'p2', 'p3', 'p4'])
  expect(new Set(ids).size).toBe(1)
  expect(await harness.sql('select count(*) as n from store_migration')).toEqual([{ n: SQLITE_MIGRATIONS.length }])
})

test('a process killed inside a transaction leaves what was committed before it', async () => {
  await using harness = await SqliteHarness.make()
  const child = startChild('die-in-transaction', harness.projectDir, 'p1')
  const id = parseRunId(String((await child.lines.next()).value))
  expect((await child.ended()).by).toBe('SIGKILL')
  const store = await harness.open()
  expect(await store.ledger.getRun(id)).toMatchObject({ state: 'running', batches: 4, batchesDone: 3 })
  expect((await store.ledger.listBatches(id)).map((b) => b.state)).toEqual(['done', 'done', 'done', 'planned'])
  expect(await store.ledger.listWatermarks()).toEqual([])
  expect(await store.leases.find(FLOW)).toMatchObject({ owner: { worker: 'p1' }, expired: false })
})
