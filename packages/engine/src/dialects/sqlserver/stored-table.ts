/** How a table of SQL Server is kept, as far as that says what may be done with it. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { sql } from '../sql-text.ts'
import { findCatalog, objectOf } from './catalog.ts'
import type { Place } from './names.ts'
import { query } from './run-sql.ts'

export interface StoredTable {
  /** takes no lock hints, and has a snapshot of its own */
  readonly inMemory: boolean
  /** columns whose values are files */
  readonly filestream: readonly string[]
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
  const columns = await query(
    session,
    sql`SELECT t.is_memory_optimized, c.name, c.is_filestream FROM ${from} LEFT JOIN ${place.sys('tables')} AS t ON t.object_id = o.object_id
JOIN ${place.sys('columns')} AS c ON c.object_id = o.object_id WHERE ${isIt} ORDER BY c.column_id`,
    where,
    'TM4019',
  )
  if (columns.length === 0) return null
  return {
    inMemory: columns[0]?.[0] === '1',
    filestream: columns.filter(([, , isFile]) => isFile === '1').map(([, name]) => name ?? ''),
  }
}
