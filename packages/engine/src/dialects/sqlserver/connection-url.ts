/** The URL of a connection, as the options that it is short for. */
import { parseSqlServerUrl, SqlServerUrlError } from '../../drivers/sqlserver-url.ts'
import { AppError } from '../../runtime/app-error.ts'

/** `sqlserver://user:password@host:port/database?tls=…`. Never says what it holds: there is a password in it. */
export function parseUrl(text: string): Readonly<Record<string, string>> {
  try {
    return parseSqlServerUrl(text)
  } catch (error) {
    if (!(error instanceof SqlServerUrlError)) throw error
    throw new AppError('TM1011', `the url of a sqlserver connection: ${error.message}`)
  }
}
