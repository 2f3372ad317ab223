/** Types in the words of `describeTable`: of what a SELECT gives, and of a name that a person wrote. */
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { ident, param, paramsOf, type Sql, sql } from '../sql-text.ts'
import type { Refused } from './errors.ts'
import { query } from './run-sql.ts'
import { findType, formatType, OF_A_CODE_PAGE, splitCollation } from './type-text.ts'
import { joinBaseType, TYPE_FACETS, typeOfFacets, withEncoding } from './type-names.sql.ts'
import type { Place } from './names.ts'
import { TSQL, tsql } from './style.ts'

/** Collation → code page, which means the same on every server. */
const known = new Map<string, string>()

/** null: there is no such collation here. */
async function codePageOf(session: SqlServerSession, collation: string, where: string): Promise<string | null> {
  const found = known.get(collation)
  if (found !== undefined) return found
  const [row] = await query(
    session,
    sql`SELECT CONVERT(nvarchar(10), COLLATIONPROPERTY(${param(collation)}, 'CodePage'))`,
    where,
  )
  const codePage = row?.[0] ?? null
  if (codePage !== null) known.set(collation, codePage)
  return codePage
}

/** Names and types of what a SELECT gives, which is looked at and not run. It may name no temporary table. */
export async function columnsOf(
  session: SqlServerSession,
  select: Sql,
  where: string,
  refused?: Refused,
): Promise<readonly { readonly name: string; readonly type: string }[]> {
  const params = paramsOf(select)
    .map((_, i) => `${TSQL.param(i + 1)} nvarchar(max)`)
    .join(', ')
  const rows = await query(
    session,
    sql`EXEC sys.sp_describe_first_result_set @tsql = ${param(tsql(select))}, @params = ${param(params)}`,
    where,
    refused,
  )
  const columns: { name: string; type: string }[] = []
  // is_hidden, column_ordinal, name, is_nullable, system_type_id, system_type_name, max_length, precision, scale, collation_name, …
  for (const [hidden, , name, , , system, , , , collation, , , , own] of rows) {
    if (hidden === '1') continue
    const text = system ?? own ?? ''
    const isText = OF_A_CODE_PAGE.has(findType(text)?.name ?? '') && collation != null
    const codePage = isText ? await codePageOf(session, collation, where) : null
    columns.push({ name: name ?? '', type: withEncoding(text, collation ?? null, codePage) })
  }
  return columns
}

/** The name of a type that a person wrote; null: the database has none of that name. */
export async function typeNamed(
  session: SqlServerSession,
  text: string,
  at: Place,
  where: string,
): Promise<string | null> {
  const asked = splitCollation(text)
  const type = findType(asked?.type ?? text)
  if (type === null) return asked === null ? await aliasNamed(session, text, at, where) : null
  if (!OF_A_CODE_PAGE.has(type.name) || type.encoding !== null) return formatType({ ...type })
  const collation = asked?.collation ?? (await collationOf(session, at.database, where))
  const codePage = collation === null ? null : await codePageOf(session, collation, where)
  return collation === null || codePage === null
    ? null
    : formatType({ ...type, encoding: { codePage: Number(codePage), collation } })
}

async function collationOf(session: SqlServerSession, database: string, where: string): Promise<string | null> {
  const statement = sql`SELECT CONVERT(nvarchar(128), DATABASEPROPERTYEX(${param(database)}, 'Collation'))`
  const [row] = await query(session, statement, where)
  return row?.[0] ?? null
}

/** One that somebody made of a built-in type; that of the connection's schema before others. */
async function aliasNamed(session: SqlServerSession, text: string, at: Place, where: string): Promise<string | null> {
  const types = ident(at.database, 'sys', 'types')
  const [row] = await query(
    session,
    sql`SELECT TOP (1) ${TYPE_FACETS} FROM ${types} AS c ${joinBaseType(types)} JOIN ${ident(at.database, 'sys', 'schemas')} AS n ON n.schema_id = c.schema_id
WHERE c.name = ${param(text.trim())} AND c.is_user_defined = 1 AND c.is_table_type = 0 ORDER BY CASE n.name WHEN ${param(at.schema)} THEN 0 ELSE 1 END, n.name`,
    where,
  )
  return row === undefined ? null : typeOfFacets(row)
}
