import type { Abilities } from '../contract.ts'

/** Rows lie one by one, but a batch of a few is all overhead: a small load is cut into thousands. */
export const abilities: Abilities = {
  batchRows: 250_000,
  batchBytes: 64 * 1024 ** 2,
  rowGroup: 1_000,
  ceiling: true,
  stampedBy: 'database',
  openBatches: null,
  sharedByProcesses: true,
  sharesKeys: true,
}
