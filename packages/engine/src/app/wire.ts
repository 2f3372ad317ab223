/** The only place that chooses implementations: opens a project and puts the use-cases together. */
import { CAPTURE_SCHEMAS, type CaptureSchemas } from '@tidemark/contract/capture-schema'
import { backfill } from '../capture/backfill.ts'
import type { CaptureModes } from '../capture/capture-mode.ts'
import { watermark } from '../capture/watermark.ts'
import { snapshotMode } from '../snapshot/mode.ts'
import { remarked } from './remarked.ts'
import { hotPlace } from './hot-place.ts'
import type { ControlStore } from '../control/control-store.ts'
import type { StoreStanding } from '../control/store-standing.ts'
import { controlStoreExists, inspectControlStore, openControlStore } from '../control/open-control-store.ts'
import { loadProject } from '../definition/load-project.ts'
import { problemsError } from '../definition/problem.ts'
import { type ResolvedCatalog, resolveCatalog } from '../definition/resolve.ts'
import { type DialectLoader, loadDialect } from '../dialects/registry.ts'
import { type Config, openReferences } from '../runtime/config.ts'
import { dieAt, type Hit, neverHit } from '../runtime/failpoint.ts'
import { Secret } from '../runtime/secret.ts'
import type { App } from './app.ts'
import type { AppContext } from './app-context.ts'
import type { OpenBlobDelta } from './import/blob-delta-reader.ts'

export interface OpenAppOptions {
  /** the folder of `tidemark.yaml` */
  readonly projectDir: string
  /** recorded with everything that this App does */
  readonly actor: string
  readonly command: string
  readonly config: Config
  /** Roll back the batches in flight instead of finishing them. */
  readonly hardSignal: AbortSignal
  /** For a command that promised to write nothing: what is only read is read from a private copy. */
  readonly keepsBytes?: boolean
  /** Capture modes and their schemas besides the built-in ones. */
  readonly modes?: CaptureModes
  readonly captureSchemas?: CaptureSchemas
  readonly loadDialect?: DialectLoader
  /** How an installation that is imported is read; left out: by SQL Server. */
  readonly openBlobDelta?: OpenBlobDelta
  /** Awaited at each failpoint. */
  readonly hit?: Hit
}

const duckdbVersion = async (): Promise<string> => (await import('../drivers/duckdb.ts')).duckdbVersion()

export interface Opened {
  readonly ctx: AppContext
  /** closes what was opened */
  readonly stores: AsyncDisposable
  readonly inspectStore: () => Promise<StoreStanding>
}

/** Throws what is wrong with `tidemark.yaml`. */
export function openContext(options: OpenAppOptions): Opened {
  const captureSchemas = { ...CAPTURE_SCHEMAS, ...options.captureSchemas }
  const project = loadProject(options.projectDir)
  const url = (): string => controlUrl(project.controlUrl, options)
  const stores = new Stores(url, options.projectDir, options.keepsBytes ?? false)
  const catalog = async (mode: 'read' | 'write'): Promise<ResolvedCatalog> => {
    const resolved = resolveCatalog(await (await stores.open(mode)).catalog.read(), captureSchemas)
    if (resolved.problems.length > 0) throw problemsError(resolved.problems)
    return resolved
  }
  const archives = { open: async (id: string | null) => (await import('./archives.ts')).openArchiveOf(ctx, id) }
  const snapshot = snapshotMode(hotPlace(project, options.config), duckdbVersion, archives)
  const ctx: AppContext = {
    project,
    config: options.config,
    captureSchemas,
    by: { actor: options.actor, command: options.command, reason: null },
    modes: { watermark, backfill, snapshot, ...options.modes },
    hardSignal: options.hardSignal,
    hit: options.hit ?? (options.config.failpoint === null ? neverHit : dieAt(options.config.failpoint)),
    loadDialect: options.loadDialect ?? loadDialect,
    store: (mode) => stores.open(mode),
    catalog,
  }
  return {
    ctx,
    stores,
    inspectStore: async () => inspectControlStore(url(), options.projectDir),
  }
}

/**
 * Opens the project; its stores and databases open when a use-case needs them, and a use-case is loaded when it is
 * called: start-up time counts. Throws what is wrong with the YAML.
 */
