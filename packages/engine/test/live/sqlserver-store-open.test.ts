import { describe, expect, test } from 'vitest'
import { controlStoreExists, inspectControlStore, openControlStore } from '../../src/control/open-control-store.ts'
import { differencesOf, mendingSql } from '../../src/control/sql/sqlserver/mend-schema.ts'
import { SCHEMA_MANIFEST } from '../../src/control/sql/sqlserver/schema-manifest.ts'
import { schemaFacts } from '../../src/control/sql/sqlserver/schema-facts.sql.ts'
import { SQLSERVER_MIGRATIONS } from '../../src/control/sql/sqlserver/sqlserver-migrations.ts'
import { BY, expectCode, FLOW, ownerOf, TTL_MS, World } from '../contract/control-store/store-world.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { serverAbilities, SqlServerStoreHarness } from './sqlserver-store-harness.ts'

const { definitions, errorNumbers } = await serverAbilities()
const EMPTY = { connections: [], modules: [], tasks: [] }
const NEWEST = SQLSERVER_MIGRATIONS.length

const inspect = (harness: SqlServerStoreHarness) => inspectControlStore(harness.url, '/nowhere')

/** What is in the database, and when it was made or changed last. */
const traces = (harness: SqlServerStoreHarness) =>
  harness.sql(
    `select (select count(*) from sys.objects) as objects, (select count(*) from sys.schemas) as schemas,
            (select count(*) from sys.columns) as columns`,
  )

const contents = async (harness: SqlServerStoreHarness) =>
  await Promise.all(
    ['run', 'step', 'batch', 'lease', 'audit', 'watermark', 'commit_mark', 'module', 'store_migration'].map((table) =>
      harness.sql(`select * from ${table}`),
    ),
  )

describe.skipIf(TEST_SERVER === null)('a control store on SQL Server', () => {
  test('makes itself on first use, and tells its place by host, port and database alone', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    expect(await controlStoreExists(harness.url, '/nowhere')).toBe(false)
    const store = await harness.open()
    const { host } = new URL(harness.url)
    expect(store.location).toBe(`${host}/${harness.database}`)
    expect(await controlStoreExists(harness.url, '/nowhere')).toBe(true)
    expect(await store.catalog.read()).toEqual(EMPTY)
  })

  test('is one store, however many make it at the same time', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    const stores = await Promise.all([1, 2, 3, 4].map(() => harness.open()))
    expect(new Set(stores.map(({ id }) => id)).size).toBe(1)
    expect(await harness.sql('select count(*) as n from store_migration')).toEqual([{ n: NEWEST }])
  })

  test('where none is, a look finds an empty one on the clock of the server and makes nothing', async () => {
    await using harness = await SqlServerStoreHarness.empty()
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

  test('a look leaves every row as it is, and refuses to write', async () => {
    await using harness = await SqlServerStoreHarness.make()
    const world = new World(harness, await harness.open())
    const id = await world.settled(await world.lease(), '20', null)
    const before = await contents(harness)
    const store = await harness.open({ readOnly: true })
    expect(await store.ledger.getRun(id)).toMatchObject({ state: 'succeeded' })
    expect(await store.ledger.newRunId()).toMatch(/^r-/)
    expect(await store.catalog.read()).toEqual(EMPTY)
    await expectCode(store.ledger.audit('a', 'b', BY, null, null), 'TM3005')
    await expectCode(store.leases.acquire(FLOW, ownerOf('w'), TTL_MS, null), 'TM3005')
    await store[Symbol.asyncDispose]()
    await inspect(harness)
    expect(await contents(harness)).toEqual(before)
  })

  test('an older one is brought up to date by whoever works with it, and by nobody who looks', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    for (const { sql } of (await inspect(harness)).pending.slice(0, 3)) await harness.script(sql)
    await expect(harness.open({ readOnly: true })).rejects.toMatchObject({
      code: 'TM3005',
      remedy: [expect.stringContaining('tidemark migrate'), expect.any(String)],
    })
    expect(await inspect(harness)).toMatchObject({ version: 3, pending: [{ version: 4 }, { version: 5 }], damage: [] })
    await (await openControlStore(harness.url, { projectDir: '/nowhere', readOnly: false }))[Symbol.asyncDispose]()
    expect(await inspect(harness)).toMatchObject({ version: NEWEST, pending: [], damage: [] })
  })

  test('a newer one is refused, to look too', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await harness.open()
    await harness.sql(`insert into store_migration (version, name, applied_at) values (99, '0099-later', '')`)
    await expectCode(harness.open(), 'TM3004')
    await expectCode(harness.open({ readOnly: true }), 'TM3004')
  })

  test('what else bears the name of the schema is left alone, a target’s fence apart', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await harness.script('create schema tidemark\ngo\ncreate table tidemark.invoice (id int)')
    const before = await traces(harness)
    await expectCode(harness.open(), 'TM3005')
    await expectCode(harness.open({ readOnly: true }), 'TM3005')
    expect(await traces(harness)).toEqual(before)
    await harness.script('create table tidemark.fence (store nvarchar(16), flow nvarchar(127), token bigint)')
    const store = await harness.open()
    expect(await store.catalog.read()).toEqual(EMPTY)
  })

  test('one whose identity was deleted is refused', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await harness.open()
    await harness.sql('delete from store')
    await expectCode(harness.open(), 'TM3005')
  })

  test('a table that bears the name of one of ours stops the making of it, which leaves nothing behind', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await harness.script(
      'create schema tidemark\ngo\ncreate table tidemark.fence (a int)\ngo\ncreate table tidemark.reject (a int)',
    )
    const before = await traces(harness)
    await expect(harness.open()).rejects.toMatchObject({ code: 'TM3005', detail: expect.stringContaining('reject') })
    expect(await traces(harness)).toEqual(before)
  })

  test('may be closed twice, and answers nothing afterwards', async () => {
    await using harness = await SqlServerStoreHarness.make()
    const store = await harness.open({ busyMs: 5_000 })
    await store[Symbol.asyncDispose]()
    await store[Symbol.asyncDispose]()
    await expect(store.now()).rejects.toThrow('closed')
  })

  test('a message with a NUL or half a character is kept as near as in the other stores', async () => {
    await using harness = await SqlServerStoreHarness.make()
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

  test('a key of any length is kept, and found again', async () => {
    await using harness = await SqlServerStoreHarness.make()
    const world = new World(harness, await harness.open())
    const token = await world.lease()
    const id = await world.running(token, 1)
    await world.ledger.claimBatch(id, 1, token)
    const long = (end: string) =>
      ({ key: JSON.stringify([`${'ключ'.repeat(2000)}${end}`]), code: 'TM5001', message: end }) as const
    await world.ledger.quarantine(id, 1, token, [long('a'), long('b')])
    await world.ledger.quarantine(id, 1, token, [long('b')])
    expect(await world.ledger.listRejects(FLOW)).toMatchObject([{ key: long('b').key, times: 1 }])
  })

  test('a scope that is too long for the ledger is refused with what it has room for', async () => {
    await using harness = await SqlServerStoreHarness.make()
    const world = new World(harness, await harness.open())
    await expect(world.planned(JSON.stringify({ unit: 'x'.repeat(800) }))).rejects.toMatchObject({
      code: 'TM3005',
      remedy: [expect.stringContaining('700 characters')],
    })
  })
})

