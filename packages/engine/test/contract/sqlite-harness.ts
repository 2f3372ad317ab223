import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ControlStore } from '../../src/control/control-store.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { openSqlite } from '../../src/drivers/sqlite.ts'
import { onConflict, type Row, type StoreHarness, type Upsert } from './control-store/store-world.ts'

export const STORE_URL = 'sqlite:.tidemark/control.db'

/** A folder of its own that goes away with everything opened in it. */
export class SqliteHarness implements StoreHarness {
  readonly projectDir: string
  readonly #opened: ControlStore[] = []

  constructor(projectDir: string) {
    this.projectDir = projectDir
  }

  static async make(): Promise<SqliteHarness> {
    return new SqliteHarness(await mkdtemp(join(tmpdir(), 'tidemark-store-')))
  }

  get path(): string {
    return join(this.projectDir, '.tidemark', 'control.db')
  }

  async open(options: { readonly readOnly?: boolean; readonly busyMs?: number } = {}): Promise<ControlStore> {
    const store = await openControlStore(STORE_URL, { projectDir: this.projectDir, readOnly: false, ...options })
    this.#opened.push(store)
    return store
  }

  async sql(text: string): Promise<readonly Row[]> {
    const db = openSqlite(this.path, 1_000)
    try {
      return db
        .all(text, [])
        .map((row) =>
          Object.fromEntries(Object.entries(row).map(([k, v]) => [k, typeof v === 'bigint' ? Number(v) : v])),
        )
    } finally {
      db.close()
    }
  }

  async upsert(table: string, upsert: Upsert): Promise<void> {
    await this.sql(onConflict(table, upsert))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#opened) await store[Symbol.asyncDispose]()
    await rm(this.projectDir, { recursive: true, force: true })
  }
}
