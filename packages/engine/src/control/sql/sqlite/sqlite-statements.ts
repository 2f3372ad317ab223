import type { StoreStatements } from '../statements.ts'
import { sqliteAudit } from './audit.sql.ts'
import { sqliteBatch } from './batch.sql.ts'
import { sqliteCatalog } from './catalog.sql.ts'
import { sqliteLease } from './lease.sql.ts'
import { sqlitePrune } from './prune.sql.ts'
import { sqliteRemembered } from './remembered.sql.ts'
import { sqliteRun } from './run.sql.ts'
import { sqliteSchema } from './schema.sql.ts'
import { sqliteWorker } from './worker.sql.ts'
import { sqliteWatermark } from './watermark.sql.ts'

export const SQLITE_STATEMENTS: StoreStatements = {
  schema: sqliteSchema,
  catalog: sqliteCatalog,
  lease: sqliteLease,
  run: sqliteRun,
  batch: sqliteBatch,
  worker: sqliteWorker,
  watermark: sqliteWatermark,
  remembered: sqliteRemembered,
  audit: sqliteAudit,
  prune: sqlitePrune,
}
