import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { connectionOf, openSession } from '../../src/dialects/postgres/session.ts'
import { PostgresSession } from '../../src/drivers/postgres.ts'
import { newShortId } from '../../src/runtime/new-id.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { freePort, VERSIONS } from '../support/postgres-server.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

const PGBOUNCER = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find((p) => existsSync(p))
const NOBODY = 65_534

/** A real pgbouncer before the database, on the loopback. */
async function pooled(db: TestDatabase, mode: 'session' | 'transaction' | 'statement') {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-pgbouncer-'))
  const port = await freePort()
  const { host, port: server, database } = db.options
  writeFileSync(join(dir, 'users.txt'), '"postgres" ""\n')
  writeFileSync(
    join(dir, 'pgbouncer.ini'),
    `[databases]\n${database} = host=${host} port=${server}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\nunix_socket_dir=\nauth_type=trust\nauth_file=${join(dir, 'users.txt')}\npool_mode=${mode}\n`,
  )
  for (const path of [dir, join(dir, 'users.txt'), join(dir, 'pgbouncer.ini')]) chmodSync(path, 0o755)
  const asRoot = process.getuid?.() === 0
  const child = spawn(PGBOUNCER ?? '', [join(dir, 'pgbouncer.ini')], {
    stdio: 'ignore',
    ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  })
  for (const until = performance.now() + 10_000; performance.now() < until; await sleep(20)) {
    const socket = connect(port, '127.0.0.1')
    const up = await new Promise((resolve) =>
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false)),
    )
    socket.destroy()
    if (up === true) break
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/${database}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

describe.each(VERSIONS)('a connection to PostgreSQL %s', (version) => {
  test('has settings that make text mean one thing, and end what its owner lost', async () => {
    await using db = await TestDatabase.create(version)
    await using source = await openSession(connectionOf({ url: db.url }), 'source')
    const settings = async (session: typeof source, ...names: readonly string[]) =>
      (await session.rows(`SELECT ${names.map((n) => `current_setting('${n}')`).join(', ')}`))[0]
    expect(
      await settings(source, 'TimeZone', 'DateStyle', 'extra_float_digits', 'application_name', 'lock_timeout'),
    ).toEqual(['UTC', 'ISO, YMD', '1', 'tidemark source', '30s'])
    expect(await settings(source, 'default_transaction_read_only', 'statement_timeout')).toEqual(['on', '1h'])
    if (version === '18') expect(await settings(source, 'transaction_timeout')).toEqual(['1h'])
    await expect(source.run('CREATE TABLE public.t (a int)')).rejects.toThrow('read-only transaction')
    await using target = await openSession(connectionOf({ url: db.url }), 'target')
    expect(await settings(target, 'default_transaction_read_only', 'idle_in_transaction_session_timeout')).toEqual([
      'off',
      '30s',
    ])
    const [alive] = (await settings(target, 'tcp_keepalives_idle', 'tcp_user_timeout')) ?? []
    expect(Number(alive)).toBe(10)
  })

  test.runIf(PGBOUNCER !== undefined)(
    'through a pgbouncer (where it is installed): one that gives every transaction another session is refused, one in session mode is not',
    async () => {
      await using db = await TestDatabase.create(version)
      await using transactions = await pooled(db, 'transaction')
      await expect(openSession(connectionOf({ url: transactions.url }), 'source')).rejects.toMatchObject({
        code: 'TM2012',
      })
      // a second look finds other servers in the pool
      await expect(openSession(connectionOf({ url: transactions.url }), 'target')).rejects.toMatchObject({
        code: 'TM2012',
      })
      await using statements = await pooled(db, 'statement')
      await expect(openSession(connectionOf({ url: statements.url }), 'source')).rejects.toMatchObject({
        code: 'TM2012',
      })
      await using sessions = await pooled(db, 'session')
      await using session = await openSession(connectionOf({ url: sessions.url }), 'source')
      expect(await session.rows("SELECT current_setting('TimeZone')")).toEqual([['UTC']])
    },
  )

  test('a server that is not there, a database that is none and a password that is wrong cannot be opened', async () => {
    await using db = await TestDatabase.create(version)
    const nowhere = connectionOf({ host: '127.0.0.1', port: await freePort(), database: 'x' })
    await expect(openSession(nowhere, 'source')).rejects.toMatchObject({ code: 'TM2001' })
    await expect(openSession(connectionOf({ url: db.url, database: 'nowhere' }), 'source')).rejects.toMatchObject({
      code: 'TM2001',
      detail: expect.stringContaining('nowhere'),
    })
    await expect(openSession(connectionOf({ url: db.url, user: 'nobody' }), 'source')).rejects.toMatchObject({
      code: 'TM2001',
    })
  })

  test('a server that ends a connection as it is made fails what is asked of it, and not the process', async () => {
    await using db = await TestDatabase.create(version)
    await using proxy = await TcpProxy.to(db.options.port)
    const held = proxy.arm('down', 1, 'gather')
    const name = `ended at once ${newShortId(8)}`
    const connecting = PostgresSession.connect({ ...db.options, port: proxy.port, applicationName: name })
    await held
    const sessions = `FROM pg_stat_activity WHERE application_name = '${name}'`
    await db.exec(`SELECT pg_terminate_backend(pid) ${sessions}`)
    while ((await db.rows(`SELECT 1 ${sessions}`)).length > 0) await sleep(10)
    await sleep(50)
    proxy.release()
    await expect(connecting).rejects.toMatchObject({ name: 'ConnectionLost' })
  })

  test('a server without TLS is taken where TLS is preferred, and refused where it is required', async () => {
    await using db = await TestDatabase.create(version)
    await using session = await openSession(connectionOf({ url: `${db.url}?sslmode=prefer` }), 'source')
    expect(session.closed).toBe(false)
    await expect(openSession(connectionOf({ url: `${db.url}?sslmode=require` }), 'source')).rejects.toMatchObject({
      code: 'TM2001',
      detail: expect.stringContaining('SSL'),
    })
  })
})

