/** The names that statements use: how tables are read and written, and the aliases. */
import type { ColumnRef, TableName } from '@tidemark/contract/flow'
import type { Secret } from '../../runtime/secret.ts'
import type { FlowRelation } from '../contract.ts'
import { catalogText, EMPTY, ident, joined, type Sql, sql } from '../sql-text.ts'
import type { HotTableName } from '../hot-tables.ts'
import type { SqlKit } from './sql-kit.ts'
import type { Statements } from './statements.ts'

/** How a source's tables are read in FROM, and how its rows are numbered. */
export interface SourceNames {
  /** Bytes of a row on average, where they are known without reading the rows; null: they are not. */
  averageBytes(name: TableName): bigint | null
  table(name: TableName): Sql
  /** What stands behind a table's alias wherever its rows are read; absent or null: nothing. */
  hint?(name: TableName): Sql | null
  /** The row's place in the whole table, a BIGINT from 0 on, for `table(name) AS alias`. */
  rowNumber(name: TableName, alias: string): Sql
  /** Rows `first` to `last` of that numbering: what to read them from, and a condition that lets the reader skip the rest. */
  slice(name: TableName, alias: string, first: bigint, last: bigint): { readonly from: Sql; readonly where: Sql }
}

export type OwnTable = 'fence' | 'marker' | 'marker_reject' | 'settled'

/** Enough for what is in the target alone. */
export interface TargetNames {
  /** a table that batches write, one beside the target included */
  table(name: TableName): Sql
  /** As that of a source. */
  hint?(name: TableName): Sql | null
  /** of fence and markers, and of snapshots that are kept there */
  own(name: OwnTable | HotTableName): Sql
  /** the side table that holds positions the target cannot */
  side(name: TableName): Sql
}

/** What one bench's statements are made with. */
export interface Catalogs {
  readonly kit: SqlKit
  readonly source: SourceNames
  readonly target: TargetNames
  readonly say: Statements
  /** a table of the captured keys */
  work(name: string): Sql
  readonly secret: (reference: string) => Secret
}

export const sourceTable = (c: Catalogs, table: TableName): Sql => c.source.table(table)
export const targetTable = (c: Pick<Catalogs, 'target'>, table: TableName): Sql => c.target.table(table)
/** A table whose rows are read, under its alias. */
export const sourceAs = (c: Pick<Catalogs, 'source'>, table: TableName, alias: Sql): Sql =>
  sql`${c.source.table(table)} AS ${alias}${c.source.hint?.(table) ?? EMPTY}`
export const targetAs = (c: Pick<Catalogs, 'target'>, table: TableName, alias: Sql): Sql =>
  sql`${c.target.table(table)} AS ${alias}${c.target.hint?.(table) ?? EMPTY}`
export const work = (c: Pick<Catalogs, 'work'>, name: string): Sql => c.work(name)
export const own = (c: Pick<Catalogs, 'target'>, name: OwnTable): Sql => c.target.own(name)
/** null: no table was written, and so there is none with rows. */
export const writtenTable = (c: Pick<Catalogs, 'target'>, table: TableName | null): Sql =>
  table === null ? sql`(SELECT 1 AS x WHERE 1 = 0) AS q` : c.target.table(table)
export const sideTable = (c: Pick<Catalogs, 'target'>, table: TableName): Sql => c.target.side(table)

/** A name of our own beside the flow's columns, whatever those are called. */
export const freeName = (r: FlowRelation, wanted: string): string =>
  freeAmong(
    r.columns.map((x) => x.target),
    wanted,
  )

export function freeAmong(columns: readonly string[], wanted: string): string {
  let name = wanted
  while (columns.some((column) => column.toLowerCase() === name)) name += '_'
  return name
}

export const free = (r: FlowRelation, wanted: string): Sql => ident(freeName(r, wanted))

/** The position's column in the side table. */
export const sidePosition = (r: FlowRelation): Sql => free(r, 'position')

export const typed = (text: string): Sql => catalogText(text)

/** `m` is the main table, `j_x` the join `x`, `w` the captured rows, `t` the target, `s` the staging. */
export const column = (ref: ColumnRef): Sql =>
  ref.table === null ? ident('m', ref.column) : ident(`j_${ref.table}`, ref.column)

export const keyName = (i: number): Sql => ident(`k${i + 1}`)

/** `left.a = right.b AND …` over the key. */
export function keyEquals(relation: FlowRelation, left: (i: number) => Sql, right: (i: number) => Sql): Sql {
  return joined(
    relation.key.map((_, i) => sql`${left(i)} = ${right(i)}`),
    ' AND ',
  )
}

export const workKey =
  (alias: string) =>
  (i: number): Sql =>
    ident(alias, `k${i + 1}`)
export const targetKey =
  (relation: FlowRelation, alias: string) =>
  (i: number): Sql =>
    ident(alias, relation.key[i]?.target ?? '')
