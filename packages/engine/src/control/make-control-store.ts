import { AppError } from '../runtime/app-error.ts'
import { makeCatalog } from './catalog/catalog.ts'
import type { ControlStore } from './control-store.ts'
import { makeLeases } from './lease.ts'
import { makeLedger } from './ledger/ledger.ts'
import type { StoreStatements } from './sql/statements.ts'
import { first, type Keep, type StoreSession } from './store-session.ts'
import type { StoreParts } from './store-parts.ts'

/** A control store over any session whose schema is up to date. Disposing it closes the session. */
export async function makeControlStore(
  session: StoreSession,
  sql: StoreStatements,
  location: string,
  batchKeep: Keep = 'written',
): Promise<ControlStore> {
  const id = await first(session, sql.schema.storeId())
  if (id === null) throw new AppError('TM3005', `${location} has lost its identity: its table store is empty`)
  const parts: StoreParts = { session, sql, batchKeep }
  return {
    id,
    location,
    now: async () => {
      const [now] = await session.all(sql.schema.now())
      if (now === undefined) throw new AppError('TM3005', `${location} does not tell the time`)
      return now
    },
    catalog: makeCatalog(parts),
    leases: makeLeases(parts),
    ledger: makeLedger(parts),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
