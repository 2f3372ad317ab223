/** What `discover` thinks of a table. */
import type { JoinSpec } from '@tidemark/contract/flow'
import type { SurveyedTable, TableLook } from '../dialects/survey.ts'

export interface ProposedKey {
  readonly columns: readonly string[]
  readonly reason: string
  /** the catalog says so; otherwise only the rows do */
  readonly declared: boolean
}

export interface ProposedPosition {
  readonly column: string
  /** not null: the column is in this table, joined by a reference that every row has */
  readonly join: JoinSpec | null
  readonly order: 'time' | 'number' | 'rowversion'
  readonly reason: string
  /** what to know before relying on it */
  readonly remarks: readonly string[]
  readonly seesUpdates: boolean
  readonly indexed: boolean | null
}

export interface RefusedPosition {
  readonly column: string
  readonly why: string
}

export interface ProposedTree {
  readonly locator: string
  readonly parent: string
  readonly reason: string
  /** declared as a reference, and all rows can be placed */
  readonly sure: boolean
}

export interface Examined {
  readonly table: SurveyedTable
  readonly rows: bigint | null
  /** `rows` were counted, not estimated; at least so many, where it ends in a limit */
  readonly rowsAre: 'counted' | 'estimated' | 'at least'
  readonly look: TableLook | null
  /** why the rows were not looked at; null: they were */
  readonly unchecked: string | null
  readonly key: ProposedKey | null
  /** why there is no key */
  readonly noKey: string | null
  /** best first */
  readonly positions: readonly ProposedPosition[]
  readonly refused: readonly RefusedPosition[]
  readonly tree: ProposedTree | null
  /** the table cannot be read: what the database says */
  readonly broken: string | null
}

/** `8 931 rows` */
export const rowsText = (rows: bigint): string =>
  `${String(rows).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ')} ${rows === 1n ? 'row' : 'rows'}`
