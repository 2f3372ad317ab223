/** Who asks, of a connection's options. */
import {
  loginProblem,
  SQLSERVER_LOGIN_KINDS,
  type SqlServerLoginKey,
  sqlServerLoginOf,
} from '@tidemark/contract/sqlserver-schema'
import type { Login } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import { Secret } from '../../runtime/secret.ts'

/** `of`: an option's value, opened; null: not given. */
export function loginOf(of: (name: SqlServerLoginKey | 'login') => string | null): Login {
  const given = Object.fromEntries(
    (['user', 'password', 'domain', 'client_id', 'client_secret', 'tenant_id', 'token'] as const).flatMap((key) => {
      const value = of(key)
      return value === null ? [] : [[key, value]]
    }),
  ) as Partial<Record<SqlServerLoginKey, string>>
  const named = of('login')
  // as Windows writes a name
  const [domain = '', ...rest] = given.user?.split('\\') ?? []
  if (named === null && given.domain === undefined && rest.length > 0)
    Object.assign(given, { domain, user: rest.join('\\') })
  const kind = named === null ? sqlServerLoginOf(given) : SQLSERVER_LOGIN_KINDS.find((k) => k === named)
  if (kind === undefined)
    throw new AppError('TM1011', `login ${named}; a sqlserver connection has ${SQLSERVER_LOGIN_KINDS.join(', ')}`)
  const problem = loginProblem(kind, given)
  if (problem !== null) throw new AppError('TM1011', `a sqlserver connection: ${problem.message}`)
  // what the login needs is there
  const text = (key: SqlServerLoginKey): string => given[key] ?? ''
  const secret = (key: SqlServerLoginKey): Secret => new Secret(text(key))
  switch (kind) {
    case 'sql':
      return { kind, user: text('user'), password: secret('password') }
    case 'ntlm':
      return { kind, domain: text('domain'), user: text('user'), password: secret('password') }
    case 'entra-default':
    case 'entra-managed-identity':
      return { kind, clientId: given.client_id ?? null }
    case 'entra-password':
      return {
        kind,
        user: text('user'),
        password: secret('password'),
        clientId: text('client_id'),
        tenantId: text('tenant_id'),
      }
    case 'entra-service-principal':
      return { kind, clientId: text('client_id'), secret: secret('client_secret'), tenantId: text('tenant_id') }
    case 'entra-token':
      return { kind, token: secret('token') }
  }
}
