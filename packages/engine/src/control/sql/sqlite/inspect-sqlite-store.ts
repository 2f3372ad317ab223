import { constants, existsSync } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isOpenHere, openSqlite } from '../../../drivers/sqlite.ts'
import { schemaVersion } from '../../migrate.ts'
import type { StoreStanding } from '../../store-standing.ts'
import { storeError } from './errors.ts'
import { privateCopy } from './private-copy.ts'
import { migrationScript } from './schema.sql.ts'
import { SQLITE_MIGRATIONS } from './sqlite-migrations.ts'
import { BUSY_BLOCK_MS, SqliteSession } from './sqlite-session.ts'
import { SQLITE_STATEMENTS } from './sqlite-statements.ts'

const BUSY_MS = 10_000

/** Throws what opening it would throw: no store of ours, a newer one, a file that cannot be read. */
export async function inspectSqliteStore(path: string): Promise<StoreStanding> {
  try {
    await using copy = isOpenHere(path) ? null : await privateCopy(path)
    const { version, damage } = await lookInto(isOpenHere(path) ? path : (copy?.path ?? ':memory:'), path)
    return {
      location: path,
      exists: existsSync(path),
      version,
      known: SQLITE_MIGRATIONS.length,
      pending: SQLITE_MIGRATIONS.slice(version).map((m) => ({
        version: m.version,
        name: m.name,
        sql: migrationScript(m),
      })),
      damage,
      mending: '',
      refusesWrites: await whyNotWritable(path),
      walBytes: existsSync(`${path}-wal`) ? (await stat(`${path}-wal`)).size : null,
      path,
    }
  } catch (error) {
    throw storeError(error, path)
  }
}

async function lookInto(
  file: string,
  path: string,
): Promise<{ readonly version: number; readonly damage: readonly string[] }> {
  const db = openSqlite(file, BUSY_BLOCK_MS)
  await using session = new SqliteSession(db, path, BUSY_MS)
  const version = await schemaVersion(session, SQLITE_STATEMENTS.schema, SQLITE_MIGRATIONS, path)
  const found = db.all('pragma quick_check', []).map((row) => String(row['quick_check']))
  return { version, damage: found.filter((line) => line !== 'ok') }
}

/** The file, and its folder: the WAL is made beside it. */
async function whyNotWritable(path: string): Promise<string | null> {
  let folder = dirname(path)
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder)
  for (const place of existsSync(path) ? [path, folder] : [folder]) {
    try {
      await access(place, constants.W_OK)
    } catch (error) {
      return `${place} cannot be written (${(error as NodeJS.ErrnoException).code})`
    }
  }
  return null
}
