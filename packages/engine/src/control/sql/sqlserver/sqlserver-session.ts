import { type SqlServerOptions, SqlServerSession } from '../../../drivers/sqlserver.ts'
import type { ServerKit } from '../server/server-kit.ts'
import { ServerStoreSession, type SessionOptions } from '../server/server-session.ts'
import { batchesOf } from './batches-of-script.ts'
import { sqlServerMarks } from './commit-mark.sql.ts'
import { isConflict, isLost, numberOf, storeError } from './errors.ts'

/** no statement of the ledger works so long; migrations may */
const STATEMENT_MS = 120_000

const WRITES = 'READ COMMITTED'
/** A look may have left its level to the session; a single read begins with its own. */
const READS = 'set transaction isolation level read committed;\n'

/** 2: a commit is answered before it is on the disk, whatever the transaction asks for */
const DURABILITY = 'select cast(delayed_durability as int) from sys.databases where name = db_name()'
const FORCED = '2'

const HAS_VERSIONS = `select case when snapshot_isolation_state = 1 then 1 else 0 end
                        from sys.databases where name = db_name()`

async function connect(server: SqlServerOptions, busyMs: number): Promise<SqlServerSession> {
  const lockTimeout = Math.max(1, Math.round(busyMs))
  const session = await SqlServerSession.connect(server, `set nocount on; set lock_timeout ${lockTimeout}`)
  try {
    // as on PostgreSQL: what was answered is there after a crash of the server
    session.flushesCommits = (await session.rows(DURABILITY))[0]?.[0] === FORCED
    return session
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

export function sqlServerKit(
  server: SqlServerOptions,
  { busyMs }: Pick<SessionOptions, 'busyMs'>,
): ServerKit<SqlServerSession> {
  return {
    connect: () => connect(server, busyMs),
    ask: async (session, text, values) => {
      const timer = setTimeout(() => session.cancel(), STATEMENT_MS)
      try {
        return await session.records(session.inTransaction ? text : `${READS}${text}`, values)
      } finally {
        clearTimeout(timer)
      }
    },
    script: async (session, text) => {
      for (const batch of batchesOf(text)) await session.script(batch)
    },
    begin: async (session, mark) => {
      await session.begin(WRITES)
      if (mark !== null) await session.script(mark)
    },
    // without versions of rows, what was read is locked until the end: others wait, or this begins again
    beginToLook: async (session) => {
      const [versions] = await session.rows(HAS_VERSIONS)
      await session.begin(versions?.[0] === '1' ? 'SNAPSHOT' : 'SERIALIZABLE')
    },
    marks: sqlServerMarks,
    deadlineMs: STATEMENT_MS + 15_000,
    isServers: (error) => numberOf(error) !== undefined,
    isLost,
    isConflict,
    storeError,
  }
}

export const sqlServerStoreSession = (
  server: SqlServerOptions,
  options: SessionOptions,
): ServerStoreSession<SqlServerSession> => new ServerStoreSession(sqlServerKit(server, options), options)
