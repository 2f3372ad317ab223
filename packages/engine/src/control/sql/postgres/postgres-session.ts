import { type PostgresOptions, PostgresSession, type Settings, sqlState } from '../../../drivers/postgres.ts'
import type { ServerKit } from '../server/server-kit.ts'
import { ServerStoreSession, type SessionOptions } from '../server/server-session.ts'
import { mark, newestMark, removeMark } from './commit-mark.sql.ts'
import { isConflict, isLost, storeError } from './errors.ts'

/** no statement of the ledger works so long; migrations may */
const STATEMENT_TIMEOUT_MS = 120_000

type Wishes = Pick<SessionOptions, 'readOnly' | 'busyMs'>

/**
 * For the whole session, and none of it needed for what is right: a transaction says all that it relies on. A process
 * that is stopped in the middle of one gives way before those who wait for its locks give up.
 */
const settingsOf = ({ readOnly, busyMs }: Wishes): Settings => ({
  statement_timeout: String(STATEMENT_TIMEOUT_MS),
  lock_timeout: String(Math.max(1, busyMs)),
  idle_in_transaction_session_timeout: String(Math.max(1_000, Math.round(busyMs / 2))),
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  ...(readOnly ? { default_transaction_read_only: 'on' } : {}),
})

const WRITES = 'isolation level read committed'
const ONE_MOMENT = 'isolation level repeatable read read only'
/** Whatever safe value the server has, for either `Keep`: our process outlives a crash of it, and acts on what it was answered. */
const SYNCED = `select case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', true) end`

export function postgresKit(server: PostgresOptions, wishes: Wishes): ServerKit<PostgresSession> {
  const settings = settingsOf(wishes)
  return {
    connect: () => PostgresSession.connect(server, settings),
    ask: (session, text, values) => session.records(text, values),
    script: (session, text) => session.script(`set local statement_timeout = 0; ${text}`),
    begin: (session, text) => session.begin(WRITES, text === null ? SYNCED : `${SYNCED}; ${text}`),
    beginToLook: (session) => session.begin(ONE_MOMENT),
    marks: { mark, newest: newestMark, remove: removeMark },
    deadlineMs: STATEMENT_TIMEOUT_MS + 15_000,
    isServers: (error) => sqlState(error) !== undefined,
    isLost,
    isConflict,
    storeError,
  }
}

export const postgresStoreSession = (
  server: PostgresOptions,
  options: SessionOptions,
): ServerStoreSession<PostgresSession> => new ServerStoreSession(postgresKit(server, options), options)
