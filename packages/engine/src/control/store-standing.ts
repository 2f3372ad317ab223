/** A control store from outside, for `doctor` and `migrate --print-sql`. */
export interface StoreStanding {
  /** For messages; never a secret. */
  readonly location: string
  readonly exists: boolean
  /** Of its schema; 0: nothing is there yet. */
  readonly version: number
  /** The version that this program brings it to. */
  readonly known: number
  readonly pending: readonly PendingMigration[]
  /** What its own check of itself found wrong. */
  readonly damage: readonly string[]
  /** Statements that put back what can be put back without a backup; empty: nothing can, or nothing is missing. */
  readonly mending: string
  /** Why it cannot be written, or made; null: it can. */
  readonly refusesWrites: string | null
  /** Bytes that wait to be moved into the main file; null: it has no such file. */
  readonly walBytes: number | null
  /** A path on this machine's disks; null: the store is elsewhere. */
  readonly path: string | null
}

export interface PendingMigration {
  readonly version: number
  readonly name: string
  readonly sql: string
}
