import { expect, test } from 'vitest'
import { makeControlStore } from '../../src/control/make-control-store.ts'
import { migrate } from '../../src/control/migrate.ts'
import { effect } from '../../src/control/sql/sqlite/sql-parts.ts'
import { SQLITE_MIGRATIONS } from '../../src/control/sql/sqlite/sqlite-migrations.ts'
import { SqliteSession } from '../../src/control/sql/sqlite/sqlite-session.ts'
import { SQLITE_STATEMENTS } from '../../src/control/sql/sqlite/sqlite-statements.ts'
import { openSqlite, type SqliteDatabase } from '../../src/drivers/sqlite.ts'
import { BY, FLOW, succeeded, World } from './control-store/store-world.ts'
import { SqliteHarness } from './sqlite-harness.ts'

interface Watched {
  readonly session: SqliteSession
  readonly world: World
  /** `full` or `normal` of each commit since the last call */
  readonly commits: () => string[]
}

/** A real store whose commits are told, with the setting of the disk that they had. */
async function watched(harness: SqliteHarness): Promise<Watched> {
  await harness.open()
  const db = openSqlite(harness.path, 1_000)
  const seen: string[] = []
  const setting = () => (db.all('pragma synchronous', [])[0]?.['synchronous'] === 2n ? 'full' : 'normal')
  const told: SqliteDatabase = {
    ...db,
    all: (text, params) => {
      const alone = !db.inTransaction && /^\s*(insert|update|delete)/.test(text)
      const rows = db.all(text, params)
      // a statement that changed nothing commits nothing
      if (text === 'commit' || (alone && rows.length > 0)) seen.push(setting())
      return rows
    },
    get inTransaction() {
      return db.inTransaction
    },
  }
  const session = new SqliteSession(told, harness.path, 1_000)
  await migrate(session, SQLITE_STATEMENTS.schema, SQLITE_MIGRATIONS, harness.path)
  const store = await makeControlStore(session, SQLITE_STATEMENTS, harness.path)
  return { session, world: new World(harness, store), commits: () => seen.splice(0) }
}

test('leases, plans, settling and what a person changes wait for the disk; claim and end of a batch do not', async () => {
  await using harness = await SqliteHarness.make()
  const { world, commits } = await watched(harness)
  const { ledger, leases } = world.store
  const token = await world.lease()
  expect(commits()).toEqual(['full'])
  const id = await world.running(token, 2)
  expect(new Set(commits())).toEqual(new Set(['full']))
  await world.finish(id, token, [1])
  expect(new Set(commits())).toEqual(new Set(['normal']))
  await leases.renew(FLOW, token, 60_000)
  expect(commits()).toEqual(['full'])
  await world.finish(id, token, [2])
  expect(new Set(commits())).toEqual(new Set(['normal']))
  await ledger.settle(id, token, succeeded('20', null))
  const to = { position: '5', coverage: '{}', source: '{}' }
  await ledger.rewind(FLOW, '{}', { version: 1 }, to, BY)
  await ledger.audit('look', 'x', BY, null, null)
  await leases.release(FLOW, token)
  expect(commits()).toEqual(['full', 'full', 'full', 'full'])
})

const put = (key: string) =>
  effect('insert into look (flow, scope, value, run) select ?1, ?2, ?3, id from run limit 1', [key, '{}', '1'])
const keys = async (harness: SqliteHarness): Promise<unknown[]> =>
  (await harness.sql('select flow from look order by flow')).map((row) => row['flow'])

test('transactions that wait for the disk at the same time share one commit, and one that fails is undone alone', async () => {
  await using harness = await SqliteHarness.make()
  const { session, world, commits } = await watched(harness)
  await world.planned()
  commits()
  const answers = await Promise.allSettled(
    ['a', 'b', 'c', 'd'].map((key) =>
      session.transaction(async (tx) => {
        await tx.all(put(key))
        if (key === 'b') throw new TypeError('b fails')
        // each sees those before it
        return tx.all({ text: 'select count(*) as n from look', params: [], decode: (raw) => Number(raw['n']) })
      }),
    ),
  )
  expect(answers.map((a) => (a.status === 'fulfilled' ? a.value : String(a.reason)))).toEqual([
    [1],
    'TypeError: b fails',
    [2],
    [3],
  ])
  expect(commits()).toEqual(['full'])
  expect(await keys(harness)).toEqual(['a', 'c', 'd'])
})

test('where the shared commit fails, everybody in it is told, and nothing of it stays', async () => {
  await using harness = await SqliteHarness.make()
  const { session, world } = await watched(harness)
  await world.planned()
  const dangling = effect(`insert into look (flow, scope, value, run) values ('x', '{}', '1', 'r-nobody')`, [])
  const answers = await Promise.allSettled([
    session.transaction(async (tx) => tx.all(put('a'))),
    session.transaction(async (tx) => {
      await tx.script('pragma defer_foreign_keys = on') // the commit finds it
      return tx.all(dangling)
    }),
    session.transaction(async (tx) => tx.all(put('c'))),
  ])
  expect(answers.map((a) => a.status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await keys(harness)).toEqual([])
  await session.transaction(async (tx) => tx.all(put('later')))
  expect(await keys(harness)).toEqual(['later'])
})

test('nobody is answered before what it wrote can be seen from elsewhere', async () => {
  await using harness = await SqliteHarness.make()
  const { session, world } = await watched(harness)
  await world.planned()
  const seen = await Promise.all(
    ['a', 'b'].map(async (key) => {
      await session.transaction(async (tx) => tx.all(put(key)))
      return keys(harness)
    }),
  )
  expect(seen.map((k) => k.length)).toEqual([2, 2])
})
