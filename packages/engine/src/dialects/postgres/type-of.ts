/** Types by their numbers, in the words of `describeTable`. */
import type { PostgresColumn, PostgresSession } from '../../drivers/postgres.ts'
import { param, type Sql, sql, textOf, valuesOf } from '../sql-text.ts'
import { type Refused, translate } from './errors.ts'
import { query } from './run-sql.ts'
import { typeName } from './type-names.sql.ts'

/** numbers below came with the server, and mean the same for ever */
const FIRST_USER_OID = 16_384n

const known = new Map<string, string>()

const keyOf = ({ type, modifier }: PostgresColumn): string => `${type} ${modifier}`

/** In the order asked. */
export async function typesOf(
  session: PostgresSession,
  columns: readonly PostgresColumn[],
  where: string,
): Promise<readonly string[]> {
  const asked = columns.filter((x) => !known.has(keyOf(x)))
  const found = new Map<string, string>()
  if (asked.length > 0) {
    const rows = await query(
      session,
      sql`SELECT x.t || ' ' || x.m, ${typeName(sql`CAST(x.t AS oid)`, sql`CAST(x.m AS integer)`)}
FROM json_to_recordset(CAST(${param(JSON.stringify(asked.map(({ type, modifier }) => ({ t: type, m: modifier }))))} AS json)) AS x(t text, m text)`,
      where,
    )
    for (const [key, type] of rows) found.set(key ?? '', type ?? '')
    for (const x of asked) if (BigInt(x.type) < FIRST_USER_OID) known.set(keyOf(x), found.get(keyOf(x)) ?? '')
  }
  return columns.map((x) => known.get(keyOf(x)) ?? found.get(keyOf(x)) ?? '')
}

/** Names and types of what a SELECT gives. It should give no rows. */
export async function columnsOf(
  session: PostgresSession,
  select: Sql,
  where: string,
  refused?: Refused,
): Promise<readonly { readonly name: string; readonly type: string }[]> {
  let columns: readonly PostgresColumn[]
  try {
    columns = await session.columns(textOf(select), valuesOf(select))
  } catch (error) {
    throw translate(error, where, refused, session.discreet)
  }
  const types = await typesOf(session, columns, where)
  return columns.map(({ name }, i) => ({ name, type: types[i] ?? '' }))
}

/** The database's own name of a type that a person wrote; null: it has none of that name. */
export async function typeNamed(session: PostgresSession, text: string, where: string): Promise<string | null> {
  try {
    // reads a name and nothing else, so that what follows it is one
    const [row] = await session.rows('SELECT pg_catalog.to_regtype($1)', [text])
    if (row?.[0] == null) return null
    const [column] = await session.columns(`SELECT CAST(NULL AS ${text}) LIMIT 0`)
    return column === undefined ? null : ((await typesOf(session, [column], where))[0] ?? null)
  } catch (error) {
    const fault = translate(error, where)
    if ('code' in fault && fault.code === 'TM5001') return null
    throw fault
  }
}
