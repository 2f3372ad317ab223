import type { Abilities } from '../contract.ts'
import { FENCE_SLOTS } from './fence.sql.ts'

const ROW_GROUP_ROWS = 122_880

/** About a million rows, as whole row groups, or 1 GiB, because DuckDB stores columns; a file belongs to this process, so its open transactions are known. */
export const abilities: Abilities = {
  batchRows: 8 * ROW_GROUP_ROWS,
  batchBytes: 1024 ** 3,
  rowGroup: ROW_GROUP_ROWS,
  ceiling: true,
  stampedBy: 'database',
  openBatches: FENCE_SLOTS,
  sharedByProcesses: false,
  sharesKeys: false,
}
