/** The names that DuckDB's statements use: how tables are read, which catalog they are in, and the aliases. */
import type { ColumnRef, TableName } from '@tidemark/contract/flow'
import { isBeside } from '@tidemark/contract/table-name'
import type { Secret } from '../../runtime/secret.ts'
import type { FlowRelation } from '../contract.ts'
import { catalogText, ident, joined, type Sql, sql, whole } from '../sql-text.ts'
import { schemaAndTable } from './introspect.ts'

/** How a source's tables are read in FROM, and how its rows are numbered. */
export interface SourceNames {
  /** Bytes of a row on average, where they are known without reading the rows; null: they are not. */
  averageBytes(name: TableName): bigint | null
  table(name: TableName): Sql
  /** The row's place in the whole table, a BIGINT from 0 on, for `table(name) AS alias`. */
  rowNumber(name: TableName, alias: string): Sql
  /** Rows `first` to `last` of that numbering: what to read them from, and a condition that lets the reader skip the rest. */
  slice(name: TableName, alias: string, first: bigint, last: bigint): { readonly from: Sql; readonly where: Sql }
}

/** What one bench's statements are made with. */
export interface Catalogs {
  readonly source: SourceNames
  readonly target: string
  /** of fence, markers and side tables */
  readonly own: string
  readonly work: string
  readonly secret: (reference: string) => Secret
}

/** Enough for what is in the target alone. */
export type TargetNames = Pick<Catalogs, 'target' | 'own'>

/** The tables of an attached DuckDB file. */
export const attachedSource = (catalog: string): SourceNames =>
  attachedNumbers((name) => ident(catalog, ...schemaAndTable(name)))

/** Tables of DuckDB's own storage have a `rowid`. */
export const attachedNumbers = (table: (name: TableName) => Sql): SourceNames => {
  const rowNumber = (_: TableName, alias: string): Sql => sql`${ident(alias)}.rowid`
  return {
    averageBytes: () => null,
    table,
    rowNumber,
    slice: (name, alias, first, last) => ({
      from: table(name),
      where: sql`${rowNumber(name, alias)} BETWEEN ${whole(first)} AND ${whole(last)}`,
    }),
  }
}

export const sourceTable = (c: Catalogs, table: TableName): Sql => c.source.table(table)
/** A table beside is where the markers are, so that one transaction writes both. */
export const landingCatalog = (c: TargetNames, table: TableName): string => (isBeside(table) ? c.own : c.target)
export const targetTable = (c: TargetNames, table: TableName): Sql =>
  ident(landingCatalog(c, table), ...schemaAndTable(table))
export const work = (c: Catalogs, name: string): Sql => ident(c.work, 'main', name)
export const own = (c: TargetNames, name: 'fence' | 'marker' | 'reject' | 'settled'): Sql =>
  ident(c.own, 'tidemark', name)

/** The side table that holds positions the target cannot. */
export const sideTableName = (table: TableName): string => `tidemark_position__${schemaAndTable(table).join('__')}`
export const sideTable = (c: Catalogs, table: TableName): Sql => ident(c.own, 'tidemark', sideTableName(table))

/** A name of our own beside the flow's columns, whatever those are called. */
export function free(r: FlowRelation, wanted: string): Sql {
  let name = wanted
  while (r.columns.some((x) => x.target.toLowerCase() === name)) name += '_'
  return ident(name)
}

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
