import type { Abilities } from '../contract.ts'
import { FENCE_SLOTS } from './fence.sql.ts'

/** About a million rows, as whole row groups, or 1 GiB, because DuckDB stores columns; a file belongs to this process, so its open transactions are known. */
export const abilities: Abilities = {
  batchRows: 8 * 122_880,
  batchBytes: 1024 ** 3,
  ceiling: true,
  stampedBy: 'database',
  openBatches: FENCE_SLOTS,
}
