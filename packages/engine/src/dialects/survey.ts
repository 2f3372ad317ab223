/**
 * Looking around in a connection: what tables there are, and what only their rows can say. A folder of files has tables
 * too: a file, or a glob of like-named ones. Nothing is written.
 */
import type { TableName } from '@tidemark/contract/flow'

export interface SurveyedColumn {
  readonly name: string
  /** the system's own name of the type */
  readonly type: string
  readonly nullable: boolean
  /** its values can identify a row */
  readonly identifies: boolean
  /** the order its values have; null: it cannot be a position */
  readonly order: TimeOrder | { readonly kind: 'number' | 'rowversion' } | null
  /** an index begins with it; null: reading by it needs none */
  readonly indexed: boolean | null
  /** the database numbers the rows itself */
  readonly serial: boolean
}

export interface TimeOrder {
  readonly kind: 'time'
  /** how far two changes may lie apart and still have one value, where that is more than a second: `a day` */
  readonly coarse: string | null
  /** the type knows which instant is meant; a wall clock does not */
  readonly zoned: boolean
}

export interface DeclaredKey {
  readonly columns: readonly string[]
  readonly by: 'primary key' | 'unique constraint' | 'unique index'
}

export interface DeclaredReference {
  readonly columns: readonly string[]
  readonly table: TableName
  /** in the order of `columns` */
  readonly referenced: readonly string[]
}

export interface SurveyedTable {
  readonly table: TableName
  readonly kind: 'table' | 'view' | 'files'
  readonly columns: readonly SurveyedColumn[]
  /** as the catalog estimates; null: it does not */
  readonly rows: bigint | null
  readonly keys: readonly DeclaredKey[]
  readonly references: readonly DeclaredReference[]
}

export interface ColumnLook {
  readonly nulls: bigint
  /** estimated */
  readonly distinct: bigint
  /** of times, values beyond the source's clock, and the greatest */
  readonly ahead: { readonly values: bigint; readonly newest: string; readonly withinADay: boolean } | null
}

export interface TableLook {
  readonly rows: bigint
  readonly columns: ReadonlyMap<string, ColumnLook>
}

/** Each question throws what the database says, and how long it takes grows with the rows of the table. */
export interface SurveyPort extends AsyncDisposable {
  /** By name, without what Tidemark keeps there itself. Reads the catalog alone. */
  tables(): Promise<readonly SurveyedTable[]>
  /** Ends the question under way. */
  interrupt(): void
  /** How many rows there are, counted no further than `limit`. */
  countUpTo(table: SurveyedTable, limit: bigint): Promise<bigint>
  look(table: SurveyedTable): Promise<TableLook>
  /** No two rows are alike in these columns. */
  isUnique(table: SurveyedTable, columns: readonly string[]): Promise<boolean>
  /** Rows that came later have a greater value; null: the system does not know which came later. */
  growsWithInsertion(table: SurveyedTable, column: string): Promise<boolean | null>
  /** Rows that name a parent, and rows that no path of parents leads to a row without one. */
  treeOf(
    table: SurveyedTable,
    locator: string,
    parent: string,
  ): Promise<{ readonly children: bigint; readonly unplaced: bigint }>
}
