/** A project in a temporary folder and the real command line at it: the same code as the program, in this process or in a child. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'
import type { z } from 'zod'
import { main } from '../../src/cli/main.ts'
import { type DuckdbSession, openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { openSqlite, type SqliteRow } from '../../src/drivers/sqlite.ts'
import { childEnvironment } from '../../src/runtime/config.ts'
import { type FakeWishes, fakeIo } from '../support/fake-terminal.ts'

const LIMITS = { memoryBytes: 2 * 1024 ** 3, threads: null, tempDir: null }
const BIN = path.resolve(import.meta.dirname, '../../bin/tidemark.js')

/** Opens the file named, says so, and goes when its stdin ends. */
const HOLDER = `import { DuckDBInstance } from '@duckdb/node-api'
const instance = await DuckDBInstance.create(process.argv[1])
process.stdout.write('held')
process.stdin.resume().on('end', () => process.exit(instance === null ? 1 : 0))`

export interface Answer {
  readonly exit: number
  readonly out: string
  readonly err: string
}

export interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<Answer & { readonly signal: NodeJS.Signals | null }>
  /** Resolves when stderr has said so. */
  said(text: string | RegExp): Promise<void>
}

export type Row = readonly (string | null)[]

/** Anything may go into a YAML: this one is a flow `m.t` from `src` to `dst` by `modified_on`. */
export const FLOW_YAML = `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: { kind: watermark, position: modified_on, clock: utc, buffer: 0s }
      apply: latest
`

export const PROJECT_YAML = `project: test
control: sqlite:.tidemark/control.db
connections:
  a: { kind: duckdb, path: data/a.duckdb }
  b: { kind: duckdb, path: data/b.duckdb }
`

export class Project implements AsyncDisposable {
  readonly dir: string

  constructor(dir: string) {
    this.dir = dir
  }

