/**
 * The one file that imports DuckDB. One in-memory instance per process; database files are attached to it.
 *
 * DuckDB's file lock belongs to the operating-system process: a second instance in this process would get past it
 * and damage the file. So the register of open files is one per process, whatever the number of engines in it.
 */
import { existsSync, realpathSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue, StatementType, version } from '@duckdb/node-api'

const LINGER_MS = 5_000
const LINGER_POLL_MS = 10

export type FileMode = 'read' | 'write'

export interface DuckdbLimits {
  /** bytes; null: little, and more for each batch that is open, by its columns */
  readonly memoryBytes: number | null
  readonly threads: number | null
  /** where DuckDB spills */
  readonly tempDir: string | null
}

interface OpenFile {
  readonly alias: string
  mode: FileMode
  users: number
  readonly sessions: Set<DuckdbSession>
  removedIfEmpty: boolean
}

/** What an instance has before any batch is open: enough for planning, and for hash tables that then spill. */
const BASE_MEMORY = 192 * 1024 ** 2
/** A thread that writes holds one block of every column. */
const BLOCK_BYTES = 256 * 1024
/** What a thread holds besides. */
export const PER_THREAD = {
  /** that reads Parquet or CSV: a row group, or buffers of text */
  file: 64 * 1024 ** 2,
  /** that makes Parquet of CSV: both, and with less it waits for the others */
  csvToParquet: 192 * 1024 ** 2,
} as const

interface SharedInstance {
  readonly instance: DuckDBInstance
  readonly admin: DuckDBConnection
  readonly files: Map<string, OpenFile>
  queue: Promise<unknown>
  sequence: number
  /** bytes that open batches need for their blocks, and the limit that was last set; null: the project's own */
  readonly memory: { reserved: number; limit: number } | null
  readonly threads: number
}

export const duckdbVersion = (): string => version()

let shared: Promise<SharedInstance> | null = null

async function createShared(limits: DuckdbLimits): Promise<SharedInstance> {
  const config: Record<string, string> = { autoinstall_known_extensions: 'false' }
  config['memory_limit'] = `${limits.memoryBytes ?? BASE_MEMORY}B`
  if (limits.threads !== null) config['threads'] = String(limits.threads)
  if (limits.tempDir !== null) config['temp_directory'] = limits.tempDir
  const instance = await DuckDBInstance.create(':memory:', config)
  const admin = await instance.connect()
  await admin.run("SET GLOBAL TimeZone = 'UTC'")
  const memory = limits.memoryBytes === null ? { reserved: 0, limit: BASE_MEMORY } : null
  const [row] = (await admin.runAndReadAll("SELECT current_setting('threads')")).getRowsJson()
  return { instance, admin, files: new Map(), queue: Promise.resolve(), sequence: 0, memory, threads: Number(row?.[0]) }
}

/**
 * Room for a writer of so many columns, until it is disposed of: rows do not decide what a load needs, columns and
 * threads do. The limit only grows. A project that sets `engine.memory` gets just that. `perThread`, `more`: bytes besides.
 */
export async function reserveMemory(columns: number, perThread = 0, more = 0): Promise<Disposable> {
  const s = await shared
  if (s === null || s.memory === null) return { [Symbol.dispose]: () => {} }
  const { memory } = s
  const bytes = s.threads * (columns * BLOCK_BYTES + perThread) + more
  memory.reserved += bytes
  const needed = BASE_MEMORY + memory.reserved
  if (needed > memory.limit) {
    memory.limit = needed
    await s.admin.run(`SET GLOBAL memory_limit = '${needed}B'`)
  }
  return { [Symbol.dispose]: () => void (memory.reserved -= bytes) }
}

