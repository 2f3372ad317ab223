import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseRunId } from '@tidemark/contract/ids'
import { describe, expect, onTestFinished, test } from 'vitest'
import { postgresStoreSession } from '../../src/control/sql/postgres/postgres-session.ts'
import { effect } from '../../src/control/sql/postgres/sql-parts.ts'
import { type Role, startChild } from '../contract/control-store/child-process.ts'
import {
  batches,
  BY,
  counts,
  expectCode,
  FLOW,
  ownerOf,
  succeeded,
  TTL_MS,
  World,
} from '../contract/control-store/store-world.ts'
import { optionsOf } from '../support/postgres-database.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import { PostgresStoreHarness } from './postgres-store-harness.ts'

/** Child processes at one store; what each printed first. */
async function together(role: Role, harness: PostgresStoreHarness, names: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const children = names.map((name) => startChild(role, folder, name, harness.url))
  const first = await Promise.all(
    children.map(async (child) => {
      const line = role === 'race' ? null : await child.lines.next()
      expect(await child.ended()).toEqual({ by: 0, errors: '' })
      return String(line?.value)
    }),
  )
  return { folder, first }
}

const sessionTo = (harness: PostgresStoreHarness, busyMs: number) =>
  postgresStoreSession(optionsOf(harness.port, harness.database), {
    location: 'here',
    readOnly: false,
    busyMs,
    awayMs: 5_000,
  })

describe.each(LONG_VERSIONS)('processes at one store on PostgreSQL %s', (version) => {
  test('race for a lease 200 times each and never hold it together', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const { folder } = await together('race', harness, ['p1', 'p2'])
    const events = readFileSync(join(folder, 'race.log'), 'utf8').trim().split('\n')
    expect(events).toHaveLength(800)
    const turns = events.filter((_, i) => i % 2 === 0).map((line, i) => ({ line, next: events[2 * i + 1] ?? '' }))
    expect(turns.filter(({ line, next }) => !line.startsWith('in ') || next !== line.replace('in', 'out'))).toEqual([])
    expect(turns.map(({ line }) => Number(line.split(' ')[2]))).toEqual(turns.map((_, i) => i + 1))
  })

  test('that start on a database without one end in the same one, and work on flows of their own', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    const { first } = await together('work', harness, ['p1', 'p2', 'p3'])
    const store = await harness.open()
    for (const id of first)
      expect(await store.ledger.getRun(parseRunId(id))).toMatchObject({ batches: 300, batchesDone: 300 })
    expect(await harness.sql('select count(*) as n from store')).toEqual([{ n: 1 }])
  })
})

