/** A source, a target and a control store in a temporary folder, and the real engine between them. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WatermarkOptions } from '@tidemark/contract/capture'
import type { Emit } from '@tidemark/contract/events'
import { type ColumnsSpec, DEFAULT_MAX_REJECTS, type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import { flowIdOf, parseConnectionId, parseModuleId, parseTaskId, type RunId } from '@tidemark/contract/ids'
import { backfill } from '../../src/capture/backfill.ts'
import type { CaptureModes } from '../../src/capture/capture-mode.ts'
import { watermark } from '../../src/capture/watermark.ts'
import type { ControlStore, RunRow } from '../../src/control/control-store.ts'
import { openControlStore } from '../../src/control/open-control-store.ts'
import { openDuckdbBench } from '../../src/dialects/duckdb/bench.ts'
import type { DialectModule } from '../../src/dialects/contract.ts'
import { duckdb } from '../../src/dialects/duckdb/index.ts'
import { files } from '../../src/dialects/files/index.ts'
import { type DuckdbSession, openDuckdbFile } from '../../src/drivers/duckdb.ts'
import type { FlowPlan, Planned } from '../../src/plan/flow-plan.ts'
import { planFlow } from '../../src/run/plan-flow.ts'
import type { FlowRequest, RunDeps } from '../../src/run/run-deps.ts'
import { resumeRun, runFlow } from '../../src/run/run-flow.ts'
import { WorkerPool } from '../../src/run/worker-pool.ts'
import { joinRun } from '../../src/run/join-run.ts'
import type { Joined } from '../../src/run/joined.ts'
import { type Hit, neverHit } from '../../src/runtime/failpoint.ts'
import { newShortId } from '../../src/runtime/new-id.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { chosenEnds, type Side, type WorldEnds, type WorldHooks } from './world-ends.ts'

/** Tables of a few rows give a second thread nothing to do, and waking it takes longer than they do. */
export const THREADS = 1
const LIMITS = { memoryBytes: 512 * 1024 ** 2, threads: THREADS, tempDir: '' }

export type Row = Readonly<Record<string, string | null>>

export interface WorldOptions {
  readonly modes?: CaptureModes
  readonly hooks?: WorldHooks
  readonly leaseMs?: number
  /** as if several processes could open these files: two engines of a test share them within one */
  readonly joinable?: { readonly sharesKeys: boolean }
}

export interface RunWish {
  readonly scope?: Scope
  readonly full?: boolean
  readonly fresh?: boolean
  readonly period?: { readonly after: string; readonly upTo: string }
  readonly buffer?: string
  readonly batchRows?: number
  readonly lane?: 'pushdown' | 'relay' | 'spool'
  readonly acceptChange?: boolean
  readonly allowsDeletes?: boolean
  readonly onlyAgain?: readonly string[]
  readonly hit?: Hit
  readonly workers?: number
  readonly waitMs?: number
  readonly emit?: Emit
  readonly soft?: AbortSignal
  readonly hard?: AbortSignal
}

export const WATERMARK: WatermarkOptions = {
  position: { table: null, column: 'modified_on' },
  clock: null,
  zone: null,
  stampedBy: null,
  buffer: { ms: 0 },
  nulls: 'fail',
  unmatchedGiveUpMs: null,
  maxHoldMs: 3_600_000,
}

const filesToDuckdb = { ...files, abilities: { ...files.abilities, openBatches: duckdb.abilities.openBatches } }

export const MODES: CaptureModes = { watermark, backfill }

export const ALL_COLUMNS: ColumnsSpec = { include: null, exclude: [], add: {}, rename: {}, cast: {}, mask: {} }

/** A flat flow `m.t` from `src` to `dst`, key `id`; override what the test is about. */
export function flowSpec(over: Partial<FlowSpec> & { readonly watermark?: Partial<WatermarkOptions> } = {}): FlowSpec {
  const { watermark: w, ...rest } = over
  const module = parseModuleId('m')
  const task = parseTaskId('t')
  return {
    id: flowIdOf(module, task),
    module,
    task,
    order: 1,
    active: true,
    version: 1,
    source: { connection: parseConnectionId('a'), table: ['src'], joins: [], where: [], replaced: 'refused' },
    target: { connection: parseConnectionId('b'), table: ['dst'], create: 'if_missing', emptied: 'refused' },
    key: ['id'],
    capture: { kind: 'watermark', options: { ...WATERMARK, ...w } },
    apply: { kind: 'latest', maxDelete: null },
    shape: { kind: 'flat' },
    scope: {},
    excludeKeys: {},
    columns: ALL_COLUMNS,
    batch: { rows: null, bytes: null },
    parallel: null,
    steps: {},
    drift: 'fail',
    onReject: { kind: 'fail', max: DEFAULT_MAX_REJECTS },
    onConflict: 'fail',
    onError: [],
    ...rest,
  }
}

