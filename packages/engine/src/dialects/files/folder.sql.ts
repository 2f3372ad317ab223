/** A folder of Parquet files as a table, rows that it lacks as one more file, and what replaces it. */
import type { TableName } from '@tidemark/contract/flow'
import { type FlowRelation, landingTable } from '../contract.ts'
import type { Staging } from '../relational/apply.sql.ts'
import { schemaAndTable } from '../duckdb/introspect.ts'
import { parquetOptions } from '../duckdb/parquet-types.ts'
import { type Catalogs, keyEquals, targetKey, targetTable } from '../relational/names.ts'
import { catalogText, ident, joined, param, type Sql, sql, textLiteral } from '../sql-text.ts'
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

const optionsOf = (r: FlowRelation): Sql => parquetOptions(r.columns.map((x) => x.targetType))

/** A join, not EXISTS: inside that, a column of the target that is called `s` would hide the alias. */
const lacking = (c: Catalogs, r: FlowRelation, staged: Staging): Sql =>
  sql`${staged.from} ANTI JOIN ${targetTable(c, r.target.table)} AS t ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}`

export const countAbsent = (c: Catalogs, r: FlowRelation, staged: Staging): Sql =>
  sql`SELECT (SELECT count(*) FROM ${staged.from}), (SELECT count(*) FROM ${lacking(c, r, staged)})`

export const copyAbsent = (c: Catalogs, r: FlowRelation, staged: Staging, path: string): Sql =>
  sql`COPY (SELECT ${joined(
    r.columns.map((x) => ident('s', x.target)),
    ', ',
  )} FROM ${lacking(c, r, staged)}) TO ${textLiteral(path)} (${optionsOf(r)})`

/** How many rows there were. */
export const copyAll = (r: FlowRelation, staged: Staging, path: string): Sql =>
  sql`COPY (SELECT ${joined(
    r.columns.map((x) => ident('s', x.target)),
    ', ',
  )} FROM ${staged.from}) TO ${textLiteral(path)} (${optionsOf(r)})`

/** The table beside as one file. */
export const copyBeside = (c: Catalogs, r: FlowRelation, path: string): Sql =>
  sql`COPY (SELECT ${joined(
    r.columns.map((x) => ident(x.target)),
    ', ',
  )} FROM ${targetTable(c, landingTable(r))}) TO ${textLiteral(path)} (${optionsOf(r)})`

export const dropBeside = (c: Catalogs, r: FlowRelation): Sql => sql`DROP TABLE ${targetTable(c, landingTable(r))}`

/** Swaps that are committed and not yet seen in their folders. */
const swaps = (catalog: string): Sql => ident(catalog, 'tidemark', 'folder_swap')

export const createSwaps = (catalog: string): Sql =>
  sql`CREATE TABLE IF NOT EXISTS ${swaps(catalog)} (folder VARCHAR, run VARCHAR, replaced VARCHAR, PRIMARY KEY (folder, run))`

export const listSwapTable = (catalog: string): Sql =>
  sql`SELECT 1 FROM duckdb_tables() WHERE database_name = ${param(catalog)} AND schema_name = 'tidemark' AND table_name = 'folder_swap'`

export const listSwaps = (catalog: string): Sql => sql`SELECT folder, run, replaced FROM ${swaps(catalog)}`

export const insertSwap = (catalog: string, folder: string, run: string, replaced: readonly string[]): Sql =>
  sql`INSERT INTO ${swaps(catalog)} VALUES (${param(folder)}, ${param(run)}, ${param(JSON.stringify(replaced))})`

export const deleteSwap = (catalog: string, folder: string, run: string): Sql =>
  sql`DELETE FROM ${swaps(catalog)} WHERE folder = ${param(folder)} AND run = ${param(run)}`
