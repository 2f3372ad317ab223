/** A connection's options, and what every session of ours has. */
import { type PostgresOptions, PostgresSession, type Settings, type TlsMode } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import { Secret } from '../../runtime/secret.ts'
import { textOf as sqlOf } from '../sql-text.ts'
import { lockAsReader } from './activity.sql.ts'
import { parseUrl } from './connection-url.ts'
import { translate } from './errors.ts'
import { refusePooler } from './pooler.ts'

export interface PostgresConnection {
  readonly options: PostgresOptions
  /** of tables that are named without one */
  readonly schema: string
  /** roles whose open transactions never write: they hold no ceiling back */
  readonly readOnlyRoles: readonly string[]
  /** no batch begins under an older snapshot */
  readonly maxAgeMs: number
  /** `host:port/database`, for messages */
  readonly location: string
}

/** shorter than a lease, which is a minute by default: a session that its owner lost is gone before the next one begins */
const LEASE_MS = 60_000
const LOCK_TIMEOUT_MS = LEASE_MS / 2
const IDLE_TIMEOUT_MS = LEASE_MS / 2
const KEEPALIVES: Settings = {
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '25000',
}
/** a window is read by one statement, however large it is; a snapshot holds back vacuum */
const READ_TIMEOUT_MS = 60 * 60_000

export type Purpose =
  /** asks and reads only */
  | 'source'
  /** writes batches */
  | 'target'

export const APPLICATION = 'tidemark'

/** `tidemark source`, `tidemark target`: what pg_stat_activity shows. */
export const applicationName = (purpose: Purpose): string => `${APPLICATION} ${purpose}`

export const settingsOf = (purpose: Purpose): Settings => ({
  ...KEEPALIVES,
  lock_timeout: String(LOCK_TIMEOUT_MS),
  idle_in_transaction_session_timeout: purpose === 'source' ? String(READ_TIMEOUT_MS) : String(IDLE_TIMEOUT_MS),
  statement_timeout: purpose === 'source' ? String(READ_TIMEOUT_MS) : '0',
  ...(purpose === 'source' ? { default_transaction_read_only: 'on' } : {}),
})

const TLS_MODES: readonly TlsMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']
const CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_PORT = 5432
/** A snapshot holds back vacuum in the source. */
const MAX_AGE_MS = 60 * 60_000

type Given = Readonly<Record<string, unknown>>

/** A value, opened where it is a secret; null: not given. */
function textOf(given: Given, name: string): string | null {
  const value = given[name]
  if (value === undefined || value === null) return null
  if (value instanceof Secret) return value.reveal()
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new AppError('TM1011', `a postgres connection needs ${name} to be a text`)
}

/** Of `{ url }`, or host, port, database, user, password, schema, tls, read_only_roles; what stands beside a url wins. */
export function connectionOf(given: Given, purpose: Purpose = 'source'): PostgresConnection {
  const url = textOf(given, 'url')
  const parts = url === null ? {} : parseUrl(url)
  const of = (name: string): string | null => textOf(given, name) ?? parts[name] ?? null
  const tls = typeof given['tls'] === 'object' && given['tls'] !== null ? (given['tls'] as Given) : {}
  const ofTls = (name: string): string | null => textOf(tls, name) ?? parts[`tls_${name}`] ?? null
  const host = of('host')
  const database = of('database')
  if (host === null || database === null)
    throw new AppError('TM1011', 'a postgres connection needs url: postgres://USER@HOST/DATABASE, or host and database')
  const port = Number(of('port') ?? DEFAULT_PORT)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new AppError('TM1011', `port ${port} is none`)
  const mode = ofTls('mode') ?? 'prefer'
  const known = TLS_MODES.find((m) => m === mode)
  if (known === undefined) throw new AppError('TM1011', `tls mode ${mode}; there are ${TLS_MODES.join(', ')}`)
  const password = of('password')
  const key = ofTls('key')
  const roles = given['read_only_roles']
  const maxAge = given['max_age']
  return {
    options: {
      host,
      port,
      database,
      user: of('user') ?? 'postgres',
      password: password === null ? null : new Secret(password),
      tls: { mode: known, ca: ofTls('ca'), cert: ofTls('cert'), key: key === null ? null : new Secret(key) },
      applicationName: applicationName(purpose),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    },
    schema: of('schema') ?? 'public',
    readOnlyRoles: Array.isArray(roles) ? roles.map(String) : [],
    maxAgeMs: typeof maxAge === 'number' ? maxAge : MAX_AGE_MS,
    location: `${host}:${port}/${database}`,
  }
}

/** From 17 on a transaction as a whole can be limited too. */
const LIMIT_TRANSACTIONS =
  "SELECT pg_catalog.set_config(name, $1, false) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'"

/** The ledger trusts a commit that was answered: it must not be lost with the server, whatever the server is set to. */
const COMMIT_TO_DISK =
  "SELECT pg_catalog.set_config('synchronous_commit', 'on', false) WHERE pg_catalog.current_setting('synchronous_commit') = 'off'"

async function setWhatDepends(session: PostgresSession, purpose: Purpose): Promise<void> {
  if (purpose === 'source') await session.rows(LIMIT_TRANSACTIONS, [String(READ_TIMEOUT_MS)])
  else await session.rows(COMMIT_TO_DISK)
}

/** A session with all its settings; one that reads takes the lock that says so. TM2012 behind a pooler that gives every transaction another session. */
export async function openSession(connection: PostgresConnection, purpose: Purpose): Promise<PostgresSession> {
  const options = { ...connection.options, applicationName: applicationName(purpose) }
  try {
    const session = await PostgresSession.connect(options, settingsOf(purpose))
    try {
      await refusePooler(session, connection.location)
      await setWhatDepends(session, purpose)
      if (purpose === 'source') await session.rows(sqlOf(lockAsReader))
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
    return session
  } catch (error) {
    throw translate(error, connection.location)
  }
}
