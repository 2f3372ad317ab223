import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parsePostgresUrl } from './postgres-url.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-url-'))
  writeFileSync(join(dir, 'ca.pem'), 'the authority')
  writeFileSync(join(dir, 'key.pem'), 'the key')
})
afterAll(() => rmSync(dir, { recursive: true }))

const parse = (url: string) => parsePostgresUrl(url, dir, 'tidemark')

test('a URL of a PostgreSQL database is read as libpq does', () => {
  const options = parse(
    'postgres://me:p%40ss%3A%2F%25@db.example:5433/sales%20data?connect_timeout=3&application_name=mine',
  )
  expect(options).toMatchObject({
    host: 'db.example',
    port: 5433,
    database: 'sales data',
    user: 'me',
    applicationName: 'mine',
    connectTimeoutMs: 3000,
    tls: { mode: 'prefer', ca: null, cert: null, key: null },
  })
  expect(options.password?.reveal()).toBe('p@ss:/%')
  expect(JSON.stringify(options)).not.toContain('p@ss')
})

test.each([
  ['postgresql://ann@host', { host: 'host', port: 5432, user: 'ann', database: 'ann', password: null }],
  ['postgres://ann@[::1]:6000/db', { host: '::1', port: 6000 }],
  ['postgres:///db?host=/run/postgresql&user=ann&port=6000', { host: '/run/postgresql', user: 'ann', port: 6000 }],
])('what is left out of %s has the value that libpq gives it', (url, options) => {
  expect(parse(url)).toMatchObject(options)
})

test.each([
  ['sslmode=require', { mode: 'require', ca: null }],
  ['sslmode=require&sslrootcert=ca.pem', { mode: 'verify-ca', ca: 'the authority' }],
  ['sslmode=verify-full&sslrootcert=ca.pem', { mode: 'verify-full', ca: 'the authority' }],
  ['sslrootcert=system', { mode: 'verify-full', ca: null }],
  ['sslmode=disable', { mode: 'disable' }],
])('TLS of %s is what libpq makes of it', (parameters, tls) => {
  expect(parse(`postgres://ann@host/db?${parameters}`).tls).toMatchObject(tls)
})

test('the key of a client is a secret', () => {
  const { key } = parse('postgres://ann@host/db?sslkey=key.pem').tls
  expect([key?.reveal(), String(key)]).toEqual(['the key', '[secret]'])
})

test.each([
  ['mysql://ann:hunter2@host/db', 'postgres://USER@HOST'],
  ['postgres://ann:hunter2/@host/db', 'no URL'],
  ['postgres://ann:hunter2%@host/db', 'two digits'],
  ['postgres://ann:hunter2@host/db?sslmod=require', 'sslmod is not known'],
  ['postgres://ann:hunter2@host/db?sslmode=allow', 'sslmode is one of'],
  ['postgres://ann:hunter2@host/db?sslrootcert=none.pem', 'ENOENT'],
  ['postgres://ann:hunter2@host/db?connect_timeout=soon', 'connect_timeout'],
  ['postgres://ann:hunter2@host:0/db', 'port'],
])('%s is refused, and its password not repeated', (url, why) => {
  expect(() => parse(url)).toThrow(why)
  expect(() => parse(url)).not.toThrow(/hunter2/)
})
