/** A control store in a database of the server that TIDEMARK_TEST_SQLSERVER names. */
import { afterAll } from 'vitest'
import type { ControlStore } from '../../src/control/control-store.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { batchesOf } from '../../src/control/sql/sqlserver/batches-of-script.ts'
import { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import type { Row, StoreHarness, Upsert } from '../contract/control-store/store-world.ts'
import { dropDatabase, makeDatabase, sqlServerOptions, urlOfDatabase } from '../support/sqlserver-server.ts'
import { TEST_SERVER } from '../support/sqlserver-database.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const TABLES = words(`
  audit batch commit_mark connection connection_history freshness lease look module module_history reject run run_group
  run_summary run_worker step store store_migration task task_history unmatched watermark`)

/** Statements of the contract name tables alone; here they are in a schema. */
const qualified = (text: string): string =>
  text.replace(new RegExp(`\\b(from|join|into|update)\\s+(${TABLES.join('|')})\\b`, 'gi'), '$1 tidemark.$2')

export class SqlServerStoreHarness implements StoreHarness {
  readonly database: string
  readonly url: string
  readonly #isShared: boolean
  readonly #opened: ControlStore[] = []
  #session: SqlServerSession | null = null
  /** one statement at a time */
  #last: Promise<unknown> = Promise.resolve()

  constructor(database: string, isShared = false) {
    this.database = database
    this.url = urlOfDatabase(database)
    this.#isShared = isShared
  }

  /** In an empty database, without a store. */
  static async empty(): Promise<SqlServerStoreHarness> {
    return new SqlServerStoreHarness(await makeDatabase('tidemark_store'))
  }

  /** With a store that is up to date and empty, in the one database of the tests of a file. */
  static async make(): Promise<SqlServerStoreHarness> {
    const harness = new SqlServerStoreHarness(await (shared ??= makeShared()), true)
    await harness.script(EMPTIED)
    return harness
  }

  async open(options: { readonly readOnly?: boolean; readonly busyMs?: number } = {}): Promise<ControlStore> {
    const store = await openControlStore(this.url, { projectDir: '/nowhere', readOnly: false, ...options })
    this.#opened.push(store)
    return store
  }

  /** One more connection. */
  connect(): Promise<SqlServerSession> {
    return SqlServerSession.connect(sqlServerOptions(this.url))
  }

  /** As SSMS runs it. */
  async script(text: string): Promise<void> {
    await using session = await this.connect()
    for (const batch of batchesOf(text)) await session.script(batch)
  }

  /** As its JSON: integers are numbers. */
  async sql(text: string): Promise<readonly Row[]> {
    const answer = this.#last.then(() => this.#run(qualified(text)))
    this.#last = answer.catch(() => undefined)
    return await answer
  }

  async #run(text: string): Promise<readonly Row[]> {
    this.#session ??= await this.connect()
    if (!/^\s*select\b/i.test(text)) {
      await this.#session.script(text)
      return []
    }
    const pieces = await this.#session.rows(`${text} for json path, include_null_values`)
    const json = pieces.map(([piece]) => piece ?? '').join('')
    return json === '' ? [] : (JSON.parse(json) as readonly Row[])
  }

  async upsert(table: string, { key, rest, set }: Upsert): Promise<void> {
    const pairs = (of: Readonly<Record<string, string>>) => Object.entries(of).map(([c, v]) => `${c} = N'${v}'`)
    const row = Object.entries({ ...key, ...rest })
    await this.sql(`update ${table} set ${pairs(set).join(', ')} where ${pairs(key).join(' and ')};
      if @@rowcount = 0
        insert into ${table} (${row.map(([c]) => c).join(', ')}) values (${row.map(([, v]) => `N'${v}'`).join(', ')})`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#opened) await store[Symbol.asyncDispose]()
    await this.#session?.[Symbol.asyncDispose]()
    if (!this.#isShared) await dropDatabase(this.database)
  }
}

let shared: Promise<string> | null = null

async function makeShared(): Promise<string> {
  const database = await makeDatabase('tidemark_store')
  afterAll(() => dropDatabase(database))
  const store = await openControlStore(urlOfDatabase(database), { projectDir: '/nowhere', readOnly: false })
  await store[Symbol.asyncDispose]()
  return database
}

/** As it was made, its identity apart. */
const EMPTIED = [
  'disable trigger tidemark.lease_never_deleted on tidemark.lease',
  ...words(`run_worker batch step look unmatched reject watermark run run_group lease commit_mark task module connection
            task_history module_history connection_history`).map((table) => `delete from tidemark.${table}`),
  'enable trigger tidemark.lease_never_deleted on tidemark.lease',
  'truncate table tidemark.audit', // whose numbers begin at 1 again
].join('\ngo\n')

/**
 * Whether a row that one transaction reads WITH (UPDLOCK) keeps another waiting. A server that speaks the protocol and has
 * no such locks cannot show what rests on them.
 */
export async function keepsRowLocks(): Promise<boolean> {
  if (TEST_SERVER === null) return false
  const harness = await SqlServerStoreHarness.empty()
  await using _dropped = harness
  await harness.script('create table dbo.t (a int not null primary key)\ngo\ninsert into dbo.t values (1)')
  await using one = await harness.connect()
  await using other = await harness.connect()
  await one.begin()
  await one.rows('select a from dbo.t with (updlock, rowlock)')
  await other.script('set lock_timeout 50')
  try {
    await other.rows('select a from dbo.t with (updlock, rowlock)')
    return false
  } catch {
    return true
  } finally {
    await one.rollback()
  }
}
