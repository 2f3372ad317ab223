/**
 * A session of SQL Server: one connection of its client, on which one statement follows the other. The client rounds
 * decimals, money and times and cuts their digits, so every statement asks for text, and every parameter is text that the
 * statement casts: a column that may have been rounded is a TypeError here.
 */
import { type BulkLoad, type Connection, Request, TYPES } from 'tedious'
import { cancelTimeoutOf, connectClient, type SqlServerOptions } from './sqlserver-connect.ts'
import { clientCode, ConnectionLost, serverError, StatementCancelled, StatementTimedOut } from './sqlserver-errors.ts'
import { Feed, type Prompt } from './sqlserver-feed.ts'
import {
  bind,
  type Cells,
  type ColumnAsRead,
  described,
  placesOfCodePages,
  refuseInexact,
  refuseReplaced,
  type SqlServerParam,
  textOf,
} from './sqlserver-values.ts'

export type { Login, SqlServerOptions, TlsMode } from './sqlserver-connect.ts'
export {
  CannotConnect,
  ConnectionLost,
  errorNumber,
  type ServerError,
  serverError,
  serverErrors,
  StatementCancelled,
  StatementTimedOut,
} from './sqlserver-errors.ts'
export type { Cells, SqlServerParam } from './sqlserver-values.ts'

export type SqlServerRow = readonly (string | null)[]
export type SqlServerRecord = Readonly<Record<string, string | null>>

export type Isolation = 'READ COMMITTED' | 'REPEATABLE READ' | 'SNAPSHOT' | 'SERIALIZABLE'

export type LoadColumn =
  | {
      readonly name: string
      readonly kind: 'text' | 'bytes'
      /** characters or bytes; null: any number */
      readonly length: number | null
    }
  /** whole, of 64 bits, never NULL */
  | { readonly name: string; readonly kind: 'number' }

export type LoadRow = readonly (string | Buffer | bigint | null)[]

/** What a statement does besides being sent. */
interface Sending {
  /** rows as they come; null: they are left out */
  readonly take: ((row: Cells) => Promise<void> | void) | null
  readonly allowBytes: boolean
  /** the end of a transaction is answered whoever cancels: else nobody would know whether it is in */
  readonly toTheEnd: boolean
  /** columns of each result, before its rows; absent: they are looked at for values that the client would round */
  readonly describe?: (columns: readonly ColumnAsRead[]) => void
}

const PLAIN: Sending = { take: null, allowBytes: false, toTheEnd: false }

export class SqlServerSession implements AsyncDisposable {
  readonly options: SqlServerOptions
  /** errors of its statements may quote values that nobody is to see */
  discreet = false
  /** a commit is answered when it is on disk, although the database is set to answer earlier */
  flushesCommits = false
  /** of the server; 0 once there is none */
  spid = 0
  readonly #connection: Connection
  #lost: Error | null = null
  #closed = false
  #inTransaction = false
  #sending: Promise<void> = Promise.resolve()
  /** ends what is under way; null: nothing is */
  #end: (() => unknown) | null = null
  #cancels = 0
  /** what the server said before it ended the connection */
  #lastWords: string | null = null

