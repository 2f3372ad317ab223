import type { StoreStatements } from './sql/statements.ts'
import type { Keep, StoreSession } from './store-session.ts'

/** What the logic of leases, catalog and ledger is given: where to run, and what. */
export interface StoreParts {
  readonly session: StoreSession
  readonly sql: StoreStatements
  /** of a batch's claim and end, which the target's marker proves anyway */
  readonly batchKeep: Keep
}
