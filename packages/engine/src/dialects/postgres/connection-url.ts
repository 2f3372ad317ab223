/** The URL of a connection, as the options that it is short for. */
import { PostgresUrlError, urlParameters } from '../../drivers/postgres-url.ts'
import { AppError } from '../../runtime/app-error.ts'

/** parameter → our option; those of TLS begin with `tls_` */
const OPTIONS = {
  host: 'host',
  port: 'port',
  user: 'user',
  password: 'password',
  dbname: 'database',
  schema: 'schema',
  sslmode: 'tls_mode',
  sslrootcert: 'tls_ca',
  sslcert: 'tls_cert',
  sslkey: 'tls_key',
} as const
const PARAMETERS = Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]

/** `postgres://user:password@host:port/database?sslmode=…`. Never says what it holds: there is a password in it. */
export function parseUrl(text: string): Readonly<Record<string, string>> {
  try {
    const given = urlParameters(text, PARAMETERS)
    return Object.fromEntries(PARAMETERS.flatMap((p) => (given[p] === undefined ? [] : [[OPTIONS[p], given[p]]])))
  } catch (error) {
    if (!(error instanceof PostgresUrlError)) throw error
    throw new AppError('TM1011', `the url of a postgres connection: ${error.message}`)
  }
}
