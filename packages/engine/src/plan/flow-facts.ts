/** Everything a plan depends on, gathered by questions that write nothing. */
import type { RejectRow, RunRow, UnmatchedRow, WatermarkRow } from '../control/control-store.ts'
import type { SettledMarker, SourceIdentity, TableFacts } from '../dialects/contract.ts'
import type { SelfReference } from '../dialects/flow-relation.ts'

export interface TableShapes {
  readonly source: TableFacts
  readonly joins: ReadonlyMap<string, TableFacts>
  /** contents of the tables that `in` conditions name, by index into `where` */
  readonly lists: ReadonlyMap<number, readonly string[]>
  readonly target: TableFacts | null
  /** of the target to itself; asked where rows of a tree are updated */
  readonly selfReferences?: readonly SelfReference[]
  /** the target's own names of the types that `columns.cast` names, by the words of the flow */
  readonly castTypes: ReadonlyMap<string, string>
  /** types of the source that columns made in the target would have, and it lacks → why */
  readonly lackedTypes: ReadonlyMap<string, string>
}

export interface LedgerFacts {
  readonly store: string
  /** the scope's own */
  readonly watermark: WatermarkRow | null
  /** of the whole flow: what a scope without one starts from */
  readonly unscoped: WatermarkRow | null
  readonly unfinished: RunRow | null
  readonly unmatched: readonly UnmatchedRow[]
  readonly rejects: readonly RejectRow[]
  readonly look: string | null
  /** the store's clock */
  readonly now: string
  /** states of the runs that the target remembers, by id; absent: this ledger never had them */
  readonly knownRuns: ReadonlyMap<string, RunRow>
}

export interface TargetFacts {
  readonly empty: boolean
  readonly settled: readonly SettledMarker[]
}

export interface FlowFacts extends TableShapes {
  readonly ledger: LedgerFacts
  readonly targetState: TargetFacts
  readonly identity: SourceIdentity
}
