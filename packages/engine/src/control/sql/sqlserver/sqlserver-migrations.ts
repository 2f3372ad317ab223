import type { Migration } from '../../migrate.ts'
import { catalogMigration } from './migrations/0001-catalog.sql.ts'
import { ledgerMigration } from './migrations/0002-ledger.sql.ts'
import { viewsMigration } from './migrations/0003-views.sql.ts'
import { rejectsAndFreshnessMigration } from './migrations/0004-rejects-and-freshness.sql.ts'
import { workersMigration } from './migrations/0005-workers.sql.ts'

/** In order, never changed once released: `migrations.lock.json` holds their checksums. Same numbers as SQLite's. */
export const SQLSERVER_MIGRATIONS: readonly Migration[] = [
  catalogMigration,
  ledgerMigration,
  viewsMigration,
  rejectsAndFreshnessMigration,
  workersMigration,
]
