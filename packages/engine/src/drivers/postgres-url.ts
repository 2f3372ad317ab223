/** A URL as libpq and its tools write it, as far as one database of one host goes. */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { Secret } from '../runtime/secret.ts'
import type { PostgresOptions, TlsMode } from './postgres.ts'

/** Says what is wrong with a URL, never what it holds: there may be a password in it. */
export class PostgresUrlError extends Error {
  override readonly name = 'PostgresUrlError'
}

const TLS_MODES: readonly TlsMode[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']
const PARAMETERS = [
  'host',
  'port',
  'dbname',
  'user',
  'password',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'connect_timeout',
  'application_name',
] as const

const CONNECT_TIMEOUT_S = 10
const DEFAULT_PORT = 5432

/**
 * `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`. What is left out is as with libpq: port 5432, the user of the
 * operating system, a database named after the user. Files of TLS are read here; a relative path counts from `dir`.
 */
export function parsePostgresUrl(text: string, dir: string, applicationName: string): PostgresOptions {
  const given = urlParameters(text, PARAMETERS)
  const user = given.user ?? userInfo().username
  const port = wholeNumber(given.port ?? String(DEFAULT_PORT), 1, 65_535, 'its port')
  return {
    host: given.host ?? 'localhost',
    port,
    database: given.dbname ?? user,
    user,
    password: given.password === undefined ? null : new Secret(given.password),
    tls: tlsOf(given, dir),
    applicationName: given.application_name ?? applicationName,
    connectTimeoutMs:
      wholeNumber(given.connect_timeout ?? String(CONNECT_TIMEOUT_S), 1, 3600, 'connect_timeout') * 1000,
  }
}

type Named = 'host' | 'port' | 'dbname' | 'user' | 'password'
type Given = Readonly<Partial<Record<(typeof PARAMETERS)[number], string>>>

/** What a URL gives for these of libpq's parameters, and it may give no others. What is empty is not given. */
export function urlParameters<P extends string>(
  text: string,
  known: readonly (P | Named)[],
): Readonly<Partial<Record<P | Named, string>>> {
  if (!/^postgres(?:ql)?:\/\//.test(text)) throw new PostgresUrlError('it must be postgres://USER@HOST:PORT/DATABASE')
  const url = URL.parse(text)
  if (url === null)
    throw new PostgresUrlError(
      'it is no URL: characters like @ / : # ? % in a name or password are written %40 and so on',
    )
  const given: Partial<Record<P | Named, string>> = {}
  const put = (name: P | Named, value: string): void => {
    if (value !== '') given[name] = value
  }
  put('host', decoded(url.hostname.replace(/^\[(.*)\]$/, '$1')))
  put('port', url.port)
  put('user', decoded(url.username))
  put('password', decoded(url.password))
  put('dbname', decoded(url.pathname.slice(1)))
  for (const [name, value] of url.searchParams) {
    const parameter = known.find((p) => p === name)
    if (parameter === undefined)
      throw new PostgresUrlError(`its parameter ${name} is not known; there are ${known.join(', ')}`)
    put(parameter, value)
  }
  return given
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    throw new PostgresUrlError('a % in it is not followed by two digits of a character', { cause: error })
  }
}

function wholeNumber(text: string, least: number, greatest: number, what: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > greatest)
    throw new PostgresUrlError(`${what} must be from ${least} to ${greatest}`)
  return value
}

function tlsOf(given: Given, dir: string): PostgresOptions['tls'] {
  const { sslrootcert, sslcert, sslkey } = given
  // as with libpq: authorities of the system are for servers whose name is checked
  const wanted = given.sslmode ?? (sslrootcert === 'system' ? 'verify-full' : 'prefer')
  const mode = TLS_MODES.find((m) => m === wanted)
  if (mode === undefined) throw new PostgresUrlError(`sslmode is one of ${TLS_MODES.join(', ')}`)
  const key = pem(sslkey, dir, 'sslkey')
  return {
    // also as with libpq: whoever names an authority wants it to be checked
    mode: mode === 'require' && sslrootcert !== undefined && sslrootcert !== 'system' ? 'verify-ca' : mode,
    ca: sslrootcert === 'system' ? null : pem(sslrootcert, dir, 'sslrootcert'),
    cert: pem(sslcert, dir, 'sslcert'),
    key: key === null ? null : new Secret(key),
  }
}

function pem(path: string | undefined, dir: string, name: string): string | null {
  if (path === undefined) return null
  try {
    return readFileSync(resolve(dir, path), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new PostgresUrlError(`the file of ${name}, ${path}, cannot be read (${code})`, { cause: error })
  }
}
