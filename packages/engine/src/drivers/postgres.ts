/**
 * The one file that imports PostgreSQL's client. A session is one connection; values come back as the server's own text,
 * so nothing is rounded on its way through JavaScript, and COPY passes bytes.
 */
import type { Duplex, Writable } from 'node:stream'
import { checkServerIdentity } from 'node:tls'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { Secret } from '../runtime/secret.ts'
import { CopyOutQuery } from './postgres-copy-out.ts'
import { PostgresSocket } from './postgres-socket.ts'

export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

export interface PostgresOptions {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: Secret | null
  readonly tls: {
    readonly mode: TlsMode
    /** PEM; null: the system's own authorities */
    readonly ca: string | null
    readonly cert: string | null
    readonly key: Secret | null
  }
  readonly applicationName: string
  readonly connectTimeoutMs: number
}

/** A setting of the server's, for the whole session. */
export type Settings = Readonly<Record<string, string>>

/** What every session of ours has, so that text means one thing: `docs/type-mapping.md`. */
const TEXT_SETTINGS: Settings = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  client_encoding: 'UTF8',
  standard_conforming_strings: 'on',
  search_path: '',
}

const RAW = { getTypeParser: () => (text: string) => text }

export type PostgresRow = readonly (string | null)[]
export type PostgresRecord = Readonly<Record<string, string | null>>

export interface PostgresColumn {
  readonly name: string
  /** number of its type in the catalog, and the modifier; both as text */
  readonly type: string
  readonly modifier: string
}

/** What the server says of a statement that failed. */
export interface ServerError {
  /** SQLSTATE */
  readonly state: string
  readonly message: string
  readonly detail: string | null
  readonly schema: string | null
  readonly table: string | null
  readonly column: string | null
  readonly constraint: string | null
}

/** `undefined`: not the server's, but the connection's, or ours. */
export const serverError = (error: unknown): ServerError | undefined =>
  error instanceof pg.DatabaseError
    ? {
        state: error.code ?? 'XX000',
        message: error.message,
        detail: error.detail ?? null,
        schema: error.schema ?? null,
        table: error.table ?? null,
        column: error.column ?? null,
        constraint: error.constraint ?? null,
      }
    : undefined

export const sqlState = (error: unknown): string | undefined => serverError(error)?.state

/** No server answered, or none in the way that was asked for. */
export class CannotConnect extends Error {
  override readonly name = 'CannotConnect'
}

/** The connection ended in the middle, whoever ended it. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

const lost = (error: unknown): unknown =>
  error instanceof pg.DatabaseError
    ? error
    : new ConnectionLost(error instanceof Error ? error.message : String(error), { cause: error })

/** https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-COPYDATA */
function copyDataHeader(bytes: number): Buffer {
  const header = Buffer.allocUnsafe(5)
  header.write('d', 'latin1')
  header.writeInt32BE(bytes + 4, 1)
  return header
}

/** A COPY whose connection ends says so as any other statement does. */
function sayingLost<T>(copy: T): T {
  const query = copy as { handleError(error: unknown, ...rest: readonly unknown[]): void }
  const handle = query.handleError.bind(copy)
  query.handleError = (error, ...rest) => handle(lost(error), ...rest)
  return copy
}

interface WithSocket {
  readonly connection: { readonly stream: Duplex }
}

/** What of the library's stream is another one here. */
interface CopyInParts {
  readonly chunks: { readonly chunk: Buffer }[]
  flush(done?: () => void): void
}

export class PostgresSession implements AsyncDisposable {
  readonly options: PostgresOptions
  /** of the server's process; a pooler may hide another one behind it */
  readonly pid: number
  /** errors of its statements may quote values that nobody is to see */
  discreet = false
  readonly #client: pg.Client
  #lost: Error | null = null
  #closed = false
  #inTransaction = false
  #sending: Promise<void> = Promise.resolve()

