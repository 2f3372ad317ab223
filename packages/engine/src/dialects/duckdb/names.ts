/** The names of what is attached to a DuckDB instance. */
import type { TableName } from '@tidemark/contract/flow'
import { isBeside } from '@tidemark/contract/table-name'
import { ident, type Sql, sql, whole } from '../sql-text.ts'
import type { Catalogs, SourceNames, TargetNames } from '../relational/names.ts'
import { schemaAndTable } from './introspect.ts'

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

export const sideTableName = (table: TableName): string => `tidemark_position__${schemaAndTable(table).join('__')}`

/** What is in a target: its tables in one catalog, what Tidemark keeps there in another or the same. */
export interface AttachedTarget extends TargetNames {
  readonly catalog: string
  /** of fence, markers, side tables and tables beside, so that one transaction writes them all */
  readonly ownCatalog: string
}

export interface DuckdbCatalogs extends Catalogs {
  readonly target: AttachedTarget
  readonly workCatalog: string
}

export const attachedTables = (catalog: string, ownCatalog = catalog): AttachedTarget => ({
  catalog,
  ownCatalog,
  table: (name) => ident(isBeside(name) ? ownCatalog : catalog, ...schemaAndTable(name)),
  own: (name) => ident(ownCatalog, 'tidemark', name),
  side: (name) => ident(ownCatalog, 'tidemark', sideTableName(name)),
})
