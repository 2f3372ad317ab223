import { describe, expect, test } from 'vitest'
import { controlStoreExists, inspectControlStore, openControlStore } from '../../src/control/open-control-store.ts'
import { POSTGRES_MIGRATIONS } from '../../src/control/sql/postgres/postgres-migrations.ts'
import { schemaFacts } from '../../src/control/sql/postgres/schema-facts.sql.ts'
import { SCHEMA_MANIFEST } from '../../src/control/sql/postgres/schema-manifest.ts'
import { BY, expectCode, FLOW, ownerOf, TTL_MS, World } from '../contract/control-store/store-world.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { PostgresStoreHarness } from './postgres-store-harness.ts'

const EMPTY = { connections: [], modules: [], tasks: [] }
const NEWEST = POSTGRES_MIGRATIONS.length

/** Everything that is in the database: names of relations, and how many rows were ever written. */
const traces = (harness: PostgresStoreHarness) =>
  harness.sql(
    `select (select count(*) from pg_class) as relations, (select count(*) from pg_namespace) as schemas,
            (select count(*) from pg_proc) as functions`,
  )
const inspect = (harness: PostgresStoreHarness) => inspectControlStore(harness.url, '/nowhere')

describe.each(VERSIONS)('a control store on PostgreSQL %s', (version) => {
  test('is made on first use, and says where it is without a user or password', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    expect(await controlStoreExists(harness.url, '/nowhere')).toBe(false)
    const store = await harness.open()
    expect(store.location).toBe(`127.0.0.1:${harness.port}/${harness.database}`)
    expect(await controlStoreExists(harness.url, '/nowhere')).toBe(true)
    expect(await store.catalog.read()).toEqual(EMPTY)
  })

  test('is made once by many who start at the same time', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    const stores = await Promise.all([1, 2, 3, 4].map(() => harness.open()))
    expect(new Set(stores.map(({ id }) => id)).size).toBe(1)
    expect(await harness.sql('select count(*) as n from store_migration')).toEqual([{ n: NEWEST }])
  })

  test('that is not there is looked at as an empty one on the server’s clock, and leaves no trace', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    const before = await traces(harness)
    const store = await harness.open({ readOnly: true })
    expect(await store.catalog.read()).toEqual(EMPTY)
    expect(await store.ledger.listRuns({ limit: 5 })).toEqual([])
    expect(await store.now()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(store.location).toContain(harness.database)
    await expectCode(store.ledger.audit('a', 'b', BY, null, null), 'TM3005')
    expect(await inspect(harness)).toMatchObject({ exists: false, version: 0, known: NEWEST, refusesWrites: null })
    expect(await traces(harness)).toEqual(before)
  })

  test('that is only looked at is not written, and refuses to be', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const world = new World(harness, await harness.open())
    const id = await world.settled(await world.lease(), '20', null)
    const written = () =>
      harness.sql(
        `select sum(n_tup_ins + n_tup_upd + n_tup_del) as n from pg_stat_all_tables where schemaname = 'tidemark'`,
      )
    await world.store[Symbol.asyncDispose]()
    await harness.sql('select pg_stat_force_next_flush()')
    const before = await written()
    const store = await harness.open({ readOnly: true })
    expect(await store.ledger.getRun(id)).toMatchObject({ state: 'succeeded' })
    expect(await store.ledger.newRunId()).toMatch(/^r-/)
    await expectCode(store.ledger.audit('a', 'b', BY, null, null), 'TM3005')
    await expectCode(store.leases.acquire(FLOW, ownerOf('w'), TTL_MS, null), 'TM3005')
    await store[Symbol.asyncDispose]()
    await inspect(harness)
    expect(await written()).toEqual(before)
  })

  test('of an older version is brought up to date by whoever opens it to work, and by nobody else', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    await using session = await harness.connect()
    for (const { sql } of (await inspect(harness)).pending.slice(0, 3)) await session.script(sql)
    await expect(harness.open({ readOnly: true })).rejects.toMatchObject({
      code: 'TM3005',
      remedy: [expect.stringContaining('tidemark migrate'), expect.any(String)],
    })
    expect(await inspect(harness)).toMatchObject({ version: 3, pending: [{ version: 4 }, { version: 5 }], damage: [] })
    await harness.open()
    expect(await inspect(harness)).toMatchObject({ version: NEWEST, pending: [], damage: [] })
  })

  test('of a newer version is refused', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await harness.sql(`insert into store_migration (version, name, applied_at) values (99, '0099-later', '')`)
    await expectCode(harness.open(), 'TM3004')
    await expectCode(harness.open({ readOnly: true }), 'TM3004')
  })

  test('is not made in a schema of somebody else, but beside the fence of a target', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    await harness.sql('create schema tidemark')
    await harness.sql('create table invoice (id integer)')
    const before = await traces(harness)
    await expectCode(harness.open(), 'TM3005')
    await expectCode(harness.open({ readOnly: true }), 'TM3005')
    expect(await traces(harness)).toEqual(before)
    await harness.sql('create table fence (store text, flow text, token bigint)')
    const store = await harness.open()
    expect(await store.catalog.read()).toEqual(EMPTY)
  })

  test('that lost its identity is refused', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await harness.sql('delete from store')
    await expectCode(harness.open(), 'TM3005')
  })

  test('whose name is taken by something else says so, and leaves nothing half made', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    await harness.sql('create schema tidemark')
    await harness.sql('create table fence (a integer)')
    await harness.sql('create table reject (a integer)')
    const before = await traces(harness)
    await expect(harness.open()).rejects.toMatchObject({ code: 'TM3005', detail: expect.stringContaining('reject') })
    expect(await traces(harness)).toEqual(before)
  })

  test('can be closed twice, and then is closed', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const store = await harness.open()
    await store[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await expect(store.now()).rejects.toThrow('closed')
  })

  test('keeps a message with a NUL or half a character as near as text can', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    const world = new World(harness, await harness.open())
    const token = await world.lease()
    const id = await world.running(token, 1)
    await world.ledger.claimBatch(id, 1, token)
    const reject = { key: '["a\\u0000"]', code: 'TM5001', message: 'no \0 and \ud800' } as const
    await world.ledger.quarantine(id, 1, token, [reject])
    expect(await world.ledger.listRejects(FLOW)).toMatchObject([{ key: reject.key, message: 'no \uFFFD and \uFFFD' }])
    await world.ledger.batchFailed(id, 1, token, 'TM5001', reject.message)
    expect(await world.ledger.listBatches(id)).toMatchObject([{ error: { message: 'no \uFFFD and \uFFFD' } }])
  })
})

