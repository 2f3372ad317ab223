/** Sending statements, with errors translated where they enter. */
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import type { Sender } from '../relational/sender.ts'
import { type Sql, textOf, valuesOf } from '../sql-text.ts'
import { translate } from './errors.ts'

type Refused = 'TM2008' | 'TM4019' | 'TM4037' | 'TM5001'

export async function exec(session: DuckdbSession, statement: Sql, where: string, refused?: Refused): Promise<bigint> {
  try {
    return await session.run(textOf(statement), valuesOf(statement))
  } catch (error) {
    throw translate(error, where, refused, session.discreet)
  }
}

export async function query(
  session: DuckdbSession,
  statement: Sql,
  where: string,
  refused?: Refused,
): Promise<readonly (readonly (string | null)[])[]> {
  try {
    return await session.rows(textOf(statement), valuesOf(statement))
  } catch (error) {
    throw translate(error, where, refused, session.discreet)
  }
}

export async function count(session: DuckdbSession, statement: Sql, where: string, refused?: Refused): Promise<bigint> {
  const [row] = await query(session, statement, where, refused)
  return BigInt(row?.[0] ?? '0')
}

export const senderOf = (session: DuckdbSession, where: string, refused?: Refused): Sender => ({
  exec: (statement) => exec(session, statement, where, refused),
  query: (statement) => query(session, statement, where, refused),
  count: (statement) => count(session, statement, where, refused),
})
