/** A control store in a database of its own, copied from a template that was migrated once for each server. */
import { afterAll } from 'vitest'
import { openControlStore } from '../../src/control/open-control-store.ts'
import type { ControlStore } from '../../src/control/control-store.ts'
import { PostgresSession } from '../../src/drivers/postgres.ts'
import { newShortId } from '../../src/runtime/new-id.ts'
import { onConflict, type Row, type StoreHarness, type Upsert } from '../contract/control-store/store-world.ts'
import { optionsOf, portOf } from '../support/postgres-database.ts'
import type { Version } from '../support/postgres-server.ts'

export class PostgresStoreHarness implements StoreHarness {
  readonly port: number
  readonly database: string
  readonly url: string
  readonly #opened: ControlStore[] = []
  #session: PostgresSession | null = null
  /** one statement at a time */
  #last: Promise<unknown> = Promise.resolve()

  constructor(port: number, database: string) {
    this.port = port
    this.database = database
    this.url = `postgres://postgres@127.0.0.1:${port}/${database}`
  }

  /** In an empty database, without a store. */
  static async empty(version: Version): Promise<PostgresStoreHarness> {
    return await PostgresStoreHarness.emptyOn(portOf(version))
  }

  /** The same on a server of the test's own. */
  static async emptyOn(port: number): Promise<PostgresStoreHarness> {
    return await PostgresStoreHarness.#in(port, 'template0')
  }

  /** With a store that is up to date. */
  static async make(version: Version): Promise<PostgresStoreHarness> {
    return await PostgresStoreHarness.#in(portOf(version), await templateOf(version))
  }

  static async #in(port: number, template: string): Promise<PostgresStoreHarness> {
    const database = `store_${newShortId(8)}`
    await asAdmin(port, `CREATE DATABASE ${database} TEMPLATE ${template} STRATEGY FILE_COPY`)
    return new PostgresStoreHarness(port, database)
  }

  async open(options: { readonly readOnly?: boolean; readonly busyMs?: number } = {}): Promise<ControlStore> {
    const store = await openControlStore(this.url, { projectDir: '/nowhere', readOnly: false, ...options })
    this.#opened.push(store)
    return store
  }

  /** One more connection, where tables are found as people find them. */
  connect(): Promise<PostgresSession> {
    return PostgresSession.connect(optionsOf(this.port, this.database), { search_path: 'tidemark' })
  }

  /** As its JSON: integers are numbers, and JSON within it is text again. */
  async sql(text: string): Promise<readonly Row[]> {
    const answer = this.#last.then(() => this.#run(text))
    this.#last = answer.catch(() => undefined)
    return await answer
  }

  async #run(text: string): Promise<readonly Row[]> {
    this.#session ??= await this.connect()
    if (!/^\s*select\b/i.test(text)) {
      await this.#session.run(text)
      return []
    }
    const rows = await this.#session.rows(`SELECT row_to_json(q) FROM (${text}) q`)
    return rows.map(([json]) => {
      const row = JSON.parse(json ?? '{}') as Row
      const plain = Object.entries(row).map(([k, v]) => [
        k,
        typeof v === 'object' && v !== null ? JSON.stringify(v) : v,
      ])
      return Object.fromEntries(plain) as Row
    })
  }

  async upsert(table: string, upsert: Upsert): Promise<void> {
    await this.sql(onConflict(table, upsert))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#opened) await store[Symbol.asyncDispose]()
    await this.#session?.[Symbol.asyncDispose]()
    await asAdmin(this.port, `DROP DATABASE ${this.database} WITH (FORCE)`)
  }
}

const templates = new Map<Version, Promise<string>>()

function templateOf(version: Version): Promise<string> {
  const known = templates.get(version)
  if (known !== undefined) return known
  const made = makeTemplate(version)
  templates.set(version, made)
  return made
}

async function makeTemplate(version: Version): Promise<string> {
  const harness = await PostgresStoreHarness.empty(version)
  await (await harness.open())[Symbol.asyncDispose]()
  // a store's identity is its own: the tests of this template share it, each in its database
  afterAll(() => harness[Symbol.asyncDispose]())
  return harness.database
}

async function asAdmin(port: number, statement: string): Promise<void> {
  await using admin = await PostgresSession.connect(optionsOf(port, 'postgres'))
  await admin.run(statement)
}
