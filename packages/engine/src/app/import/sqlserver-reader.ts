/** An installation on SQL Server: plain SELECTs over its catalog and its tables, every value as text. */
import { SqlServerSession } from '../../drivers/sqlserver.ts'
import { sqlServerOptionsOf, SqlServerUrlError } from '../../drivers/sqlserver-url.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { BlobDeltaReader, OpenBlobDelta, PlainRow, PlainTable } from './blob-delta-reader.ts'

export type Asked = Pick<SqlServerSession, 'records'> & AsyncDisposable

export const openSqlServerReader: OpenBlobDelta = async ({ id, options }, database, dir) => {
  const location = `database ${database} of connection ${id}`
  return new SqlServerReader(await connect(id, options, database, dir), location)
}

async function connect(
  id: string,
  options: Readonly<Record<string, unknown>>,
  database: string,
  dir: string,
): Promise<SqlServerSession> {
  const { url } = options
  if (typeof url !== 'string')
    throw new AppError('TM1011', `connection ${id} needs url: sqlserver://USER@HOST/DATABASE`)
  try {
    return await SqlServerSession.connect({ ...sqlServerOptionsOf(url, dir, APPLICATION), database })
  } catch (error) {
    if (error instanceof SqlServerUrlError) throw new AppError('TM1011', `connection ${id}: ${error.message}`)
    throw new AppError('TM2001', `${database} of connection ${id}: ${wordsOf(error)}`, { cause: error })
  }
}

const APPLICATION = 'tidemark import'

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const quote = (name: string): string => `[${name.replaceAll(']', ']]')}]`

const COLUMNS = `
SELECT s.name AS [schema], o.name AS [table], c.name AS [column], TYPE_NAME(c.system_type_id) AS [type]
  FROM sys.objects AS o
  JOIN sys.schemas AS s ON s.schema_id = o.schema_id
  JOIN sys.columns AS c ON c.object_id = o.object_id
 WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
 ORDER BY CASE WHEN o.type = 'U' THEN 0 ELSE 1 END, CASE WHEN s.name = N'dbo' THEN 0 ELSE 1 END, s.name, o.name, c.column_id`

const PROCEDURES = `
SELECT o.name AS [name], m.definition AS [text]
  FROM sys.sql_modules AS m
  JOIN sys.objects AS o ON o.object_id = m.object_id
 WHERE o.type = 'P' AND o.name LIKE N'usp[_]Blob%' AND m.definition IS NOT NULL
 ORDER BY o.name`

const TIMES: ReadonlySet<string> = new Set(['datetime', 'datetime2', 'smalldatetime', 'datetimeoffset', 'date', 'time'])

/** ODBC canonical: `2026-11-20 21:57:12.4412345`, as many digits as the type has */
const asText = (column: string, type: string): string =>
  TIMES.has(type) ? `CONVERT(nvarchar(40), ${column}, 121)` : `CONVERT(nvarchar(max), ${column})`

export class SqlServerReader implements BlobDeltaReader {
  readonly location: string
  readonly #session: Asked
  /** `schema.table.column` → type */
  readonly #types = new Map<string, string>()

  constructor(session: Asked, location: string) {
    this.#session = session
    this.location = location
  }

  async tables(): Promise<readonly PlainTable[]> {
    const tables = new Map<string, { schema: string; name: string; columns: string[] }>()
    for (const row of await this.#ask(COLUMNS)) {
      const [schema, name, column] = [row['schema'] ?? '', row['table'] ?? '', row['column'] ?? '']
      const key = JSON.stringify([schema, name])
      const table = tables.get(key) ?? { schema, name, columns: [] }
      table.columns.push(column)
      tables.set(key, table)
      this.#types.set(JSON.stringify([schema, name, column]), row['type'] ?? '')
    }
    return [...tables.values()]
  }

  async rows(table: PlainTable, columns: readonly string[]): Promise<readonly PlainRow[]> {
    const items = columns.map((column) => {
      const type = this.#types.get(JSON.stringify([table.schema, table.name, column])) ?? ''
      return `${asText(quote(column), type)} AS ${quote(column)}`
    })
    return await this.#ask(`SELECT ${items.join(', ')} FROM ${quote(table.schema)}.${quote(table.name)}`)
  }

  async count(table: PlainTable): Promise<bigint> {
    const from = `${quote(table.schema)}.${quote(table.name)}`
    // of a queue, what nobody has worked on yet
    const open = table.columns.find((column) => column.toLowerCase() === 'processed')
    const where = open === undefined ? '' : ` WHERE ${quote(open)} = 0`
    const [row] = await this.#ask(`SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [n] FROM ${from}${where}`)
    return BigInt(row?.['n'] ?? 0)
  }

  async procedures(): Promise<readonly { readonly name: string; readonly text: string }[]> {
    const rows = await this.#ask(PROCEDURES)
    return rows.map((row) => ({ name: row['name'] ?? '', text: row['text'] ?? '' }))
  }

  async values(
    table: readonly [database: string, schema: string, name: string],
    column: string,
  ): Promise<readonly string[] | null> {
    const name = table.map(quote).join('.')
    // of any database; null where there is no such column, or none that may be seen
    const [found] = await this.#ask('SELECT COL_LENGTH(@p1, @p2) AS [length]', [name, column])
    if ((found?.['length'] ?? null) === null) return null
    const value = `CONVERT(nvarchar(max), ${quote(column)})`
    const rows = await this.#ask(
      `SELECT DISTINCT ${value} AS [v] FROM ${name} WHERE ${quote(column)} IS NOT NULL ORDER BY [v]`,
    )
    return rows.map((row) => row['v'] ?? '')
  }

  async now(): Promise<string> {
    const [row] = await this.#ask('SELECT CONVERT(nvarchar(40), SYSDATETIME(), 121) AS [now]')
    return row?.['now'] ?? ''
  }

  async #ask(text: string, params: readonly string[] = []): Promise<readonly PlainRow[]> {
    try {
      return await this.#session.records(text, params)
    } catch (error) {
      throw new AppError('TM1041', `${this.location}: ${wordsOf(error)}`, {
        cause: error,
        remedy: ['grant SELECT on its tables and VIEW DEFINITION on its procedures, then import again'],
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]()
  }
}
