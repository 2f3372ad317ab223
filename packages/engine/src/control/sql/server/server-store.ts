/** A control store on a server: what each database brings, and how it is connected, opened and looked at. */
import { AppError } from '../../../runtime/app-error.ts'
import { retrying } from '../../../runtime/retry.ts'
import type { ControlStore } from '../../control-store.ts'
import { makeControlStore } from '../../make-control-store.ts'
import { type Migration, migrate, schemaVersion } from '../../migrate.ts'
import { first } from '../../store-session.ts'
import { openSqliteStore } from '../sqlite/open-sqlite-store.ts'
import type { StoreStatements } from '../statements.ts'
import type { Difference } from './schema-difference.ts'
import type { ServerKit } from './server-kit.ts'
import { ServerStoreSession } from './server-session.ts'

/** A restart is over by then, and a lease of the default length still holds. */
const AWAY_MS = 30_000
const STARTS_WITHIN_MS = 10_000
const LOOK_BUSY_MS = 10_000

/** Where a URL leads. */
export interface StoreServer {
  /** `host:port/database`; never a secret */
  readonly location: string
  kit(options: { readonly readOnly: boolean; readonly busyMs: number }): ServerKit
}

export interface ServerStore {
  readonly statements: StoreStatements
  readonly migrations: readonly Migration[]
  /** TM1011 where the URL is none. */
  serverOf(url: string, projectDir: string): StoreServer
  /** Asked by the first connection: TM3005 where the server, or its database, can hold no store. */
  refuse(session: ServerStoreSession, location: string, readOnly: boolean): Promise<void>
  /** It will be there in a moment. */
  isStarting(error: unknown): boolean
  /** Of a first connection: whatever is wrong then, the store cannot be opened. */
  openError(error: unknown, location: string): unknown
  /** A migration for a person to read or run. */
  migrationScript(migration: Migration): string
  differences(session: ServerStoreSession): Promise<readonly Difference[]>
  mendingSql(differences: readonly Difference[]): string
  /** Null: it can. */
  whyNotWritable(session: ServerStoreSession): Promise<string | null>
}

export interface ServerStoreOptions {
  readonly projectDir: string
  readonly readOnly: boolean
  /** how long to wait for another's lock */
  readonly busyMs: number
}

/** A first connection is made here: what is wrong with it is said at once, but for a server that is just starting. */
export async function connectStore(
  store: ServerStore,
  url: string,
  { projectDir, readOnly, busyMs }: ServerStoreOptions,
): Promise<{ readonly session: ServerStoreSession; readonly location: string }> {
  const server = store.serverOf(url, projectDir)
  const { location } = server
  const kit = server.kit({ readOnly, busyMs })
  const session = new ServerStoreSession(kit, { location, readOnly, busyMs, awayMs: AWAY_MS })
  const policy = { budgetMs: STARTS_WITHIN_MS, minDelayMs: 50, maxDelayMs: 500, factor: 2 }
  try {
    await retrying(
      policy,
      (error) => store.isStarting(error),
      () => store.refuse(session, location, readOnly),
    )
    return { session, location }
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw store.openError(error, location)
  }
}

/** For a look that outlives no call. */
export const connectToLook = (store: ServerStore, url: string, projectDir: string) =>
  connectStore(store, url, { projectDir, readOnly: true, busyMs: LOOK_BUSY_MS })

/** Opens the store in the schema `tidemark` of the database, makes it where it is missing, brings it up to date. */
export async function openServerStore(
  store: ServerStore,
  url: string,
  options: ServerStoreOptions,
): Promise<ControlStore> {
  const { session, location } = await connectStore(store, url, options)
  const { statements, migrations } = store
  try {
    if (options.readOnly) return await openToLook(store, session, location, options)
    await migrate(session, statements.schema, migrations, location)
    session.beginToMark()
    return await makeControlStore(session, statements, location)
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw store.openError(error, location)
  }
}

/** Whether there is a store; what is there and no store is told by whoever opens it. */
export async function serverStoreExists(store: ServerStore, url: string, projectDir: string): Promise<boolean> {
  const { session } = await connectToLook(store, url, projectDir)
  await using _closing = session
  return ((await first(session, store.statements.schema.look()))?.tables ?? 0) > 0
}

/**
 * Nothing is written. Where there is no store yet, an empty one in this process's memory on the server's clock. An older
 * schema cannot be read by these statements, and is not migrated by a look.
 */
async function openToLook(
  { statements, migrations }: ServerStore,
  session: ServerStoreSession,
  location: string,
  { busyMs }: ServerStoreOptions,
): Promise<ControlStore> {
  const version = await schemaVersion(session, statements.schema, migrations, location)
  const known = migrations.length
  if (version === known) return await makeControlStore(session, statements, location)
  if (version > 0)
    throw new AppError('TM3005', `${location} has schema ${version}, this program reads ${known}`, {
      facts: { location, version, known },
      remedy: ['tidemark migrate   brings it up to date', 'tidemark migrate --print-sql   shows what it will do'],
    })
  const empty = await openSqliteStore(':memory:', { readOnly: true, busyMs })
  return {
    ...empty,
    location,
    now: async () => (await first(session, statements.schema.now())) ?? (await empty.now()),
    [Symbol.asyncDispose]: async () => {
      await empty[Symbol.asyncDispose]()
      await session[Symbol.asyncDispose]()
    },
  }
}