  path(file: string): string {
    return path.join(this.dir, file)
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(this.path(file)), { recursive: true })
    writeFileSync(this.path(file), text)
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8')
  }

  bytesOf(file: string): Buffer {
    return readFileSync(this.path(file))
  }

  /** Changes the text of a file; the part to be replaced must be there. */
  edit(file: string, from: string, to: string): void {
    const text = this.read(file)
    expect(text).toContain(from)
    this.write(file, text.replace(from, to))
  }

  exists(file: string): boolean {
    return existsSync(this.path(file))
  }

  /** One command line, typed in the project's folder; ^C is pressed when stderr says `stopAt`. */
  async cli(
    argv: readonly string[],
    { stopAt = null, ...wishes }: FakeWishes & { readonly stopAt?: RegExp | null } = {},
  ): Promise<Answer> {
    const fake = fakeIo({ cwd: this.dir, ...wishes })
    const write = (text: string): void => {
      fake.io.stderr.write(text)
      if (stopAt?.test(text) === true) fake.stop()
    }
    const exit = await main(argv, { ...fake.io, stderr: { write } })
    return { exit, out: fake.out(), err: fake.err() }
  }

  /** The same where it is taken for granted that it goes well. */
  async ok(...argv: readonly string[]): Promise<Answer> {
    const answer = await this.cli(argv)
    expect({ argv, exit: answer.exit, err: answer.exit === 0 ? '' : answer.err }).toEqual({ argv, exit: 0, err: '' })
    return answer
  }

  /** With `--json`: stdout must be one document of that shape and nothing else. */
  async json<S extends z.ZodType>(schema: S, argv: readonly string[], exit = 0): Promise<z.output<S>> {
    const answer = await this.cli([...argv, '--json'])
    expect({ argv, exit: answer.exit, err: answer.exit === exit ? '' : answer.out + answer.err }).toEqual({
      argv,
      exit,
      err: '',
    })
    return schema.parse(JSON.parse(answer.out))
  }

  /** A process of its own: for signals, crashes and locks. */
  child(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
    const child = spawn(process.execPath, [BIN, ...argv], {
      cwd: this.dir,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment(env),
    })
    const text = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.err += chunk))
    const closed = once(child, 'close')
    return {
      process: child,
      ended: closed.then(() => ({ exit: child.exitCode ?? -1, signal: child.signalCode, ...text })),
      said: async (wanted) => {
        while (typeof wanted === 'string' ? !text.err.includes(wanted) : !wanted.test(text.err)) {
          const gone = await Promise.race([once(child.stderr, 'data').then(() => false), closed.then(() => true)])
          if (gone && (typeof wanted === 'string' ? !text.err.includes(wanted) : !wanted.test(text.err)))
            throw new Error(`the child ended before it said ${wanted}: ${text.out}${text.err}`)
        }
      },
    }
  }

  /** Statements in a DuckDB file of the project, which is made where it is missing. */
  async duckdb(file: string, ...statements: readonly string[]): Promise<void> {
    mkdirSync(path.dirname(this.path(file)), { recursive: true })
    await this.#session(file, 'write', async (session) => {
      for (const statement of statements) await session.run(statement)
    })
  }

  /** Another process that has a DuckDB file open for writing, until this is disposed of. */
  async heldElsewhere(file: string): Promise<{ readonly pid: number } & AsyncDisposable> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, this.path(file)], {
      cwd: import.meta.dirname,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const closed = once(child, 'close')
    await once(child.stdout, 'data')
    return {
      pid: child.pid ?? -1,
      [Symbol.asyncDispose]: async () => {
        child.stdin.end()
        await closed
      },
    }
  }

  async rows(file: string, query: string): Promise<readonly Row[]> {
    return this.#session(file, 'read', (session) => session.rows(query))
  }

  async #session<T>(file: string, mode: 'read' | 'write', work: (session: DuckdbSession) => Promise<T>): Promise<T> {
    await using opened = await openDuckdbFile(this.path(file), mode, LIMITS)
    using session = await opened.session()
    await session.run(`USE "${opened.catalog}"`)
    const done = await work(session)
    await session.run('USE memory')
    return done
  }

  /** A statement of a person, with plain SQL, in the control store. */
  store(statement: string): readonly SqliteRow[] {
    const db = openSqlite(this.path('.tidemark/control.db'), 1_000)
    try {
      return db.all(statement, [])
    } finally {
      db.close()
    }
  }

  /** Nobody holds a lease. */
  expectFree(): void {
    expect(this.store('select flow from lease where worker is not null')).toEqual([])
  }

  /** Every file below the project with the hash of its bytes, and every folder. */
  bytes(): Readonly<Record<string, string>> {
    const entries = readdirSync(this.dir, { recursive: true, withFileTypes: true }).map(
      (entry): readonly [string, string] => {
        const file = path.join(entry.parentPath, entry.name)
        return [
          path.relative(this.dir, file),
          entry.isDirectory() ? 'folder' : createHash('sha256').update(readFileSync(file)).digest('hex'),
        ]
      },
    )
    return Object.fromEntries(entries.sort(([x], [y]) => (x < y ? -1 : 1)))
  }

  [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.dir, { recursive: true, force: true })
    return Promise.resolve()
  }
}

/** An empty folder that is a project, with these files in it. */
export function emptyProject(files: Readonly<Record<string, string>> = {}): Project {
  const project = new Project(mkdtempSync(path.join(os.tmpdir(), 'tidemark-e2e-')))
  for (const [file, text] of Object.entries(files)) project.write(file, text)
  return project
}

/** `FLOW_YAML` over a source of so many rows of 2020, one a second. */
export async function flatProject(rows = 3, files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const project = emptyProject({ 'tidemark.yaml': PROJECT_YAML, 'modules/m.yaml': FLOW_YAML, ...files })
  await project.duckdb(
    'data/a.duckdb',
    `CREATE TABLE src AS SELECT i AS id, 'v' || i AS v, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END AS part,
       TIMESTAMP '2020-01-01 00:00:00' + to_seconds(i) AS modified_on FROM range(1, ${rows + 1}) t(i)`,
  )
  return project
}
