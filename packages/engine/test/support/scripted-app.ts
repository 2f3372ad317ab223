import type { RunDocument, RunFacts, RunJson } from '@tidemark/contract/api'
import { AppError } from '../../src/runtime/app-error.ts'
import type { App } from '../../src/app/app.ts'

/** An App that answers from a script and remembers what it was asked. */
export interface ScriptedApp {
  readonly app: App
  readonly calls: readonly (readonly [method: string, ...args: unknown[]])[]
}

export const NO_ROWS_JSON = {
  read: 0,
  inserted: 0,
  updated: 0,
  deleted: 0,
  skipped_same: 0,
  skipped_older: 0,
  rejected: 0,
}

export const runJson = (changes: Partial<RunJson> = {}): RunJson => ({
  run: 'r-7k3f1',
  flow: 'orders.orders',
  scope: {},
  status: 'succeeded',
  reason: null,
  lane: 'pushdown',
  window: { after: null, up_to: '2026-11-20 09:14:02.113', decided_by: 'the buffer of 15m' },
  waiting: null,
  rows: { ...NO_ROWS_JSON, read: 8931, inserted: 8931 },
  batches: 9,
  duration_ms: 200,
  error: null,
  remarks: [],
  ...changes,
})

/** As the ledger has it. */
export function runFacts(changes: Partial<RunJson> = {}): RunFacts {
  const { remarks: _, ...facts } = runJson(changes)
  return facts
}

export const runDocument = (...runs: readonly RunJson[]): RunDocument => ({ group: 'g-2b9x4', runs: [...runs] })

const DEFAULTS: Omit<App, typeof Symbol.asyncDispose> = {
  pendingMigrations: async () => ({
    location: 'control.db',
    exists: true,
    version: 1,
    known: 2,
    pending: [{ version: 2, name: '0002-later', sql: '-- 0002-later\ncreate table later (id text);\n' }],
    damage: [],
    mending: '',
    refusesWrites: null,
    walBytes: null,
    path: 'control.db',
  }),
  prepareSql: async () => ({ location: 'lake.duckdb', sql: ['CREATE TABLE fence;'] }),
  previewPrepare: async (connection) => ({
    connection,
    location: 'lake.duckdb',
    missing: ['tidemark.fence'],
    makesDatabase: false,
  }),
  prepare: async () => ({ location: 'lake.duckdb', made: ['tidemark.fence'] }),
  names: async () => ({
    flows: ['orders.orders', 'orders.customers', 'stock.levels'],
    modules: ['orders', 'stock'],
    connections: ['lake'],
    runs: [{ id: 'r-7k3f1', about: 'orders.orders, failed' }],
  }),
  migrate: async () => ({ location: 'control.db' }),
  takeSnapshot: async () => ({ ...runDocument(runJson()), snapshots: [] }),
  listSnapshots: async () => ({ snapshots: [] }),
  showSnapshot: async (id) => {
    throw new AppError('TM1005', id)
  },
  diffSnapshots: async ({ flow }) => {
    throw new AppError('TM1005', `${flow} has none`)
  },
  keyHistory: async ({ flow, key }) => ({ flow, key: [key], history: [], unread: [] }),
  restoreSnapshot: async ({ snapshot }) => {
    throw new AppError('TM1005', snapshot)
  },
  listArchives: async () => ({ archives: [] }),
  retryArchives: async () => ({ archives: [] }),
  validateArchives: async ({ full }) => ({ full, archives: [] }),
  cleanUpArchives: async ({ dryRun, keepDays }) => ({
    dry_run: dryRun,
    keep_days: keepDays,
    archives: [],
    kept: [],
    failed: [],
  }),
  snapshotStats: async (days) => ({ days, scopes: [] }),
  tagArchive: async ({ snapshot }) => {
    throw new AppError('TM6207', snapshot)
  },
  check: async () => ({ connections: 2, modules: 1, flows: 2, warnings: [] }),
  compare: async () => ({ undeployed: [], editedByHand: [] }),
  deploy: async () => ({ written: [], kept: [] }),
  exportYaml: async () => new Map([['modules/orders.yaml', 'module: orders\n']]),
  discover: async ({ connection }) => ({
    document: { connection, target: null, module: null, file: null, tables: [] },
    yaml: null,
    inProject: true,
  }),
  importBlobDelta: async ({ connection, database, deploy }) => ({
    connection,
    database,
    deployed: deploy,
    modules: [],
    watermarks: [],
    differences: [],
  }),
  plan: async () => ({ plans: [] }),
  run: async () => runDocument(runJson()),
  resume: async () => runDocument(runJson()),
  join: async () => runDocument(runJson({ status: 'joined' })),
  cancel: async (run) => ({ run, was: 'failed', now: 'cancelled' }),
  reset: async (run) => ({ run, flow: 'orders.orders' }),
  previewRewind: async ({ flow, scope, to }) => ({
    flow,
    scope,
    from: '2026-11-20 09:14:02.113',
    to,
    redelivered: 1240n,
    supersedes: ['r-7k3f1'],
  }),
  rewind: async ({ flow, scope, to }) => ({
    flow,
    scope,
    from: '2026-11-20 09:14:02.113',
    to,
    redelivered: 1240n,
    supersedes: ['r-7k3f1'],
  }),
  listRejects: async () => ({ rejects: [] }),
  openRejects: async () => ({ rejects: [] }),
  retryRejects: async () => runDocument(runJson()),
  dismissRejects: async () => ({ rejects: [] }),
  pruneRuns: async ({ dryRun }) => ({
    dry_run: dryRun,
    before: '2026-08-22T22:00:00.000Z',
    runs: 0,
    batches: 0,
    groups: 0,
    kept: 0,
  }),
  retire: async ({ connection, database, dryRun }) => ({
    connection,
    database,
    dry_run: dryRun,
    tasks: [],
    rows: { task: 0, run: 0, batch: 0, watermark: 0, reject: 0 },
  }),
  schedule: async () => ({ scheduler: 'sql-agent', jobs: [], not_expressed: [], sql: 'COMMIT TRANSACTION;\n' }),
  status: async () => ({ flows: [] }),
  runs: async () => ({ runs: [] }),
  show: async () => ({
    run: {
      ...runFacts(),
      group: null,
      actor: 'ada',
      command: 'tidemark run',
      started_at: null,
      finished_at: null,
      attempts: 1,
      superseded_by: null,
    },
    steps: [],
    workers: [],
    remedy: [],
    plan: {},
  }),
  watermarks: async () => ({ watermarks: [] }),
  connections: async () => [],
}

export function scriptedApp(script: Partial<App> = {}): ScriptedApp {
  const calls: (readonly [string, ...unknown[]])[] = []
  const answers = { ...DEFAULTS, ...script }
  const app = Object.fromEntries(
    Object.entries(answers).map(([method, answer]) => [
      method,
      (...args: unknown[]) => {
        calls.push([method, ...args])
        return (answer as (...given: unknown[]) => unknown)(...args)
      },
    ]),
  ) as unknown as App
  app[Symbol.asyncDispose] = async () => {
    calls.push(['dispose'])
  }
  return { app, calls }
}
