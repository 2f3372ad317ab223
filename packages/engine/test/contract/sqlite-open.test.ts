import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { inspectControlStore, openControlStore } from '../../src/control/open-control-store.ts'
import { storeError } from '../../src/control/sql/sqlite/errors.ts'
import { openSqlite } from '../../src/drivers/sqlite.ts'
import { BY, expectCode, World } from './control-store/store-world.ts'
import { SqliteHarness } from './sqlite-harness.ts'

test('a store is made with its folder on first use, in WAL mode', async () => {
  await using harness = await SqliteHarness.make()
  const store = await harness.open()
  expect(store.location).toBe(join(harness.projectDir, '.tidemark', 'control.db'))
  expect(await harness.sql('pragma journal_mode')).toEqual([{ journal_mode: 'wal' }])
})

test.each([
  ['no store at all', 'nothing'],
  ['no path', 'sqlite:'],
  ['an unknown scheme', 'mysql://root:hunter2@host/db'],
])('a control URL with %s is refused without showing it', async (_, url) => {
  const open = openControlStore(url, { projectDir: '/nowhere', readOnly: true })
  await expectCode(open, 'TM1011')
  await expect(open).rejects.not.toThrow(/hunter2/)
})

async function expectRefused(harness: SqliteHarness, code: 'TM3004' | 'TM3005'): Promise<void> {
  const before = readFileSync(harness.path)
  await expectCode(harness.open(), code)
  await expectCode(harness.open({ readOnly: true }), code)
  expect(readFileSync(harness.path)).toEqual(before)
}

test('a store of a newer version is refused and left alone', async () => {
  await using harness = await SqliteHarness.make()
  await (await harness.open())[Symbol.asyncDispose]()
  await harness.sql(`insert into store_migration (version, name, applied_at) values (9, '0009-later', '')`)
  await expectRefused(harness, 'TM3004')
})

test('a file that is no database is refused and left alone', async () => {
  await using harness = await SqliteHarness.make()
  mkdirSync(dirname(harness.path))
  writeFileSync(harness.path, 'just some text, longer than a header of a database would be. '.repeat(50))
  await expectRefused(harness, 'TM3005')
})

test('a database of something else is refused and left alone', async () => {
  await using harness = await SqliteHarness.make()
  mkdirSync(dirname(harness.path))
  await harness.sql('create table invoice (id integer)')
  await expectRefused(harness, 'TM3005')
})

test('a damaged store is refused', async () => {
  await using harness = await SqliteHarness.make()
  await (await harness.open())[Symbol.asyncDispose]()
  const bytes = readFileSync(harness.path)
  writeFileSync(harness.path, bytes.fill(0x2a, 100, 8_192))
  await expectRefused(harness, 'TM3005')
})

test('a store that has lost its identity is refused', async () => {
  await using harness = await SqliteHarness.make()
  await (await harness.open())[Symbol.asyncDispose]()
  await harness.sql('delete from store')
  await expectCode(harness.open(), 'TM3005')
})

test('a path where no file can be is refused', async () => {
  await using harness = await SqliteHarness.make()
  writeFileSync(join(harness.projectDir, '.tidemark'), 'a file where the folder should be')
  await expectCode(harness.open(), 'TM3005')
  await expectCode(harness.open({ readOnly: true }), 'TM3005')
  const folder = openControlStore('sqlite:.', { projectDir: harness.projectDir, readOnly: false })
  await expectCode(folder, 'TM3005')
})

test('a store that another process keeps locked is busy, and its error names it', async () => {
  await using harness = await SqliteHarness.make()
  const store = await harness.open({ busyMs: 120 })
  const other = openSqlite(harness.path, 0)
  other.script('begin immediate')
  const write = store.ledger.audit('a', 'b', BY, null, null)
  await expectCode(write, 'TM3011')
  await expect(write).rejects.toThrow(harness.path)
  expect(await store.ledger.listAudit(1)).toEqual([]) // reading goes on
  other.script('rollback')
  other.close()
  await store.ledger.audit('a', 'b', BY, null, null)
  expect(await store.ledger.listAudit(9)).toHaveLength(1)
})