/** Attach and detach one after the other: two at once could both find a file unopened. */
function inTurn<T>(s: SharedInstance, work: () => Promise<T>): Promise<T> {
  const next = s.queue.then(work, work)
  s.queue = next.catch(() => undefined)
  return next
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** A database of its own, gone when its last user is. */
export const IN_MEMORY = ':memory:'

/** The one name of a file, also while it does not exist yet: its folder resolved, its name kept. */
function canonicalPath(path: string): string {
  if (path === IN_MEMORY) return path
  try {
    return realpathSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return join(realpathSync(dirname(path)), basename(path))
  }
}

/** Do two paths name one file? A file that is not there, in a folder that is not there, is known by its path. */
export function isSameFile(a: string, b: string): boolean {
  return a === b || (existsSync(dirname(a)) && existsSync(dirname(b)) && canonicalPath(a) === canonicalPath(b))
}

/**
 * A file that was detached a moment ago may still be held by a query of another session over all catalogs
 * (`duckdb_columns()` and the like look into every one), for as long as that query's transaction lasts.
 */
async function attach(s: SharedInstance, statement: string): Promise<void> {
  for (const until = performance.now() + LINGER_MS; ; await sleep(LINGER_POLL_MS)) {
    try {
      await s.admin.run(statement)
      return
    } catch (error) {
      if (!/Unique file handle conflict/.test(String(error)) || performance.now() > until) throw error
    }
  }
}

/**
 * Until such a query has ended and its session has written the detached file: whoever takes the file away before that
 * makes the statement of that other session fail. The log goes last.
 */
async function released(path: string): Promise<void> {
  for (const until = performance.now() + LINGER_MS; existsSync(`${path}.wal`); await sleep(LINGER_POLL_MS))
    if (performance.now() > until) return
}

async function isEmpty(admin: DuckDBConnection, alias: string): Promise<boolean> {
  const tables = await admin.runAndReadAll('SELECT 1 FROM duckdb_tables() WHERE database_name = ?', [alias])
  return tables.currentRowCount === 0
}

/** A database file attached to this process's instance, until disposed of by its last user. */
export interface DuckdbFile extends AsyncDisposable {
  /** realpath */
  readonly path: string
  /** the catalog's name in SQL */
  readonly catalog: string
  readonly mode: FileMode
  /**
   * `counted`: its open transactions hold back the ceiling, because it may commit rows that a flow reads.
   * `folder`: what `getvariable('folder')` is, by default the file's own: a view over files beside it can be moved with them.
   */
  session(role?: 'engine' | 'counted', folder?: string): Promise<DuckdbSession>
  /** Start (UTC text) of the oldest open transaction that is counted, or that the predicate names; null: none is open. */
  oldestOpen(also?: (session: DuckdbSession) => boolean): { readonly since: string; readonly backend: string } | null
  /** A file that was made for a run: when its last user goes and it holds no table, it goes too. */
  removeIfEmpty(): void
  /** Rolls back and closes the sessions that the predicate names; how many. Only this process's: no other can have the file. */
  endSessions(which: (session: DuckdbSession) => boolean): number
}

/**
 * Attaches a file, or joins the users of one that is attached. Throws DuckDB's own error; `dialects/duckdb/errors.ts`
 * classifies it. A file open for reading is attached again for writing only while nobody else uses it.
 */
export async function openDuckdbFile(path: string, mode: FileMode, limits: DuckdbLimits): Promise<DuckdbFile> {
  shared ??= createShared(limits)
  const s = await shared
  const real = canonicalPath(path)
  const file = await inTurn(s, async () => {
    const known = real === IN_MEMORY ? undefined : s.files.get(real)
    if (known && (known.mode === 'write' || mode === 'read')) {
      known.users += 1
      return known
    }
    if (known && known.users > 0)
      throw new Error(`${real} is open for reading in this process and cannot be opened for writing`)
    s.sequence += 1
    const alias =
      real === IN_MEMORY ? `memory_${s.sequence}` : `${basename(real).replace(/\.[^.]*$/, '')}_${s.sequence}`
    await attach(s, `ATTACH ${literal(real)} AS ${quote(alias)} (TYPE duckdb${mode === 'read' ? ', READ_ONLY' : ''})`)
    const opened: OpenFile = { alias, mode, users: 1, sessions: new Set(), removedIfEmpty: false }
    if (real !== IN_MEMORY) s.files.set(real, opened)
    return opened
  })
  let closed = false
  return {
    path: real,
    catalog: file.alias,
    get mode() {
      return file.mode
    },
    session: async (role = 'engine', folder = dirname(real)) => {
      const connection = await s.instance.connect()
      await connection.run(`SET VARIABLE folder = ${literal(folder)}`)
      const session = new DuckdbSession(connection, role, `duckdb-${process.pid}-${(s.sequence += 1)}`, file.sessions)
      file.sessions.add(session)
      return session
    },
    oldestOpen: (also = () => false) => {
      let oldest: { since: string; backend: string } | null = null
      for (const session of file.sessions)
        if (
          (session.role === 'counted' || also(session)) &&
          session.openSince !== null &&
          (oldest === null || session.openSince < oldest.since)
        )
          oldest = { since: session.openSince, backend: session.backend }
      return oldest
    },
    removeIfEmpty: () => {
      file.removedIfEmpty = true
    },
    endSessions: (which) => {
      const ended = [...file.sessions].filter(which)
      for (const session of ended) session.close()
      return ended.length
    },
    [Symbol.asyncDispose]: async () => {
      if (closed) return
      closed = true
      await inTurn(s, async () => {
        file.users -= 1
        if (file.users > 0) return
        for (const session of file.sessions) session.close()
        s.files.delete(real)
        const empty = file.removedIfEmpty && (await isEmpty(s.admin, file.alias))
        await s.admin.run(`DETACH ${quote(file.alias)}`)
        if (file.mode === 'write') await released(real)
        if (empty) for (const suffix of ['', '.wal']) rmSync(real + suffix, { force: true })
      })
    },
  }
}

/** One connection. Values come back as text or null: nothing is rounded on its way through JavaScript. */
export class DuckdbSession implements Disposable {
  readonly role: 'engine' | 'counted'
  /** a name for fences and messages: what a later owner may end */
  readonly backend: string
  /** whose work this session does: set by a batch, read by the next owner of its flow */
  owner: { readonly store: string; readonly flow: string; readonly token: bigint } | null = null
  /** the table that the open transaction of a batch fills */
  fills: readonly string[] | null = null
  readonly #connection: DuckDBConnection
  readonly #register: Set<DuckdbSession>
  #openSince: string | null = null
  #closed = false
  /** statements under way */
  #running = 0

  constructor(connection: DuckDBConnection, role: 'engine' | 'counted', backend: string, register: Set<DuckdbSession>) {
    this.#connection = connection
    this.role = role
    this.backend = backend
    this.#register = register
  }

  /** errors of its statements may quote values that nobody is to see */
  discreet = false

  get openSince(): string | null {
    return this.#openSince
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Rows changed. */
  async run(text: string, params: readonly unknown[] = []): Promise<bigint> {
    return BigInt((await this.#send(() => this.#connection.run(text, params as DuckDBValue[]))).rowsChanged)
  }

  async rows(text: string, params: readonly unknown[] = []): Promise<readonly (readonly (string | null)[])[]> {
    const reader = await this.#send(() => this.#connection.runAndReadAll(text, params as DuckDBValue[]))
    return reader
      .getRowsJson()
      .map((row) => row.map((v) => (v === null ? null : typeof v === 'string' ? v : JSON.stringify(v))))
  }

  /** Is the text one statement, and a SELECT? It is prepared and not run. */
  async isOneSelect(text: string): Promise<boolean> {
    return this.#send(async () => {
      const statements = await this.#connection.extractStatements(text)
      if (statements.count !== 1) return false
      const prepared = await statements.prepare(0)
      try {
        return prepared.statementType === StatementType.SELECT
      } finally {
        prepared.destroySync()
      }
    })
  }

  async begin(): Promise<void> {
    // open from now on for whoever asks while it begins, and never later than it will turn out to be
    this.#openSince = Temporal.Now.plainDateTimeISO('UTC').toString({ smallestUnit: 'microsecond' }).replace('T', ' ')
    try {
      await this.run('BEGIN TRANSACTION')
    } catch (error) {
      this.#openSince = null
      throw error
    }
    // the transaction's own idea of now() is what its rows would be stamped with
    const [row] = await this.rows("SELECT CAST(now() AT TIME ZONE 'UTC' AS VARCHAR)")
    if (!this.#closed) this.#openSince = row?.[0] ?? this.#openSince
  }

  async commit(): Promise<void> {
    try {
      await this.run('COMMIT')
    } finally {
      this.#openSince = null
    }
  }

  async rollback(): Promise<void> {
    if (this.#closed || this.#openSince === null) return
    this.#openSince = null
    await this.run('ROLLBACK')
  }

  async #send<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('Connection Error: the session was ended')
    this.#running += 1
    try {
      return await statement()
    } finally {
      this.#running -= 1
      if (this.#closed && this.#running === 0) this.#connection.closeSync()
    }
  }

  /** Ends the statement under way; it throws in its own caller. */
  interrupt(): void {
    if (!this.#closed) this.#connection.interrupt()
  }

  /**
   * Rolls back what is open. A statement under way is interrupted, and the connection closed when it has thrown:
   * closed before, it would neither stop nor ever answer.
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#openSince = null
    this.#register.delete(this)
    if (this.#running > 0) this.#connection.interrupt()
    else this.#connection.closeSync()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
