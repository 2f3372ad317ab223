/** The options of a connection to a database of SQL Server or Azure SQL. */
import { z } from 'zod'
import { durationMs, isReference, name, names, port, refuse, strictMap } from './schema-parts.ts'

const url = name.refine(
  (text) => isReference(text) || /^sqlserver:\/\/[^/]/.test(text),
  'must be sqlserver://USER@HOST:PORT/DATABASE, or env:NAME',
)

/** As other tools write an address: `server\instance`, `server,1433`. */
const host = name.refine(
  (text) => isReference(text) || !/[\\,/]/.test(text),
  'must be a name or number alone: an instance is named by instance, a port by port',
)

export const SQLSERVER_TLS_MODES = ['strict', 'require', 'trust', 'disable'] as const
export type SqlServerTlsMode = (typeof SQLSERVER_TLS_MODES)[number]

const tls = strictMap({
  /** strict: TLS before the first byte (TDS 8) · require: the certificate is checked · trust: whoever answers */
  mode: z.enum(SQLSERVER_TLS_MODES).optional(),
  /** PEM, mostly file:PATH */
  ca: name.optional(),
  /** the name that the certificate bears, where it is not the host's */
  server_name: name.optional(),
})

/** Keys of a login that its proof needs, and those that it may have. Entra ID is the present name of Azure Active Directory. */
export const SQLSERVER_LOGINS = {
  sql: { needs: ['user', 'password'], may: [] },
  ntlm: { needs: ['domain', 'user', 'password'], may: [] },
  'entra-default': { needs: [], may: ['client_id'] },
  'entra-password': { needs: ['user', 'password', 'client_id', 'tenant_id'], may: [] },
  'entra-service-principal': { needs: ['client_id', 'client_secret', 'tenant_id'], may: [] },
  'entra-managed-identity': { needs: [], may: ['client_id'] },
  'entra-token': { needs: ['token'], may: [] },
} as const satisfies Record<string, { readonly needs: readonly string[]; readonly may: readonly string[] }>

export type SqlServerLoginKind = keyof typeof SQLSERVER_LOGINS
export const SQLSERVER_LOGIN_KINDS = Object.keys(SQLSERVER_LOGINS) as readonly SqlServerLoginKind[]

const LOGIN_KEYS = ['user', 'password', 'domain', 'client_id', 'client_secret', 'tenant_id', 'token'] as const
export type SqlServerLoginKey = (typeof LOGIN_KEYS)[number]
type Given = Readonly<Partial<Record<SqlServerLoginKey, unknown>>>

/** The login that is meant where none is named. */
export const sqlServerLoginOf = (given: Given & { readonly login?: SqlServerLoginKind | undefined }) =>
  given.login ?? (given.domain === undefined ? 'sql' : 'ntlm')

/** What is wrong with the keys of a login, with the key; null: nothing. `elsewhere`: keys that may come by the url. */
export function loginProblem(
  kind: SqlServerLoginKind,
  given: Given,
  elsewhere: readonly SqlServerLoginKey[] = [],
): { readonly key: SqlServerLoginKey; readonly message: string } | null {
  const { needs, may }: { readonly needs: readonly string[]; readonly may: readonly string[] } = SQLSERVER_LOGINS[kind]
  for (const key of LOGIN_KEYS) {
    const has = given[key] !== undefined && given[key] !== null
    if (has && !needs.includes(key) && !may.includes(key))
      return {
        key,
        message: `${key} is of no use to login: ${kind}, which takes ${[...needs, ...may].join(', ') || 'nothing'}`,
      }
    if (!has && needs.includes(key) && !elsewhere.includes(key))
      return { key, message: `login: ${kind} needs ${needs.join(', ')}; ${key} is missing` }
  }
  return null
}

export const sqlserverSchema = strictMap({
  url: url.optional(),
  host: host.optional(),
  port: port.optional(),
  /** asked for its port at the browser service of the host */
  instance: name.optional(),
  database: name.optional(),
  /** left out: sql, or ntlm where there is a domain */
  login: z.enum(SQLSERVER_LOGIN_KINDS).optional(),
  user: name.optional(),
  password: name.optional(),
  domain: name.optional(),
  client_id: name.optional(),
  client_secret: name.optional(),
  tenant_id: name.optional(),
  token: name.optional(),
  /** of tables that are named without one; left out: dbo */
  schema: name.optional(),
  /** left out: require */
  tls: tls.optional(),
  /** asks for a readable secondary of an availability group; such a connection is a source alone */
  read_only: z.boolean().optional(),
  /** logins that never write: their open transactions hold no window back */
  read_only_logins: names.optional(),
  /** how long batches are read under one snapshot, whose versions fill tempdb; left out: 1h */
  max_age: durationMs.optional(),
}).transform((given, ctx) => {
  if (given.url === undefined && (given.host === undefined || given.database === undefined))
    return refuse(ctx, 'a sqlserver connection needs url: …, or host: … and database: …')
  if (given.port !== undefined && given.instance !== undefined)
    return refuse(ctx, 'port and instance exclude each other: an instance is asked for its port', {}, ['instance'])
  const problem = loginProblem(sqlServerLoginOf(given), given, given.url === undefined ? [] : ['user', 'password'])
  if (problem !== null) return refuse(ctx, problem.message, {}, Object.hasOwn(given, problem.key) ? [problem.key] : [])
  return given
})

export type SqlServerConnectionOptions = z.output<typeof sqlserverSchema>
