/**
 * A project whose source, target and control store are PostgreSQL, worked on by processes that may be ended or stopped. Its
 * connections are variables, so that each process may have its own way to the same database.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunDocument } from '@tidemark/contract/api'
import { flowIdOf, parseModuleId, parseTaskId } from '@tidemark/contract/ids'
import type { App } from '../../src/app/app.ts'
import { openApp } from '../../src/app/wire.ts'
import type { ControlStore } from '../../src/control/control-store.ts'
import { readConfig } from '../../src/runtime/config.ts'
import { PostgresStoreHarness } from '../live/postgres-store-harness.ts'
import { type Child, startApp } from './child-process.ts'
import type { AppOrder } from './child-app.ts'
import { TestDatabase } from './postgres-database.ts'
import type { Version } from './postgres-server.ts'
import { present } from './present.ts'
import { AS_IT_STANDS, type RunWish } from './run-wish.ts'

export const FLOW = flowIdOf(parseModuleId('m'), parseTaskId('t'))

/** `relay`: two databases; `pushdown`: two schemas of one. */
export type Ways = 'relay' | 'pushdown'

export interface ProjectOptions {
  readonly ways: Ways
  readonly version: Version
  readonly apply?: string
  readonly capture?: string
  /** a table that the source is joined with */
  readonly joined?: string | null
  /** conditions of the source, as YAML */
  readonly where?: string
  /** more lines of the flow, six blanks in */
  readonly more?: string
  readonly lease?: string
  /** a server of the test's own, and what is on it */
  readonly own?: { readonly port: number; readonly has: 'target' | 'everything' }
}

export type Variables = Readonly<Record<'A_URL' | 'B_URL', string>>

export interface Said {
  readonly runs: RunDocument['runs']
  readonly error?: { readonly code: string; readonly message: string }
}

/** A project whose processes may die, and what is asked of its databases then. */
export interface CrashProject extends AsyncDisposable {
  readonly dir: string
  readonly store: ControlStore
  /** Disposing it kills it. */
  start(order: Partial<Omit<AppOrder, 'dir'>>): Child
  runs(wish?: RunWish): Promise<RunDocument['runs']>
  run(wish?: RunWish): Promise<RunDocument['runs'][number]>
  resume(run: string, wish?: RunWish): Promise<RunDocument['runs'][number]>
  /** What is in one end and not in the other. */
  differences(): Promise<readonly unknown[]>
  /** rows of the target; 0: it is not there */
  targetCount(): Promise<number>
  /** batch → what its marker in the target says */
  markers(run: string): Promise<ReadonlyMap<number, string>>
  /** tables of captured keys */
  capturedKeys(): Promise<readonly unknown[]>
}

/** What a marker counts, in its order. */
export const MARKED = 'rows_read, inserted, updated, deleted, skipped_same, skipped_older, rejected'

const never = new AbortController().signal
const WATERMARK = '{ kind: watermark, position: modified_on, buffer: 0s }'

/** The source is `office.src`, the target `lake.dst`. */
export class ProcessProject implements CrashProject {
  readonly dir: string
  readonly a: TestDatabase
  readonly b: TestDatabase
  readonly control: PostgresStoreHarness
  readonly store: ControlStore
  readonly variables: Variables
  readonly app: App

  private constructor(
    dir: string,
    ends: { readonly a: TestDatabase; readonly b: TestDatabase },
    control: PostgresStoreHarness,
    store: ControlStore,
    app: App,
  ) {
    this.dir = dir
    this.a = ends.a
    this.b = ends.b
    this.control = control
    this.store = store
    this.app = app
    this.variables = variablesOf(ends)
  }

