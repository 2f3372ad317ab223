import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isOpenHere, openSqlite, type SqliteDatabase } from '../../../drivers/sqlite.ts'
import { retrying } from '../../../runtime/retry.ts'
import type { ControlStore } from '../../control-store.ts'
import { makeControlStore } from '../../make-control-store.ts'
import { migrate, schemaVersion } from '../../migrate.ts'
import type { Keep } from '../../store-session.ts'
import { isBusy, storeError } from './errors.ts'
import { privateCopy } from './private-copy.ts'
import { SQLITE_MIGRATIONS } from './sqlite-migrations.ts'
import { BUSY_BLOCK_MS, busyPolicy, SqliteSession } from './sqlite-session.ts'
import { SQLITE_STATEMENTS } from './sqlite-statements.ts'

export interface SqliteStoreOptions {
  readonly readOnly: boolean
  /** how long to wait for another process's transaction */
  readonly busyMs: number
  readonly syncBatches?: boolean
}

/** Opening takes turns in this process: a copy in the making and a connection to the same file must not meet. */
let turn: Promise<unknown> = Promise.resolve()

/** Opens the store in this file, makes it where it is missing, brings its schema up to date. */
export async function openSqliteStore(path: string, options: SqliteStoreOptions): Promise<ControlStore> {
  const { busyMs } = options
  const opened = turn.then(() =>
    options.readOnly ? openToLook(path, busyMs) : openToWork(path, busyMs, options.syncBatches === true),
  )
  turn = opened.catch(() => undefined)
  try {
    return await opened
  } catch (error) {
    throw storeError(error, path)
  }
}

async function openToWork(path: string, busyMs: number, syncBatches: boolean): Promise<ControlStore> {
  await mkdir(dirname(path), { recursive: true })
  const toWal = async (db: SqliteDatabase): Promise<void> => {
    // the switch needs the file alone, and does not wait by itself
    await retrying(busyPolicy(busyMs), isBusy, () => db.all('pragma journal_mode = wal', []))
  }
  return await ready(openSqlite(path, BUSY_BLOCK_MS), path, busyMs, toWal, syncBatches ? 'synced' : 'written')
}

/**
 * On a copy of its own, or on an empty store in memory where there is none yet: nothing at `path` changes. Where this
 * very process has the store open for work, its files are in use anyway: one more connection that only reads.
 */
async function openToLook(path: string, busyMs: number): Promise<ControlStore> {
  if (isOpenHere(path)) return await ready(openSqlite(path, BUSY_BLOCK_MS), path, busyMs, lookOnly)
  await using cleanup = new AsyncDisposableStack()
  const copy = cleanup.use(await privateCopy(path))
  const db = openSqlite(copy?.path ?? ':memory:', BUSY_BLOCK_MS)
  const store = await ready(db, path, busyMs, () => Promise.resolve())
  await lookOnly(db)
  const kept = cleanup.move()
  kept.use(store) // closed first, then the copy goes
  return { ...store, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const lookOnly = async (db: SqliteDatabase): Promise<void> => db.script('pragma query_only = on')

async function ready(
  db: SqliteDatabase,
  location: string,
  busyMs: number,
  prepare: (db: SqliteDatabase) => Promise<void>,
  batchKeep?: Keep,
): Promise<ControlStore> {
  try {
    const session = new SqliteSession(db, location, busyMs)
    // before anything is written: a file of something else, or of a newer program, stays as it is
    await schemaVersion(session, SQLITE_STATEMENTS.schema, SQLITE_MIGRATIONS, location)
    await prepare(db)
    await migrate(session, SQLITE_STATEMENTS.schema, SQLITE_MIGRATIONS, location)
    return await makeControlStore(session, SQLITE_STATEMENTS, location, batchKeep)
  } catch (error) {
    db.close()
    throw error
  }
}