/** The connection of a flow that reads the folder of files beside the source. */
export const INBOX = parseConnectionId('inbox')

export class World implements AsyncDisposable {
  readonly dir: string
  /** options of the connection to files besides its path */
  files: Readonly<Record<string, unknown>> = {}
  store: ControlStore
  readonly #options: WorldOptions
  /** null: DuckDB files in the folder */
  readonly #ends: WorldEnds | null

  constructor(dir: string, store: ControlStore, options: WorldOptions, ends: WorldEnds | null = null) {
    this.dir = dir
    this.#ends = ends
    this.store = store
    this.#options = options
  }

  /** What the target's rows are sorted by in the order in which they landed. */
  get place(): string {
    return this.#ends?.place ?? 'rowid'
  }

  get sourcePath(): string {
    return join(this.dir, 'source.duckdb')
  }
  get targetPath(): string {
    return join(this.dir, 'target.duckdb')
  }
  get inbox(): string {
    return join(this.dir, 'inbox')
  }
  workPath(run: RunId): string {
    return join(this.dir, 'tmp', `${run}.duckdb`)
  }

  /** Statements in the source; several may stand in one text. */
  source(...statements: readonly string[]): Promise<void> {
    return this.#exec('source', statements)
  }
  target(...statements: readonly string[]): Promise<void> {
    return this.#exec('target', statements)
  }

