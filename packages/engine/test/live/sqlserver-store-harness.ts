/** A control store in a database of the server that TIDEMARK_TEST_SQLSERVER names. */
import { afterAll } from 'vitest'
import type { ControlStore } from '../../src/control/control-store.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { batchesOf } from '../../src/control/sql/sqlserver/batches-of-script.ts'
import { SCHEMA_MANIFEST } from '../../src/control/sql/sqlserver/schema-manifest.ts'
import { errorNumber, SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { Secret } from '../../src/runtime/secret.ts'
import type { Row, StoreHarness, Upsert } from '../contract/control-store/store-world.ts'
import {
  TEST_SERVER,
  dropDatabase,
  makeDatabase,
  sqlServerOptions,
  urlOfDatabase,
} from '../support/sqlserver-server.ts'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

const TABLES = words(`
  audit batch commit_mark connection connection_history freshness lease look module module_history reject run run_group
  run_summary run_worker step store store_migration task task_history unmatched watermark`)

/** Statements of the contract name tables alone; here they are in a schema. */
const qualified = (text: string): string =>
  text.replace(new RegExp(`\\b(from|join|into|update)\\s+(${TABLES.join('|')})\\b`, 'gi'), '$1 tidemark.$2')

/** What the tests of a file share: a database, a store in it, and a session, which cost more to make than a test takes. */
interface Shared {
  readonly database: string
  readonly store: ControlStore
  readonly session: SqlServerSession
}

export class SqlServerStoreHarness implements StoreHarness {
  readonly database: string
  readonly url: string
  readonly #shared: Shared | null
  #sharedStore: ControlStore | null
  readonly #opened: ControlStore[] = []
  #session: SqlServerSession | null
  /** one statement at a time */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(database: string, shared: Shared | null) {
    this.database = database
    this.url = urlOfDatabase(database)
    this.#shared = shared
    this.#sharedStore = shared?.store ?? null
    this.#session = shared?.session ?? null
  }

  /** In an empty database, without a store. */
  static async empty(): Promise<SqlServerStoreHarness> {
    return new SqlServerStoreHarness(await makeDatabase('tidemark_store'), null)
  }

  /** With a store that is up to date and empty, in the one database of the tests of a file. */
  static async make(): Promise<SqlServerStoreHarness> {
    const all = await (shared ??= makeShared())
    for (const batch of EMPTIED) await all.session.script(batch)
    return new SqlServerStoreHarness(all.database, all)
  }

  /** The first one without options is shared with other tests, and stays open. */
  async open(options: { readonly readOnly?: boolean; readonly busyMs?: number } = {}): Promise<ControlStore> {
    const [first, isPlain] = [this.#sharedStore, Object.keys(options).length === 0]
    if (first !== null && isPlain) {
      this.#sharedStore = null
      return { ...first, [Symbol.asyncDispose]: async () => undefined }
    }
    const store = await openControlStore(this.url, { projectDir: '/nowhere', readOnly: false, ...options })
    this.#opened.push(store)
    if (options.readOnly !== true && !(await serverAbilities()).foreignKeys) await this.script(WITHOUT_FOREIGN_KEYS)
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
    if (this.#shared !== null) return
    await this.#session?.[Symbol.asyncDispose]()
    await dropDatabase(this.database)
  }
}

let shared: Promise<Shared> | null = null

async function makeShared(): Promise<Shared> {
  const database = await makeDatabase('tidemark_store')
  const url = urlOfDatabase(database)
  const store = await openControlStore(url, { projectDir: '/nowhere', readOnly: false })
  const session = await SqlServerSession.connect(sqlServerOptions(url))
  if (!(await serverAbilities()).foreignKeys)
    for (const batch of batchesOf(WITHOUT_FOREIGN_KEYS)) await session.script(batch)
  afterAll(async () => {
    await store[Symbol.asyncDispose]()
    await session[Symbol.asyncDispose]()
    await dropDatabase(database)
  })
  return { database, store, session }
}

/** As it was made, its identity apart. */
const EMPTIED = [
  'disable trigger tidemark.lease_never_deleted on tidemark.lease',
  ...words(`run_worker batch step look unmatched reject watermark run run_group lease commit_mark task module connection
            task_history module_history connection_history`).map((table) => `delete from tidemark.${table}`),
  'enable trigger tidemark.lease_never_deleted on tidemark.lease',
  'truncate table tidemark.audit', // whose numbers begin at 1 again
]

const WITHOUT_FOREIGN_KEYS = SCHEMA_MANIFEST.flatMap(({ what }) => {
  const [, table, name] = /^constraint (\w+)\.(\w+_fkey)$/.exec(what) ?? []
  if (table === undefined) return []
  return [
    `if exists (select 1 from sys.objects where name = N'${name}') alter table tidemark.${table} drop constraint ${name}`,
  ]
}).join('\ngo\n')

/** What a server of this protocol may lack, and what rests on it cannot be shown by it. */
export interface ServerAbilities {
  /** a row that one transaction reads WITH (UPDLOCK) keeps another waiting */
  readonly rowLocks: boolean
  /** foreign keys between texts that have a collation of their own; where they fail, stores of the tests have none */
  readonly foreignKeys: boolean
  /** errors have the numbers of SQL Server */
  readonly errorNumbers: boolean
  /** indexes and defaults are called as they were made, and who may VIEW DEFINITION is told so */
  readonly definitions: boolean
  /** who has another password is not let in */
  readonly passwords: boolean
}

const ALL: ServerAbilities = {
  rowLocks: true,
  foreignKeys: true,
  errorNumbers: true,
  definitions: true,
  passwords: true,
}

const TEST_USER = decodeURIComponent(new URL(urlOfDatabase('')).username)

let abilities: Promise<ServerAbilities> | null = null

/** Asked once in each file. */
export const serverAbilities = (): Promise<ServerAbilities> => (abilities ??= probe())

async function probe(): Promise<ServerAbilities> {
  if (TEST_SERVER === null) return ALL
  const database = await makeDatabase('tidemark_probe')
  try {
    const options = sqlServerOptions(urlOfDatabase(database))
    await using one = await SqlServerSession.connect(options)
    await using other = await SqlServerSession.connect(options, 'set lock_timeout 50')
    const succeeds = async (session: SqlServerSession, text: string): Promise<boolean> =>
      await session.script(text).then(
        () => true,
        () => false,
      )
    await one.script(`create table dbo.a (id nvarchar(9) collate Latin1_General_100_BIN2 not null primary key);
      create table dbo.b (id nvarchar(9) collate Latin1_General_100_BIN2 not null references dbo.a (id))`)
    await one.script(`insert into dbo.a values (N'a')`)
    const foreignKeys = await succeeds(one, `insert into dbo.b values (N'a')`)
    const read = 'select id from dbo.a with (updlock, rowlock)'
    await one.begin()
    await one.script(read)
    const rowLocks = !(await succeeds(other, read))
    await one.rollback()
    const missing = await one.script('select a from dbo.nowhere').catch(errorNumber)
    await one.script('create index a_of_b on dbo.b (id)')
    const [seen] = await one.rows(`select has_perms_by_name(N'dbo', 'SCHEMA', 'VIEW DEFINITION'),
      (select count(*) from sys.indexes where name = N'a_of_b')`)
    const definitions = seen?.join() === '1,1'
    const login = { kind: 'sql', user: TEST_USER, password: new Secret('another') } as const
    const passwords = await SqlServerSession.connect({ ...options, login }).then(
      (session) => session[Symbol.asyncDispose]().then(() => false),
      () => true,
    )
    return { rowLocks, foreignKeys, errorNumbers: missing === 208, definitions, passwords }
  } finally {
    await dropDatabase(database)
  }
}
