/** Asking what not every login is shown, and not every server has. */
import { errorNumber, serverError, type SqlServerSession } from '../../drivers/sqlserver.ts'
import { type Sql, valuesOf } from '../sql-text.ts'
import type { Fault } from '../contract.ts'
import { classify, translate } from './errors.ts'
import { query } from './run-sql.ts'
import { tsql } from './style.ts'

export type Rows = readonly (readonly (string | null)[])[]

export interface Asking {
  /** never in a transaction */
  readonly session: SqlServerSession
  readonly where: string
  /** as the server writes their names */
  readonly readOnlyLogins: readonly string[]
  /** called after the clock and before the ceiling is read; a test's late transaction begins there */
  readonly between: () => Promise<void>
}

/** Of what is no look at who is at work. */
export const askingFor = (session: SqlServerSession, where: string): Asking => ({
  session,
  where,
  readOnlyLogins: [],
  between: () => Promise.resolve(),
})

export const ask = ({ session, where }: Asking, statement: Sql): Promise<Rows> =>
  query(session, statement, where, 'TM4019')

/**
 * What is not there, or not for this login, is told by many numbers. An error that says that something is wrong now, a
 * lost connection or a deadlock, is one.
 */
const NOT_SHOWN: ReadonlySet<Fault> = new Set(['permanent', 'constraint'])

/** The server's words: it does not show that. */
export class NotShown {
  readonly words: string
  constructor(words: string) {
    this.words = words
  }
}

export async function askMaybe({ session, where }: Asking, statement: Sql): Promise<Rows | NotShown> {
  try {
    return await session.rows(tsql(statement), valuesOf(statement))
  } catch (error) {
    const number = errorNumber(error)
    if (number === undefined || !NOT_SHOWN.has(classify(error)))
      throw translate(error, where, 'TM4019', session.discreet)
    return new NotShown(`${serverError(error)?.message ?? ''} (error ${number})`)
  }
}
