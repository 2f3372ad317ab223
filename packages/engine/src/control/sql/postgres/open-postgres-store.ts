import { AppError } from '../../../runtime/app-error.ts'
import type { ControlStore } from '../../control-store.ts'
import { makeControlStore } from '../../make-control-store.ts'
import { migrate, schemaVersion } from '../../migrate.ts'
import { first } from '../../store-session.ts'
import { openSqliteStore } from '../sqlite/open-sqlite-store.ts'
import { storeError } from './errors.ts'
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts'
import type { PostgresStoreSession } from './postgres-session.ts'
import { POSTGRES_STATEMENTS } from './postgres-statements.ts'
import { connectStore, storeServer } from './store-server.ts'

export interface PostgresStoreOptions {
  readonly projectDir: string
  readonly readOnly: boolean
  /** how long to wait for another's lock */
  readonly busyMs: number
}

const { schema } = POSTGRES_STATEMENTS

/** Opens the store in the schema `tidemark` of the database, makes it where it is missing, brings it up to date. */
export async function openPostgresStore(url: string, options: PostgresStoreOptions): Promise<ControlStore> {
  const server = storeServer(url, options.projectDir)
  const { location } = server
  const session = await connectStore(server, options)
  try {
    if (options.readOnly) return await openToLook(session, location, options)
    await migrate(session, schema, POSTGRES_MIGRATIONS, location)
    session.beginToMark()
    return await makeControlStore(session, POSTGRES_STATEMENTS, location)
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw storeError(error, location)
  }
}

/** Whether there is a store; what is there and no store is told by whoever opens it. */
export async function postgresStoreExists(url: string, projectDir: string): Promise<boolean> {
  const server = storeServer(url, projectDir)
  await using session = await connectStore(server, { readOnly: true, busyMs: 10_000 })
  return ((await first(session, schema.look()))?.tables ?? 0) > 0
}

/**
 * Nothing is written, and every transaction is read-only. Where there is no store yet, an empty one in this process's
 * memory on the server's clock. An older schema cannot be read by these statements, and is not migrated by a look.
 */
async function openToLook(
  session: PostgresStoreSession,
  location: string,
  { busyMs }: PostgresStoreOptions,
): Promise<ControlStore> {
  const version = await schemaVersion(session, schema, POSTGRES_MIGRATIONS, location)
  const known = POSTGRES_MIGRATIONS.length
  if (version === known) return await makeControlStore(session, POSTGRES_STATEMENTS, location)
  if (version > 0)
    throw new AppError('TM3005', `${location} has schema ${version}, this program reads ${known}`, {
      facts: { location, version, known },
      remedy: ['tidemark migrate   brings it up to date', 'tidemark migrate --print-sql   shows what it will do'],
    })
  const empty = await openSqliteStore(':memory:', { readOnly: true, busyMs })
  return {
    ...empty,
    location,
    now: async () => (await first(session, schema.now())) ?? (await empty.now()),
    [Symbol.asyncDispose]: async () => {
      await empty[Symbol.asyncDispose]()
      await session[Symbol.asyncDispose]()
    },
  }
}
