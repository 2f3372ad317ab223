/** A real project folder for one measurement, and its flows run as a program would. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RunDocument } from '../packages/contract/src/api.ts'
import type { App, RunOptions } from '../packages/engine/src/app/app.ts'
import { openApp } from '../packages/engine/src/app/wire.ts'
import { readConfig } from '../packages/engine/src/runtime/config.ts'

export interface End {
  readonly connection: string
  readonly table: string
}

export interface Movement {
  readonly source: End
  readonly target: End
}

export interface ProjectText {
  /** id → YAML */
  readonly connections: Readonly<Record<string, string>>
  /** the flow `bench.orders` */
  readonly orders: Movement
  /** the flow `bench.warm`: a small one of the same kind, which is run first */
  readonly warm: Movement
  readonly capture: string
  readonly apply: string
  /** engine.memory; null: the default */
  readonly memory: string | null
}

const projectYaml = ({ connections, memory }: ProjectText): string => `project: bench
${memory === null ? '' : `engine: { memory: ${memory} }\n`}connections:
${Object.entries(connections)
  .map(([id, yaml]) => `  ${id}: ${yaml}\n`)
  .join('')}`

const task = (id: string, { source, target }: Movement, { capture, apply }: ProjectText): string => `  - id: ${id}
    flow:
      source: { connection: ${source.connection}, table: ${source.table} }
      target: { connection: ${target.connection}, table: ${target.table} }
      key: [id]
      capture: ${capture}
      apply: ${apply}
`

/** Makes the project anew: its control store too. */
export function writeProject(dir: string, text: ProjectText): void {
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(path.join(dir, 'modules'), { recursive: true })
  writeFileSync(path.join(dir, 'tidemark.yaml'), projectYaml(text))
  const tasks = task('warm', text.warm, text) + task('orders', text.orders, text)
  writeFileSync(path.join(dir, 'modules', 'bench.yaml'), `module: bench\ntasks:\n${tasks}`)
}

/** A warm process: every module is loaded and every kind of statement was sent once, to a table of a thousand rows. */
export async function openWarm(dir: string, wish: Partial<RunOptions> = {}): Promise<App> {
  const app = await openApp({
    projectDir: dir,
    actor: 'bench',
    command: 'bench',
    config: readConfig(null, {}),
    hardSignal: new AbortController().signal,
  })
  await app.deploy({ path: null, dryRun: false, overwrite: false })
  await runFlow(app, 'bench.warm', { full: true, ...wish })
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
  allowsDeletes: false,
  reason: null,
}
