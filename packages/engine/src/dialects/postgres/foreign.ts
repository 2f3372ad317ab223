/** Tables of another database that the target sees through postgres_fdw. */
import type { TableName } from '@tidemark/contract/flow'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { SourceNames } from '../relational/names.ts'
import { ident, param, sql } from '../sql-text.ts'
import { schemaAndTable, sourceNames } from './names.ts'
import { query } from './run-sql.ts'
import type { PostgresConnection } from './session.ts'

export interface ForeignTables {
  /** The foreign table that stands for a table of the source; null: there is none. */
  find(table: TableName, schema: string): readonly [schema: string, table: string] | null
}

/** Those whose server leads to `source`; a server without an address is the target's own. */
export async function listForeign(
  session: PostgresSession,
  source: PostgresConnection,
  target: PostgresConnection,
): Promise<ForeignTables> {
  const { host, port, database } = source.options
  const rows = await query(
    session,
    sql`SELECT n.nspname, c.relname, coalesce(o.schema_name, n.nspname), coalesce(o.table_name, c.relname)
FROM pg_foreign_table AS t
JOIN pg_class AS c ON c.oid = t.ftrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_foreign_server AS s ON s.oid = t.ftserver JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw,
LATERAL (SELECT max(x.option_value) FILTER (WHERE x.option_name = 'schema_name') AS schema_name,
  max(x.option_value) FILTER (WHERE x.option_name = 'table_name') AS table_name FROM pg_options_to_table(t.ftoptions) AS x) AS o,
LATERAL (SELECT max(x.option_value) FILTER (WHERE x.option_name = 'host') AS host, max(x.option_value) FILTER (WHERE x.option_name = 'port') AS port,
  max(x.option_value) FILTER (WHERE x.option_name = 'dbname') AS dbname FROM pg_options_to_table(s.srvoptions) AS x) AS a
WHERE w.fdwname = 'postgres_fdw' AND lower(coalesce(a.host, 'localhost')) = ${param(host.toLowerCase())}
  AND coalesce(a.port, '5432') = ${param(String(port))} AND coalesce(a.dbname, current_user) = ${param(database)}
ORDER BY 1, 2`,
    target.location,
  )
  const found = new Map<string, readonly [string, string]>()
  for (const [schema = '', table = '', ofSchema, of] of rows)
    if (!found.has(`${ofSchema}\0${of}`)) found.set(`${ofSchema}\0${of}`, [schema ?? '', table ?? ''])
  return { find: (table, schema) => found.get(schemaAndTable(table, schema).join('\0')) ?? null }
}

export function foreignNames(foreign: ForeignTables, schema: string): SourceNames {
  return {
    ...sourceNames(schema),
    table: (name) => {
      const found = foreign.find(name, schema)
      if (found === null) throw new AppError('TM4016', `no foreign table of the target stands for ${name.join('.')}`)
      return ident(...found)
    },
  }
}
