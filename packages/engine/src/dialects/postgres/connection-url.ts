/** A libpq URL, as far as one database of one host goes. */
import { AppError } from '../../runtime/app-error.ts'

/** libpq's parameter → our option; those of TLS begin with `tls_` */
const PARAMETERS: Readonly<Record<string, string>> = {
  sslmode: 'tls_mode',
  sslrootcert: 'tls_ca',
  sslcert: 'tls_cert',
  sslkey: 'tls_key',
  host: 'host',
  port: 'port',
  user: 'user',
  password: 'password',
  dbname: 'database',
  schema: 'schema',
}

/** `postgres://user:password@host:port/database?sslmode=…`. Never says what it holds: there is a password in it. */
export function parseUrl(text: string): Readonly<Record<string, string>> {
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text))
    throw new AppError('TM1011', 'the url of a postgres connection is written postgres://USER@HOST:PORT/DATABASE')
  const url = new URL(text)
  const found: Record<string, string> = {}
  const put = (name: string, value: string): void => {
    if (value !== '') found[name] = decodeURIComponent(value)
  }
  put('host', url.hostname.replaceAll(/^\[|\]$/g, ''))
  put('port', url.port)
  put('user', url.username)
  put('password', url.password)
  put('database', url.pathname.slice(1))
  for (const [name, value] of url.searchParams) {
    const option = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined
    if (option === undefined) throw new AppError('TM1011', `parameter ${name} of the url is not known`)
    found[option] = value
  }
  return found
}
