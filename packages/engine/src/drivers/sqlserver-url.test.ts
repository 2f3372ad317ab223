import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseSqlServerUrl, sqlServerOptionsOf } from './sqlserver-url.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-url-'))
  writeFileSync(join(dir, 'ca.pem'), 'the authority')
})
afterAll(() => rmSync(dir, { recursive: true }))

const options = (url: string) => sqlServerOptionsOf(url, dir, 'tidemark')

test.each([
  [
    'sqlserver://me:p%40ss%3A%2F%25@db.example:1435/sales%20data?tls=strict&ca=ca.pem&server_name=other',
    {
      host: 'db.example',
      port: '1435',
      database: 'sales data',
      user: 'me',
      password: 'p@ss:/%',
      tls: 'strict',
      ca: 'ca.pem',
      server_name: 'other',
    },
  ],
  ['sqlserver://host', { host: 'host' }],
  ['sqlserver://host/db?instance=SQLEXPRESS&tls=', { host: 'host', database: 'db', instance: 'SQLEXPRESS' }],
  ['sqlserver://ann@[::1]/db', { host: '::1', user: 'ann', database: 'db' }],
])('%s gives what it says and nothing else', (url, given) => {
  expect(parseSqlServerUrl(url)).toEqual(given)
})

test('a URL of a SQL Server that says little is encrypted, checked and on the usual port', () => {
  const { login, ...rest } = options('sqlserver://me:hunter2@host/db')
  expect(rest).toMatchObject({
    host: 'host',
    port: 1433,
    instance: null,
    database: 'db',
    tls: { mode: 'require', ca: null, serverName: null },
    applicationName: 'tidemark',
  })
  expect(login).toMatchObject({ kind: 'sql', user: 'me' })
  expect(login.kind === 'sql' && login.password?.reveal()).toBe('hunter2')
  expect(JSON.stringify(login)).not.toContain('hunter2')
})

test('an instance is looked for by its name', () => {
  expect(options('sqlserver://me@host/db?instance=TWO')).toMatchObject({ instance: 'TWO', port: null })
})

test('a user of a domain is one of Windows', () => {
  expect(options('sqlserver://OFFICE%5Cann:hunter2@host/db').login).toMatchObject({
    kind: 'ntlm',
    domain: 'OFFICE',
    user: 'ann',
  })
})

test('the authority of a SQL Server is read from its file', () => {
  expect(options('sqlserver://me@host/db?ca=ca.pem').tls).toEqual({
    mode: 'require',
    ca: 'the authority',
    serverName: null,
  })
})

test.each([
  ['mysql://ann:hunter2@host/db', 'sqlserver://USER@HOST'],
  ['sqlserver://ann:hunter2/@host/db', 'no URL'],
  ['sqlserver://host:1433;database=db;user=ann;password=hunter2', 'not a ;'],
  ['sqlserver://ann:hunter2@host\\TWO/db', 'instance=NAME'],
  ['sqlserver://ann:hunter2%@host/db', 'two digits'],
  ['sqlserver://ann:hunter2@host/db?encrypt=yes', 'encrypt is not known'],
  ['sqlserver://ann:hunter2@host/db?tls=on', 'tls is one of'],
  ['sqlserver://ann:hunter2@host:0/db', 'port'],
  ['sqlserver:///db', 'names no host'],
  ['sqlserver://ann:hunter2@host', 'names no database'],
  ['sqlserver://:hunter2@host/db', 'names no user'],
  ['sqlserver://ann:hunter2@host/db?ca=none.pem', 'ENOENT'],
  ['sqlserver://ann:hunter2@host:1500/db?instance=TWO', 'exclude each other'],
])('%s is refused without a word of its password', (url, why) => {
  expect(() => options(url)).toThrow(why)
  expect(() => options(url)).not.toThrow(/hunter2/)
})
