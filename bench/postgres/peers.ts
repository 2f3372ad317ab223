/** Other tools that move a table from one PostgreSQL to another, each the way it does so by itself. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { install, isThere } from './debian-package.ts'

export interface PeerLoad {
  /** a folder of the peer's own */
  readonly dir: string
  readonly source: string
  /** an empty database */
  readonly target: string
}

interface Peer {
  /** null: it can be started; else why it cannot be had. May install it, outside of the machine only below `dir`. */
  readonly obtain: (dir: string, say: (text: string) => void) => string | null
  readonly command: (load: PeerLoad) => readonly [program: string, ...args: string[]]
  /** where the rows are afterwards */
  readonly table: string
}

const ofDebian = (name: string) => (_dir: string, say: (text: string) => void) =>
  isThere(name) || (install(name, say) && isThere(name)) ? null : `no Debian package ${name} here`

export const PEERS: Readonly<Record<string, Peer>> = {
  pgcopydb: {
    obtain: ofDebian('pgcopydb'),
    command: ({ dir, source, target }) => [
      'pgcopydb',
      ...`clone --table-jobs 2 --index-jobs 2 --no-owner --no-acl --source ${source} --target ${target}`.split(' '),
      '--dir',
      path.join(dir, 'work'),
    ],
    table: 'public.orders',
  },
  pgloader: {
    obtain: ofDebian('pgloader'),
    command: ({ dir, source, target }) => [
      'pgloader',
      // what it reads ahead by itself fills its heap of 1 GiB with a million rows
      '--with',
      'prefetch rows = 10000',
      '--root-dir',
      path.join(dir, 'work'),
      source.replace(/^postgres:/, 'pgsql:'),
      target.replace(/^postgres:/, 'pgsql:'),
    ],
    table: 'public.orders',
  },
  dlt: {
    obtain: obtainDlt,
    command: ({ dir, source, target }) => [
      path.join(dir, 'venv', 'bin', 'python'),
      path.join(import.meta.dirname, 'dlt-load.py'),
      source,
      target,
      path.join(dir, 'work'),
    ],
    table: 'loaded.orders',
  },
}

const DLT = ['dlt[postgres,sql-database,parquet]==1.31.0', 'numpy']

/** In a virtual environment of the bench's own. */
function obtainDlt(dir: string, say: (text: string) => void): string | null {
  say('  installing dlt')
  const venv = path.join(dir, 'venv')
  const python = path.join(venv, 'bin', 'python')
  for (const [program, ...args] of [
    ['python3', '-m', 'venv', venv],
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...DLT],
  ] as const) {
    const { error, status, stderr } = spawnSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    if (error !== undefined) return `${path.basename(program)} cannot be started`
    if (status !== 0) return stderr.trim().split('\n').at(-1) ?? `pip: exit ${status}`
  }
  return null
}

/** Until it has ended. */
export async function loadWith(peer: Peer, load: PeerLoad): Promise<void> {
  const [program, ...args] = peer.command(load)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: load.dir })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`${program}: exit ${child.exitCode} ${said.trim()}`)
}
