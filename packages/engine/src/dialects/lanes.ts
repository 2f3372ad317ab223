/** How rows may travel between two ends, and where those of a spool are. */
import type { TableName } from '@tidemark/contract/flow'

export type Lane = 'pushdown' | 'relay' | 'spool'

/** What a lane would mean here: possible, or why not. */
export type LaneFacts = Readonly<Record<Lane, LaneFact>>

export interface LaneFact {
  readonly possible: boolean
  readonly why: string
  /** spool: each batch travels by itself; else all rows are taken out by one statement, before the first batch */
  readonly byBatch?: boolean
}

/** The rows of a run's spool, as a relation's source. No database has a table of that name. */
export const SPOOL: TableName = ['\u0000spool']
export const readsSpool = (r: { readonly source: { readonly table: TableName } }): boolean =>
  r.source.table[0] === SPOOL[0]
