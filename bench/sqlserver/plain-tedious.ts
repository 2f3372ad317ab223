/** What a person would write with the client alone, exact and in a stream: no part of it is Tidemark's. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { Connection, type ConnectionConfiguration, Request, TYPES } from 'tedious'
import type { Database } from './bench-server.ts'

const CHUNK = 64 * 1024
const PACKET_BYTES = 16_384

function configuration({ url, name }: Database): ConnectionConfiguration {
  const { hostname, port, username, password, searchParams } = new URL(url)
  const tls = searchParams.get('tls') ?? 'require'
  return {
    server: hostname,
    authentication: {
      type: 'default',
      options: { userName: decodeURIComponent(username), password: decodeURIComponent(password) },
    },
    options: {
      port: Number(port || 1433),
      database: name,
      encrypt: tls === 'strict' ? 'strict' : tls !== 'disable',
      trustServerCertificate: tls === 'trust',
      packetSize: PACKET_BYTES,
      requestTimeout: 0,
      lowerCaseGuids: true,
    },
  }
}

async function connect(database: Database): Promise<Connection> {
  const connection = new Connection(configuration(database))
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())))
  return connection
}

const batch = (connection: Connection, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    connection.execSqlBatch(new Request(text, (error) => (error ? reject(error) : resolve())))
  })

type Row = readonly { readonly value: unknown }[]

const quoted = (text: string): string => (text.includes('"') ? `"${text.replaceAll('"', '""')}"` : `"${text}"`)
function written({ value }: Row[number]): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'boolean') return value ? 't' : 'f'
  return typeof value === 'number' ? String(value) : ''
}

/** All rows of a SELECT as lines of CSV into that stream, at its pace. */
export async function readAll(database: Database, select: string, into: Writable): Promise<void> {
  const connection = await connect(database)
  let text = ''
  await new Promise<void>((resolve, reject) => {
    const request = new Request(select, (error) => (error ? reject(error) : resolve()))
    request.on('row', (row: Row) => {
      text += `${row.map(written).join(',')}\n`
      if (text.length < CHUNK) return
      const more = into.write(text)
      text = ''
      if (more) return
      request.pause()
      into.once('drain', () => request.resume())
    })
    connection.execSqlBatch(request)
  })
  await new Promise<void>((resolve) => into.end(text, () => resolve()))
  connection.close()
}

/** of one load, one INSERT and one commit */
const ROWS_AT_ONCE = 100_000
const STAGE = '#stage'

/** A CSV file without marks around its values into a table, by way of texts: bulk load rounds what is no text. */
export async function loadFile(
  database: Database,
  file: string,
  columns: readonly { readonly name: string; readonly cast: string }[],
  table: string,
): Promise<void> {
  const connection = await connect(database)
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity })[Symbol.asyncIterator]()
  const names = columns.map(({ name }) => name).join(', ')
  await batch(
    connection,
    `CREATE TABLE ${STAGE} (${columns.map(({ name }) => `${name} nvarchar(4000) NULL`).join(', ')})`,
  )
  for (let isMore = true; isMore; ) {
    await batch(connection, 'BEGIN TRANSACTION')
    const before = await load(
      connection,
      columns.map(({ name }) => name),
      () => lines.next(),
    )
    isMore = before === ROWS_AT_ONCE
    const values = columns.map(({ name, cast }) => cast.replaceAll('?', name)).join(', ')
    await batch(connection, `INSERT INTO ${table} (${names}) SELECT ${values} FROM ${STAGE}`)
    await batch(connection, `TRUNCATE TABLE ${STAGE}; COMMIT TRANSACTION`)
  }
  connection.close()
}

function load(
  connection: Connection,
  names: readonly string[],
  next: () => Promise<IteratorResult<string>>,
): Promise<number> {
  let rows = 0
  async function* values(): AsyncGenerator<readonly (string | null)[]> {
    while (rows < ROWS_AT_ONCE) {
      const line = await next()
      if (line.done === true) return
      rows++
      yield line.value.split('\t').map((x) => (x === '' ? null : x))
    }
  }
  return new Promise((resolve, reject) => {
    const bulk = connection.newBulkLoad(STAGE, { keepNulls: true }, (error) => (error ? reject(error) : resolve(rows)))
    for (const name of names) bulk.addColumn(name, TYPES.NVarChar, { length: 4000, nullable: true })
    connection.execBulkLoad(bulk, values() as AsyncIterable<unknown[]>)
  })
}
