/** What every use-case of one opened project shares. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Emit, silent } from '@tidemark/contract/events'
import type { FlowSpec } from '@tidemark/contract/flow'
import { parseConnectionId, parseRunId, type RunId } from '@tidemark/contract/ids'
import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { CaptureSchemas } from '@tidemark/contract/capture-schema'
import type { CaptureModes } from '../capture/capture-mode.ts'
import type { Actor, ControlStore, LeaseOwner } from '../control/control-store.ts'
import type { ProjectSpec } from '../definition/load-project.ts'
import type { ResolvedCatalog } from '../definition/resolve.ts'
import type { ConnectionTarget, EngineLimits } from '../dialects/contract.ts'
import { dialectOf } from '../dialects/dialect-of.ts'
import type { DialectLoader } from '../dialects/registry.ts'
import { AppError } from '../runtime/app-error.ts'
import { type Config, openReferences } from '../runtime/config.ts'
import { didYouMean } from '../runtime/did-you-mean.ts'
import type { Hit } from '../runtime/failpoint.ts'
import { newShortId } from '../runtime/new-id.ts'
import { holderText } from '../run/hold-lease.ts'
import type { OpenedBench, RunDeps } from '../run/run-deps.ts'
import { WorkerPool } from '../run/worker-pool.ts'
import { Secret } from '../runtime/secret.ts'

const FILE_POLL_MS = 250
const OUR_POLL_MS = 10

export interface AppContext {
  readonly project: ProjectSpec
  readonly config: Config
  readonly by: Actor
  readonly modes: CaptureModes
  readonly captureSchemas: CaptureSchemas
  readonly hardSignal: AbortSignal
  readonly hit: Hit
  readonly loadDialect: DialectLoader
  /** `write` makes and migrates the store where it is missing; `read` never writes a byte. */
  store(mode: 'read' | 'write'): Promise<ControlStore>
  /** The control tables, resolved: the truth. */
  catalog(mode: 'read' | 'write'): Promise<ResolvedCatalog>
}

export const limitsOf = ({ project }: AppContext): EngineLimits => ({
  memoryBytes: project.engine.memoryBytes,
  threads: project.engine.threads,
  tempDir: project.engine.tempDir,
})

/** A connection with its references opened and its path resolved against the project. */
export async function connectionOf(
  ctx: AppContext,
  catalog: ResolvedCatalog,
  id: string,
): Promise<{ readonly target: ConnectionTarget; readonly kind: string; readonly location: string }> {
  const connection = catalog.connections.get(id)
  if (!connection) {
    const near = didYouMean(id, [...catalog.connections.keys()])
    throw new AppError('TM1013', `connection ${id} is not defined${near === null ? '' : `   did you mean ${near}?`}`)
  }
  const dialect = await ctx.loadDialect(connection.kind)
  const opened = openedOptions(ctx, connection.options)
  const location = dialect.locate(opened, ctx.project.dir)
  return {
    target: { id: parseConnectionId(connection.id), kind: connection.kind, options: { ...opened, path: location } },
    kind: connection.kind,
    location,
  }
}

/** Of a connection, with its references opened. */
export const openedOptions = (
  ctx: AppContext,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> => openDeep(options, ctx) as Readonly<Record<string, unknown>>

function openDeep(value: unknown, ctx: AppContext): unknown {
  if (typeof value === 'string') {
    const opened = openReferences(value, ctx.config, ctx.project.dir)
    return opened instanceof Secret ? opened.reveal() : opened
  }
  if (Array.isArray(value)) return value.map((v) => openDeep(v, ctx))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, openDeep(v, ctx)]))
  return value
}

function secretOf(ctx: AppContext, reference: string): Secret {
  const opened = openReferences(reference, ctx.config, ctx.project.dir)
  return opened instanceof Secret ? opened : new Secret(opened)
}

const workPath = (ctx: AppContext, run: RunId): string => join(ctx.project.engine.tempDir, `${run}.duckdb`)

export interface Patience {
  /** for a file that another process holds */
  readonly waitMs: number
  readonly emit: Emit
  /** ends the wait */
  readonly stop: AbortSignal
  /** the flows of this command: a file that one of them reads is waited for, however long */
  readonly beside: readonly FlowSpec[]
}

/** For a use-case that takes what it needs at once, or fails. */
export const impatient = (ctx: AppContext): Patience => ({ waitMs: 0, emit: silent, stop: ctx.hardSignal, beside: [] })

