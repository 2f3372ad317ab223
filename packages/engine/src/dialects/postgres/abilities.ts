import type { Abilities } from '../contract.ts'

/** Batches commit row by row, and any number of them beside each other. */
export const abilities: Abilities = {
  batchRows: 100_000,
  batchBytes: 64 * 1024 ** 2,
  rowGroup: 1,
  ceiling: true,
  stampedBy: 'database',
  openBatches: null,
  sharedByProcesses: true,
  sharesKeys: true,
}
