/** A folder of Parquet files as a table, and rows that it lacks as one more file. */
import type { TableName } from '@tidemark/contract/flow'
import type { FlowRelation } from '../contract.ts'
import type { Staging } from '../duckdb/apply.sql.ts'
import { schemaAndTable } from '../duckdb/introspect.ts'
import { type Catalogs, keyEquals, targetKey, targetTable } from '../duckdb/names.ts'
import { catalogText, ident, joined, type Sql, sql, textLiteral } from '../sql-text.ts'
import { pathList } from './read-files.sql.ts'

const named = (catalog: string, table: TableName): Sql => ident(catalog, ...schemaAndTable(table))

export const schemaOf = (catalog: string, table: TableName): Sql =>
  sql`CREATE SCHEMA IF NOT EXISTS ${ident(catalog, schemaAndTable(table)[0])}`

export const filesTable = (catalog: string, table: TableName, files: readonly { readonly path: string }[]): Sql =>
  sql`CREATE OR REPLACE VIEW ${named(catalog, table)} AS SELECT * FROM read_parquet(${pathList(files)}, hive_partitioning = FALSE)`

export const emptyTable = (catalog: string, table: TableName, r: FlowRelation): Sql =>
  sql`CREATE OR REPLACE VIEW ${named(catalog, table)} AS SELECT ${joined(
    r.columns.map((x) => sql`CAST(NULL AS ${catalogText(x.targetType)}) AS ${ident(x.target)}`),
    ', ',
  )} WHERE FALSE`

/** A join, not EXISTS: inside that, a column of the target that is called `s` would hide the alias. */
const lacking = (c: Catalogs, r: FlowRelation, staged: Staging): Sql =>
  sql`${staged.from} ANTI JOIN ${targetTable(c, r.target.table)} AS t ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}`

export const countAbsent = (c: Catalogs, r: FlowRelation, staged: Staging): Sql =>
  sql`SELECT (SELECT count(*) FROM ${staged.from}), (SELECT count(*) FROM ${lacking(c, r, staged)})`

export const copyAbsent = (c: Catalogs, r: FlowRelation, staged: Staging, path: string): Sql =>
  sql`COPY (SELECT ${joined(
    r.columns.map((x) => ident('s', x.target)),
    ', ',
  )} FROM ${lacking(c, r, staged)}) TO ${textLiteral(path)} (FORMAT parquet, COMPRESSION zstd)`