describe.skipIf(TEST_SERVER === null)('the script that is printed for SQL Server', () => {
  test('run as one and once more, makes what the manifest lists, neither more nor less', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    const { pending } = await inspect(harness)
    const script = pending.map(({ sql }) => sql).join('\n')
    for (const _ of [1, 2]) await harness.script(script)
    expect(await inspect(harness)).toMatchObject({ version: NEWEST, pending: [], damage: [], refusesWrites: null })
    await using session = await harness.connect()
    const facts = (await session.records(schemaFacts.text)).map((raw) => schemaFacts.decode(raw))
    const named = definitions ? /./ : /^(table|view|column|trigger|function|text) /
    const inOrder = (all: readonly { readonly what: string; readonly is: string | null }[]) =>
      all.flatMap(({ what, is }) => (named.test(what) ? [`${what}: ${is}`] : [])).toSorted()
    expect(inOrder(facts)).toEqual(inOrder(SCHEMA_MANIFEST))
    const world = new World(harness, await harness.open())
    await world.settled(await world.lease(), '20', null)
    expect(await world.ledger.pruneRuns(0, BY)).toMatchObject({ runs: 0 })
  })

  test('does nothing of a later part where an earlier one failed', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    const [first, second] = (await inspect(harness)).pending
    await expect(harness.script(second?.sql ?? '')).rejects.toThrow('comes after the one before it')
    expect(await inspect(harness)).toMatchObject({ exists: false, version: 0 })
    await harness.script(first?.sql ?? '')
    await harness.script(second?.sql ?? '')
    expect(await inspect(harness)).toMatchObject({ version: 2 })
  })
})

