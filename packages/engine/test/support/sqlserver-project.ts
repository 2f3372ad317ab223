/**
 * A project whose source and target are two schemas of a SQL Server database, worked on by processes that may be ended. Its
 * control store is a file.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunDocument } from '@tidemark/contract/api'
import type { App } from '../../src/app/app.ts'
import { openApp } from '../../src/app/wire.ts'
import type { ControlStore } from '../../src/control/control-store.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { readConfig } from '../../src/runtime/config.ts'
import type { AppOrder } from './child-app.ts'
import { type Child, startApp } from './child-process.ts'
import { present } from './present.ts'
import { type CrashProject, MARKED } from './process-project.ts'
import { AS_IT_STANDS, type RunWish } from './run-wish.ts'
import { SqlServerDatabase } from './sqlserver-database.ts'

const never = new AbortController().signal

export interface SqlServerProjectOptions {
  readonly apply?: string
  /** conditions of the source, as YAML */
  readonly where?: string | null
  /** more lines of the flow, six blanks in */
  readonly more?: string
}

/** The source is `office.src`, the target `lake.dst`. */
export class SqlServerProject implements CrashProject {
  readonly dir: string
  readonly db: SqlServerDatabase
  readonly store: ControlStore
  readonly #app: App
  readonly #variables: Readonly<Record<string, string>>

  private constructor(
    dir: string,
    db: SqlServerDatabase,
    store: ControlStore,
    app: App,
    variables: Readonly<Record<string, string>>,
  ) {
    this.dir = dir
    this.db = db
    this.store = store
    this.#app = app
    this.#variables = variables
  }

  static async open({ apply = 'latest', where = null, more = '' }: SqlServerProjectOptions = {}) {
    const db = await SqlServerDatabase.create()
    await db.exec('CREATE SCHEMA office', 'CREATE SCHEMA lake')
    const variables = { SERVER: String(db.options['url']) }
    const dir = mkdtempSync(join(tmpdir(), 'tidemark-sqlserver-'))
    const control = join(dir, 'control.db')
    mkdirSync(join(dir, 'modules'))
    writeFileSync(
      join(dir, 'tidemark.yaml'),
      `project: processes
control: sqlite:${control}
engine: { lease: 5s }
connections:
  a: { kind: sqlserver, url: env:SERVER, database: ${db.name}, schema: office }
  b: { kind: sqlserver, url: env:SERVER, database: ${db.name}, schema: lake }
`,
    )
    writeFileSync(
      join(dir, 'modules', 'm.yaml'),
      `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src${where === null ? '' : `, where: ${where}`} }
      target: { connection: b, table: dst }
      key: [id]
      capture: { kind: watermark, position: modified_on, buffer: 0s }
      apply: ${apply}
${more}`,
    )
    const app = await openApp({
      projectDir: dir,
      actor: 'tester',
      command: 'test',
      config: readConfig(null, variables),
      hardSignal: never,
    })
    await app.deploy({ path: null, dryRun: false, overwrite: false })
    const store = await openControlStore(`sqlite:${control}`, { projectDir: dir, readOnly: false })
    return new SqlServerProject(dir, db, store, app, variables)
  }

  start(order: Partial<Omit<AppOrder, 'dir'>>): Child {
    const full: AppOrder = { dir: this.dir, task: 'run', run: null, wish: {}, at: null, signal: 'SIGKILL', ...order }
    return startApp(full, this.#variables)
  }

  async runs(wish: RunWish = {}): Promise<RunDocument['runs']> {
    return (await this.#app.run({ ...AS_IT_STANDS, ...wish }, () => {}, never)).runs
  }

  async run(wish: RunWish = {}): Promise<RunDocument['runs'][number]> {
    return present((await this.runs(wish)).at(-1), 'run')
  }

  async resume(run: string, wish: RunWish = {}): Promise<RunDocument['runs'][number]> {
    const { waitMs = 0, parallel = null } = wish
    return present((await this.#app.resume({ run, waitMs, parallel }, () => {}, never)).runs[0], 'run')
  }

  async differences(): Promise<readonly unknown[]> {
    const columns = (await this.db.rows("SELECT name FROM sys.columns WHERE object_id = OBJECT_ID(N'office.src')"))
      .map(([name]) => `CONVERT(nvarchar(400), ${name}, 121)`)
      .join(', ')
    const all = async (table: string) => (await this.db.rows(`SELECT ${columns} FROM ${table}`)).map(String)
    const [source, target] = [await all('office.src'), await all('lake.dst')]
    const [there, here] = [new Set(source), new Set(target)]
    const lost = source.filter((row) => !here.has(row)).map((row) => ({ lost: row }))
    const beyond = target.filter((row) => !there.has(row)).map((row) => ({ beyond: row }))
    const twice = here.size === target.length ? [] : [{ twice: target.length - here.size }]
    return [...lost, ...beyond, ...twice]
  }

  async #isThere(table: string): Promise<boolean> {
    return (await this.db.rows(`SELECT OBJECT_ID(N'${table}')`))[0]?.[0] != null
  }

  async targetCount(): Promise<number> {
    return (await this.#isThere('lake.dst')) ? Number((await this.db.rows('SELECT COUNT(*) FROM lake.dst'))[0]?.[0]) : 0
  }

  async markers(run: string): Promise<ReadonlyMap<number, string>> {
    if (!(await this.#isThere('tidemark.marker'))) return new Map()
    const rows = await this.db.rows(`SELECT batch, ${MARKED} FROM tidemark.marker WHERE run = '${run}'`)
    return new Map(rows.map(([batch, ...counts]) => [Number(batch), counts.join(' ')]))
  }

  capturedKeys(): Promise<readonly unknown[]> {
    return this.db.rows(
      "SELECT o.name FROM sys.objects AS o JOIN sys.schemas AS n ON n.schema_id = o.schema_id WHERE n.name = 'tidemark_work' AND o.type = 'U'",
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app[Symbol.asyncDispose]()
    await this.store[Symbol.asyncDispose]()
    await this.db[Symbol.asyncDispose]()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