test('a lock that is let go in time is waited for', async () => {
  await using harness = await SqliteHarness.make()
  const store = await harness.open()
  const other = openSqlite(harness.path, 0)
  other.script('begin immediate')
  const write = store.ledger.audit('a', 'b', BY, null, null)
  setTimeout(() => other.script('commit'), 150)
  await write
  other.close()
  expect(await store.ledger.listAudit(9)).toHaveLength(1)
})

test('a full disk is told by its result code', () => {
  const db = openSqlite(':memory:', 0)
  db.script('create table t (a text); pragma max_page_count = 3')
  const fill = () => db.all('insert into t values (?1)', ['x'.repeat(100_000)])
  let error: unknown
  try {
    fill()
  } catch (thrown) {
    error = storeError(thrown, 'here')
  }
  expect(error).toMatchObject({ code: 'TM2004' })
  db.close()
})

test('a store with no room left rolls back and goes on', async () => {
  await using harness = await SqliteHarness.make()
  const world = new World(harness, await harness.open())
  const token = await world.lease()
  const id = await world.running(token, 1)
  // what a statement runs into when the file cannot grow, made by a trigger: the statement fails as a whole
  await harness.sql(`create trigger no_room before insert on batch begin select raise(rollback, 'no room'); end`)
  await expect(
    world.ledger.addBatches(
      id,
      token,
      '{}',
      [{ step: 2, name: 'more' }],
      [{ step: 2, batch: 2, wave: 1, split: '{}' }],
    ),
  ).rejects.toThrow('no room')
  expect(await world.ledger.listSteps(id)).toHaveLength(1)
  await harness.sql('drop trigger no_room')
  await world.finish(id, token, [1])
  expect(await world.ledger.getRun(id)).toMatchObject({ batchesDone: 1 })
})

test('a store can be closed twice', async () => {
  await using harness = await SqliteHarness.make()
  const store = await harness.open()
  await store[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await expect(store.now()).rejects.toThrow('not open')
})

test('the printed statements, run by a person, make a store that needs no migration', async () => {
  await using harness = await SqliteHarness.make()
  mkdirSync(dirname(harness.path))
  const url = `sqlite:${harness.path}`
  const none = await inspectControlStore(url, harness.projectDir)
  expect(none).toMatchObject({ exists: false, version: 0, damage: [], refusesWrites: null, walBytes: null })
  const db = openSqlite(harness.path, 1_000)
  for (const { sql } of none.pending) db.script(sql)
  const made = db.all("select sql from sqlite_schema where name not like 'sqlite_%' order by name", [])
  db.close()
  const before = readFileSync(harness.path)
  expect(await inspectControlStore(url, harness.projectDir)).toMatchObject({ version: none.known, pending: [] })
  expect(readFileSync(harness.path)).toEqual(before)
  await using other = await SqliteHarness.make()
  await (await other.open())[Symbol.asyncDispose]()
  expect(await other.sql("select sql from sqlite_schema where name not like 'sqlite_%' order by name")).toEqual(made)
  await using store = await harness.open()
  expect(await store.catalog.read()).toEqual({ connections: [], modules: [], tasks: [] })
})

test('a store that its own check finds damaged is told as damaged', async () => {
  await using harness = await SqliteHarness.make()
  await (await harness.open())[Symbol.asyncDispose]()
  const db = openSqlite(harness.path, 1_000)
  db.script(`pragma ignore_check_constraints = on; insert into module (id, is_active) values ('shop', 7)`)
  db.close()
  const { damage, version, known } = await inspectControlStore(`sqlite:${harness.path}`, harness.projectDir)
  expect([version, damage]).toEqual([known, ['CHECK constraint failed in module']])
})
