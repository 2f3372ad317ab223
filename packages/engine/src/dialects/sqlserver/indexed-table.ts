/** By which indexes rows of a source are found, and how many there are, as the catalog tells without reading them. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { type Asking, askMaybe, NotShown } from './ask.ts'
import { type CatalogPlace, findCatalog, objectOf } from './catalog.ts'
import { pathOf, type Place } from './names.ts'
import { query } from './run-sql.ts'
import { tsql } from './style.ts'

export interface IndexedTable {
  /** columns of each index that rows are found by, in its order; what tells rows of equal values apart is behind them */
  readonly indexes: readonly (readonly string[])[]
  /** null: the server does not tell */
  readonly rows: bigint | null
}

const UNKNOWN: IndexedTable = { indexes: [], rows: null }

/** A view is found by the indexes of the table that `columns` of it are of. Nothing is told of a linked server. */
export async function lookAtIndexes(
  session: SqlServerSession,
  table: TableName,
  columns: readonly string[],
  at: Place,
  where: string,
): Promise<IndexedTable> {
  const place = await findCatalog(session, table, at, where)
  if (place === null || place.server !== null) return UNKNOWN
  const found = await indexesIn(session, place, where)
  if (found.indexes.length > 0 || found.rows !== null) return found
  const below = await tableBelow(session, ident(...pathOf(table, at)), columns, where)
  if (below === null) return UNKNOWN
  const base = await lookAtIndexes(session, below.table, [], at, where)
  return { indexes: base.indexes.map((index) => renamed(index, below.names)), rows: null }
}

async function indexesIn(session: SqlServerSession, place: CatalogPlace, where: string): Promise<IndexedTable> {
  const { from, where: isIt } = objectOf(place)
  // 1: the clustered index, whose columns are in every other one; 2: the others. A filter leaves rows out
  const columns = await query(
    session,
    sql`SELECT i.index_id, i.type, c.name FROM ${from} JOIN ${place.sys('indexes')} AS i ON i.object_id = o.object_id
JOIN ${place.sys('index_columns')} AS k ON k.object_id = i.object_id AND k.index_id = i.index_id
JOIN ${place.sys('columns')} AS c ON c.object_id = k.object_id AND c.column_id = k.column_id
WHERE ${isIt} AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 AND k.key_ordinal > 0
ORDER BY i.index_id, k.key_ordinal`,
    where,
    'TM4019',
  )
  const [size] = await query(
    session,
    sql`SELECT SUM(p.rows) FROM ${from} JOIN ${place.sys('partitions')} AS p ON p.object_id = o.object_id WHERE ${isIt} AND p.index_id < 2`,
    where,
    'TM4019',
  )
  return { indexes: indexesOf(columns), rows: size?.[0] == null ? null : BigInt(size[0]) }
}

const CLUSTERED = '1'

function indexesOf(rows: readonly (readonly (string | null)[])[]): readonly (readonly string[])[] {
  const byId = new Map<string, { readonly clustered: boolean; readonly columns: string[] }>()
  for (const [id, type, name] of rows) {
    const index = byId.get(id ?? '') ?? { clustered: type === CLUSTERED, columns: [] }
    index.columns.push(name ?? '')
    byId.set(id ?? '', index)
  }
  const all = [...byId.values()]
  const clustered = all.find((x) => x.clustered)?.columns ?? []
  return all.map(({ columns }) => [...columns, ...clustered.filter((name) => !columns.includes(name))])
}

interface Below {
  readonly table: TableName
  /** of its columns → of the view's */
  readonly names: ReadonlyMap<string, string>
}

/** null: they are of several tables, or made by the view, or the server does not tell. */
async function tableBelow(
  session: SqlServerSession,
  view: Sql,
  columns: readonly string[],
  where: string,
): Promise<Below | null> {
  if (columns.length === 0) return null
  const select = sql`SELECT ${joined(
    columns.map((name) => ident(name)),
    ', ',
  )} FROM ${view}`
  const asking: Asking = { session, where, readOnlyLogins: [], between: () => Promise.resolve() }
  // 1: of what table each column is, below all views
  const rows = await askMaybe(
    asking,
    sql`SELECT d.source_database, d.source_schema, d.source_table, d.source_column
FROM sys.dm_exec_describe_first_result_set(${param(tsql(select))}, NULL, 1) AS d WHERE d.is_hidden = 0 ORDER BY d.column_ordinal`,
  )
  if (rows instanceof NotShown || rows.length !== columns.length) return null
  const names = new Map<string, string>()
  const tables = new Set<string>()
  for (const [i, row] of rows.entries()) {
    const [database, schema, table, column] = row
    if (database == null || schema == null || table == null || column == null) return null
    tables.add(JSON.stringify([database, schema, table]))
    names.set(column, columns[i] ?? '')
  }
  const [only, ...more] = tables
  return only === undefined || more.length > 0 ? null : { table: JSON.parse(only) as TableName, names }
}

/** As far as the view shows its columns. */
function renamed(index: readonly string[], names: ReadonlyMap<string, string>): readonly string[] {
  const end = index.findIndex((name) => !names.has(name))
  return index.slice(0, end === -1 ? index.length : end).map((name) => names.get(name) ?? '')
}
