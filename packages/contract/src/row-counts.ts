/** What became of rows: of a batch, a step or a run. */
export interface RowCounts {
  readonly read: bigint
  readonly inserted: bigint
  readonly updated: bigint
  readonly deleted: bigint
  readonly skippedSame: bigint
  readonly skippedOlder: bigint
  readonly rejected: bigint
}

export const NO_ROWS: RowCounts = {
  read: 0n,
  inserted: 0n,
  updated: 0n,
  deleted: 0n,
  skippedSame: 0n,
  skippedOlder: 0n,
  rejected: 0n,
}

export const addCounts = (a: RowCounts, b: RowCounts): RowCounts => ({
  read: a.read + b.read,
  inserted: a.inserted + b.inserted,
  updated: a.updated + b.updated,
  deleted: a.deleted + b.deleted,
  skippedSame: a.skippedSame + b.skippedSame,
  skippedOlder: a.skippedOlder + b.skippedOlder,
  rejected: a.rejected + b.rejected,
})