  static async open(options: ProjectOptions): Promise<ProcessProject> {
    const {
      ways,
      version,
      apply = 'latest',
      capture = WATERMARK,
      more = '',
      lease = '5s',
      joined = null,
      where = null,
      own,
    } = options
    const there = own?.has === 'everything' ? own.port : null
    const a = await (there === null ? TestDatabase.create(version) : TestDatabase.createOn(there))
    const b =
      ways === 'pushdown'
        ? a
        : own === undefined
          ? await TestDatabase.create(version)
          : await TestDatabase.createOn(own.port)
    await a.exec('CREATE SCHEMA office')
    await b.exec('CREATE SCHEMA lake')
    const control = await (there === null ? PostgresStoreHarness.make(version) : PostgresStoreHarness.emptyOn(there))
    const dir = mkdtempSync(join(tmpdir(), 'tidemark-processes-'))
    mkdirSync(join(dir, 'modules'))
    writeFileSync(
      join(dir, 'tidemark.yaml'),
      `project: processes
control: ${control.url}
engine: { lease: ${lease} }
connections:
  a: { kind: postgres, url: env:A_URL, schema: office }
  b: { kind: postgres, url: env:B_URL, schema: lake }
`,
    )
    writeFileSync(
      join(dir, 'modules', 'm.yaml'),
      `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src${joined === null ? '' : `, join: [${joined}]`}${where === null ? '' : `, where: ${where}`} }
      target: { connection: b, table: dst }
      key: [id]
      capture: ${capture}
      apply: ${apply}
${more}`,
    )
    const app = await openApp({
      projectDir: dir,
      actor: 'tester',
      command: 'test',
      config: readConfig(null, variablesOf({ a, b })),
      hardSignal: never,
    })
    await app.deploy({ path: null, dryRun: false, overwrite: false })
    return new ProcessProject(dir, { a, b }, control, await control.open(), app)
  }

  /** Disposing it kills it. */
  start(order: Partial<Omit<AppOrder, 'dir'>>, variables: Partial<Variables> = {}): Child {
    const full: AppOrder = { dir: this.dir, task: 'run', run: null, wish: {}, at: null, signal: 'SIGKILL', ...order }
    return startApp(full, { ...this.variables, ...variables })
  }

  async runs(wish: RunWish = {}): Promise<RunDocument['runs']> {
    return (await this.app.run({ ...AS_IT_STANDS, ...wish }, () => {}, never)).runs
  }

  async run(wish: RunWish = {}): Promise<RunDocument['runs'][number]> {
    return present((await this.runs(wish)).at(-1), 'run')
  }

  async resume(run: string, wish: RunWish = {}): Promise<RunDocument['runs'][number]> {
    const { waitMs = 0, parallel = null } = wish
    return present((await this.app.resume({ run, waitMs, parallel }, () => {}, never)).runs[0], 'run')
  }

  /** What is in one and not in the other. */
  async differences(): Promise<readonly unknown[]> {
    const all = (table: string) => `SELECT q::text FROM ${table} AS q ORDER BY 1`
    const [source, target] = [await this.a.rows(all('office.src')), await this.b.rows(all('lake.dst'))]
    const [there, here] = [new Set(source.map(String)), new Set(target.map(String))]
    const lost = source.filter((row) => !here.has(String(row))).map((row) => ({ lost: row }))
    const beyond = target.filter((row) => !there.has(String(row))).map((row) => ({ beyond: row }))
    const twice = here.size === target.length ? [] : [{ twice: target.length - here.size }]
    return [...lost, ...beyond, ...twice]
  }

  async targetCount(): Promise<number> {
    if ((await this.b.rows(`SELECT to_regclass('lake.dst')`))[0]?.[0] == null) return 0
    return Number((await this.b.rows('SELECT count(*) FROM lake.dst'))[0]?.[0])
  }

  async markers(run: string): Promise<ReadonlyMap<number, string>> {
    if ((await this.b.rows(`SELECT to_regclass('tidemark.marker')`))[0]?.[0] == null) return new Map()
    const rows = await this.b.rows(`SELECT batch, concat_ws(' ', ${MARKED}) FROM tidemark.marker WHERE run = '${run}'`)
    return new Map(rows.map(([batch, counts]) => [Number(batch), counts ?? '']))
  }

  capturedKeys(): Promise<readonly unknown[]> {
    return this.b.rows("SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('tidemark_work')")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]()
    await this.control[Symbol.asyncDispose]()
    await this.a[Symbol.asyncDispose]()
    if (this.b !== this.a) await this.b[Symbol.asyncDispose]()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

const variablesOf = ({ a, b }: { readonly a: TestDatabase; readonly b: TestDatabase }): Variables => ({
  A_URL: a.url,
  B_URL: b.url,
})

/** What a process of `child-app.ts` said last. */
export async function saidBy(child: Child): Promise<Said> {
  const { stdout, stderr } = await child.ended
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  if (!line.startsWith('{')) throw new Error(`the process said no document: ${stdout}${stderr}`)
  return JSON.parse(line) as Said
}

/** One that stopped itself goes on: it may have said so a moment before it did. */
export async function wake(child: Child): Promise<void> {
  const again = setInterval(() => child.kill('SIGCONT'), 50)
  await child.said('awake').finally(() => clearInterval(again))
}
