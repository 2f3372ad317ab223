/** A connection's options, and what every session of ours has. */
import { SQLSERVER_TLS_MODES } from '@tidemark/contract/sqlserver-schema'
import { type SqlServerOptions, SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import { retrying } from '../../runtime/retry.ts'
import { Secret } from '../../runtime/secret.ts'
import { markAsReader } from './activity.sql.ts'
import { parseUrl } from './connection-url.ts'
import { classify, translate } from './errors.ts'
import { loginOf } from './login.ts'
import { tsql } from './style.ts'

export interface SqlServerConnection {
  readonly options: SqlServerOptions
  /** of tables that are named without one */
  readonly schema: string
  /** logins whose open transactions never write: they hold no ceiling back */
  readonly readOnlyLogins: readonly string[]
  /** no batch begins under an older snapshot */
  readonly maxAgeMs: number
  /** `host:port/database`, for messages */
  readonly location: string
}

export type Purpose =
  /** asks and reads only, and makes what is temporary: no ceiling is held back by it */
  | 'source'
  /** writes batches */
  | 'target'

export const APPLICATION = 'tidemark'

/** `tidemark source`, `tidemark target`: what `sys.dm_exec_sessions` shows. */
export const applicationName = (purpose: Purpose): string => `${APPLICATION} ${purpose}`

/** shorter than a lease, which is a minute by default: who waits for a lock gives way to the owner of the next one */
export const LOCK_TIMEOUT_MS = 30_000
/** a window is read by one statement, however large it is; its versions fill tempdb meanwhile */
const READ_TIMEOUT_MS = 60 * 60_000

/**
 * The language resets the order of dates, so it comes first; the rest is what indexed views, computed columns and
 * FileTables insist on, and what makes one text mean one value. Of two that wait for each other, one that reads gives way.
 */
export const settingsOf = (purpose: Purpose): string =>
  `SET LANGUAGE us_english
SET DATEFORMAT ymd
SET DATEFIRST 7
SET ANSI_NULLS ON
SET ANSI_NULL_DFLT_ON ON
SET ANSI_PADDING ON
SET ANSI_WARNINGS ON
SET ARITHABORT ON
SET CONCAT_NULL_YIELDS_NULL ON
SET QUOTED_IDENTIFIER ON
SET NUMERIC_ROUNDABORT OFF
SET IMPLICIT_TRANSACTIONS OFF
SET CURSOR_CLOSE_ON_COMMIT OFF
SET XACT_ABORT ON
SET NOCOUNT OFF
SET TEXTSIZE 2147483647
SET LOCK_TIMEOUT ${LOCK_TIMEOUT_MS}
SET DEADLOCK_PRIORITY ${purpose === 'source' ? 'LOW' : 'NORMAL'}
SET TRANSACTION ISOLATION LEVEL READ COMMITTED${purpose === 'source' ? `\n${tsql(markAsReader)}` : ''}`

const CONNECT_TIMEOUT_MS = 15_000
const DEFAULT_PORT = 1433
/** Versions of rows fill tempdb as long as a snapshot is open. */
const MAX_AGE_MS = 60 * 60_000

type Given = Readonly<Record<string, unknown>>

/** A value, opened where it is a secret; null: not given. */
function textOf(given: Given, name: string): string | null {
  const value = given[name]
  if (value === undefined || value === null) return null
  if (value instanceof Secret) return value.reveal()
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new AppError('TM1011', `a sqlserver connection needs ${name} to be a text`)
}

function portOf(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new AppError('TM1011', `port ${text} is none`)
  return port
}

function tlsOf(ofTls: (name: string) => string | null): SqlServerOptions['tls'] {
  const wanted = ofTls('mode') ?? 'require'
  const mode = SQLSERVER_TLS_MODES.find((m) => m === wanted)
  if (mode === undefined)
    throw new AppError('TM1011', `tls mode ${wanted}; there are ${SQLSERVER_TLS_MODES.join(', ')}`)
  const ca = ofTls('ca')
  if (ca !== null && !ca.includes('-----BEGIN '))
    throw new AppError('TM1011', 'the ca of a sqlserver connection is a certificate as PEM: tls: { ca: file:PATH }')
  return { mode, ca, serverName: ofTls('server_name') }
}

/** Of `{ url }`, or host, port or instance, database, schema, login and its keys, tls, …; what stands beside a url wins. */
export function connectionOf(given: Given, purpose: Purpose = 'source'): SqlServerConnection {
  const url = textOf(given, 'url')
  const parts = url === null ? {} : parseUrl(url)
  const of = (name: string): string | null => textOf(given, name) ?? parts[name] ?? null
  const tls = typeof given['tls'] === 'object' && given['tls'] !== null ? (given['tls'] as Given) : {}
  const ofTls = (name: string): string | null => textOf(tls, name) ?? parts[name === 'mode' ? 'tls' : name] ?? null
  const host = of('host')
  const database = of('database')
  if (host === null || database === null)
    throw new AppError(
      'TM1011',
      'a sqlserver connection needs url: sqlserver://USER@HOST/DATABASE, or host and database',
    )
  // either of them beside a url takes the place of both in it
  const instance = given['port'] === undefined ? of('instance') : textOf(given, 'instance')
  const port = given['instance'] === undefined ? of('port') : textOf(given, 'port')
  if (instance !== null && port !== null)
    throw new AppError('TM1011', 'port and instance of a sqlserver connection exclude each other')
  const readOnly = given['read_only'] === true
  if (readOnly && purpose === 'target')
    throw new AppError('TM1011', `${host}/${database} is read_only, which asks for a copy that takes no writes`)
  const logins = given['read_only_logins']
  const maxAge = given['max_age']
  return {
    options: {
      host,
      port: port === null ? (instance === null ? DEFAULT_PORT : null) : portOf(port),
      instance,
      database,
      login: loginOf(of),
      tls: tlsOf(ofTls),
      applicationName: applicationName(purpose),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      readOnly,
      ...(purpose === 'source' ? { statementTimeoutMs: READ_TIMEOUT_MS } : {}),
    },
    schema: of('schema') ?? 'dbo',
    readOnlyLogins: Array.isArray(logins) ? logins.map(String) : [],
    maxAgeMs: typeof maxAge === 'number' ? maxAge : MAX_AGE_MS,
    location: `${instance === null ? `${host}:${port ?? DEFAULT_PORT}` : `${host}\\${instance}`}/${database}`,
  }
}

/** 2: every commit is answered before it is on disk, whatever a transaction asks for */
const FORCES_DELAY = 'SELECT CAST(delayed_durability AS int) FROM sys.databases WHERE name = DB_NAME()'

/** A database that wakes up, moves or is busy says so, and is there within a minute: Azure SQL does all three. */
const BUSY = { budgetMs: 60_000, minDelayMs: 1_000, maxDelayMs: 10_000, factor: 2 }

/** of those that have had a session: what its database says of commits */
const DELAYS = new WeakMap<SqlServerConnection, boolean>()

async function openOnce(
  connection: SqlServerConnection,
  options: SqlServerOptions,
  purpose: Purpose,
): Promise<SqlServerSession> {
  const session = await SqlServerSession.connect(options, settingsOf(purpose))
  try {
    // the ledger trusts a commit that was answered: it must not be lost with the server
    if (purpose === 'target') {
      const delays = DELAYS.get(connection) ?? (await session.rows(FORCES_DELAY))[0]?.[0] === '2'
      DELAYS.set(connection, delays)
      session.flushesCommits = delays
    }
    return session
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

/** A session with all its settings. `busy`: for how long one that has no room for us is asked again. */
export async function openSession(
  connection: SqlServerConnection,
  purpose: Purpose,
  busy: typeof BUSY = BUSY,
): Promise<SqlServerSession> {
  const { statementTimeoutMs: _, ...rest } = connection.options
  const options: SqlServerOptions = {
    ...rest,
    applicationName: applicationName(purpose),
    ...(purpose === 'source' ? { statementTimeoutMs: READ_TIMEOUT_MS } : {}),
  }
  try {
    return await retrying(
      busy,
      (error) => classify(error) === 'busy',
      () => openOnce(connection, options, purpose),
    )
  } catch (error) {
    throw translate(error, connection.location)
  }
}

/** The same server and login, and another of its databases. */
export const inDatabase = (connection: SqlServerConnection, database: string): SqlServerConnection =>
  database === connection.options.database
    ? connection
    : {
        ...connection,
        options: { ...connection.options, database },
        location: connection.location.replace(/\/[^/]*$/, () => `/${database}`),
      }
