/** How a table of SQL Server is kept, as far as that says what may be done with it. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { sql } from '../sql-text.ts'
import { findCatalog, objectOf } from './catalog.ts'
import type { Place } from './names.ts'
import { query } from './run-sql.ts'

export interface StoredTable {
  readonly kind: 'table' | 'view'
  /** its columns are the server's: it takes none besides, and its paths are those of files */
  readonly fileTable: boolean
  /** versioned: each change leaves a row in another table · history: that other table, which nobody may write */
  readonly temporal: 'no' | 'history' | 'versioned'
  /** takes no lock hints, and has a snapshot of its own */
  readonly inMemory: boolean
  /** kept by columns: a row has no index to be found in but those beside */
  readonly columnstore: boolean
  /** rows of another system, read from here */
  readonly external: boolean
  /** a statement that changes rows cannot answer with them */
  readonly triggers: boolean
  /** columns whose values are files */
  readonly filestream: readonly string[]
  /** columns that `SELECT *` leaves out */
  readonly hidden: readonly string[]
}

/** null: there is no such table here; one of a linked server says nothing of this. */
export async function lookAtTable(
  session: SqlServerSession,
  table: TableName,
  at: Place,
  where: string,
): Promise<StoredTable | null> {
  const place = await findCatalog(session, table, at, where)
  if (place === null || place.server !== null) return null
  const { from, where: isIt } = objectOf(place)
  const [row] = await query(
    session,
    sql`SELECT o.type, t.is_filetable, t.temporal_type, t.is_memory_optimized, t.is_external,
  CASE WHEN EXISTS (SELECT 1 FROM ${place.sys('indexes')} AS i WHERE i.object_id = o.object_id AND i.type = 5) THEN 1 ELSE 0 END,
  CASE WHEN EXISTS (SELECT 1 FROM ${place.sys('triggers')} AS g WHERE g.parent_id = o.object_id AND g.is_disabled = 0) THEN 1 ELSE 0 END
FROM ${from} LEFT JOIN ${place.sys('tables')} AS t ON t.object_id = o.object_id WHERE ${isIt}`,
    where,
    'TM4019',
  )
  if (row === undefined) return null
  const odd = await query(
    session,
    sql`SELECT c.name, c.is_filestream, c.is_hidden FROM ${from} JOIN ${place.sys('columns')} AS c ON c.object_id = o.object_id
WHERE ${isIt} AND (c.is_filestream = 1 OR c.is_hidden = 1) ORDER BY c.column_id`,
    where,
    'TM4019',
  )
  const [type, fileTable, temporal, inMemory, external, columnstore, triggers] = row
  const named = (place_: 1 | 2): readonly string[] =>
    odd.filter((column) => column[place_] === '1').map(([name]) => name ?? '')
  return {
    kind: type?.trim() === 'V' ? 'view' : 'table',
    fileTable: fileTable === '1',
    temporal: temporal === '1' ? 'history' : temporal === '2' ? 'versioned' : 'no',
    inMemory: inMemory === '1',
    columnstore: columnstore === '1',
    external: external === '1',
    triggers: triggers === '1',
    filestream: named(1),
    hidden: named(2),
  }
}
