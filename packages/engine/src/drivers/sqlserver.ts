/**
 * The one file that imports SQL Server's client. A session is one connection. The client rounds decimals, money and times
 * and cuts their digits, so every statement asks for text, and every parameter is text that the statement casts: a value
 * that would have been rounded is a TypeError here.
 */
import { Connection, type ConnectionConfiguration, Request, TYPES } from 'tedious'
import type { Secret } from '../runtime/secret.ts'

/** strict: TLS before the first byte (TDS 8, from 2022 on) · require: encrypted, the certificate checked · trust: encrypted, whoever answers */
export type TlsMode = 'strict' | 'require' | 'trust' | 'disable'

/** Who asks. Entra ID is the present name of Azure Active Directory. */
export type Login =
  | { readonly kind: 'sql'; readonly user: string; readonly password: Secret | null }
  | { readonly kind: 'ntlm'; readonly domain: string; readonly user: string; readonly password: Secret | null }
  | { readonly kind: 'entra-default'; readonly clientId: string | null }
  | {
      readonly kind: 'entra-password'
      readonly user: string
      readonly password: Secret
      readonly clientId: string
      readonly tenantId: string
    }
  | {
      readonly kind: 'entra-service-principal'
      readonly clientId: string
      readonly secret: Secret
      readonly tenantId: string
    }
  | { readonly kind: 'entra-managed-identity'; readonly clientId: string | null }
  | { readonly kind: 'entra-token'; readonly token: Secret }

export interface SqlServerOptions {
  readonly host: string
  /** null: asked of the browser service, by the instance's name */
  readonly port: number | null
  readonly instance: string | null
  readonly database: string
  readonly login: Login
  readonly tls: {
    readonly mode: TlsMode
    /** PEM; null: the system's own authorities */
    readonly ca: string | null
    /** the name that the certificate must bear; null: the host's */
    readonly serverName: string | null
  }
  readonly applicationName: string
  readonly connectTimeoutMs: number
  /** asks for a readable secondary of an availability group */
  readonly readOnly: boolean
}

export type SqlServerRow = readonly (string | null)[]
export type SqlServerRecord = Readonly<Record<string, string | null>>
export type SqlServerParam = string | boolean | null

/** What the server says of a statement that failed: the first of its errors, which names the cause. */
export interface ServerError {
  /** of `sys.messages` */
  readonly number: number
  readonly state: number
  readonly severity: number
  readonly message: string
  readonly procedure: string | null
  readonly line: number | null
}

interface ClientError extends Error {
  readonly code?: string
  readonly number?: number
  readonly state?: number
  readonly class?: number
  readonly procName?: string
  readonly lineNumber?: number
}

/** Several errors of one statement come as one; the last ones only say that it ended. */
const firstOf = (error: unknown): ClientError | null =>
  error instanceof AggregateError
    ? firstOf(error.errors.find((e: unknown) => (e as ClientError).number !== undefined) ?? error.errors[0])
    : error instanceof Error
      ? (error as ClientError)
      : null

/** `undefined`: not the server's, but the connection's, or ours. */
export function serverError(error: unknown): ServerError | undefined {
  const first = firstOf(error)
  if (first?.number === undefined) return undefined
  return {
    number: first.number,
    state: first.state ?? 0,
    severity: first.class ?? 0,
    message: first.message,
    procedure: first.procName || null,
    line: first.lineNumber ?? null,
  }
}

export const errorNumber = (error: unknown): number | undefined => serverError(error)?.number

/** No server answered, or none in the way that was asked for. */
export class CannotConnect extends Error {
  override readonly name = 'CannotConnect'
  /** of the server, where it answered and refused the login */
  readonly number: number | null

  constructor(message: string, number: number | null, cause: unknown) {
    super(message, { cause })
    this.number = number
  }
}

/** The connection ended in the middle, whoever ended it. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
}

/** The statement was ended because `cancel` asked for it. */
export class StatementCancelled extends Error {
  override readonly name = 'StatementCancelled'
}

const LOST: ReadonlySet<string> = new Set(['ESOCKET', 'ECLOSE', 'ECONNCLOSED', 'ETIMEOUT', 'EINVALIDSTATE'])

function said(error: unknown): unknown {
  const first = firstOf(error)
  if (first === null || first.number !== undefined) return error
  if (first.code === 'ECANCEL') return new StatementCancelled(first.message, { cause: error })
  return first.code !== undefined && LOST.has(first.code) ? new ConnectionLost(first.message, { cause: error }) : error
}

/** Of a value as the client gives it; what it may have rounded is refused. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'string':
      return value
    case 'boolean':
      return value ? '1' : '0'
    case 'bigint':
      return value.toString()
    case 'number':
      if (Number.isSafeInteger(value)) return String(value)
  }
  throw new TypeError('a column came as something else than text, and may have been rounded')
}

/** A statement's columns, as the driver tells them. */
export interface SqlServerColumn {
  readonly name: string
}