  private constructor(options: SqlServerOptions, connection: Connection) {
    this.options = options
    this.#connection = connection
    // without a listener the loss of an idle connection would end the process
    connection.on('error', (error: Error) => (this.#lost ??= error))
    connection.on('end', () => (this.#closed = true))
    connection.on('errorMessage', (said) => {
      if (said.class >= ENDS_CONNECTION) this.#lastWords = `${said.message} (error ${said.number})`
    })
  }

  /** `settings`: statements that the session begins with, one batch. Throws CannotConnect. */
  static async connect(options: SqlServerOptions, settings = ''): Promise<SqlServerSession> {
    const session = new SqlServerSession(options, await connectClient(options))
    try {
      const [row] = await session.rows(`${settings}\nSELECT @@SPID`)
      session.spid = Number(row?.[0] ?? 0)
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

  /** Parameters are `@p1`, `@p2`, … of type nvarchar, or varbinary where they are bytes. */
  async rows(text: string, params: readonly SqlServerParam[] = []): Promise<readonly SqlServerRow[]> {
    const rows: SqlServerRow[] = []
    await this.#request(text, params, { ...PLAIN, take: (row) => void rows.push(row.map((c) => textOf(c.value))) })
    return rows
  }

  /** The rows by the names of their columns. */
  async records(text: string, params: readonly SqlServerParam[] = []): Promise<readonly SqlServerRecord[]> {
    const rows: SqlServerRecord[] = []
    const take = (row: Cells): void =>
      void rows.push(Object.fromEntries(row.map((c) => [c.metadata.colName, textOf(c.value)])))
    await this.#request(text, params, { ...PLAIN, take })
    return rows
  }

  /** Rows changed, by all of its statements that count; rows that were selected count too. */
  async run(text: string, params: readonly SqlServerParam[] = []): Promise<bigint> {
    return BigInt(await this.#request(text, params, PLAIN))
  }

  /**
   * Statements without parameters, as one batch: what they make that is temporary stays for the session, which what a
   * statement with parameters makes does not.
   */
  async script(text: string): Promise<void> {
    await this.#request(text, [], PLAIN)
  }

  /**
   * How the server describes the columns that these statements would give, which return no rows: a text that stays the
   * same as long as their types, collations and rights to be NULL do.
   */
  async shape(text: string): Promise<string> {
    const results: unknown[] = []
    await this.#request(text, [], { ...PLAIN, describe: (columns) => void results.push(described(columns)) })
    return JSON.stringify(results)
  }

  /**
   * The rows one by one, bytes as buffers; the next is not read before `take` is done with the last. How many there were.
   * Where `take` throws, the statement is ended and its error thrown.
   */
  async each(
    text: string,
    params: readonly SqlServerParam[],
    take: (row: Cells) => Promise<void> | void,
  ): Promise<bigint> {
    let rows = 0
    const counted = (row: Cells): Promise<void> | void => {
      rows++
      return take(row)
    }
    await this.#request(text, params, { ...PLAIN, take: counted, allowBytes: true })
    return BigInt(rows)
  }

  /**
   * Rows into a table whose columns are texts, bytes and numbers as told; its name as a statement has it. Rows that came. Where the
   * rows throw, their error is thrown and no row is in.
   */
  async load(
    table: string,
    columns: readonly LoadColumn[],
    rows: AsyncIterable<LoadRow> | Iterable<LoadRow> | Prompt<LoadRow>,
  ): Promise<bigint> {
    const feed = new Feed(rows)
    const make = (done: Answer): Statement => {
      const bulk = this.#connection.newBulkLoad(table, { keepNulls: true }, done)
      for (const column of columns) {
        const { name, kind } = column
        if (name.includes(']')) throw new TypeError('the client does not quote names of columns')
        if (kind === 'number') bulk.addColumn(name, TYPES.BigInt, { nullable: false })
        else {
          const type = kind === 'bytes' ? TYPES.VarBinary : TYPES.NVarChar
          bulk.addColumn(name, type, { length: column.length ?? Infinity, nullable: true })
        }
      }
      return { request: bulk, send: () => this.#connection.execBulkLoad(bulk, feed as AsyncIterable<unknown[]>) }
    }
    return BigInt(await this.#send(make, [feed], false))
  }

  async begin(isolation: Isolation = 'READ COMMITTED'): Promise<void> {
    this.#inTransaction = true
    await this.script(`SET TRANSACTION ISOLATION LEVEL ${isolation}; BEGIN TRANSACTION`)
  }

  /** ConnectionLost with `inDoubt` where the answer did not come. */
  async commit(): Promise<void> {
    const here = !this.closed
    try {
      // after an error that ended the transaction there is none to commit, which is an error of its own
      const open = await this.#counted(`COMMIT TRANSACTION; SELECT @@TRANCOUNT${this.flushesCommits ? FLUSH : ''}`)
      if (open !== 0) {
        await this.rollback()
        throw new Error('a statement of the transaction began another one inside, so that its commit was none')
      }
      this.#inTransaction = false
    } catch (error) {
      if (here && error instanceof ConnectionLost)
        throw new ConnectionLost(`${error.message}, before a commit was answered: it is in, or it is not`, {
          cause: error,
          inDoubt: true,
        })
      throw error
    }
  }

  async rollback(): Promise<void> {
    if (!this.#inTransaction || this.closed) return
    await this.#request('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION', [], { ...PLAIN, toTheEnd: true })
    this.#inTransaction = false
  }

  /**
   * Ends the statement under way, which throws StatementCancelled in its own caller, as do those that wait for it; none
   * that is asked for later. The end of a transaction is waited for, but not for ever: then the connection is closed.
   */
  cancel(): void {
    this.#cancels++
    this.#end?.()
  }

  /** Closes the socket, whatever is under way: the server rolls back. */
  destroy(): void {
    this.#closed = true
    this.#connection.close()
  }

  /** What is under way fails as lost, and the server rolls back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#connection.close()
    await this.#sending
  }

  async #counted(text: string): Promise<number> {
    let first: string | null = null
    const take = (row: Cells): void => void (first ??= textOf(row[0]?.value))
    await this.#request(text, [], { ...PLAIN, take, toTheEnd: true })
    return Number(first ?? 0)
  }

  /** Rows that all statements counted. Without parameters it is sent as a batch of statements. */
  async #request(text: string, params: readonly SqlServerParam[], how: Sending): Promise<number> {
    const taker = how.take === null ? null : new Taker(how.take, how.allowBytes)
    const feeds: Feed<Buffer>[] = []
    const make = (done: Answer): Statement => {
      const request = new Request(text, done)
      taker?.listen(request)
      if (how.describe) request.on('columnMetadata', how.describe as (columns: unknown) => void)
      feeds.push(...bind(request, params))
      const send = (): void =>
        params.length === 0 ? this.#connection.execSqlBatch(request) : this.#connection.execSql(request)
      return { request, send }
    }
    try {
      const count = await this.#send(make, feeds, how.toTheEnd)
      if (taker?.failure != null) throw taker.failure.error
      return count
    } catch (error) {
      throw taker?.failure == null ? error : taker.failure.error
    } finally {
      await taker?.pending
    }
  }

  async #send(make: (done: Answer) => Statement, feeds: readonly Feed<unknown>[], toTheEnd: boolean): Promise<number> {
    const cancelsBefore = this.#cancels
    using _turn = await this.#turn()
    let timer: NodeJS.Timeout | undefined
    let timedOut = false
    try {
      if (!toTheEnd && this.#cancels !== cancelsBefore)
        throw new StatementCancelled('the statement was cancelled before it was sent')
      if (this.closed) throw this.#gone(this.#lost ?? new Error('the session is closed'))
      this.#lastWords = null
      return await new Promise<number>((resolve, reject) => {
        const { request, send } = make((error, count) => (error ? reject(error) : resolve(count ?? 0)))
        // a message that is given up before it is sent is not something that every server knows
        const end = (): unknown => setImmediate(() => request.cancel())
        const limit = this.options.statementTimeoutMs
        if (toTheEnd) this.#end = () => (timer ??= setTimeout(() => this.destroy(), cancelTimeoutOf(this.options)))
        else {
          this.#end = end
          if (limit !== undefined)
            timer = setTimeout(() => {
              timedOut = true
              end()
            }, limit)
        }
        send()
      })
    } catch (error) {
      // what a server says of a message that was given up in the middle is no news
      const failed = feeds.find((f) => f.failure !== null)?.failure
      if (failed != null) throw failed.error
      throw this.#said(error, timedOut)
    } finally {
      clearTimeout(timer)
      this.#end = null
      for (const feed of feeds) await feed.close()
    }
  }

  /** The client's error, as what it means. */
  #said(error: unknown, timedOut: boolean): unknown {
    if (serverError(error) !== undefined || error instanceof ConnectionLost || error instanceof StatementCancelled)
      return error
    // it gives what the socket said, or what it could not read, and has closed the connection
    if (this.#connection.closed || this.closed || clientCode(error) === 'EINVALIDSTATE') return this.#gone(error)
    if (clientCode(error) !== 'ECANCEL') return error
    return timedOut
      ? new StatementTimedOut(`the statement took longer than ${this.options.statementTimeoutMs} ms`, { cause: error })
      : new StatementCancelled('the statement was cancelled', { cause: error })
  }

  #gone(cause: unknown): ConnectionLost {
    return new ConnectionLost(this.#lastWords ?? (cause instanceof Error ? cause.message : String(cause)), { cause })
  }

  /** One statement after the other, whoever sends them. */
  async #turn(): Promise<Disposable> {
    const before = this.#sending
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sending = promise
    await before
    return { [Symbol.dispose]: resolve }
  }
}

/** severity from which on the server ends the connection */
const ENDS_CONNECTION = 20

/** A database may be set to answer commits before they are on disk; what was committed until now is, after it. */
const FLUSH = '; EXEC sys.sp_flush_log'

type Answer = (error: Error | null | undefined, count?: number) => void

interface Statement {
  readonly request: Request | BulkLoad
  readonly send: () => void
}

/** Takes the rows of one statement in the client's own events, out of which nothing may be thrown. */
class Taker {
  failure: { readonly error: unknown } | null = null
  /** what `take` is still about, when the statement has ended */
  pending: Promise<void> | null = null
  readonly #take: (row: Cells) => Promise<void> | void
  readonly #allowBytes: boolean

  constructor(take: (row: Cells) => Promise<void> | void, allowBytes: boolean) {
    this.#take = take
    this.#allowBytes = allowBytes
  }

  listen(request: Request): void {
    let places: readonly number[] = []
    const fail = (error: unknown): void => {
      this.failure ??= { error }
      request.cancel()
    }
    request.on('columnMetadata', (columns) => {
      try {
        refuseInexact(columns as readonly ColumnAsRead[], this.#allowBytes)
        places = placesOfCodePages(columns as readonly ColumnAsRead[])
      } catch (error) {
        fail(error)
      }
    })
    request.on('row', (row: Cells) => {
      if (this.failure !== null) return
      try {
        if (places.length > 0) refuseReplaced(row, places)
        const taking = this.#take(row)
        if (taking === undefined) return
        request.pause()
        this.pending = taking.then(() => request.resume(), fail)
      } catch (error) {
        fail(error)
      }
    })
  }
}
