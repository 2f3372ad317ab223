/** By which indexes rows of a source are found, and how many there are, as the catalog tells without reading them. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { FlowRelation } from '../contract.ts'
import { sql } from '../sql-text.ts'
import { findCatalog, objectOf } from './catalog.ts'
import type { Place } from './names.ts'
import { query } from './run-sql.ts'

export interface IndexedTable {
  /** columns of each index that rows are found by, in its order; what tells rows of equal values apart is behind them */
  readonly indexes: readonly (readonly string[])[]
  /** null: the server does not tell */
  readonly rows: bigint | null
}

const UNKNOWN: IndexedTable = { indexes: [], rows: null }

/** A view has what it reads, which is not told here; neither is a table of a linked server. */
export async function lookAtIndexes(
  session: SqlServerSession,
  table: TableName,
  at: Place,
  where: string,
): Promise<IndexedTable> {
  const place = await findCatalog(session, table, at, where)
  if (place === null || place.server !== null) return UNKNOWN
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

/** How a selection is read in parts. */
export interface AccessPath {
  readonly by: 'position' | 'key'
  /** a part of the order is found by an index; else each would read the whole table */
  readonly seeks: boolean
  /** an index has the rows in that very order */
  readonly ordered: boolean
}

/** `windowed`: the selection is a window of the position, and nothing besides. */
export function accessPath(
  r: FlowRelation,
  windowed: boolean,
  main: IndexedTable,
  ofPosition: IndexedTable | null,
): AccessPath {
  const key = r.key.map((k) => k.source)
  const isMain = r.key.every((k) => k.origin.kind === 'main' && k.mask === null)
  const begins = (table: IndexedTable, columns: readonly string[]): boolean =>
    table.indexes.some((index) => columns.every((name, i) => index[i] === name))
  if (windowed && r.position !== null && ofPosition !== null && begins(ofPosition, [r.position.ref.column])) {
    const ordered = isMain && r.position.ref.table === null && begins(main, [r.position.ref.column, ...key])
    return { by: 'position', seeks: true, ordered: ordered && r.source.joins.length === 0 }
  }
  const seeks = isMain && begins(main, key.slice(0, 1))
  return { by: 'key', seeks, ordered: seeks && r.source.joins.length === 0 && begins(main, key) }
}
