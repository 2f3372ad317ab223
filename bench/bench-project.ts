/** A real project folder for one measurement, and its flows run as a program would. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RunDocument } from '../packages/contract/src/api.ts'
import type { App, RunOptions } from '../packages/engine/src/app/app.ts'
import { openApp } from '../packages/engine/src/app/wire.ts'
import { readConfig } from '../packages/engine/src/runtime/config.ts'
import { inFile } from './duckdb-file.ts'

export interface FlowText {
  /** YAML of the connection `from` */
  readonly from: string
  readonly table: string
  readonly capture: string
  readonly apply: string
  /** engine.memory; null: the default */
  readonly memory: string | null
}

const projectYaml = ({ from, memory }: FlowText): string => `project: bench
${memory === null ? '' : `engine: { memory: ${memory} }\n`}connections:
  warm: { kind: duckdb, path: warm.duckdb }
  warmed: { kind: duckdb, path: warmed.duckdb }
  from: ${from}
  to: { kind: duckdb, path: target.duckdb }
`
const task = (id: string, from: string, to: string, flow: FlowText): string => `  - id: ${id}
    flow:
      source: { connection: ${from}, table: ${flow.table} }
      target: { connection: ${to}, table: orders }
      key: [id]
      capture: ${flow.capture}
      apply: ${flow.apply}
`

/** Makes the project anew: the flow `bench.orders`, and `bench.warm`, a small one that is run first. */
export function writeProject(dir: string, flow: FlowText): void {
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(path.join(dir, 'modules'), { recursive: true })
  writeFileSync(path.join(dir, 'tidemark.yaml'), projectYaml(flow))
  const tasks = task('warm', 'warm', 'warmed', { ...flow, table: 'orders' }) + task('orders', 'from', 'to', flow)
  writeFileSync(path.join(dir, 'modules', 'bench.yaml'), `module: bench\ntasks:\n${tasks}`)
}

/** A warm process: every module is loaded and every kind of statement was sent once, to a table of a thousand rows. */
export async function openWarm(dir: string): Promise<App> {
  rmSync(path.join(dir, 'warmed.duckdb'), { force: true })
  rmSync(path.join(dir, 'warm.duckdb'), { force: true })
  await inFile(path.join(dir, 'warm.duckdb'), async (db) => {
    await db.run("CREATE TABLE orders AS SELECT range AS id, TIMESTAMP '2025-01-01' AS modified_on FROM range(1000)")
  })
  const app = await openApp({
    projectDir: dir,
    actor: 'bench',
    command: 'bench',
    config: readConfig(null, {}),
    hardSignal: new AbortController().signal,
  })
  await app.deploy({ path: null, dryRun: false, overwrite: false })
  await runFlow(app, 'bench.warm', { full: true })
  return app
}

/** Throws where the run did not succeed: a figure of half a run is none. */
export async function runFlow(
  app: App,
  flow: string,
  wish: Partial<RunOptions> = {},
): Promise<RunDocument['runs'][number]> {
  const document = await app.run({ ...AS_IT_STANDS, flows: [flow], ...wish }, () => {}, new AbortController().signal)
  const run = document.runs.at(-1)
  if (run?.status !== 'succeeded')
    throw new Error(`${flow}: ${run?.status} ${run?.error?.code ?? ''} ${run?.error?.message ?? run?.reason ?? ''}`)
  return run
}

const AS_IT_STANDS: RunOptions = {
  flows: [],
  all: false,
  module: null,
  scope: {},
  full: false,
  after: null,
  upTo: null,
  fresh: false,
  buffer: null,
  batchRows: null,
  parallel: null,
  lane: null,
  dryRun: false,
  waitMs: 0,
  acceptChange: false,
  reason: null,
}
