import type { StoreStatements } from '../statements.ts'
import { sqlServerAudit } from './audit.sql.ts'
import { sqlServerBatch } from './batch.sql.ts'
import { sqlServerCatalog } from './catalog.sql.ts'
import { sqlServerLease } from './lease.sql.ts'
import { sqlServerPrune } from './prune.sql.ts'
import { sqlServerRemembered } from './remembered.sql.ts'
import { sqlServerRun } from './run.sql.ts'
import { sqlServerSchema } from './schema.sql.ts'
import { sqlServerWorker } from './worker.sql.ts'
import { sqlServerWatermark } from './watermark.sql.ts'

export const SQLSERVER_STATEMENTS: StoreStatements = {
  schema: sqlServerSchema,
  catalog: sqlServerCatalog,
  lease: sqlServerLease,
  run: sqlServerRun,
  batch: sqlServerBatch,
  worker: sqlServerWorker,
  watermark: sqlServerWatermark,
  remembered: sqlServerRemembered,
  audit: sqlServerAudit,
  prune: sqlServerPrune,
}
