/** Asking what not every login is shown, and not every server has. */
import { errorNumber, serverError, type SqlServerSession } from '../../drivers/sqlserver.ts'
import { type Sql, valuesOf } from '../sql-text.ts'
import { translate } from './errors.ts'
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

export const ask = ({ session, where }: Asking, statement: Sql): Promise<Rows> =>
  query(session, statement, where, 'TM4019')

/** What an error of these numbers says is not that anything is wrong: it is not there, or not for this login. */
const NOT_SHOWN: ReadonlySet<number> = new Set([
  195, // no such function
  207, // no such column
  208, // no such view
  229, // the right to an object
  262, // a right in the database
  297, // a right of a statement
  300, // a right on the server
  916, // a database that the login does not enter
  2812, // no such procedure
  4121, // no such function of a schema
  7202, // no linked server of that name
  7411, // a linked server that takes no calls
  7416, // a linked server that does not know the login
  15281, // a component that is switched off
  18456, // a linked server that refuses the login
  22001, // a key of the registry
  40515, // another database, which a service of one database has not
])

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
    if (number === undefined || !NOT_SHOWN.has(number)) throw translate(error, where, 'TM4019', session.discreet)
    return new NotShown(`${serverError(error)?.message ?? ''} (error ${number})`)
  }
}
