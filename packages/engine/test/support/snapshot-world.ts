/** A world whose flows take snapshots, and what their hot sides hold. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { FlowSpec } from '@tidemark/contract/flow'
import type { RunRow } from '../../src/control/control-store.ts'
import { duckdbVersion, openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { openFolderStore } from '../../src/dialects/archive/folder-store.ts'
import { HotSide, imageFolder } from '../../src/snapshot/hot-side.ts'
import { snapshotMode } from '../../src/snapshot/mode.ts'
import type { SnapshotRow } from '../../src/snapshot/snapshot-row.ts'
import { flowSpec, MODES, openWorld, type RunWish, THREADS, type World } from './world.ts'

export const ALL: SnapshotOptions = {
  include: null,
  exclude: [],
  normalise: {},
  exact: false,
  keep: 2,
  hot: 'local',
  archive: null,
}

/** As `flowSpec`, compared as said. */
export const snapshotFlow = (options: Partial<SnapshotOptions> = {}, over: Partial<FlowSpec> = {}): FlowSpec =>
  flowSpec({ capture: { kind: 'snapshot', options: { ...ALL, ...options } }, ...over })

export const SCOPED: Partial<FlowSpec> = { scope: { customer: { table: null, column: 'customer' } } }

type Counts = readonly [added: number, changed: number, deleted: number, unchanged: number]

export interface SnapshotWorld extends AsyncDisposable {
  readonly w: World
  /** what the next snapshots say that they were made with */
  engine: string
  readonly folder: string
  run(flow: FlowSpec, wish?: RunWish): Promise<RunRow>
  snapshots(flow?: FlowSpec): Promise<readonly SnapshotRow[]>
  /** runs, and counts what it found; throws where it did not end well */
  take(flow: FlowSpec, wish?: RunWish): Promise<Counts>
  hot(query: string): Promise<readonly (readonly (string | null)[])[]>
  /** statements in the hot side of the plain flow */
  change(...statements: readonly string[]): Promise<void>
  images(flow?: FlowSpec): readonly string[]
}

export async function openSnapshotWorld(): Promise<SnapshotWorld> {
  const place = {
    folder: '',
    limits: { memoryBytes: 512 * 1024 ** 2, threads: THREADS, tempDir: '' },
    keep: 2,
    retainMs: null,
  }
  // every connection is a folder
  const archives = {
    open: (connection: string | null) => Promise.resolve(openFolderStore(join(w.dir, connection ?? 'archive'))),
  }
  const self = { engine: duckdbVersion() }
  const w = await openWorld({ modes: { ...MODES, snapshot: snapshotMode(place, () => self.engine, archives) } })
  place.folder = join(w.dir, 'snapshots')
  place.limits.tempDir = join(w.dir, 'tmp')
  mkdirSync(place.limits.tempDir, { recursive: true })
  const plain = snapshotFlow()
  const snapshots = async (flow: FlowSpec = plain): Promise<readonly SnapshotRow[]> => {
    await using hot = await HotSide.open(place, flow.id, 'read')
    return hot === null ? [] : await hot.list()
  }
  return {
    w,
    get engine() {
      return self.engine
    },
    set engine(version) {
      self.engine = version
    },
    folder: place.folder,
    run: (flow, wish) => w.run(flow, wish),
    snapshots,
    take: async (flow, wish) => {
      const run = await w.run(flow, wish)
      if (run.error !== null) throw new Error(`${run.error.code} ${run.error.message}`)
      const found = (await snapshots(flow)).find((s) => s.run === run.id)
      if (found === undefined) throw new Error(`${run.id} left no snapshot: ${run.state} ${run.reason}`)
      const { added, changed, deleted, unchanged } = found.counts
      return [Number(added), Number(changed), Number(deleted), Number(unchanged)]
    },
    hot: async (query) => {
      await using file = await openDuckdbFile(join(place.folder, `${plain.id}.duckdb`), 'read', place.limits)
      using session = await file.session()
      await session.run(`USE "${file.catalog}"`)
      const rows = await session.rows(query)
      await session.run('USE memory')
      return rows
    },
    change: async (...statements) => {
      await using file = await openDuckdbFile(join(place.folder, `${plain.id}.duckdb`), 'write', place.limits)
      using session = await file.session()
      await session.run(`USE "${file.catalog}"`)
      for (const statement of statements) await session.run(statement)
      await session.run('USE memory')
    },
    images: (flow = plain) => {
      const folder = imageFolder(place, flow.id)
      return existsSync(folder) ? readdirSync(folder).sort() : []
    },
    [Symbol.asyncDispose]: () => w[Symbol.asyncDispose](),
  }
}
