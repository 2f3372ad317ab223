import type { Abilities } from '../contract.ts'
import { FENCE_SLOTS } from './fence.sql.ts'

/** A million rows or 1 GiB, because DuckDB stores columns; a file belongs to this process, so its open transactions are known. */
export const abilities: Abilities = {
  batchRows: 1_000_000,
  batchBytes: 1024 ** 3,
  ceiling: true,
  stampedBy: 'database',
  openBatches: FENCE_SLOTS,
}
