/** The names that DuckDB's statements use: which catalog a table is in, and the aliases. */
import type { ColumnRef, TableName } from '@tidemark/contract/flow'
import type { FlowRelation } from '../contract.ts'
import { catalogText, ident, joined, type Sql, sql } from '../sql-text.ts'
import { schemaAndTable } from './introspect.ts'

/** Where the files of one bench are attached. */
export interface Catalogs {
  readonly source: string
  readonly target: string
  readonly work: string
}

export const sourceTable = (c: Catalogs, table: TableName): Sql => ident(c.source, ...schemaAndTable(table))
export const targetTable = (c: Catalogs, table: TableName): Sql => ident(c.target, ...schemaAndTable(table))
export const work = (c: Catalogs, name: string): Sql => ident(c.work, 'main', name)
export const own = (c: Catalogs, name: 'fence' | 'marker' | 'settled'): Sql => ident(c.target, 'tidemark', name)

/** The side table that holds positions the target cannot. */
export const sideTableName = (table: TableName): string => `tidemark_position__${schemaAndTable(table).join('__')}`
export const sideTable = (c: Catalogs, table: TableName): Sql => ident(c.target, 'tidemark', sideTableName(table))

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
export const mainKey =
  (relation: FlowRelation) =>
  (i: number): Sql =>
    ident('m', relation.key[i]?.source ?? '')
export const targetKey =
  (relation: FlowRelation, alias: string) =>
  (i: number): Sql =>
    ident(alias, relation.key[i]?.target ?? '')