export async function openApp(options: OpenAppOptions): Promise<App> {
  const { ctx, stores, inspectStore } = openContext(options)
  return {
    pendingMigrations: inspectStore,
    prepareSql: async (id) => (await import('./prepare.ts')).prepareSql(ctx, id),
    previewPrepare: async (id) => (await import('./prepare.ts')).previewPrepare(ctx, id),
    prepare: async (id) => (await import('./prepare.ts')).prepare(ctx, id),
    migrate: async () => ({ location: (await ctx.store('write')).location }),
    check: async () => (await import('./definitions.ts')).check(ctx),
    compare: async (path) => (await import('./definitions.ts')).compare(ctx, path),
    deploy: async (o) => (await import('./definitions.ts')).deploy(ctx, o),
    exportYaml: async () => (await import('./definitions.ts')).exportYaml(ctx),
    discover: async (o, progress, signal) => (await import('./discover.ts')).discover(ctx, o, progress, signal),
    importBlobDelta: async (o) =>
      (await import('./import/import-blob-delta.ts')).importBlobDelta(ctx, o, options.openBlobDelta),
    plan: async (o, signal) => (await import('./plan.ts')).plan(ctx, o, signal),
    run: (o, emit, signal) => remarked(emit, async (e) => (await import('./run.ts')).run(ctx, o, e, signal)),
    resume: (o, emit, signal) => remarked(emit, async (e) => (await import('./resume.ts')).resume(ctx, o, e, signal)),
    join: async (o, emit, signal) => (await import('./join.ts')).join(ctx, o, emit, signal),
    cancel: async (id) => (await import('./resume.ts')).cancel(ctx, id),
    reset: async (id) => (await import('./resume.ts')).reset(ctx, id),
    previewRewind: async (o) => (await import('./rewind.ts')).previewRewind(ctx, o),
    rewind: async (o) => (await import('./rewind.ts')).rewind(ctx, o),
    listRejects: async (o) => (await import('./rejects.ts')).listRejects(ctx, o),
    openRejects: async (which) => (await import('./rejects.ts')).openRejects(ctx, which),
    retryRejects: (o, emit, signal) =>
      remarked(emit, async (e) => (await import('./rejects.ts')).retryRejects(ctx, o, e, signal)),
    dismissRejects: async (o) => (await import('./rejects.ts')).dismissRejects(ctx, o),
    pruneRuns: async (o) => (await import('./prune-runs.ts')).pruneRuns(ctx, o),
    retire: async (o) => (await import('./retire/retire.ts')).retire(ctx, o),
    schedule: async ({ module }) => (await import('./schedule/schedule.ts')).schedule(ctx, module),
    takeSnapshot: (o, emit, signal) =>
      remarked(emit, async (e) => (await import('./snapshot/take.ts')).takeSnapshot(ctx, o, e, signal)),
    listSnapshots: async (o) => (await import('./snapshot/list.ts')).listSnapshots(ctx, o),
    showSnapshot: async (id) => (await import('./snapshot/show.ts')).showSnapshot(ctx, id),
    diffSnapshots: async (o, signal) => (await import('./snapshot/diff.ts')).diffSnapshots(ctx, o, signal),
    keyHistory: async (o) => (await import('./snapshot/key-history.ts')).keyHistory(ctx, o),
    restoreSnapshot: async (o) => (await import('./snapshot/restore.ts')).restoreSnapshot(ctx, o),
    listArchives: async (flow) => (await import('./snapshot/archive.ts')).listArchives(ctx, flow),
    retryArchives: async (flow) => (await import('./snapshot/archive.ts')).retryArchives(ctx, flow),
    validateArchives: async (o) => (await import('./snapshot/validate.ts')).validateArchives(ctx, o),
    cleanUpArchives: async (o) => (await import('./snapshot/cleanup.ts')).cleanUp(ctx, o),
    snapshotStats: async (days) => (await import('./snapshot/stats.ts')).snapshotStats(ctx, days),
    tagArchive: async (o) => (await import('./snapshot/tag.ts')).tagArchive(ctx, o),
    status: async () => (await import('./status.ts')).status(ctx),
    runs: async (o) => (await import('./look.ts')).runs(ctx, o),
    show: async (id) => (await import('./look.ts')).show(ctx, id),
    watermarks: async () => (await import('./look.ts')).watermarks(ctx),
    names: async () => (await import('./names.ts')).names(ctx),
    connections: async () => (await import('./look.ts')).connections(ctx),
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  }
}

function controlUrl(url: string, { config, projectDir }: OpenAppOptions): string {
  const opened = openReferences(url, config, projectDir)
  return opened instanceof Secret ? opened.reveal() : opened
}

/** The store, opened when first needed. Once it is open for writing, readers see the same one. */
class Stores implements AsyncDisposable {
  /** opens the references in it, which may fail */
  readonly #url: () => string
  readonly #dir: string
  readonly #keepsBytes: boolean
  #read: Promise<ControlStore> | null = null
  #write: Promise<ControlStore> | null = null

  constructor(url: () => string, dir: string, keepsBytes: boolean) {
    this.#url = url
    this.#dir = dir
    this.#keepsBytes = keepsBytes
  }

  async open(mode: 'read' | 'write'): Promise<ControlStore> {
    const url = this.#url()
    if (mode === 'write') return await this.#openToWork(url)
    return await (this.#write ?? (this.#read ??= this.#openToLook(url)))
  }

  #openToWork(url: string): Promise<ControlStore> {
    return (this.#write ??= openControlStore(url, { projectDir: this.#dir, readOnly: false }))
  }

  /** A store that is only looked at is not made: YAML that is refused leaves nothing behind. */
  async #openToLook(url: string): Promise<ControlStore> {
    if (!this.#keepsBytes && (await controlStoreExists(url, this.#dir))) return await this.#openToWork(url)
    return await openControlStore(url, { projectDir: this.#dir, readOnly: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // one that could not be opened was told by whoever asked for it
    const opened = (await Promise.allSettled([this.#read, this.#write])).flatMap((o) =>
      o.status === 'fulfilled' && o.value !== null ? [o.value] : [],
    )
    for (const store of opened) await store[Symbol.asyncDispose]()
  }
}
