/**
 * A real PostgreSQL server from npm: made in a temporary folder, on a free port of the loopback, gone afterwards with all
 * that was in it. Root may not run one, so there it runs as `nobody`.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const STARTS_WITHIN_MS = 30_000

/** Nothing of it outlives its folder, so nothing waits for a disk. */
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

export interface LocalServerOptions {
  /** the folder with `bin`: `findPrograms` */
  readonly programs: string
  /** lines of postgresql.conf besides the usual */
  readonly settings?: Readonly<Record<string, string>>
  /** the folder that its own is made in, which whoever runs the server can enter */
  readonly parent?: string
}

export class LocalServer implements AsyncDisposable {
  readonly port: number
  readonly dir: string
  /** the folder of its programs */
  readonly bin: string
  #child: ChildProcess

  private constructor(port: number, dir: string, bin: string, child: ChildProcess) {
    this.port = port
    this.dir = dir
    this.bin = bin
    this.#child = child
  }

  static async start({ programs, settings = {}, parent = tmpdir() }: LocalServerOptions): Promise<LocalServer> {
    const dir = newServerFolder(parent)
    try {
      handOver(dir)
      const bin = join(readable(programs, dir), 'bin')
      const data = join(dir, 'data')
      const made = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
      await run(join(bin, 'initdb'), made)
      const port = await freePort()
      const lines = Object.entries({ ...SETTINGS, ...settings, port: String(port) }).map(([k, v]) => `${k} = ${v}\n`)
      appendFileSync(join(data, 'postgresql.conf'), lines.join(''))
      return await LocalServer.open(bin, dir, port)
    } catch (error) {
      rmSync(dir, { recursive: true, force: true })
      throw error
    }
  }

  /** Starts the server whose data are in `dir` already, and which its settings put on that port. */
  static async open(bin: string, dir: string, port: number): Promise<LocalServer> {
    const server = new LocalServer(port, dir, bin, launch(bin, dir))
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
    this.#child = launch(this.bin, this.dir)
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
      if (existsSync(file) && /\b(?:ready|standby)\s*$/.test(readFileSync(file, 'utf8'))) return
    }
    await this.stop('immediate')
    throw new Error(`PostgreSQL did not start on port ${this.port}: ${readFileSync(logOf(this.dir), 'utf8').trim()}`)
  }
}

/** `data` in it is the server's, `log` what it says. */
export const newServerFolder = (parent = tmpdir()): string => mkdtempSync(join(parent, 'tidemark-postgres-'))

/** Gives the folder and what is in it to whoever runs the server. */
export function handOver(dir: string): void {
  chmodSync(dir, 0o700)
  if (!isRoot) return
  for (const path of ['.', ...readdirSync(dir, { recursive: true, encoding: 'utf8' })])
    chownSync(join(dir, path), NOBODY, NOBODY)
}

/** A clone below a folder of root's own cannot be read by anybody else: there the programs are copied to the data. */
function readable(programs: string, dir: string): string {
  if (!isRoot) return programs
  const copy = join(dir, 'programs')
  cpSync(programs, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

const asServer = (): SpawnOptions => (isRoot ? { uid: NOBODY, gid: NOBODY, cwd: tmpdir() } : { cwd: tmpdir() })

const logOf = (dir: string): string => join(dir, 'log')

/** In a group of its own: a terminal's ^C is ours to hear, and we end it when we have done with it. */
function launch(bin: string, dir: string): ChildProcess {
  const log = openSync(logOf(dir), 'a')
  const stdio = ['ignore', log, log] as const
  const child = spawn(join(bin, 'postgres'), ['-D', join(dir, 'data')], {
    ...asServer(),
    stdio: [...stdio],
    detached: true,
  })
  closeSync(log)
  return child
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { ...asServer(), stdio: ['ignore', 'ignore', 'pipe'] })
  let err = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`${command}: ${err.trim()}`)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