const NVARCHAR_CHARACTERS = 4000
/** the largest that TLS of this protocol takes */
const PACKET_BYTES = 16_384

export class SqlServerSession implements AsyncDisposable {
  readonly options: SqlServerOptions
  /** errors of its statements may quote values that nobody is to see */
  discreet = false
  /** of the server */
  spid = 0
  readonly #connection: Connection
  #lost: Error | null = null
  #closed = false
  #inTransaction = false
  #sending: Promise<void> = Promise.resolve()

  private constructor(options: SqlServerOptions, connection: Connection) {
    this.options = options
    this.#connection = connection
    // without a listener the loss of an idle connection would end the process
    connection.on('error', (error: Error) => (this.#lost ??= error))
    connection.on('end', () => (this.#closed = true))
  }

  /** `settings`: statements that the session begins with, one batch. */
  static async connect(options: SqlServerOptions, settings = ''): Promise<SqlServerSession> {
    const session = new SqlServerSession(options, await connectClient(options))
    try {
      if (settings !== '') await session.script(settings)
      session.spid = Number((await session.rows('SELECT @@SPID'))[0]?.[0] ?? 0)
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

  /** Parameters are `@p1`, `@p2`, … of type nvarchar. */
  async rows(text: string, params: readonly SqlServerParam[] = []): Promise<readonly SqlServerRow[]> {
    const rows: SqlServerRow[] = []
    await this.#request(text, params, (request) =>
      request.on('row', (row: Cells) => rows.push(row.map((c) => textOf(c.value)))),
    )
    return rows
  }

  /** The rows by the names of their columns. */
  async records(text: string, params: readonly SqlServerParam[] = []): Promise<readonly SqlServerRecord[]> {
    const rows: SqlServerRecord[] = []
    await this.#request(text, params, (request) =>
      request.on('row', (row: Cells) =>
        rows.push(Object.fromEntries(row.map((c) => [c.metadata.colName, textOf(c.value)]))),
      ),
    )
    return rows
  }

  /** Rows changed, by all of its statements that count. */
  async run(text: string, params: readonly SqlServerParam[] = []): Promise<bigint> {
    return BigInt(await this.#request(text, params))
  }

  /**
   * Statements without parameters, as one batch: what they make that is temporary stays for the session, which what a
   * statement with parameters makes does not.
   */
  async script(text: string): Promise<void> {
    await this.#request(text, null)
  }

  /** The rows one by one; the next is not read before `take` is done with the last. How many there were. */
  async each(
    text: string,
    params: readonly SqlServerParam[],
    take: (row: Cells) => Promise<void> | void,
  ): Promise<bigint> {
    let rows = 0n
    let failed: unknown = null
    await this.#request(text, params, (request) =>
      request.on('row', (row: Cells) => {
        rows++
        if (failed !== null) return
        try {
          const waits = take(row)
          if (waits === undefined) return
          request.pause()
          waits.then(
            () => request.resume(),
            (error: unknown) => {
              failed = error
              this.#connection.cancel()
              request.resume()
            },
          )
        } catch (error) {
          failed = error
          this.#connection.cancel()
        }
      }),
    ).catch((error: unknown) => {
      throw failed ?? error
    })
    if (failed !== null) throw failed
    return rows
  }

  /**
   * Rows of text into a table whose columns are all text (`null` characters: as many as there are), or bytes. Rows that
   * came.
   */
  async load(table: string, columns: readonly LoadColumn[], rows: AsyncIterable<LoadRow>): Promise<bigint> {
    using _turn = await this.#turn()
    if (this.#lost !== null) throw said(this.#lost)
    return await new Promise<bigint>((resolve, reject) => {
      const bulk = this.#connection.newBulkLoad(table, { keepNulls: true }, (error, count) =>
        error ? reject(said(error)) : resolve(BigInt(count ?? 0)),
      )
      for (const { name, kind, length } of columns)
        bulk.addColumn(name, kind === 'bytes' ? TYPES.VarBinary : TYPES.NVarChar, {
          length: length ?? Infinity,
          nullable: true,
        })
      this.#connection.execBulkLoad(bulk, rows as AsyncIterable<unknown[]>)
    })
  }

  async begin(isolation = 'READ COMMITTED'): Promise<void> {
    this.#inTransaction = true
    await this.script(`SET TRANSACTION ISOLATION LEVEL ${isolation}; BEGIN TRANSACTION`)
  }

  async commit(): Promise<void> {
    // after an error that ended the transaction there is none to commit, which is an error of its own
    await this.script('COMMIT TRANSACTION')
    this.#inTransaction = false
  }

  async rollback(): Promise<void> {
    if (!this.#inTransaction || this.closed) return
    this.#inTransaction = false
    await this.script('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION')
  }

  /** Ends the statement under way, which throws StatementCancelled in its own caller. */
  cancel(): void {
    this.#connection.cancel()
  }

  /** Closes the socket, whatever is under way: the server rolls back. */
  destroy(): void {
    this.#closed = true
    this.#connection.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const ended = new Promise<void>((resolve) => this.#connection.once('end', () => resolve()))
    this.#connection.close()
    await ended
  }

  /** One statement after the other, whoever sends them. */
  async #turn(): Promise<Disposable> {
    const before = this.#sending
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sending = promise
    await before
    return { [Symbol.dispose]: resolve }
  }

  /** Rows that all statements counted. `params` null: a batch of statements, not one with parameters. */
  async #request(
    text: string,
    params: readonly SqlServerParam[] | null,
    listen: (request: Request) => void = () => {},
  ): Promise<number> {
    using _turn = await this.#turn()
    if (this.#lost !== null) throw said(this.#lost)
    return await new Promise<number>((resolve, reject) => {
      const request = new Request(text, (error, count) => (error ? reject(said(error)) : resolve(count ?? 0)))
      listen(request)
      if (params === null || params.length === 0) return this.#connection.execSqlBatch(request)
      for (const [i, value] of params.entries()) {
        const bound = typeof value === 'boolean' ? (value ? '1' : '0') : value
        // one of two lengths, so that a statement has one plan
        const length = (bound?.length ?? 0) > NVARCHAR_CHARACTERS ? Infinity : NVARCHAR_CHARACTERS
        request.addParameter(`p${i + 1}`, TYPES.NVarChar, bound, { length })
      }
      this.#connection.execSql(request)
    })
  }
}

/** A row as the client gives it. */
export type Cells = readonly { readonly value: unknown; readonly metadata: { readonly colName: string } }[]

export interface LoadColumn {
  readonly name: string
  readonly kind: 'text' | 'bytes'
  /** characters or bytes; null: any number */
  readonly length: number | null
}

export type LoadRow = readonly (string | Buffer | null)[]

type Authentication = NonNullable<ConnectionConfiguration['authentication']>

function authenticationOf(login: Login): Authentication {
  switch (login.kind) {
    case 'sql':
      return { type: 'default', options: { userName: login.user, password: login.password?.reveal() ?? '' } }
    case 'ntlm':
      return {
        type: 'ntlm',
        options: { userName: login.user, password: login.password?.reveal() ?? '', domain: login.domain },
      }
    case 'entra-default':
      return {
        type: 'azure-active-directory-default',
        options: login.clientId === null ? {} : { clientId: login.clientId },
      }
    case 'entra-password':
      return {
        type: 'azure-active-directory-password',
        options: {
          userName: login.user,
          password: login.password.reveal(),
          clientId: login.clientId,
          tenantId: login.tenantId,
        },
      }
    case 'entra-service-principal':
      return {
        type: 'azure-active-directory-service-principal-secret',
        options: { clientId: login.clientId, clientSecret: login.secret.reveal(), tenantId: login.tenantId },
      }
    case 'entra-managed-identity':
      return {
        type: 'azure-active-directory-msi-vm',
        options: login.clientId === null ? {} : { clientId: login.clientId },
      }
    case 'entra-token':
      return { type: 'azure-active-directory-access-token', options: { token: login.token.reveal() } }
  }
}

function configurationOf({
  host,
  port,
  instance,
  database,
  login,
  tls,
  ...rest
}: SqlServerOptions): ConnectionConfiguration {
  return {
    server: host,
    authentication: authenticationOf(login),
    options: {
      ...(port === null ? {} : { port }),
      ...(instance === null || port !== null ? {} : { instanceName: instance }),
      database,
      appName: rest.applicationName,
      connectTimeout: rest.connectTimeoutMs,
      // a statement ends when it is done, or when whoever sent it cancels it
      requestTimeout: 0,
      encrypt: tls.mode === 'strict' ? 'strict' : tls.mode !== 'disable',
      trustServerCertificate: tls.mode === 'trust',
      ...(tls.serverName === null ? {} : { serverName: tls.serverName }),
      ...(tls.ca === null ? {} : { cryptoCredentialsDetails: { ca: tls.ca } }),
      packetSize: PACKET_BYTES,
      readOnlyIntent: rest.readOnly,
      // any error ends a transaction as a whole: no batch is ever half in
      abortTransactionOnError: true,
      // whoever tries again is ours to decide
      maxRetriesOnTransientErrors: 0,
      useUTC: true,
      useColumnNames: false,
    },
  }
}

async function connectClient(options: SqlServerOptions): Promise<Connection> {
  const connection = new Connection(configurationOf(options))
  // a server that ends a connection as soon as it is made says so before a session listens
  connection.on('error', () => {})
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error ? reject(error) : resolve()))
    })
    return connection
  } catch (error) {
    connection.close()
    // an address that has several numbers gives an error for each, and no words
    const each = error instanceof AggregateError ? error.errors.map((e: unknown) => String(e)).join('; ') : ''
    throw new CannotConnect(each || (error instanceof Error ? error.message : String(error)), numberOf(error), error)
  }
}

/** Errors of a login have their number in the cause, or nowhere. */
function numberOf(error: unknown): number | null {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    const number = serverError(e)?.number
    if (number !== undefined) return number
  }
  return null
}
