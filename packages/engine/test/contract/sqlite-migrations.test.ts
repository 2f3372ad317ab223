import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { type Migration, migrate } from '../../src/control/migrate.ts'
import { SQLITE_MIGRATIONS } from '../../src/control/sql/sqlite/sqlite-migrations.ts'
import { SqliteSession } from '../../src/control/sql/sqlite/sqlite-session.ts'
import { SQLITE_STATEMENTS } from '../../src/control/sql/sqlite/sqlite-statements.ts'
import { openSqlite, type SqliteDatabase } from '../../src/drivers/sqlite.ts'
import { SqliteHarness } from './sqlite-harness.ts'

const LOCK = join(import.meta.dirname, '../../src/control/sql/sqlite/migrations.lock.json')

const bring = (db: SqliteDatabase, migrations: readonly Migration[]) =>
  migrate(new SqliteSession(db, 'memory', 0), SQLITE_STATEMENTS.schema, migrations, 'memory')

const schemaOf = (db: SqliteDatabase) =>
  db.all('select type, name, tbl_name, sql from sqlite_schema order by type, name', [])
const versionsOf = (db: SqliteDatabase) => db.all('select version, name from store_migration order by version', [])

test('a released migration never changes', () => {
  const frozen = JSON.parse(readFileSync(LOCK, 'utf8')) as Record<string, string>
  const now = Object.fromEntries(
    SQLITE_MIGRATIONS.map((m) => [m.name, createHash('sha256').update(m.text).digest('hex')]),
  )
  expect(now).toEqual(frozen)
})

test('migrations are numbered from 1 without gaps, and named after their files', () => {
  expect(SQLITE_MIGRATIONS.map((m) => m.version)).toEqual(SQLITE_MIGRATIONS.map((_, i) => i + 1))
  expect(SQLITE_MIGRATIONS.every((m) => m.name.startsWith(String(m.version).padStart(4, '0')))).toBe(true)
})

test('a fresh install and an upgrade step by step end in the same schema', async () => {
  const fresh = openSqlite(':memory:', 0)
  await bring(fresh, SQLITE_MIGRATIONS)
  const upgraded = openSqlite(':memory:', 0)
  for (let n = 1; n <= SQLITE_MIGRATIONS.length; n++) await bring(upgraded, SQLITE_MIGRATIONS.slice(0, n))
  expect(schemaOf(upgraded)).toEqual(schemaOf(fresh))
  expect(versionsOf(upgraded)).toEqual(versionsOf(fresh))
  expect(versionsOf(fresh)).toHaveLength(SQLITE_MIGRATIONS.length)
})

test('a migration that fails leaves the schema of before it', async () => {
  const db = openSqlite(':memory:', 0)
  await bring(db, SQLITE_MIGRATIONS)
  const before = schemaOf(db)
  const broken = {
    version: SQLITE_MIGRATIONS.length + 1,
    name: 'broken',
    text: 'create table t (a); create table run (b)',
  }
  await expect(bring(db, [...SQLITE_MIGRATIONS, broken])).rejects.toThrow('already exists')
  expect(schemaOf(db)).toEqual(before)
  expect(versionsOf(db)).toHaveLength(SQLITE_MIGRATIONS.length)
})

test('a store of an older version is brought up to date when it is opened, and only then', async () => {
  await using harness = await SqliteHarness.make()
  mkdirSync(dirname(harness.path))
  const old = openSqlite(harness.path, 0)
  await bring(old, SQLITE_MIGRATIONS.slice(0, 2))
  old.close()
  const bytes = readFileSync(harness.path)
  const look = await harness.open({ readOnly: true })
  await look[Symbol.asyncDispose]()
  expect(readFileSync(harness.path)).toEqual(bytes)
  await harness.open()
  expect(await harness.sql('select * from freshness')).toEqual([])
})

test('rejects of an older store are open as before, with what is told of them since', async () => {
  await using harness = await SqliteHarness.make()
  mkdirSync(dirname(harness.path))
  const old = openSqlite(harness.path, 0)
  await bring(old, SQLITE_MIGRATIONS.slice(0, 3))
  old.script(`insert into run (id, flow, scope, state, actor, command, plan) values ('r-00001', 'shop.orders', '{}', 'succeeded', 'a', 'c', '{}');
    insert into reject (flow, run, key, code, message) values ('shop.orders', 'r-00001', '["1"]', 'TM4012', 'orphan')`)
  old.close()
  const store = await harness.open()
  const [reject] = await store.ledger.listRejects(null)
  expect(reject).toMatchObject({ key: '["1"]', state: 'open', batch: null, times: 1 })
  expect(reject?.lastAt).toBe(reject?.createdAt)
})

test('the tables say in their own text what their columns mean', async () => {
  const db = openSqlite(':memory:', 0)
  await bring(db, SQLITE_MIGRATIONS)
  const run = schemaOf(db).find((row) => row['name'] === 'run')
  expect(run?.['sql']).toContain('-- the first attempt')
})
