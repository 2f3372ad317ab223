import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchTransaction, CapturedBatch, FlowRelation, Selection } from './contract.ts'
import type { HotTables } from './hot-tables.ts'
import type { Sql } from './sql-text.ts'

/** The tables of a capture that fills the spool itself, as statements name them. */
export interface EmbeddedTables {
  /** the table that batches read, with the target's columns */
  readonly spool: Sql
  /** In the transaction that fills it: a spool without it is none. */
  markSpooled(): Sql
  /** the keys that the target is to lose, filled with the spool: `n` from 1 on, and `k1`, `k2`, … */
  readonly gone: Sql
  /** Which of the target's rows a deletion may take, under the alias `t`. */
  deletable(relation: FlowRelation): Sql
}

/** What would be sent, for `plan --sql`: tables are called by what they are, whatever their files are attached as. */
export interface EmbeddedStatements extends EmbeddedTables {
  takeOut(relation: FlowRelation, selection: Selection, path: string): readonly string[]
  target(relation: FlowRelation): Sql
  /** By what that is brought to this engine; none where it sees the target. */
  bring(relation: FlowRelation): readonly string[]
  remove(relation: FlowRelation, split: CapturedBatch): Sql
}

/** The embedded engine, where it has a run's spool: for a capture that fills the spool itself. */
export interface EmbeddedWork extends EmbeddedTables {
  readonly said: EmbeddedStatements
  /** where the target keeps snapshots of its own; null: it keeps none */
  readonly hot: HotTables | null
  /** rows come from another engine, or go to one */
  readonly arrives: boolean
  /** The relation as image and spool have it: target types are this engine's. TM4025 where it has none for a cast. */
  inOwnTypes(relation: FlowRelation): FlowRelation
  /** The selection's rows as the target's columns, by one statement into a Parquet file (`image.sql.ts`); how many. */
  takeOut(relation: FlowRelation, selection: Selection, estimatedRows: bigint, path: string): Promise<bigint>
  /** The target's rows by their keys, in this engine's types; of versions the live ones. Null: its table is missing. */
  target(relation: FlowRelation): Promise<Sql | null>
  /** The next number that no version in the target has, and not below `least`. */
  nextVersion(relation: FlowRelation, least: bigint): Promise<bigint>
  /** The rows of that batch's keys go, or their versions are closed. TM5006 where the keys are not those that were found. */
  remove(tx: BatchTransaction, relation: FlowRelation, split: CapturedBatch): Promise<RowCounts>
}
