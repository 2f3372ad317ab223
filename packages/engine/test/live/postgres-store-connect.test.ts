import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inspectControlStore, openControlStore } from '../../src/control/open-control-store.ts'
import { PostgresSession } from '../../src/drivers/postgres.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { optionsOf } from '../support/postgres-database.ts'
import { PostgresServer } from '../support/postgres-server.ts'
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY, OTHER_CERTIFICATE } from '../support/tls-of-tests.ts'

const PASSWORD = 'hunter2'

let server: PostgresServer
let dir = ''

/** A server that asks `ann` for her password, lets `tess` in by TLS only, and has a database `latin`. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tidemark-connect-'))
  writeFileSync(join(dir, 'ca.pem'), LOCALHOST_CERTIFICATE)
  writeFileSync(join(dir, 'other.pem'), OTHER_CERTIFICATE)
  server = await PostgresServer.start({ version: '15', settings: { log_min_messages: 'panic' } })
  const data = join(server.dir, 'data')
  const { uid, gid } = statSync(data)
  const put = (name: string, text: string): void => {
    writeFileSync(join(data, name), text)
    chmodSync(join(data, name), 0o600)
    if (process.getuid?.() === 0) chownSync(join(data, name), uid, gid)
  }
  put('server.crt', LOCALHOST_CERTIFICATE)
  put('server.key', LOCALHOST_KEY)
  put(
    'pg_hba.conf',
    'host all ann 127.0.0.1/32 scram-sha-256\nhostssl all tess 127.0.0.1/32 trust\nhost all postgres 127.0.0.1/32 trust\n',
  )
  await using session = await PostgresSession.connect(optionsOf(server.port, 'postgres'))
  for (const statement of [
    `create role ann login password '${PASSWORD}'`,
    'create role tess login',
    'create database ann owner ann',
    `create database latin encoding 'LATIN1' template template0 owner tess`,
    'create database tess owner tess',
    'alter system set ssl = on',
    'select pg_reload_conf()',
  ])
    await session.run(statement)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true })
})

const at = (user: string, database: string, parameters = '', host = '127.0.0.1') =>
  `postgres://${user}@${host}:${server.port}/${database}${parameters}`
const open = (url: string) => openControlStore(url, { projectDir: dir, readOnly: false })

async function refusal(url: string): Promise<AppError> {
  const error: unknown = await open(url).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(AppError)
  const refused = error as AppError
  expect(`${refused.stack} ${JSON.stringify([refused, refused.cause, refused.facts, refused.remedy])}`).not.toContain(
    PASSWORD,
  )
  await expect(inspectControlStore(url, dir)).rejects.toMatchObject({ code: refused.code })
  return refused
}

test('the right password opens a store, encrypted or not', async () => {
  for (const parameters of ['', '?sslmode=disable', '?sslmode=require']) {
    await using store = await open(at(`ann:${PASSWORD}`, 'ann', parameters))
    expect(store.location).toBe(`127.0.0.1:${server.port}/ann`)
  }
})

test('a wrong or missing password is told without the password', async () => {
  const wrong = await refusal(at(`ann:${PASSWORD}3`, 'ann'))
  expect(wrong).toMatchObject({ code: 'TM3005', remedy: [expect.stringContaining('the user or the password')] })
  expect(await refusal(at('ann', 'ann'))).toMatchObject({ code: 'TM3005' })
})

test.each([
  ['a database that does not exist', 'ann', 'nowhere', '', 'CREATE DATABASE'],
  ['a user that is let in by TLS only', 'tess', 'tess', '?sslmode=disable', 'pg_hba.conf'],
  ['a database that cannot hold every text', 'tess', 'latin', '', 'ENCODING'],
  [
    'a server whose certificate another signed',
    'tess',
    'tess',
    '?sslmode=verify-ca&sslrootcert=other.pem',
    'sslrootcert',
  ],
  [
    'a server that bears another name',
    'tess',
    'tess',
    '?sslmode=verify-full&sslrootcert=ca.pem',
    'the name of the host',
  ],
])('%s is refused with what to do', async (_, user, database, parameters, remedy) => {
  const refused = await refusal(at(user === 'ann' ? `ann:${PASSWORD}` : user, database, parameters))
  expect(refused.code).toBe('TM3005')
  expect(refused.remedy.join('\n')).toContain(remedy)
  expect(refused.detail).toContain(`127.0.0.1:${server.port}/${database}`)
})

test('a server whose certificate and name are those that were asked for is trusted', async () => {
  for (const parameters of ['?sslmode=verify-ca&sslrootcert=ca.pem', '?sslmode=verify-full&sslrootcert=ca.pem']) {
    await using store = await open(at('tess', 'tess', parameters, 'localhost'))
    expect(store.location).toContain('localhost')
  }
})

test('a server without TLS is refused where TLS is asked for', async () => {
  await using plain = await PostgresServer.start({ version: '18' })
  const refused = await refusal(`${plain.url()}?sslmode=require`)
  expect([refused.code, refused.remedy.join('\n')]).toEqual(['TM3005', expect.stringContaining('sslmode')])
})

test('a port where nobody listens and a host that is not there are told at once', async () => {
  expect(await refusal('postgres://ann@127.0.0.1:1/db')).toMatchObject({ code: 'TM3005' })
  expect((await refusal('postgres://ann@no-such-host.invalid/db')).detail).toContain('no-such-host.invalid:5432/db')
})

test('a URL that is none is refused without what it holds', async () => {
  const refused = await refusal(`postgres://ann:${PASSWORD}@host:port/db`)
  expect(refused.code).toBe('TM1011')
})

test('a user whose sessions only read is told so by doctor and by the first write', async () => {
  await using session = await PostgresSession.connect(optionsOf(server.port, 'ann'))
  await session.run('alter role ann set default_transaction_read_only = on')
  const standing = await inspectControlStore(at(`ann:${PASSWORD}`, 'ann'), dir)
  expect(standing.refusesWrites).toContain('may only read')
  await using store = await open(at(`ann:${PASSWORD}`, 'ann'))
  await expect(store.ledger.newGroupId()).resolves.toMatch(/^g-/)
  const by = { actor: 'ann', command: 'tidemark', reason: null }
  await expect(store.ledger.audit('a', 'b', by, null, null)).rejects.toMatchObject({ code: 'TM3005' })
})
