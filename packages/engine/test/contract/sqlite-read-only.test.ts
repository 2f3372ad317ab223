import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseRunId } from '@tidemark/contract/ids'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ControlStore } from '../../src/control/control-store.ts'
import { type CopyFile, privateCopy } from '../../src/control/sql/sqlite/private-copy.ts'
import { openSqlite } from '../../src/drivers/sqlite.ts'
import { startChild } from './control-store/child-process.ts'
import { BY, expectCode, FLOW, ownerOf, TTL_MS, World } from './control-store/store-world.ts'
import { SqliteHarness } from './sqlite-harness.ts'

/** Every file with its time and content: two equal ones mean that no byte was written. */
function bytesOf(folder: string, leftOut: RegExp): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !leftOut.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => {
      const sha = createHash('sha256').update(readFileSync(path)).digest('hex')
      return `${path} ${statSync(path, { bigint: true }).mtimeNs} ${sha}`
    })
    .toSorted()
}

async function looking(
  harness: SqliteHarness,
  look: (store: ControlStore) => Promise<void>,
  leftOut = /^$/,
): Promise<void> {
  const before = bytesOf(harness.projectDir, leftOut)
  const store = await harness.open({ readOnly: true })
  await look(store)
  await store[Symbol.asyncDispose]()
  expect(bytesOf(harness.projectDir, leftOut)).toEqual(before)
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

test('looking at a store that another process holds open changes no byte', async () => {
  await using harness = await SqliteHarness.make()
  const child = startChild('hold', harness.projectDir, 'p1')
  const id = parseRunId(String((await child.lines.next()).value))
  await looking(harness, async (store) => {
    expect(await store.ledger.getRun(id)).toMatchObject({ state: 'running', batchesDone: 0, batches: 5 })
  })
  child.process.kill('SIGKILL')
  expect((await child.ended()).by).toBe('SIGKILL')
})

/** Copies are made in a folder of this test alone, which it returns. */
function ownTemporaryFolder(folder: string): () => readonly string[] {
  vi.stubEnv('TMPDIR', folder)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  return () => readdirSync(folder)
}

test('looking at a store that this process works on reads through a connection, not a copy', async () => {
  await using harness = await SqliteHarness.make()
  await using folder = await SqliteHarness.make()
  const world = new World(harness, await harness.open())
  const id = await world.running(await world.lease(), 2)
  const copies = ownTemporaryFolder(folder.projectDir)
  const look = async (store: ControlStore): Promise<void> => {
    expect(await store.ledger.getRun(id)).toMatchObject({ state: 'running', batches: 2 })
    await expectCode(store.ledger.audit('a', 'b', BY, null, null), 'TM3005')
    expect(copies()).toEqual([])
  }
  await looking(harness, look, /-shm$/) // readers of a WAL mark their place there
  await world.finish(id, 1n, [1, 2])
})

test('the copy that was looked at goes away with it, also when it cannot be opened', async () => {
  await using harness = await SqliteHarness.make()
  await using folder = await SqliteHarness.make()
  await (await harness.open())[Symbol.asyncDispose]()
  const copies = ownTemporaryFolder(folder.projectDir)
  const store = await harness.open({ readOnly: true })
  expect(copies()).toHaveLength(1)
  await store[Symbol.asyncDispose]()
  expect(copies()).toEqual([])
  await harness.sql('drop table store')
  await expect(harness.open({ readOnly: true })).rejects.toThrow('store')
  expect(copies()).toEqual([])
})

/** Two tables that every transaction changes together, and a writer that can be stopped between any two steps. */
function twins(path: string) {
  const db = openSqlite(path, 0)
  db.all('pragma journal_mode = wal', [])
  db.script('create table a (n integer); create table b (n integer); pragma wal_autocheckpoint = 0')
  const write = () => db.script('begin; insert into a values (1); insert into b values (1); commit')
  const checkpoint = (mode: string) => db.all(`pragma wal_checkpoint(${mode})`, [])
  return { db, write, checkpoint }
}

const rowsOf = (path: string) => {
  const db = openSqlite(path, 0)
  try {
    return db.all(
      'select (select count(*) from a) as a, (select count(*) from b) as b, integrity_check as ok from pragma_integrity_check',
      [],
    )
  } finally {
    db.close()
  }
}

const COPY: CopyFile = (from, to) => copyFile(from, to)
const both = (n: bigint) => [{ a: n, b: n, ok: 'ok' }]

/** Copies, and lets the writer do something right after the main file was copied for the first time. */
function interrupted(meanwhile: () => void): CopyFile {
  let first = true
  return async (from, to) => {
    await COPY(from, to)
    if (first && !from.endsWith('-wal')) {
      first = false
      meanwhile()
    }
  }
}

test.each(['passive', 'full', 'restart', 'truncate'])(
  'a copy made while the writer checkpoints (%s) and writes on is one moment',
  async (mode) => {
    await using harness = await SqliteHarness.make()
    const path = join(harness.projectDir, 'twins.db')
    const { db, write, checkpoint } = twins(path)
    for (let n = 0; n < 500; n++) write()
    const copy = await privateCopy(
      path,
      interrupted(() => {
        checkpoint(mode)
        for (let n = 0; n < 100; n++) write()
      }),
    )
    expect(rowsOf(copy?.path ?? '')).toEqual(both(600n))
    await copy?.[Symbol.asyncDispose]()
    db.close()
  },
)

test('a copy made while the last writer leaves, or a first one comes and goes, is one moment', async () => {
  await using harness = await SqliteHarness.make()
  const path = join(harness.projectDir, 'twins.db')
  const { db, write } = twins(path)
  write()
  await using left = await privateCopy(
    path,
    interrupted(() => db.close()),
  )
  expect(rowsOf(left?.path ?? '')).toEqual(both(1n))
  await using came = await privateCopy(
    path,
    interrupted(() => {
      const again = openSqlite(path, 0)
      again.script('begin; insert into a values (1); insert into b values (1); commit')
      again.close()
    }),
  )
  expect(rowsOf(came?.path ?? '')).toEqual(both(2n))
})

test('a store that never holds still is busy', async () => {
  await using harness = await SqliteHarness.make()
  const path = join(harness.projectDir, 'twins.db')
  const { db, write, checkpoint } = twins(path)
  write()
  const copy = privateCopy(path, async (from, to) => {
    await COPY(from, to)
    checkpoint('restart')
    write()
  })
  await expectCode(copy, 'TM3011')
  db.close()
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
  for (let n = 0; n < 15; n++) {
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
