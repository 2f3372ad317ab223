/** The server of a bench: the one that the environment names, as it is set up; a database is made there and dropped again. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { SqlServerSession } from '../../packages/engine/src/drivers/sqlserver.ts'
import { connectionOf, settingsOf } from '../../packages/engine/src/dialects/sqlserver/session.ts'
import { childEnvironment } from '../../packages/engine/src/runtime/config.ts'
import { Secret } from '../../packages/engine/src/runtime/secret.ts'
import { Missing } from '../result.ts'

const VARIABLE = 'TIDEMARK_TEST_SQLSERVER'

const serverUrl = (): string | undefined => childEnvironment({})[VARIABLE]

export function needServer(): void {
  if (serverUrl() === undefined)
    throw new Missing(`${VARIABLE}, the URL of a server to measure: sqlserver://USER:PASSWORD@HOST:PORT/DATABASE`)
}

/** A database of that server, as a connection's options; `url` is the server's, password and all. */
export interface Database {
  readonly url: string
  readonly name: string
}

export const optionsOf = ({ url, name }: Database): Readonly<Record<string, unknown>> => ({
  url: new Secret(url),
  database: name,
})

const connect = (database: Database): Promise<SqlServerSession> =>
  SqlServerSession.connect(connectionOf(optionsOf(database), 'target').options, settingsOf('target'))

export async function withDatabase<T>(work: (database: Database, admin: SqlServerSession) => Promise<T>): Promise<T> {
  needServer()
  const url = serverUrl() ?? ''
  const home = connectionOf({ url: new Secret(url) }, 'target').options
  await using server = await SqlServerSession.connect(home, settingsOf('target'))
  const name = `tidemark_bench_${randomBytes(4).toString('hex')}`
  await server.script(`CREATE DATABASE ${name}`)
  try {
    await using session = await connect({ url, name })
    return await work({ url, name }, session)
  } finally {
    await drop(server, name)
  }
}

/** The server may take a while to see that a session is gone. */
const DROPS = 40
const DROP_MS = 250

async function drop(server: SqlServerSession, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      await server.script(`DROP DATABASE ${name}`)
      return
    } catch (error) {
      if (attempt === DROPS) throw error
      await sleep(DROP_MS)
    }
}