test('the options of a connection are a URL, or parts, and what stands beside a URL wins', () => {
  const url = 'postgres://me:p%40ss@db.example:6432/sales?sslmode=verify-full&sslrootcert=PEM'
  const { options, schema, location } = connectionOf({ url, schema: 'crm', port: 5433 })
  expect(options).toMatchObject({ host: 'db.example', port: 5433, database: 'sales', user: 'me' })
  expect(options.password?.reveal()).toBe('p@ss')
  expect(options.tls).toMatchObject({ mode: 'verify-full', ca: 'PEM' })
  expect([schema, location]).toEqual(['crm', 'db.example:5433/sales'])
  const parts = connectionOf({
    host: 'h',
    database: 'd',
    password: new Secret('s'),
    tls: { mode: 'require', key: new Secret('k') },
    read_only_roles: ['bi'],
  })
  expect(parts).toMatchObject({
    schema: 'public',
    readOnlyRoles: ['bi'],
    options: { port: 5432, tls: { mode: 'require' } },
  })
  expect(parts.options.tls.key?.reveal()).toBe('k')
})

test.each([
  [{}, 'url'],
  [{ url: 'mysql://x/y' }, 'postgres://'],
  [{ url: 'postgres://h/d?sslmode=maybe' }, 'maybe'],
  [{ url: 'postgres://h/d?options=-c' }, 'options'],
  [{ url: 'postgres://u:50%@h/d' }, 'a % in it'],
  [{ host: 'h', database: 'd', port: 0 }, 'port'],
])('options that lead nowhere are refused: %j', (given, words) => {
  expect(() => connectionOf(given)).toThrow(
    expect.objectContaining({ code: 'TM1011', detail: expect.stringContaining(words) }),
  )
})
