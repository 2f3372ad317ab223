import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { POSTGRES_MIGRATIONS } from '../../src/control/sql/postgres/postgres-migrations.ts'
import { migrationScript } from '../../src/control/sql/postgres/schema.sql.ts'
import { SQLITE_MIGRATIONS } from '../../src/control/sql/sqlite/sqlite-migrations.ts'
import { SqliteHarness } from '../contract/sqlite-harness.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { PostgresStoreHarness } from './postgres-store-harness.ts'

const LOCK = join(import.meta.dirname, '../../src/control/sql/postgres/migrations.lock.json')

/** Working tables of each store's own. */
const OF_ITS_OWN: readonly string[] = ['commit_mark', 'named_edit']

test('a released migration of PostgreSQL never changes', () => {
  const frozen = JSON.parse(readFileSync(LOCK, 'utf8')) as Record<string, string>
  const now = Object.fromEntries(
    POSTGRES_MIGRATIONS.map((m) => [m.name, createHash('sha256').update(m.text).digest('hex')]),
  )
  expect(now).toEqual(frozen)
})

test('the stores count their migrations alike', () => {
  const named = (migrations: typeof SQLITE_MIGRATIONS) => migrations.map(({ version, name }) => `${version} ${name}`)
  expect(named(POSTGRES_MIGRATIONS)).toEqual(named(SQLITE_MIGRATIONS))
})

test.each(VERSIONS)(
  'tables, views and their columns on PostgreSQL %s are those of SQLite, in the same order',
  async (version) => {
    await using postgres = await PostgresStoreHarness.make(version)
    await using sqlite = await SqliteHarness.make()
    await sqlite.open()
    const there = await postgres.sql(
      `select c.relname || '.' || a.attname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'tidemark'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0
      order by c.relname collate "C", a.attnum`,
    )
    const here = await sqlite.sql(
      `select t.name || '.' || c.name as name from sqlite_schema t, pragma_table_info(t.name) c
      where t.type in ('table', 'view') and t.name not like 'sqlite\\_%' escape '\\' order by t.name, c.cid`,
    )
    const names = (rows: readonly { readonly [k: string]: unknown }[]) =>
      rows.map((row) => String(row['name'])).filter((name) => !OF_ITS_OWN.includes(name.split('.')[0] ?? ''))
    expect(names(there)).toEqual(names(here))
  },
)

test.each(VERSIONS)('a migration that fails on PostgreSQL %s leaves nothing of it, by hand too', async (version) => {
  await using harness = await PostgresStoreHarness.make(version)
  await using session = await harness.connect()
  const [before] = await session.rows('select count(*) from pg_class')
  const text = 'create table tidemark.later (a integer); create table tidemark.run (b integer);'
  await expect(session.script(migrationScript({ version: 99, name: '0099-broken', text }))).rejects.toThrow('exists')
  expect((await session.rows('select count(*) from pg_class'))[0]).toEqual(before)
  expect(await harness.sql('select max(version) as n from store_migration')).toEqual([
    { n: POSTGRES_MIGRATIONS.length },
  ])
})
