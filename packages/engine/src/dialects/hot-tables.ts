/** Snapshots that a target database keeps beside its fence, for `capture.hot: target`. */
import type { FenceKey } from './contract.ts'
import type { Sql } from './sql-text.ts'

export type HotTableName = 'snapshot' | 'hot_row' | 'hot'

/** Whose snapshots: several flows, and several projects, have one database. */
export type HotOwner = Pick<FenceKey, 'store' | 'flow'>

/** Columns of `tidemark.snapshot` besides the owner's. */
export const HEADER_COLUMNS = [
  'id',
  'number',
  'scope',
  'run',
  'taken_at',
  'state',
  'previous',
  'rows',
  'new_rows',
  'changed_rows',
  'deleted_rows',
  'unchanged_rows',
  'schema_change',
  'engine',
  'key',
  'compared',
  'columns',
  'image_bytes',
] as const

/** A snapshot's values, by those columns, as texts. */
export type HotHeader = Readonly<Record<(typeof HEADER_COLUMNS)[number], string | null>>

/** `row`: in the order of the columns. */
export const asHeader = (row: readonly (string | null)[]): HotHeader =>
  Object.fromEntries(HEADER_COLUMNS.map((name, i) => [name, row[i] ?? null])) as HotHeader

/** Columns of `tidemark.hot_row` besides the owner's and the snapshot's, and their types in the embedded engine. */
export const HOT_ROW_COLUMNS = [
  { name: 'key', type: 'VARCHAR' },
  { name: 'row_hash', type: 'VARCHAR' },
  { name: 'first_hash', type: 'UBIGINT' },
  { name: 'second_hash', type: 'UBIGINT' },
  { name: 'place', type: 'BIGINT' },
] as const

export interface HotPut {
  readonly id: string
  readonly header: HotHeader
  /** a relation of the embedded engine with HOT_ROW_COLUMNS */
  readonly rows: Sql
  readonly count: bigint
}

/** What is committed at once. */
export interface HotChange {
  /** were `building` until now */
  readonly kept: readonly string[]
  readonly gone: readonly string[]
  /** takes the place of what has its id; null: nothing comes */
  readonly put: HotPut | null
}

export interface HotTables {
  /** Oldest first; none where nothing was ever kept. */
  list(of: HotOwner): Promise<readonly HotHeader[]>
  /** The rows of one, as a relation of the embedded engine with HOT_ROW_COLUMNS, until the bench is closed. */
  rows(of: HotOwner, id: string): Promise<Sql>
  /** Makes the tables where they are missing. TM5002 where the flow has a newer owner. */
  write(fence: FenceKey, change: HotChange): Promise<void>
  /** What `write` would send. */
  explain(of: HotOwner, change: HotChange): Promise<readonly string[]>
}