describe.each(VERSIONS)('the statements printed for PostgreSQL %s', (version) => {
  test('run by hand, and once more, make a store that a user without any right to create can work with', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    const { pending } = await inspect(harness)
    await using session = await harness.connect()
    for (const _ of [1, 2]) for (const { sql } of pending) await session.script(sql)
    expect(await inspect(harness)).toMatchObject({ version: NEWEST, pending: [], damage: [], refusesWrites: null })
    const user = harness.database
    await session.script(`create role ${user} login; grant usage on schema tidemark to ${user};
      grant select, insert, update, delete on all tables in schema tidemark to ${user}`)
    const url = harness.url.replace('//postgres@', `//${user}@`)
    expect((await inspectControlStore(url, '/nowhere')).refusesWrites).toBeNull()
    const store = await openControlStore(url, { projectDir: '/nowhere', readOnly: false })
    const world = new World(harness, store)
    await world.settled(await world.lease(), '20', null)
    expect(await store.ledger.pruneRuns(0, BY)).toMatchObject({ runs: 0 })
    await store[Symbol.asyncDispose]()
    await session.script(`drop owned by ${user}; drop role ${user}`)
  })

  test('are what a user is told of who may not create them', async () => {
    await using harness = await PostgresStoreHarness.empty(version)
    await using session = await harness.connect()
    const user = harness.database
    await session.script(`create role ${user} login`)
    const url = harness.url.replace('//postgres@', `//${user}@`)
    const opened = openControlStore(url, { projectDir: '/nowhere', readOnly: false })
    await expect(opened).rejects.toMatchObject({
      code: 'TM3005',
      remedy: [expect.stringContaining('migrate --print-sql'), expect.stringContaining('GRANT')],
    })
    expect((await inspectControlStore(url, '/nowhere')).refusesWrites).toContain('may not create')
    await session.script(`drop role ${user}`)
  })

  test('make what the manifest lists, neither more nor less', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await using session = await harness.connect()
    const inOrder = (facts: readonly { readonly what: string }[]) =>
      facts.toSorted((a, b) => (a.what < b.what ? -1 : 1))
    const facts = (await session.records(schemaFacts.text)).map((raw) => schemaFacts.decode(raw))
    expect(inOrder(facts)).toEqual(inOrder(SCHEMA_MANIFEST))
  })
})

describe.each(VERSIONS)('a schema on PostgreSQL %s', (version) => {
  test('that lacks a trigger, a function, a view and an index is told so, and mended by what is printed', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await using session = await harness.connect()
    await session.script(`drop trigger task_kept on task; drop function module_kept cascade; drop view freshness;
      drop index reject_open; alter table module disable trigger module_named;
      create or replace function lease_token_only_grows() returns trigger language plpgsql as 'begin return new; end'`)
    const { damage, mending } = await inspect(harness)
    expect(damage.toSorted()).toEqual([
      'function lease_token_only_grows is another one',
      'function module_kept is missing',
      'index reject.reject_open is missing',
      'trigger module.module_kept is missing',
      'trigger module.module_named is switched off, not enabled',
      'trigger task.task_kept is missing',
      'view freshness is missing',
    ])
    await session.script(mending)
    expect(await inspect(harness)).toMatchObject({ damage: [], mending: '' })
  })

  test('that lacks a table or a column is told so, and only what holds no rows is put back', async () => {
    await using harness = await PostgresStoreHarness.make(version)
    await using session = await harness.connect()
    await session.script(
      'alter table run drop column captured cascade; drop table look; alter table audit alter subject drop not null',
    )
    const { damage, mending } = await inspect(harness)
    expect(damage).toEqual([
      'table look is missing',
      'view freshness is missing',
      'column audit.subject is text, not text not null',
      'column run.captured is missing',
    ])
    expect(mending).toMatch(/^create view tidemark\.freshness [^;]*;$/)
    const world = new World(harness, await harness.open())
    await expect(world.ledger.listRuns({ limit: 1 })).rejects.toMatchObject({
      code: 'TM3005',
      remedy: [expect.stringContaining('tidemark doctor'), expect.any(String)],
    })
  })
})