/** One engine that sees source and target; waits for a file that another holds. */
export async function openBench(
  ctx: AppContext,
  catalog: ResolvedCatalog,
  definition: FlowSpec,
  run: RunId | null,
  { waitMs, emit, stop, beside }: Patience,
): Promise<OpenedBench> {
  const source = await connectionOf(ctx, catalog, definition.source.connection)
  const target = await connectionOf(ctx, catalog, definition.target.connection)
  const dialect = await dialectOf(ctx.loadDialect, source.kind, target.kind)
  const others = beside.filter((flow) => flow.id !== definition.id)
  // one that leads nowhere is an error of its own flow
  const filled = (
    await Promise.allSettled(others.map((flow) => connectionOf(ctx, catalog, flow.target.connection)))
  ).flatMap((c) => (c.status === 'fulfilled' && c.value.kind === source.kind ? [c.value.target] : []))
  const begun = performance.now()
  for (let said = false; ; ) {
    stop.throwIfAborted()
    try {
      const bench = await dialect.openBench({
        source: source.target,
        target: target.target,
        mode: run === null ? 'read' : 'write',
        workPath: run === null ? null : workPath(ctx, run),
        spools: ctx.modes[definition.capture.kind]?.keeper !== undefined,
        limits: limitsOf(ctx),
        secret: (reference) => secretOf(ctx, reference),
        beside: filled,
        into: definition.target.table,
        tables: [definition.source.table, ...definition.source.joins.map((j) => j.table)],
        discreet: Object.keys(definition.columns.mask).length > 0,
      })
      return { bench, dialect, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'TM2002') throw error
      const waited = performance.now() - begun
      // a flow of this command plans from it, and will be through in a moment
      const isOurs = others.length > 0 && error.facts['this_process'] === true
      if (!isOurs && waited >= waitMs) throw await withHolders(ctx, error)
      if (!said && (!isOurs || waited > OUR_POLL_MS * 100)) {
        emit('file:waiting', { flow: definition.id, path: target.location, detail: error.detail })
        said = true
      }
      await sleep(isOurs ? OUR_POLL_MS : FILE_POLL_MS, undefined, { signal: stop }).catch(() => stop.throwIfAborted())
    }
  }
}

/** Who else runs what right now: the likely holders of a locked file. */
async function withHolders(ctx: AppContext, error: AppError): Promise<AppError> {
  const store = await ctx.store('read')
  const held = (await store.leases.list()).filter((l) => l.owner !== null && !l.expired && !isOurs(l.owner))
  if (held.length === 0) return error
  return new AppError(
    error.code,
    `${error.detail}; running now: ${held.map((l) => `${l.flow} by ${holderText(l)}`).join('; ')}`,
    { cause: error },
  )
}

const isOurs = (owner: LeaseOwner): boolean => owner.host === hostname() && owner.pid === process.pid

/** What runs leave in the folder for a while: captured keys, spools, batches on their way. The name of each begins with its run's. */
const filesOfRuns = ({ project }: AppContext): readonly { readonly run: RunId; readonly path: string }[] => {
  const folder = project.engine.tempDir
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    const run = /^(r-[0-9a-z]{5})\./.exec(name)?.[1]
    return run === undefined ? [] : [{ run: parseRunId(run), path: join(folder, name) }]
  })
}

/** Those of runs that ended are of no use; a crash may have left them. */
export async function sweepWork(ctx: AppContext, store: ControlStore): Promise<void> {
  for (const { run, path } of filesOfRuns(ctx)) {
    const found = await store.ledger.findRun(run)
    if (found !== null && !(UNFINISHED_RUN_STATES as readonly string[]).includes(found.state))
      rmSync(path, { force: true })
  }
}

function removeWork(ctx: AppContext, run: RunId): void {
  for (const file of filesOfRuns(ctx)) if (file.run === run) rmSync(file.path, { force: true })
}

export async function runDeps(ctx: AppContext, workers: number, patience: Patience): Promise<RunDeps> {
  const store = await ctx.store('write')
  const catalog = await ctx.catalog('write')
  return {
    store,
    modes: ctx.modes,
    owner: { worker: newShortId(12), host: hostname(), pid: process.pid, actor: ctx.by.actor },
    leaseMs: ctx.project.engine.leaseMs,
    by: ctx.by,
    emit: patience.emit,
    hit: ctx.hit,
    pool: new WorkerPool(workers),
    waitMs: patience.waitMs,
    dialect: async ({ source, target }) =>
      dialectOf(
        ctx.loadDialect,
        (await connectionOf(ctx, catalog, source.connection)).kind,
        (await connectionOf(ctx, catalog, target.connection)).kind,
      ),
    openBench: (definition, run) => openBench(ctx, catalog, definition, run, patience),
    removeWork: (run) => removeWork(ctx, run),
  }
}
