/** Where the catalog of a table is: in its own database, which may be another one of the server, or of a linked server. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import { pathOf, type Place } from './names.ts'
import { query } from './run-sql.ts'

export interface CatalogPlace {
  /** of a linked server; null: of this one */
  readonly server: string | null
  readonly database: string
  readonly schema: string
  readonly name: string
  /** A view of that database's catalog. */
  readonly sys: (view: string) => Sql
}

/** null: there is no such database. TM2001 where there is one that does not let us in. */
export async function findCatalog(
  session: SqlServerSession,
  table: TableName,
  at: Place,
  where: string,
): Promise<CatalogPlace | null> {
  const path = pathOf(table, at)
  const [name = '', schema = '', database = '', server = null] = path.toReversed()
  const inside = server === null ? [database] : [server, database]
  const place: CatalogPlace = {
    server,
    database,
    schema,
    name,
    sys: (view) => ident(...inside, 'sys', view),
  }
  if (server !== null || database.toLowerCase() === session.options.database.toLowerCase()) return place
  const [row] = await query(session, sql`SELECT HAS_DBACCESS(${param(database)})`, where, 'TM4019')
  if (row?.[0] === '0')
    throw new AppError(
      'TM2001',
      `${where}: the database ${database}, which ${table.join('.')} is in, does not let us in`,
    )
  return row?.[0] === '1' ? place : null
}

/** The row `o` of a table or view, and `n` of its schema. */
export const objectOf = ({ sys, schema, name }: CatalogPlace): { readonly from: Sql; readonly where: Sql } => ({
  from: sql`${sys('objects')} AS o JOIN ${sys('schemas')} AS n ON n.schema_id = o.schema_id`,
  where: sql`n.name = ${param(schema)} AND o.name = ${param(name)} AND o.type IN (N'U', N'V')`,
})
