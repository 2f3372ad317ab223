import type { StoreStatements } from '../statements.ts'
import { postgresAudit } from './audit.sql.ts'
import { postgresBatch } from './batch.sql.ts'
import { postgresCatalog } from './catalog.sql.ts'
import { postgresLease } from './lease.sql.ts'
import { postgresPrune } from './prune.sql.ts'
import { postgresRemembered } from './remembered.sql.ts'
import { postgresRun } from './run.sql.ts'
import { postgresSchema } from './schema.sql.ts'
import { postgresWorker } from './worker.sql.ts'
import { postgresWatermark } from './watermark.sql.ts'

export const POSTGRES_STATEMENTS: StoreStatements = {
  schema: postgresSchema,
  catalog: postgresCatalog,
  lease: postgresLease,
  run: postgresRun,
  batch: postgresBatch,
  worker: postgresWorker,
  watermark: postgresWatermark,
  remembered: postgresRemembered,
  audit: postgresAudit,
  prune: postgresPrune,
}
