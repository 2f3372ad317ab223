/** A project of several flows over DuckDB files in a temporary folder, and the real use-cases at it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunDocument, RunJson } from '@tidemark/contract/api'
import { type Emit, type EngineEvent, silent } from '@tidemark/contract/events'
import type { RunOptions } from '../../src/app/app.ts'
import { openApp } from '../../src/app/wire.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { readConfig } from '../../src/runtime/config.ts'
import { type Hit, neverHit } from '../../src/runtime/failpoint.ts'
import { RUN } from './project-folder.ts'

/** `orders.a` with `from: 'shop.src'` and `to: 'lake.dst'`: connection and table. */
export interface FlowLine {
  readonly id: string
  readonly order?: number
  readonly from: string
  readonly to: string
  /** YAML of the capture; a backfill where left out */
  readonly capture?: string
  /** further keys of the flow, in one line of YAML each */
  readonly more?: string
}

export interface RunOfFlows extends Partial<RunOptions> {
  readonly hit?: Hit
  readonly emit?: Emit
  readonly soft?: AbortSignal
  readonly hard?: AbortSignal
}

export class Flows implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'tidemark-flows-'))

  path(connection: string): string {
    return join(this.dir, `${connection}.duckdb`)
  }

  /** Statements in the file of a connection, which is made where it is missing. */
  async sql(connection: string, ...statements: readonly string[]): Promise<void> {
    await using file = await openDuckdbFile(this.path(connection), 'write', LIMITS)
    using session = await file.session()
    await session.run(`USE "${file.catalog}"`)
    for (const statement of statements) await session.run(statement)
    await session.run('USE memory')
  }

  async rows(connection: string, query: string): Promise<readonly (readonly (string | null)[])[]> {
    await using file = await openDuckdbFile(this.path(connection), 'read', LIMITS)
    using session = await file.session()
    await session.run(`USE "${file.catalog}"`)
    const rows = await session.rows(query)
    await session.run('USE memory')
    return rows
  }

  async count(connection: string, table: string): Promise<number> {
    return Number((await this.rows(connection, `SELECT count(*) FROM ${table}`))[0]?.[0])
  }

  async run({ hit = neverHit, emit = silent, soft, hard, ...options }: RunOfFlows = {}): Promise<RunDocument> {
    const never = new AbortController().signal
    await using app = await openApp({
      projectDir: this.dir,
      actor: 'tester',
      command: 'test',
      config: readConfig(null, {}),
      hardSignal: hard ?? never,
      hit,
    })
    await app.deploy({ path: null, dryRun: false, overwrite: false })
    return await app.run({ ...RUN, flows: [], all: true, ...options }, emit, soft ?? never)
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true })
  }
}

const LIMITS = { memoryBytes: null, threads: null, tempDir: null }

export function openFlows(...lines: readonly FlowLine[]): Flows {
  const flows = new Flows()
  const connections = [...new Set(lines.flatMap(({ from, to }) => [split(from)[0], split(to)[0]]))]
  mkdirSync(join(flows.dir, 'modules'))
  writeFileSync(
    join(flows.dir, 'tidemark.yaml'),
    `project: test
control: sqlite:control.db
engine: { temp: tmp }
connections:
${connections.map((name) => `  ${name}: { kind: duckdb, path: ${name}.duckdb }`).join('\n')}
`,
  )
  for (const [module, own] of Map.groupBy(lines, ({ id }) => split(id)[0]))
    writeFileSync(
      join(flows.dir, 'modules', `${module}.yaml`),
      `module: ${module}\ntasks:\n${own.map(taskYaml).join('')}`,
    )
  return flows
}

const taskYaml = ({
  id,
  order = 1,
  from,
  to,
  capture = 'backfill',
  more = '',
}: FlowLine): string => `  - id: ${split(id)[1]}
    order: ${order}
    flow:
      source: { connection: ${split(from)[0]}, table: ${split(from)[1]} }
      target: { connection: ${split(to)[0]}, table: ${split(to)[1]} }
      key: [id]
      capture: ${capture}
      ${more}
`

function split(text: string): readonly [string, string] {
  const at = text.indexOf('.')
  return [text.slice(0, at), text.slice(at + 1)]
}

/** `m.a succeeded`, in the order of the answer. */
export const ends = ({ runs }: RunDocument): readonly string[] =>
  runs.map((r: RunJson) => `${r.flow} ${r.status}${r.error === null ? '' : ` ${r.error.code}`}`)

/** Remembers what was emitted. */
export function recorder(): { readonly emit: Emit; readonly events: readonly EngineEvent[] } {
  const events: EngineEvent[] = []
  return { events, emit: (event, fields) => void events.push({ event, ...fields } as EngineEvent) }
}
