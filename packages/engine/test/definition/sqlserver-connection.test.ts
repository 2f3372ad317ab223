import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { expect, test } from 'vitest'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { connectionOf } from '../../src/dialects/sqlserver/session.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { deployed, NO_ROWS, PROJECT, problemText } from './definition-texts.ts'

const projectWith = (options: string): string => `${PROJECT}  office: { kind: sqlserver, ${options} }\n`

test('a connection to SQL Server says where it is, who asks and how it is encrypted', () => {
  const options =
    'host: sql.example, instance: PROD, database: referrals, login: ntlm, domain: CORP, user: svc, password: env:PW, schema: blob, tls: { mode: strict, ca: file:ca.pem, server_name: sql01 }, read_only: true, read_only_logins: [bi], max_age: 20m'
  const { connections, problems } = resolveCatalog(deployed([], NO_ROWS, projectWith(options)), CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  expect(connections.get('office')?.options).toEqual({
    host: 'sql.example',
    instance: 'PROD',
    database: 'referrals',
    login: 'ntlm',
    domain: 'CORP',
    user: 'svc',
    password: 'env:PW',
    schema: 'blob',
    tls: { mode: 'strict', ca: 'file:ca.pem', server_name: 'sql01' },
    read_only: true,
    read_only_logins: ['bi'],
    max_age: 1_200_000,
  })
})

test.each([
  'url: env:OFFICE_URL',
  'url: "sqlserver://svc:${env:PW}@sql.example/referrals?tls=trust"',
  'url: env:OFFICE_URL, login: entra-default',
  'host: h, database: d, login: entra-managed-identity',
  'host: h, database: d, login: entra-managed-identity, client_id: c',
  'host: h, database: d, login: entra-password, user: u, password: env:P, client_id: c, tenant_id: t',
  'host: h, database: d, login: entra-service-principal, client_id: c, client_secret: env:S, tenant_id: t',
  'host: h, database: d, login: entra-token, token: file:t',
  'host: h, port: env:PORT, database: d, user: u, password: env:P',
])('a connection to SQL Server is taken: %s', (options) => {
  expect(problemText([], projectWith(options))).toBe('no problem')
})

test.each<[string, string, RegExp]>([
  ['no place', 'user: u, password: env:P', /^TM1011 .*needs url: …, or host: … and database: …/],
  ['another URL', 'url: "mssql://h/d"', /^TM1011 .*must be sqlserver:\/\/USER@HOST/],
  ['an instance in the host', "host: 'h\\PROD', database: d, user: u, password: env:P", /^TM1011 .*named by instance/],
  ['a port in the host', 'host: "h,1433", database: d, user: u, password: env:P', /^TM1011 .*a port by port/],
  ['both', 'host: h, port: 1433, instance: I, database: d, user: u, password: env:P', /^TM1011 .*exclude each other/],
  ['a login that is none', 'host: h, database: d, login: windows', /^TM1011 .*sql.*ntlm.*entra-default/],
  ['no password', 'host: h, database: d, user: u', /^TM1011 .*login: sql needs user, password; password is missing/],
  ['no domain', 'url: env:U, login: ntlm', /^TM1011 .*domain is missing/],
  ['a token of nobody', 'host: h, database: d, user: u, password: env:P, token: env:T', /^TM1011 .*token is of no use/],
  ['a literal token', 'host: h, database: d, login: entra-token, token: gehe1m', /^TM1015 .*"token"/],
  ['a literal client secret', 'url: env:U, login: entra-default, client_secret: gehe1m', /TM1015 .*"client_secret"/],
  ['a mode of TLS that is none', 'url: env:U, tls: { mode: verify-full }', /^TM1011 .*strict.*require.*trust.*disable/],
  ['a misspelt option', 'url: env:U, readonly: true', /^TM1012 .*did you mean "read_only"\?/],
])('a connection to SQL Server is refused: %s', (_, options, message) => {
  expect(problemText([], projectWith(options))).toMatch(message)
})

test('options of a connection to SQL Server are a URL, or parts, and what stands beside a URL wins', () => {
  const url = 'sqlserver://me:p%40ss@db.example:14330/sales?tls=trust&server_name=sql01'
  const { options, schema, location } = connectionOf({ url, schema: 'crm', port: 1434 })
  expect(options).toMatchObject({ host: 'db.example', port: 1434, instance: null, database: 'sales' })
  expect(options.login).toMatchObject({ kind: 'sql', user: 'me' })
  expect(options.login.kind === 'sql' && options.login.password?.reveal()).toBe('p@ss')
  expect(options.tls).toEqual({ mode: 'trust', ca: null, serverName: 'sql01' })
  expect([schema, location]).toEqual(['crm', 'db.example:1434/sales'])
  const parts = { host: 'h', database: 'd', user: 'u', password: new Secret('s'), read_only_logins: ['bi'] }
  expect(connectionOf(parts, 'target')).toMatchObject({
    schema: 'dbo',
    readOnlyLogins: ['bi'],
    location: 'h:1433/d',
    options: { port: 1433, tls: { mode: 'require' }, applicationName: 'tidemark target', readOnly: false },
  })
  expect(connectionOf({ ...parts, instance: 'PROD' })).toMatchObject({
    location: 'h\\PROD/d',
    options: { port: null, instance: 'PROD', applicationName: 'tidemark source' },
  })
  expect(connectionOf({ ...parts, user: 'CORP\\me' }).options.login).toMatchObject({
    kind: 'ntlm',
    domain: 'CORP',
    user: 'me',
  })
  expect(connectionOf({ ...parts, read_only: true }).options.readOnly).toBe(true)
})

test.each([
  [{}, 'url'],
  [{ url: 'postgres://x/y' }, 'sqlserver://'],
  [{ url: 'sqlserver://u:p@h/d?tls=maybe' }, 'tls'],
  [{ url: 'sqlserver://u:p@h/d?encrypt=true' }, 'encrypt'],
  [{ url: 'sqlserver://u:50%@h/d' }, 'a % in it'],
  [{ url: 'sqlserver://u:p@h:99999/d' }, 'URL'],
  [{ url: 'sqlserver://u:p@h/d?ca=ca.pem' }, 'file:PATH'],
  [{ url: 'sqlserver://h/d' }, 'login: sql needs user, password'],
  [{ host: 'h', database: 'd', user: 'u', password: 'p', port: 0 }, 'port'],
  [{ host: 'h', database: 'd', user: 'u', password: 'p', port: 1433, instance: 'I' }, 'exclude'],
  [{ host: 'h', database: 'd', login: 'kerberos' }, 'kerberos'],
])('options that lead to no SQL Server are refused: %j', (given, words) => {
  expect(() => connectionOf(given)).toThrow(
    expect.objectContaining({ code: 'TM1011', detail: expect.stringContaining(words) }),
  )
})

test('a copy that is only read is no target', () => {
  expect(() => connectionOf({ url: 'sqlserver://u:p@h/d', read_only: true }, 'target')).toThrow(/takes no writes/)
})
