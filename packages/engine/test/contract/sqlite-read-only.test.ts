import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseRunId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import type { ControlStore } from '../../src/control/control-store.ts'
import { startChild } from './control-store/child-process.ts'
import { BY, expectCode, FLOW, ownerOf, TTL_MS, World } from './control-store/store-world.ts'
import { SqliteHarness } from './sqlite-harness.ts'

/** Every file with its time and content: two equal ones mean that no byte was written. */
function bytesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => {
      const sha = createHash('sha256').update(readFileSync(path)).digest('hex')
      return `${path} ${statSync(path, { bigint: true }).mtimeNs} ${sha}`
    })
    .toSorted()
}

const leftovers = () => readdirSync(tmpdir()).filter((name) => /^tidemark-[^-]+$/.test(name))

async function looking(harness: SqliteHarness, look: (store: ControlStore) => Promise<void>): Promise<void> {
  const before = bytesOf(harness.projectDir)
  const store = await harness.open({ readOnly: true })
  await look(store)
  await store[Symbol.asyncDispose]()
  expect(bytesOf(harness.projectDir)).toEqual(before)
}

test('looking at a project without a store finds an empty one and makes no file', async () => {
  await using harness = await SqliteHarness.make()
  await looking(harness, async (store) => {
    expect(await store.catalog.read()).toEqual({ connections: [], modules: [], tasks: [] })
    expect(await store.ledger.listRuns({ limit: 5 })).toEqual([])
    expect(store.location).toBe(harness.path)
  })
  expect(existsSync(join(harness.projectDir, '.tidemark'))).toBe(false)
})

test('looking at a store at rest changes no byte, and writing to it is refused', async () => {
  await using harness = await SqliteHarness.make()
  const world = new World(harness, await harness.open())
  const id = await world.settled(await world.lease(), '20', null)
  await world.store[Symbol.asyncDispose]()
  await looking(harness, async (store) => {
    expect(await store.ledger.getRun(id)).toMatchObject({ state: 'succeeded' })
    await expectCode(store.ledger.audit('a', 'b', BY, null, null), 'TM3005')
    await expectCode(store.leases.acquire(FLOW, ownerOf('w'), TTL_MS, null), 'TM3005')
  })
})

test('looking at a store in use sees what is committed and changes no byte', async () => {
  await using harness = await SqliteHarness.make()
  const world = new World(harness, await harness.open())
  const id = await world.running(await world.lease(), 2)
  const before = leftovers()
  await looking(harness, async (store) => {
    expect(await store.ledger.getRun(id)).toMatchObject({ state: 'running', batches: 2 })
  })
  expect(leftovers()).toEqual(before)
})

test('looking at a store whose process was killed changes no byte', async () => {
  await using harness = await SqliteHarness.make()
  const child = startChild('die-in-transaction', harness.projectDir, 'p1')
  const id = parseRunId(String((await child.lines.next()).value))
  await child.ended()
  expect(existsSync(`${harness.path}-wal`)).toBe(true)
  await looking(harness, async (store) => {
    expect(await store.ledger.getRun(id)).toMatchObject({ state: 'running', batchesDone: 3 })
  })
})

test('looking again and again while another process writes always sees one moment', async () => {
  await using harness = await SqliteHarness.make()
  const child = startChild('write', harness.projectDir, 'p1')
  const id = parseRunId(String((await child.lines.next()).value))
  let last = -1
  for (let n = 0; n < 25; n++) {
    const store = await harness.open({ readOnly: true })
    const run = await store.ledger.getRun(id)
    const [step] = await store.ledger.listSteps(id)
    const done = (await store.ledger.listBatches(id)).filter((b) => b.state === 'done').length
    expect({ step: step?.batchesDone, run: run.batchesDone, rows: Number(run.rows.read) }).toEqual({
      step: done,
      run: done,
      rows: done,
    })
    expect(done).toBeGreaterThanOrEqual(last)
    last = done
    await store[Symbol.asyncDispose]()
  }
  child.process.kill('SIGKILL')
  await child.ended()
  expect(last).toBeGreaterThan(0)
})
