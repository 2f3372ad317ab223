import type { Abilities } from '../contract.ts'

/** Rows lie one by one. Times are stamped by applications, mostly, so the buffer counts besides the ceiling. */
export const abilities: Abilities = {
  batchRows: 100_000,
  batchBytes: 64 * 1024 ** 2,
  rowGroup: 1_000,
  ceiling: true,
  stampedBy: 'application',
  openBatches: null,
  sharedByProcesses: true,
  sharesKeys: true,
}