describe.skipIf(TEST_SERVER === null)('a damaged schema on SQL Server', () => {
  const DAMAGE = `drop trigger tidemark.task_updated
go
drop view tidemark.freshness
go
drop function tidemark.seconds_since
go
drop index reject_open on tidemark.reject
go
disable trigger tidemark.module_inserted on tidemark.module
go
drop trigger tidemark.lease_token_only_grows
go
create trigger tidemark.lease_token_only_grows on tidemark.lease after update as begin set nocount on; end`
  const made = async (harness: SqlServerStoreHarness): Promise<void> =>
    await (await openControlStore(harness.url, { projectDir: '/nowhere', readOnly: false }))[Symbol.asyncDispose]()

  test('has its code put back by what is printed', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await made(harness)
    await harness.script(DAMAGE)
    await using session = await harness.connect()
    const differences = async () =>
      differencesOf(
        (await session.records(schemaFacts.text)).map((raw) => schemaFacts.decode(raw)),
        true,
      ).filter(({ what }) => /^(trigger|view|function|text) /.test(what))
    expect((await differences()).map(({ what }) => what).toSorted()).toEqual([
      'function seconds_since',
      'text of lease_token_only_grows',
      'trigger module.module_inserted',
      'trigger task.task_updated',
      'view freshness',
    ])
    await harness.script(mendingSql(await differences()))
    expect(await differences()).toEqual([])
  })

  test.skipIf(!definitions)('is told of triggers, a function, a view and an index, and mended', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await made(harness)
    await harness.script(DAMAGE)
    const { damage, mending } = await inspect(harness)
    expect(damage.toSorted()).toEqual([
      'function seconds_since is missing',
      'index reject.reject_open is missing',
      'text of lease_token_only_grows is another one',
      'trigger module.module_inserted is switched off, not enabled',
      'trigger task.task_updated is missing',
      'view freshness is missing',
    ])
    await harness.script(mending)
    expect(await inspect(harness)).toMatchObject({ damage: [], mending: '' })
  })

  test('is told of a table or a column, of which only what holds no rows is put back', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await harness.open()
    await harness.script(
      'drop view tidemark.freshness\ngo\nalter table tidemark.run drop column captured\ngo\ndrop table tidemark.look',
    )
    const { damage, mending } = await inspect(harness)
    expect(damage.filter((line) => !line.includes('_fkey')).toSorted()).toEqual([
      'column run.captured is missing',
      'table look is missing',
      'view freshness is missing',
    ])
    expect(mending).toMatch(/create view tidemark\.freshness [^;]*;\ngo$/)
  })

  test.skipIf(!errorNumbers)('is told by the first statement that needs what is missing', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    const store = await harness.open()
    await harness.script('drop view tidemark.freshness\ngo\nalter table tidemark.run drop column captured')
    await expect(store.ledger.listRuns({ limit: 1 })).rejects.toMatchObject({
      code: 'TM3005',
      remedy: [expect.stringContaining('tidemark doctor'), expect.any(String)],
    })
  })
})

/** A user of that database alone, who is given what the statements say. */
async function userOf(harness: SqlServerStoreHarness) {
  const user = harness.database
  const password = 'Pw1!of-a-test'
  await harness.script(`create login ${user} with password = '${password}'\ngo\ncreate user ${user} for login ${user}`)
  const url = new URL(harness.url)
  ;[url.username, url.password] = [user, password]
  return {
    url: url.href,
    refusesWrites: async () => (await inspectControlStore(url.href, '/nowhere')).refusesWrites,
    open: () => openControlStore(url.href, { projectDir: '/nowhere', readOnly: false }),
    grant: (what: string) => harness.script(`grant ${what} on schema::tidemark to ${user}`),
    [Symbol.asyncDispose]: () =>
      harness.script(
        `revoke select, insert, update, delete on schema::tidemark from ${user}\ngo\ndrop user ${user}\ngo\ndrop login ${user}`,
      ),
  }
}

describe.skipIf(TEST_SERVER === null)('a user of SQL Server who may not create', () => {
  test('works with what another made, and is told which tables it may not write', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await using user = await userOf(harness)
    expect(await user.refusesWrites()).toContain('may not create')
    await (await harness.open())[Symbol.asyncDispose]()
    await user.grant('select')
    expect(await user.refusesWrites()).toContain('may not write audit, batch')
    await user.grant('insert, update, delete')
    expect(await user.refusesWrites()).toBeNull()
    await using store = await user.open()
    const world = new World(harness, store)
    await world.settled(await world.lease(), '20', null)
    expect(await store.ledger.pruneRuns(0, BY)).toMatchObject({ runs: 0 })
    expect((await inspectControlStore(user.url, '/nowhere')).damage).toEqual([])
  })

  test.skipIf(!errorNumbers)('is told who may, and compares what it may see', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await using user = await userOf(harness)
    await expect(user.open()).rejects.toMatchObject({
      code: 'TM3005',
      remedy: [expect.stringContaining('migrate --print-sql'), expect.stringContaining('GRANT')],
    })
    await harness.open()
    await user.grant('select, insert, update, delete, view definition')
    await harness.script('drop trigger tidemark.task_deleted')
    expect((await inspectControlStore(user.url, '/nowhere')).damage).toEqual(['trigger task.task_deleted is missing'])
  })
})