  private constructor(options: PostgresOptions, client: pg.Client) {
    this.options = options
    this.#client = client
    this.pid = (client as unknown as { processID: number }).processID
    // without a listener the loss of an idle connection would end the process
    client.on('error', (error: Error) => (this.#lost ??= error))
    client.on('end', () => (this.#closed = true))
  }

  static async connect(options: PostgresOptions, settings: Settings = {}): Promise<PostgresSession> {
    const client = await connectClient(options)
    const session = new PostgresSession(options, client)
    try {
      const all = Object.entries({ ...TEXT_SETTINGS, ...settings })
      await session.rows(
        `SELECT ${all.map((_, i) => `pg_catalog.set_config($${2 * i + 1}, $${2 * i + 2}, false)`).join(', ')}`,
        all.flat(),
      )
      return session
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
  }

  get closed(): boolean {
    return this.#closed || this.#lost !== null
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  async rows(text: string, params: readonly (string | boolean | null)[] = []): Promise<readonly PostgresRow[]> {
    return (await this.#query(text, params)).rows
  }

  /** The rows by the names of their columns. */
  async records(text: string, params: readonly (string | boolean | null)[] = []): Promise<readonly PostgresRecord[]> {
    if (this.#lost !== null) throw lost(this.#lost)
    try {
      return (await this.#client.query<PostgresRecord>({ text, values: [...params], types: RAW })).rows
    } catch (error) {
      throw lost(error)
    }
  }

  /** Rows changed. */
  async run(text: string, params: readonly (string | boolean | null)[] = []): Promise<bigint> {
    return BigInt((await this.#query(text, params)).rowCount ?? 0)
  }

  /** The columns of one SELECT, which is prepared and run. */
  async columns(text: string, params: readonly (string | boolean | null)[] = []): Promise<readonly PostgresColumn[]> {
    const { fields } = await this.#query(text, params, 'extended')
    return fields.map((f) => ({ name: f.name, type: String(f.dataTypeID), modifier: String(f.dataTypeModifier) }))
  }

  /** Several statements without parameters. */
  async script(text: string): Promise<void> {
    if (this.#lost !== null) throw lost(this.#lost)
    try {
      await this.#client.query(text)
    } catch (error) {
      throw lost(error)
    }
  }

  /**
   * `how`: what follows BEGIN, such as `ISOLATION LEVEL REPEATABLE READ READ ONLY`; `also`: statements without parameters
   * that go along in the same round trip.
   */
  async begin(how = '', also: string | null = null): Promise<void> {
    this.#inTransaction = true
    await this.script(also === null ? `BEGIN ${how}` : `BEGIN ${how}; ${also}`)
  }

  async commit(): Promise<void> {
    // a transaction that failed answers COMMIT with ROLLBACK, and no error
    const { command } = await this.#query('COMMIT', [])
    this.#inTransaction = false
    if (command !== 'COMMIT') throw new Error('the server rolled the transaction back instead of committing it')
  }

  async rollback(): Promise<void> {
    if (!this.#inTransaction || this.closed) return
    this.#inTransaction = false
    await this.run('ROLLBACK')
  }

  /**
   * The bytes of `COPY … TO STDOUT` into a stream, which is ended, or destroyed with an error of its own where no more of
   * them come; how many rows there were. The stream has to be done with bytes when it calls back. Where it throws, the
   * session is of no more use: a COPY cannot be left half-way.
   */
  async copyOut(text: string, into: Writable): Promise<bigint> {
    return await this.#client.query(sayingLost(new CopyOutQuery(text, into))).rows
  }

  /** Takes the bytes of `COPY … FROM STDIN`, and is done with them when it calls back; `rowCount` once it has finished. */
  copyIn(text: string): Writable & { readonly rowCount: number } {
    const copy = sayingLost(copyFrom(text))
    const { stream } = (this.#client as unknown as WithSocket).connection
    const parts = copy as unknown as CopyInParts // the library puts another list in
    const flush: CopyInParts['flush'] = (done = () => {}) => {
      const all = parts.chunks.splice(0)
      if (all.length === 0) return done()
      // header and bytes in one write: the server would wake up for the header alone
      stream.cork()
      for (const [i, { chunk }] of all.entries()) {
        stream.write(copyDataHeader(chunk.length))
        stream.write(chunk, () => {
          if (i === all.length - 1) done() // where it failed, the client tells
        })
      }
      stream.uncork()
    }
    return this.#client.query(Object.assign(copy, { flush })) as unknown as Writable & { readonly rowCount: number }
  }

  /** Ends the statement under way, by a connection of its own; it throws in its own caller. */
  async cancel(): Promise<void> {
    if (this.closed) return
    await using other = await PostgresSession.connect(this.options)
    await other.rows('SELECT pg_catalog.pg_cancel_backend($1)', [String(this.pid)])
  }

  /** Closes the socket, whatever is under way: the server rolls back. */
  destroy(): void {
    this.#closed = true
    ;(this.#client as unknown as WithSocket).connection.stream.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#client.end().catch(() => undefined)
  }

  /** One statement after the other, whoever sends them. */
  async #turn(): Promise<Disposable> {
    const before = this.#sending
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sending = promise
    await before
    return { [Symbol.dispose]: resolve }
  }

  /** `extended`: one statement, whatever the text says; without parameters the simple protocol would take several. */
  async #query(text: string, values: readonly (string | boolean | null)[], queryMode?: 'extended') {
    using _turn = await this.#turn()
    if (this.#lost !== null) throw lost(this.#lost)
    try {
      const config = { text, values: [...values], rowMode: 'array' as const, types: RAW, queryMode }
      return await this.#client.query<(string | null)[]>(config)
    } catch (error) {
      throw lost(error)
    }
  }
}

async function connectClient(options: PostgresOptions): Promise<pg.Client> {
  const { mode } = options.tls
  try {
    return await connectOnce(options, mode !== 'disable')
  } catch (error) {
    if (mode !== 'prefer' || !(error instanceof CannotConnect) || !/does not support SSL/.test(error.message))
      throw error
    return await connectOnce(options, false)
  }
}

async function connectOnce(options: PostgresOptions, encrypted: boolean): Promise<pg.Client> {
  const { tls } = options
  const checked = tls.mode === 'verify-ca' || tls.mode === 'verify-full'
  const client = new pg.Client({
    host: options.host,
    port: options.port,
    database: options.database,
    user: options.user,
    // a function: the password is in no object that somebody might print
    password: options.password === null ? undefined : () => options.password?.reveal() ?? '',
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs,
    stream: () => new PostgresSocket(),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ssl: !encrypted
      ? false
      : {
          rejectUnauthorized: checked,
          // the client leaves out an address that is a number, and Node would ask for localhost
          checkServerIdentity: (_, certificate) =>
            tls.mode === 'verify-full' ? checkServerIdentity(options.host, certificate) : undefined,
          ...(tls.ca === null ? {} : { ca: tls.ca }),
          ...(tls.cert === null ? {} : { cert: tls.cert }),
          ...(tls.key === null ? {} : { key: tls.key.reveal() }),
        },
  })
  // a server that ends a connection as soon as it is made says so before a session listens
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    if (error instanceof pg.DatabaseError) throw error
    // an address that has several numbers gives an error for each, and no words
    const each = error instanceof AggregateError ? error.errors.map((e: unknown) => String(e)).join('; ') : ''
    throw new CannotConnect(each || (error instanceof Error ? error.message : String(error)), { cause: error })
  }
  return client
}
