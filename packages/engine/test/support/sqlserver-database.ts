/** Databases of a test's own, on the server that the environment names. */
import { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { connectionOf, settingsOf } from '../../src/dialects/sqlserver/session.ts'
import { dropDatabase, makeDatabase, TEST_SERVER } from './sqlserver-server.ts'

const connectTo = (options: SqlServerDatabase['options']): Promise<SqlServerSession> =>
  SqlServerSession.connect(connectionOf(options, 'target').options, settingsOf('target'))

export class SqlServerDatabase implements AsyncDisposable {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  readonly session: SqlServerSession

  private constructor(name: string, options: Readonly<Record<string, unknown>>, session: SqlServerSession) {
    this.name = name
    this.options = options
    this.session = session
  }

  static async create(): Promise<SqlServerDatabase> {
    if (TEST_SERVER === null) throw new Error('TIDEMARK_TEST_SQLSERVER names no server')
    const name = await makeDatabase('t')
    const options = { url: TEST_SERVER, database: name }
    return new SqlServerDatabase(name, options, await connectTo(options))
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
    await dropDatabase(this.name)
  }
}
