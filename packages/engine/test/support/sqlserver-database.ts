/** Databases of a test's own, on the server that the environment names. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { connectionOf, settingsOf } from '../../src/dialects/sqlserver/session.ts'
import { newShortId } from '../../src/runtime/new-id.ts'

/** `sqlserver://USER:PASSWORD@HOST:PORT/DATABASE?tls=…` of a server for tests; without it they are skipped, and say so. */
export const TEST_SERVER = process.env['TIDEMARK_TEST_SQLSERVER'] ?? null

/** Once nobody else makes or removes one, or is connected to it: a session that was closed may be there for a moment. */
export async function untilDone(work: () => Promise<void>): Promise<void> {
  for (let left = 50; ; left--) {
    try {
      return await work()
    } catch (error) {
      if (left === 0) throw error
      await sleep(100)
    }
  }
}

const connectTo = (options: SqlServerDatabase['options']): Promise<SqlServerSession> =>
  SqlServerSession.connect(connectionOf(options, 'target').options, settingsOf('target'))

export class SqlServerDatabase implements AsyncDisposable {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  readonly #admin: SqlServerSession
  readonly session: SqlServerSession

  private constructor(
    name: string,
    options: Readonly<Record<string, unknown>>,
    admin: SqlServerSession,
    session: SqlServerSession,
  ) {
    this.name = name
    this.options = options
    this.#admin = admin
    this.session = session
  }

  static async create(): Promise<SqlServerDatabase> {
    if (TEST_SERVER === null) throw new Error('TIDEMARK_TEST_SQLSERVER names no server')
    const home = connectionOf({ url: TEST_SERVER }, 'target').options
    const admin = await SqlServerSession.connect(home, settingsOf('target'))
    const name = `t_${newShortId(8)}`
    await untilDone(() => admin.script(`CREATE DATABASE ${name}`))
    const options = { url: TEST_SERVER, database: name }
    const session = await connectTo(options)
    return new SqlServerDatabase(name, options, admin, session)
  }

  /** A session of its own, for the caller to end. */
  connect(): Promise<SqlServerSession> {
    return connectTo(this.options)
  }

  /** Without a table or view: making a database anew takes seconds. */
  async clean(): Promise<void> {
    const names = await this.session.rows(
      `SELECT CONCAT(CASE o.type WHEN 'V' THEN 'VIEW' ELSE 'TABLE' END, ' [', REPLACE(CAST(n.name AS nvarchar(128)), ']', ']]'), '].[', REPLACE(CAST(o.name AS nvarchar(128)), ']', ']]'), ']')
FROM sys.objects AS o JOIN sys.schemas AS n ON n.schema_id = o.schema_id WHERE o.type IN ('U', 'V') ORDER BY CASE o.type WHEN 'V' THEN 0 ELSE 1 END`,
    )
    if (names.length > 0) await this.session.script(names.map(([name]) => `DROP ${name}`).join('\n'))
  }

  /** Each is a batch. */
  async exec(...batches: readonly string[]): Promise<void> {
    for (const batch of batches) await this.session.script(batch)
  }

  rows(query: string): Promise<readonly (readonly (string | null)[])[]> {
    return this.session.rows(query)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]()
    await untilDone(() => this.#admin.script(`DROP DATABASE ${this.name}`))
    await this.#admin[Symbol.asyncDispose]()
  }
}
