/** Sending statements, with errors translated where they enter. */
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { Sender } from '../relational/sender.ts'
import { type Sql, valuesOf } from '../sql-text.ts'
import { type Refused, translate } from './errors.ts'
import { tsql } from './style.ts'

export async function exec(
  session: SqlServerSession,
  statement: Sql,
  where: string,
  refused?: Refused,
): Promise<bigint> {
  try {
    return await session.run(tsql(statement), valuesOf(statement))
  } catch (error) {
    throw translate(error, where, refused, session.discreet)
  }
}

export async function query(
  session: SqlServerSession,
  statement: Sql,
  where: string,
  refused?: Refused,
): Promise<readonly (readonly (string | null)[])[]> {
  try {
    return await session.rows(tsql(statement), valuesOf(statement))
  } catch (error) {
    throw translate(error, where, refused, session.discreet)
  }
}

export async function count(
  session: SqlServerSession,
  statement: Sql,
  where: string,
  refused?: Refused,
): Promise<bigint> {
  const [row] = await query(session, statement, where, refused)
  return BigInt(row?.[0] ?? '0')
}

/** `begin`: awaited before each statement. */
export function senderOf(
  session: SqlServerSession,
  where: string,
  refused?: Refused,
  begin: () => Promise<void> = () => Promise.resolve(),
): Sender {
  return {
    exec: async (statement) => {
      await begin()
      return exec(session, statement, where, refused)
    },
    query: async (statement) => {
      await begin()
      return query(session, statement, where, refused)
    },
    count: async (statement) => {
      await begin()
      return count(session, statement, where, refused)
    },
  }
}
