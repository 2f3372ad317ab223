import { schemaVersion } from '../../migrate.ts'
import type { StoreStanding } from '../../store-standing.ts'
import { damageOf } from './schema-difference.ts'
import { connectToLook, type ServerStore } from './server-store.ts'

/** Throws what opening it would throw: no store of ours, a newer one, a server that lets nobody in. */
export async function inspectServerStore(store: ServerStore, url: string, projectDir: string): Promise<StoreStanding> {
  const { session, location } = await connectToLook(store, url, projectDir)
  await using _closing = session
  const { statements, migrations } = store
  try {
    const version = await schemaVersion(session, statements.schema, migrations, location)
    // an older schema is compared once it is up to date
    const differences = version === migrations.length ? await store.differences(session) : []
    return {
      location,
      exists: version > 0,
      version,
      known: migrations.length,
      pending: migrations
        .slice(version)
        .map((m) => ({ version: m.version, name: m.name, sql: store.migrationScript(m) })),
      damage: damageOf(differences),
      mending: store.mendingSql(differences),
      refusesWrites: await store.whyNotWritable(session),
      walBytes: null,
      path: null,
    }
  } catch (error) {
    throw store.openError(error, location)
  }
}
