/** The same world as a project that the use-cases open: its YAML, deployed into the world's own store. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { App, RunOptions } from '../../src/app/app.ts'
import { openApp } from '../../src/app/wire.ts'
import { readConfig } from '../../src/runtime/config.ts'
import type { World } from './world.ts'

const YAML = `project: test
control: sqlite:control.db
engine: { temp: tmp }
connections:
  a: { kind: duckdb, path: source.duckdb }
  b: { kind: duckdb, path: target.duckdb }
`
const flowYaml = (more: string): string => `module: m
tasks:
  - id: t
    order: 1
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: { kind: watermark, position: modified_on, buffer: 0s }
${more}`

/** `m.t` as `flowSpec()` has it, with further lines of YAML indented by six spaces. */
export async function deployProject(w: World, more = ''): Promise<void> {
  mkdirSync(join(w.dir, 'modules'), { recursive: true })
  writeFileSync(join(w.dir, 'tidemark.yaml'), YAML)
  writeFileSync(join(w.dir, 'modules', 'm.yaml'), flowYaml(more))
  await using app = await openProject(w)
  await app.deploy({ path: null, dryRun: false, overwrite: false })
}

export const openProject = (w: World, keepsBytes = false): Promise<App> =>
  openApp({
    projectDir: w.dir,
    actor: 'tester',
    command: 'test',
    config: readConfig(null, {}),
    hardSignal: new AbortController().signal,
    keepsBytes,
  })

export const RUN: RunOptions = {
  flows: ['m.t'],
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
