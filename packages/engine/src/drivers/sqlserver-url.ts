/** A URL of one database of one SQL Server. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Secret } from '../runtime/secret.ts'
import type { Login, SqlServerOptions, TlsMode } from './sqlserver.ts'

/** Says what is wrong with a URL, never what it holds: there may be a password in it. */
export class SqlServerUrlError extends Error {
  override readonly name = 'SqlServerUrlError'
}

const TLS_MODES: readonly TlsMode[] = ['require', 'strict', 'trust', 'disable']
const PARAMETERS: readonly string[] = ['tls', 'ca', 'instance', 'server_name']
const DEFAULT_PORT = 1433
const CONNECT_TIMEOUT_MS = 15_000

/**
 * `sqlserver://USER:PASSWORD@HOST:PORT/DATABASE?tls=…&ca=…&instance=…&server_name=…`: of host, port, instance, database,
 * user, password, tls, ca and server_name those that it gives, decoded. What is empty is not given.
 */
export function parseSqlServerUrl(url: string): Readonly<Record<string, string>> {
  if (!url.startsWith('sqlserver://')) throw new SqlServerUrlError('it must be sqlserver://USER@HOST:PORT/DATABASE')
  const parsed = URL.parse(url)
  if (parsed === null)
    throw new SqlServerUrlError(
      'it is no URL: characters like @ / : # ? % \\ in a name or password are written %40 and so on; ' +
        'what else there is to say follows a ? and not a ; and an instance is instance=NAME',
    )
  const given: Record<string, string> = {}
  const put = (name: string, value: string): void => {
    if (value !== '') given[name] = value
  }
  put('host', decoded(parsed.hostname.replace(/^\[(.*)\]$/, '$1')))
  put('port', checkedPort(parsed.port))
  put('user', decoded(parsed.username))
  put('password', decoded(parsed.password))
  put('database', decoded(parsed.pathname.slice(1)))
  for (const [name, value] of parsed.searchParams) {
    if (!PARAMETERS.includes(name))
      throw new SqlServerUrlError(`its parameter ${name} is not known; there are ${PARAMETERS.join(', ')}`)
    put(name, name === 'tls' ? checkedTls(value) : value)
  }
  return given
}

/**
 * The same as what a driver needs, for a URL that says everything: host, database and user. TLS is on, and the
 * certificate checked, unless it says otherwise; a user `DOMAIN\NAME` is one of Windows. A relative path of `ca` counts
 * from `dir`.
 */
export function sqlServerOptionsOf(url: string, dir: string, applicationName: string): SqlServerOptions {
  const { host, port, instance, database, user, password, tls, ca, server_name: serverName } = parseSqlServerUrl(url)
  if (host === undefined) throw new SqlServerUrlError('it names no host')
  if (database === undefined) throw new SqlServerUrlError('it names no database')
  if (user === undefined) throw new SqlServerUrlError('it names no user')
  if (port !== undefined && instance !== undefined)
    throw new SqlServerUrlError('its port and its instance exclude each other')
  return {
    host,
    port: port !== undefined ? Number(port) : instance === undefined ? DEFAULT_PORT : null,
    instance: instance ?? null,
    database,
    login: loginOf(user, password),
    tls: {
      mode: TLS_MODES.find((mode) => mode === tls) ?? 'require',
      ca: ca === undefined ? null : authorityIn(ca, dir),
      serverName: serverName ?? null,
    },
    applicationName,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    readOnly: false,
  }
}

/** A login of SQL Server's own has no backslash in its name. */
function loginOf(user: string, password: string | undefined): Login {
  const secret = password === undefined ? null : new Secret(password)
  const [domain = '', ...name] = user.split('\\')
  return name.length === 0
    ? { kind: 'sql', user, password: secret }
    : { kind: 'ntlm', domain, user: name.join('\\'), password: secret }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    throw new SqlServerUrlError('a % in it is not followed by two digits of a character', { cause: error })
  }
}

function checkedPort(port: string): string {
  if (port !== '' && Number(port) === 0) throw new SqlServerUrlError('its port must be from 1 to 65535')
  return port
}

function checkedTls(mode: string): string {
  if (mode !== '' && !TLS_MODES.some((m) => m === mode))
    throw new SqlServerUrlError(`tls is one of ${TLS_MODES.join(', ')}`)
  return mode
}

function authorityIn(path: string, dir: string): string {
  try {
    return readFileSync(resolve(dir, path), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new SqlServerUrlError(`the file of ca, ${path}, cannot be read (${code})`, { cause: error })
  }
}
