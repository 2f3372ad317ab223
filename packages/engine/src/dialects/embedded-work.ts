import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchTransaction, CapturedBatch, FlowRelation, Selection } from './contract.ts'
import type { Sql } from './sql-text.ts'

/** The tables of a capture that fills the spool itself, as statements name them. */
export interface EmbeddedTables {
  /** the table that batches read, with the target's columns */
  readonly spool: Sql
  /** In the transaction that fills it: a spool without it is none. */
  markSpooled(): Sql
  /** the keys that the target is to lose, filled with the spool: `n` from 1 on, and `k1`, `k2`, … as the target has them */
  readonly gone: Sql
  /** Which of the target's rows a deletion may take, under the alias `t`. */
  deletable(relation: FlowRelation): Sql
}

/** What would be sent, for `plan --sql`: tables are called by what they are, whatever their files are attached as. */
export interface EmbeddedStatements extends EmbeddedTables {
  takeOut(relation: FlowRelation, selection: Selection, path: string): readonly string[]
  target(relation: FlowRelation): Sql
  remove(relation: FlowRelation, split: CapturedBatch): Sql
}

/** The embedded engine, where it alone sees source, target and spool: for a capture that fills the spool itself. */
export interface EmbeddedWork extends EmbeddedTables {
  readonly said: EmbeddedStatements
  /** rows come from another engine, all of them by one statement of its */
  readonly arrives: boolean
  /** The selection's rows as the target's columns, by one statement into a Parquet file (`image.sql.ts`); how many. */
  takeOut(relation: FlowRelation, selection: Selection, estimatedRows: bigint, path: string): Promise<bigint>
  /** The target's table; null: it is missing. */
  target(relation: FlowRelation): Promise<Sql | null>
  /** The rows of that batch's keys go, or their versions are closed. TM5006 where the keys are not those that were found. */
  remove(tx: BatchTransaction, relation: FlowRelation, split: CapturedBatch): Promise<RowCounts>
}
