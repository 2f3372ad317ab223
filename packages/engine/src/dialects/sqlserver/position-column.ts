/** Which database owns a column that is a position: that of its table, whatever view or synonym shows it. */
import type { TableName } from '@tidemark/contract/flow'
import { AppError } from '../../runtime/app-error.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import { type Asking, askMaybe, NotShown } from './ask.ts'
import { pathOf, type Place } from './names.ts'
import type { PositionPlace } from './place.ts'
import { tsql } from './style.ts'

export interface PositionColumn {
  readonly place: PositionPlace
  /** false: of what a view gives, no one table is the origin */
  readonly owned: boolean
}

/** Kind of the object; whether the column is an identity that counts down. */
const object = (database: string, schema: string, name: string, column: string): Sql => sql`
SELECT RTRIM(o.type), CASE WHEN CAST(i.increment_value AS decimal(38, 0)) < 0 THEN 1 ELSE 0 END
FROM ${ident(database, 'sys', 'objects')} AS o JOIN ${ident(database, 'sys', 'schemas')} AS s ON s.schema_id = o.schema_id
LEFT JOIN ${ident(database, 'sys', 'identity_columns')} AS i ON i.object_id = o.object_id AND i.name = ${param(column)}
WHERE s.name = ${param(schema)} AND o.name = ${param(name)}`

/** What a column of a view or synonym is one of: server and database of the table; NULL where it is computed or of several. */
const origin = (path: readonly string[], column: string): Sql => sql`
SELECT f.source_server, f.source_database, f.source_table
FROM sys.dm_exec_describe_first_result_set(${param(tsql(sql`SELECT ${ident(column)} FROM ${ident(...path)}`))}, NULL, 1) AS f
WHERE f.column_ordinal = 1`

const TABLE = 'U'

export async function positionColumn(
  asking: Asking,
  table: TableName,
  column: string,
  at: Place,
): Promise<PositionColumn> {
  const path = pathOf(table, at)
  const [name = '', schema = '', database = '', server] = path.toReversed()
  const near = { server: server ?? null, database: server !== undefined || database !== at.database ? database : null }
  if (server !== undefined) return { place: near, owned: true }
  const rows = await askMaybe(asking, object(database, schema, name, column))
  const [kind, countsDown] = rows instanceof NotShown ? [] : (rows[0] ?? [])
  if (countsDown === '1')
    throw new AppError('TM4003', `position ${column} counts down: rows that are new lie below those that were read`)
  if (kind === undefined || kind === TABLE) return { place: near, owned: true }
  const found = await askMaybe(asking, origin(path, column))
  const [where, owner, of] = found instanceof NotShown ? [] : (found[0] ?? [])
  if (owner == null || of == null) return { place: near, owned: false }
  return {
    place: { server: where ?? null, database: where != null || owner !== at.database ? owner : null },
    owned: true,
  }
}
