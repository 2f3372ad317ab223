/** A flow's reading and writing, as data: everything a statement is made from. */
import type { PositionClock } from '@tidemark/contract/capture'
import type { ColumnRef, ConditionSpec, JoinSpec, TableName } from '@tidemark/contract/flow'
import type { PlannedColumn } from './planned-column.ts'
import type { PlannedStep } from './planned-steps.ts'
import type { RowRules } from './row-policy.ts'

export interface PlannedPosition {
  readonly ref: ColumnRef
  readonly type: string
  readonly clock: PositionClock
  readonly zone: string | null
  /** the target column that holds it exactly, or null: the side table `tidemark_position` does */
  readonly targetColumn: string | null
}

export interface PlannedTree {
  readonly locator: PlannedColumn
  readonly parent: { readonly source: string; readonly sourceType: string }
  /** the target's column by which its rows refer to the locators of others: who moves is moved with them. Absent: none does */
  readonly reference?: string
}

/** A column of a foreign key by which a table refers to itself, and the one that it refers to. */
export interface SelfReference {
  readonly column: string
  readonly referenced: string
}

/** A condition with the contents of its list read at plan time, so that coverage and capture cannot differ. */
export interface PlannedCondition {
  readonly spec: ConditionSpec
  readonly type: string
  /** of the column, where it has one of its own */
  readonly collation?: string
  /** `in-table`: the contents; null otherwise */
  readonly contents: readonly string[] | null
}

/** Everything a statement is made from. */
export interface FlowRelation {
  readonly source: {
    readonly table: TableName
    readonly joins: readonly JoinSpec[]
    /** all columns of the main table: tells a new column from one that was left out */
    readonly known: readonly string[]
  }
  readonly target: {
    readonly table: TableName
    /** where batches land until they take the table's place; null: in the table itself */
    readonly beside: TableName | null
    /** columns that it lacks and is given before the first batch */
    readonly adds: readonly string[]
    readonly rules: RowRules
    /** a deletion takes a row only while it carries these: the values of the run's scope; absent: whatever it carries */
    readonly carries?: readonly { readonly column: string; readonly type: string; readonly value: string }[]
    /** each state of a row is a version of its own; `batch`: that the run opens and closes them by. Absent: the newest state alone */
    readonly versions?: { readonly batch: string | null }
  }
  /** in the flow's order; also among `columns` */
  readonly key: readonly PlannedColumn[]
  readonly columns: readonly PlannedColumn[]
  readonly position: PlannedPosition | null
  readonly tree: PlannedTree | null
  readonly where: readonly PlannedCondition[]
  readonly scope: readonly { readonly column: ColumnRef; readonly type: string; readonly value: string }[]
  readonly excludeKeys: readonly {
    readonly column: string
    readonly type: string
    readonly collation?: string
    readonly values: readonly string[]
  }[]
  /** in their order: a flat flow has one, a tree three */
  readonly steps: readonly PlannedStep[]
}

/** The table that batches write. */
export const landingTable = ({ target }: FlowRelation): TableName => target.beside ?? target.table

/** `after < position <= upTo`; null bounds are open. */
export interface WindowBounds {
  readonly after: string | null
  readonly upTo: string | null
}

/** Which rows a capture takes, beyond the relation's where, scope and exclusions. */
export interface Selection {
  readonly window: WindowBounds | null
  /** rows without a position are taken too */
  readonly withNullPosition: boolean
  /** only rows that the target lacks: their key, or the row as it is now, position and content; null: all */
  readonly absent: 'key' | 'row' | null
  /** join keys (JSON arrays of text, in the order of the join's `on`) of position rows remembered as unmatched */
  readonly unmatched: readonly string[]
  /** main keys (JSON arrays of text) to look at again: open rejects and orphans */
  readonly again: readonly string[]
  /** `again` and nothing else: no window, and not every row where there is no position */
  readonly onlyAgain?: boolean
  /** rows of these values only, whatever their position: what `in` lists gained; index into `where` → values */
  readonly gained: readonly { readonly where: number; readonly values: readonly string[] }[]
}
