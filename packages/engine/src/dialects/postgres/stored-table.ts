/** How a table is stored: what decides whether it is read by its pages, and how large a part of it is. */
import type { TableName } from '@tidemark/contract/flow'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { schemaAndTable } from './names.ts'

export interface StoredTable {
  /** it has pages of its own; a view, a partitioned and a foreign table have none */
  readonly paged: boolean
  readonly pages: bigint
  /** as the server estimates; null: it was never looked through by VACUUM or ANALYZE */
  readonly rows: bigint | null
  /** with what is stored beside it; null: unknown */
  readonly averageBytes: bigint | null
  /** changes when the table is rewritten, and all places with it */
  readonly file: string
}

/** As the server's planner does it: as many rows a page as when they were counted, in as many pages as there are now. */
const QUERY = `
SELECT paged, pages, rows::bigint, CASE WHEN rows > 0 THEN (pg_catalog.pg_table_size(oid) / rows)::bigint END, file
  FROM (SELECT *, CASE WHEN reltuples >= 0 AND relpages > 0 THEN reltuples / relpages * pages END AS rows FROM (
        SELECT c.oid, c.reltuples, c.relpages, c.relkind IN ('r', 'm') AS paged,
               CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint ELSE 0 END AS pages,
               coalesce(pg_catalog.pg_relation_filenode(c.oid), 0) AS file
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2) AS t) AS q`

/** Throws where it is not there; `describe` has said so before. */
export async function lookAtStorage(session: PostgresSession, table: TableName, schema: string): Promise<StoredTable> {
  const [row] = await session.rows(QUERY, schemaAndTable(table, schema))
  if (row === undefined) throw new TypeError(`${table.join('.')} was not looked at`)
  const [paged, pages, rows, averageBytes, file] = row
  return {
    paged: paged === 't',
    pages: BigInt(pages ?? '0'),
    rows: rows == null ? null : BigInt(rows),
    averageBytes: averageBytes == null ? null : BigInt(averageBytes),
    file: file ?? '',
  }
}