  #pathOf(side: Side): string {
    return side === 'source' ? this.sourcePath : this.targetPath
  }

  async #exec(side: Side, statements: readonly string[]): Promise<void> {
    if (this.#ends !== null) return await this.#ends.exec(side, statements)
    await using file = await openDuckdbFile(this.#pathOf(side), 'write', { ...LIMITS, tempDir: join(this.dir, 'tmp') })
    using session = await file.session()
    await session.run(`USE "${file.catalog}"`)
    for (const statement of statements) await session.run(statement)
    await session.run('USE memory')
  }

  sourceRows(query: string): Promise<readonly (readonly (string | null)[])[]> {
    return this.#rows('source', query)
  }
  targetRows(query: string): Promise<readonly (readonly (string | null)[])[]> {
    return this.#rows('target', query)
  }

  async #rows(side: Side, query: string): Promise<readonly (readonly (string | null)[])[]> {
    if (this.#ends !== null) return await this.#ends.rows(side, query)
    await using file = await openDuckdbFile(this.#pathOf(side), 'read', { ...LIMITS, tempDir: join(this.dir, 'tmp') })
    using session = await file.session()
    await session.run(`USE "${file.catalog}"`)
    const rows = await session.rows(query)
    await session.run('USE memory')
    return rows
  }

  /** The source held open for writing, with a session whose open transaction holds back the ceiling. */
  async counted(): Promise<{ readonly session: DuckdbSession } & AsyncDisposable> {
    const file = await openDuckdbFile(this.sourcePath, 'write', { ...LIMITS, tempDir: join(this.dir, 'tmp') })
    const session = await file.session('counted')
    await session.run(`USE "${file.catalog}"`)
    return {
      session,
      [Symbol.asyncDispose]: async () => {
        if (!session.closed) await session.run('USE memory')
        session.close()
        await file[Symbol.asyncDispose]()
      },
    }
  }

  #dialect({ source, target }: FlowSpec): DialectModule {
    const { joinable } = this.#options
    const dialect = target.connection === INBOX ? files : source.connection === INBOX ? filesToDuckdb : duckdb
    return joinable === undefined
      ? dialect
      : { ...dialect, abilities: { ...dialect.abilities, sharedByProcesses: true, ...joinable } }
  }

  deps(wish: RunWish = {}): RunDeps {
    const limits = { ...LIMITS, tempDir: join(this.dir, 'tmp') }
    return {
      store: this.store,
      modes: this.#options.modes ?? MODES,
      owner: { worker: newShortId(12), host: hostname(), pid: process.pid, actor: 'tester' },
      leaseMs: this.#options.leaseMs ?? this.#ends?.leaseMs ?? 5_000,
      by: { actor: 'tester', command: 'test', reason: null },
      emit: wish.emit ?? (() => {}),
      hit: wish.hit ?? neverHit,
      pool: new WorkerPool(wish.workers ?? 2),
      waitMs: wish.waitMs ?? 0,
      dialect: (definition) => Promise.resolve(this.#dialect(definition)),
      openBench: async (definition, run) => {
        const options = {
          mode: run === null ? ('read' as const) : ('write' as const),
          workPath: run === null ? null : this.workPath(run),
          limits,
          secret: (reference: string) => new Secret(`value of ${reference}`),
          discreet: Object.keys(definition.columns.mask).length > 0,
        }
        if (this.#ends !== null) return await this.#ends.openBench(definition, options, this.#options.hooks)
        const fromFiles = definition.source.connection === INBOX
        const toFiles = definition.target.connection === INBOX
        const kinds = { source: fromFiles ? 'files' : 'duckdb', target: toFiles ? 'files' : 'duckdb' }
        const source = fromFiles ? { path: this.inbox, ...this.files } : { path: this.sourcePath }
        const open = fromFiles || toFiles ? files.openBench : openDuckdbBench
        const bench = await open(
          {
            source: { id: definition.source.connection, kind: kinds.source, options: source },
            target: {
              id: definition.target.connection,
              kind: kinds.target,
              options: {
                path: toFiles
                  ? this.inbox
                  : definition.target.connection === definition.source.connection
                    ? this.sourcePath
                    : this.targetPath,
              },
            },
            ...options,
          },
          this.#options.hooks,
        )
        return { bench, dialect: this.#dialect(definition), [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
      },
      removeWork: (run) => {
        for (const suffix of ['', '.wal']) rmSync(this.workPath(run) + suffix, { force: true })
      },
    }
  }

  request(definition: FlowSpec, wish: RunWish = {}): FlowRequest {
    return {
      definition,
      scope: wish.scope ?? {},
      group: null,
      wish: {
        full: wish.full ?? false,
        period: wish.period ?? null,
        buffer: wish.buffer ?? null,
        batchRows: wish.batchRows ?? null,
        lane: wish.lane ?? null,
        workers: wish.workers ?? 2,
        acceptChange: wish.acceptChange ?? false,
        allowsDeletes: wish.allowsDeletes ?? false,
        fresh: wish.fresh ?? false,
        reason: wish.acceptChange ? 'because of the test' : null,
        ...(wish.onlyAgain === undefined ? {} : { onlyAgain: wish.onlyAgain }),
      },
    }
  }

  /** All runs that one `run` gives: a resumed one first. */
  runs(definition: FlowSpec, wish: RunWish = {}): Promise<readonly RunRow[]> {
    const never = new AbortController().signal
    return runFlow(this.deps(wish), this.request(definition, wish), {
      soft: wish.soft ?? never,
      hard: wish.hard ?? never,
    })
  }

  /** The last of them. */
  async run(definition: FlowSpec, wish: RunWish = {}): Promise<RunRow> {
    const run = (await this.runs(definition, wish)).at(-1)
    if (!run) throw new TypeError('a run gives at least one run')
    return run
  }

  async resume(id: RunId, wish: RunWish = {}): Promise<RunRow> {
    const never = new AbortController().signal
    return resumeRun(this.deps(wish), await this.store.ledger.getRun(id), {
      soft: wish.soft ?? never,
      hard: wish.hard ?? never,
    })
  }

  /** As a worker of its own, with an engine of its own, on a run that another owns. */
  join(id: RunId, wish: RunWish = {}): Promise<Joined> {
    const never = new AbortController().signal
    return joinRun(this.deps(wish), id, { soft: wish.soft ?? never, hard: wish.hard ?? never })
  }

  async plan(definition: FlowSpec, wish: RunWish = {}): Promise<Planned> {
    const deps = this.deps(wish)
    const request = this.request(definition, wish)
    await using opened = await deps.openBench(definition, null)
    return await planFlow(
      { store: this.store, bench: opened.bench, abilities: opened.dialect.abilities, modes: deps.modes },
      definition,
      request.scope,
      request.wish,
    )
  }

  async planned(definition: FlowSpec, wish: RunWish = {}): Promise<FlowPlan> {
    const planned = await this.plan(definition, wish)
    if (planned.kind === 'nothing') throw new TypeError(`nothing to do: ${planned.nothing.reason}`)
    return planned.plan
  }

  async watermark(definition: FlowSpec, scope: Scope = {}): Promise<string | null> {
    return (await this.store.ledger.getWatermark(definition.id, scopeText(scope)))?.position ?? null
  }

  async reopenStore(): Promise<void> {
    await this.store[Symbol.asyncDispose]()
    this.store = await openControlStore(`sqlite:${join(this.dir, 'control.db')}`, {
      projectDir: this.dir,
      readOnly: false,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]()
    await this.#ends?.[Symbol.asyncDispose]()
    if (existsSync(this.dir)) rmSync(this.dir, { recursive: true })
  }
}

export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-'))
  const store = await openControlStore(`sqlite:${join(dir, 'control.db')}`, { projectDir: dir, readOnly: false })
  return new World(dir, store, options, (await chosenEnds()?.()) ?? null)
}
