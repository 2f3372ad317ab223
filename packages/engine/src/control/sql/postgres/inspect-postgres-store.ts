import { schemaVersion } from '../../migrate.ts'
import type { StoreStanding } from '../../store-standing.ts'
import { first, type StoreReader } from '../../store-session.ts'
import { storeError } from './errors.ts'
import { damageOf, type Difference, differencesFrom, mendingSql } from './mend-schema.ts'
import { POSTGRES_MIGRATIONS } from './postgres-migrations.ts'
import { POSTGRES_STATEMENTS } from './postgres-statements.ts'
import { schemaFacts, whyNotWritable } from './schema-facts.sql.ts'
import { migrationScript } from './schema.sql.ts'
import { connectStore, storeServer } from './store-server.ts'

const BUSY_MS = 10_000

/** Throws what opening it would throw: no store of ours, a newer one, a server that lets nobody in. */
export async function inspectPostgresStore(url: string, projectDir: string): Promise<StoreStanding> {
  const server = storeServer(url, projectDir)
  const { location } = server
  await using session = await connectStore(server, { readOnly: true, busyMs: BUSY_MS })
  try {
    const version = await schemaVersion(session, POSTGRES_STATEMENTS.schema, POSTGRES_MIGRATIONS, location)
    const differences = await differencesAt(session, version)
    return {
      location,
      exists: version > 0,
      version,
      known: POSTGRES_MIGRATIONS.length,
      pending: POSTGRES_MIGRATIONS.slice(version).map((m) => ({
        version: m.version,
        name: m.name,
        sql: migrationScript(m),
      })),
      damage: damageOf(differences),
      mending: mendingSql(differences),
      refusesWrites: await first(session, whyNotWritable),
      walBytes: null,
      path: null,
    }
  } catch (error) {
    throw storeError(error, location)
  }
}

/** An older schema is compared once it is up to date. */
async function differencesAt(reader: StoreReader, version: number): Promise<readonly Difference[]> {
  return version === POSTGRES_MIGRATIONS.length ? differencesFrom(await reader.all(schemaFacts)) : []
}