describe.each(LONG_VERSIONS)('workers at one store on PostgreSQL %s', (version) => {
  test('finish the batches of one run side by side, each counted once however often it is told', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const world = new World(harness, await harness.open())
    const others = [await harness.open(), await harness.open()]
    const token = await world.lease()
    const id = await world.running(token, 60)
    await Promise.all(
      [world.store, ...others].map(async ({ ledger }) => {
        for (let n = 1; n <= 60; n++) {
          await ledger
            .claimBatch(id, n, token)
            .catch((error: unknown) => expect(error).toMatchObject({ code: 'TM3010' }))
          await ledger.batchDone(id, n, token, counts(1))
        }
      }),
    )
    expect(await world.ledger.getRun(id)).toMatchObject({ batchesDone: 60, rows: counts(60) })
    await world.ledger.settle(id, token, succeeded('20', null))
  })

  test('write nothing under a token once another has taken the lease', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const world = new World(harness, await harness.open())
    const thief = await harness.open()
    const done = async () => (await harness.sql(`select count(*) as n from batch where state = 'done'`))[0]?.['n']
    let token = await world.lease()
    const id = await world.running(token, 500)
    let next = 1
    for (let round = 0; round < 20; round++) {
      const mine = token
      const working = [0, 1, 2].map(async () => {
        for (;;) {
          const n = next++
          try {
            await world.ledger.claimBatch(id, n, mine)
            await world.ledger.batchDone(id, n, mine, counts(1))
          } catch (error) {
            expect(error).toMatchObject({ code: 'TM3002' })
            return
          }
        }
      })
      await sleep(5 + round)
      const taken = await thief.leases.acquire(FLOW, ownerOf('thief'), TTL_MS, mine)
      const atTakeOver = await done()
      await Promise.all(working)
      expect(await done()).toBe(atTakeOver)
      token = taken?.token ?? 0n
    }
  })

  test('wait for the end of a batch under way before they take its lease', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const world = new World(harness, await harness.open())
    const token = await world.lease()
    const id = await world.running(token, 1)
    await world.ledger.claimBatch(id, 1, token)
    await using other = await harness.connect()
    await other.begin()
    await other.run(`update batch set attempts = attempts`) // the end of the batch waits for this, the lease in its hand
    const ending = world.ledger.batchDone(id, 1, token, counts(1))
    await sleep(100)
    let isTaken = false
    const taking = world.lease(FLOW, 'w2', token).then(() => (isTaken = true))
    await sleep(200)
    expect(isTaken).toBe(false)
    await other.commit()
    await ending
    await taking
    expect(await world.ledger.getRun(id)).toMatchObject({ batchesDone: 1 })
  })

  test('who meet in opposite order both come through', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await using session = sessionTo(harness, 10_000)
    await harness.sql(`insert into module (id, description) values ('a', '0'), ('b', '0')`)
    const add = (id: string) =>
      effect(`update tidemark.module set description = (description::integer + 1)::text where id = $1`, [id])
    let attempts = 0
    const both = (one: string, two: string) =>
      session.transaction(async (tx) => {
        attempts++
        await tx.all(add(one))
        await sleep(150)
        await tx.all(add(two))
      })
    await Promise.all([both('a', 'b'), both('b', 'a')])
    expect(attempts).toBe(3)
    expect(await harness.sql('select description from module')).toEqual([{ description: '2' }, { description: '2' }])
  })

  test('prune and plan at the same time, and nothing that is needed goes', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const world = new World(harness, await harness.open())
    const other = await harness.open()
    const token = await world.lease()
    let isOver = false
    const pruning = (async () => {
      while (!isOver) await other.ledger.pruneRuns(0, BY)
    })()
    for (let n = 0; n < 40; n++) await world.settled(token, String(n), n === 0 ? null : n)
    isOver = true
    await pruning
    expect(await world.ledger.getWatermark(FLOW, '{}')).toMatchObject({ position: '39', version: 40 })
    const left = await world.ledger.listRuns({ limit: 100 })
    for (const run of left) expect(await world.ledger.listBatches(run.id)).toHaveLength(1)
  })

  test('are told that the store is busy when a lock is not let go in time, and can read meanwhile', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const world = new World(harness, await harness.open({ busyMs: 120 }))
    const id = await world.planned()
    await using other = await harness.connect()
    await other.begin()
    await other.rows('select 1 from run for update')
    await expectCode(world.ledger.requestCancel(id, BY), 'TM3011')
    expect(await world.ledger.getRun(id)).toMatchObject({ state: 'planned' })
    const patient = new World(harness, await harness.open())
    const waiting = patient.ledger.requestCancel(id, BY)
    setTimeout(() => void other.commit(), 150)
    await waiting
    expect(await world.ledger.isCancelRequested(id)).toBe(true)
  })

  test('see one moment, though others write between their reads', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await using session = sessionTo(harness, 1_000)
    const tasks = { text: 'select count(*) as n from tidemark.module', params: [], decode: (raw: object) => raw }
    const [before, after] = await session.snapshot(async (view) => {
      const first = await view.all(tasks)
      await harness.sql(`insert into module (id) values ('between')`)
      return [first, await view.all(tasks)]
    })
    expect(after).toEqual(before)
    expect(await session.all(tasks)).not.toEqual(before)
  })

  test('edit one task by hand at the same time, and both edits are versions of it', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await harness.sql(`insert into module (id) values ('shop')`)
    await harness.sql(`insert into task (module, id) values ('shop', 'orders')`)
    const sessions = await Promise.all(
      ['ann', 'bob', 'carol', 'dave'].map(async (who) => ({ who, s: await harness.connect() })),
    )
    await Promise.all(
      sessions.map(async ({ who, s }) => {
        for (let n = 0; n < 10; n++)
          await s.run(`update task set execution_order = execution_order + 1, updated_by = '${who}'`)
      }),
    )
    for (const { s } of sessions) await s[Symbol.asyncDispose]()
    expect(await harness.sql('select version, execution_order from task')).toEqual([
      { version: 41, execution_order: 41 },
    ])
    const history = await harness.sql('select version, changed_by, after from task_history order by version')
    expect(history.map((h) => h['version'])).toEqual(Array.from({ length: 41 }, (_, i) => i + 1))
    expect(JSON.parse(String(history.at(-1)?.['after']))).toMatchObject({ execution_order: 41 })
    await expect(harness.sql('truncate lease')).rejects.toThrow('never deleted')
  })

  test('give way when they stop in the middle of a transaction, and do it again when they go on', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await using session = sessionTo(harness, 2_000)
    let attempts = 0
    const stopping = session.transaction(async (tx) => {
      await tx.all(effect(`insert into tidemark.module (id) values ('slow')`, []))
      if (attempts++ === 0) await sleep(2_500)
    })
    await sleep(300)
    await harness.sql(`insert into module (id) values ('slow') on conflict do nothing`) // waits until it gave way
    await harness.sql(`delete from module`)
    await stopping
    expect(attempts).toBe(2)
    expect(await harness.sql('select id from module')).toEqual([{ id: 'slow' }])
  })

  test('add batches by the thousand to one run without a batch of two', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const world = new World(harness, await harness.open())
    const token = await world.lease()
    const id = await world.running(token, 1)
    const add = (first: number) => world.ledger.addBatches(id, token, '{}', [], batches(first, first + 999))
    const answers = await Promise.allSettled([add(2), add(2)])
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await world.ledger.listBatches(id)).toHaveLength(1001)
  })
})
