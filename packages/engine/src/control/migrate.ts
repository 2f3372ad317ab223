import { AppError } from '../runtime/app-error.ts'
import type { SchemaStatements } from './sql/statements.ts'
import { first, type StoreReader, type StoreSession } from './store-session.ts'

/** Numbered from 1 without gaps, forward only, frozen once released. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly text: string
}

/** The version of the store's schema; 0: nothing is there yet. Refuses what is no store, or a newer one. */
export async function schemaVersion(
  reader: StoreReader,
  sql: SchemaStatements,
  migrations: readonly Migration[],
  location: string,
): Promise<number> {
  const found = await first(reader, sql.look())
  if (found === null || found.tables === 0) return 0
  if (!found.isStore) throw new AppError('TM3005', `${location} is a database of something else`)
  const version = (await first(reader, sql.version())) ?? 0
  const known = migrations.length
  if (version > known) {
    throw new AppError('TM3004', `${location} has schema ${version}, this program knows up to ${known}`, {
      facts: { version, known },
    })
  }
  return version
}

/** Brings the schema up to date in one transaction, each step recorded in it. Two programs may start this at once. */
export async function migrate(
  session: StoreSession,
  sql: SchemaStatements,
  migrations: readonly Migration[],
  location: string,
): Promise<void> {
  if ((await schemaVersion(session, sql, migrations, location)) === migrations.length) return
  await session.transaction(async (tx) => {
    const lock = sql.lock()
    if (lock !== null) await tx.all(lock)
    // again, now that nobody else can migrate
    const version = await schemaVersion(tx, sql, migrations, location)
    for (const migration of migrations.slice(version)) {
      await tx.script(migration.text)
      await tx.all(sql.record(migration))
    }
  })
}
