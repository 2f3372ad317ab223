import { createServer } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { classify } from '../../src/dialects/sqlserver/errors.ts'
import { READER_CONTEXT } from '../../src/dialects/sqlserver/activity.sql.ts'
import { openSession, type SqlServerConnection, settingsOf } from '../../src/dialects/sqlserver/session.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { caught, eventually, connectionTo, optionsTo, sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import type { Answer } from '../support/tds-peer/peer-session.ts'
import { counted, refused, selected } from '../support/tds-peer/replies.ts'
import * as tokens from '../support/tds-peer/tokens.ts'
import { LOCALHOST_CERTIFICATE, OTHER_CERTIFICATE } from '../support/tls-of-tests.ts'

const DURABILITY = /delayed_durability/
const ONE: readonly tokens.PeerColumn[] = [{ name: '', type: 'int' }]

/** Of a database whose commits wait for the disk, or not. */
const durability =
  (delayed: number): Answer =>
  (request) =>
    request.kind === 'batch' && DURABILITY.test(request.text) ? selected(request, ONE, [[delayed]]) : null

/** As it is once: nobody waits for a minute in a test. */
const AT_ONCE = { budgetMs: 2_000, minDelayMs: 10, maxDelayMs: 10, factor: 1 }

const refusal = (...numbers: readonly number[]): Buffer =>
  Buffer.concat([
    ...numbers.map((number) => tokens.error({ number, message: `Refused by ${number}.`, severity: 14 })),
    tokens.done({ failed: true }),
  ])

test('a session logs in as it was told, and begins with settings that make one text mean one value', async () => {
  const seen: string[] = []
  await using peer = await TdsPeer.open({
    answer: durability(0),
    opening: (request) => {
      if (request.kind === 'batch') seen.push(request.text)
      return null
    },
  })
  await using source = await openSession(connectionTo(peer, { read_only: true }), 'source')
  await using target = await openSession(connectionTo(peer), 'target')
  expect(peer.sessions.map((s) => s.login)).toMatchObject([
    { user: 'ann', password: 'pw', application: 'tidemark source', database: 'sales', readOnly: true },
    { user: 'ann', password: 'pw', application: 'tidemark target', database: 'sales', readOnly: false },
  ])
  expect([source.spid, target.spid]).toEqual(peer.sessions.map((s) => s.spid))
  expect(seen.filter((text) => text.startsWith('SET'))).toEqual([
    `${settingsOf('source')}\nSELECT @@SPID`,
    `${settingsOf('target')}\nSELECT @@SPID`,
  ])
  // who only reads holds no ceiling back, and says so by bytes that nobody else sets; who writes must not
  expect(settingsOf('source').split('\n')).toContain(`SET CONTEXT_INFO ${READER_CONTEXT}`)
  expect(settingsOf('target')).not.toContain('CONTEXT_INFO')
  const [client, ours = ''] = seen
  expect(client).toContain('set xact_abort on')
  // the language brings an order of dates along
  expect(ours.indexOf('SET LANGUAGE us_english')).toBeLessThan(ours.indexOf('SET DATEFORMAT ymd'))
  expect(source.options.statementTimeoutMs).toBe(3_600_000)
  expect(target.options.statementTimeoutMs).toBeUndefined()
})

test('a target that is set to answer commits before they are on disk is told to write them', async () => {
  const committed = (delayed: number) =>
    TdsPeer.open({
      answer: (request, session) =>
        durability(delayed)(request, session) ??
        (request.kind === 'batch' && /COMMIT/.test(request.text)
          ? selected(request, ONE, [[0]])
          : counted(request, 0n)),
    })
  for (const [delayed, flushes] of [
    [0, false],
    [1, false],
    [2, true],
  ] as const) {
    await using peer = await committed(delayed)
    await using session = await openSession(connectionTo(peer), 'target')
    await session.begin()
    await session.commit()
    expect(peer.texts.some((text) => text.includes('sp_flush_log'))).toBe(flushes)
  }
})

test('settings that are refused leave no session', async () => {
  await using peer = await TdsPeer.open({
    opening: (request) =>
      request.kind === 'batch' && request.text.startsWith('SET')
        ? refused(request, { number: 2743, message: 'SET requires a permission.' })
        : null,
  })
  const error = await caught(openSession(connectionTo(peer), 'source', AT_ONCE))
  expect(error).toMatchObject({ code: 'TM5001', detail: expect.stringContaining('SET requires a permission.') })
  await eventually(() => expect(peer.open).toBe(0))
})

test('a server that does not answer a login in time is said to have not', async () => {
  await using peer = await TdsPeer.open({ login: () => 'silence' })
  const error = await caught(sessionTo(peer, { connectTimeoutMs: 200 }))
  expect(error).toMatchObject({
    name: 'CannotConnect',
    problem: 'time',
    message: `Failed to connect to 127.0.0.1:${peer.port} in 200ms`,
  })
  await eventually(() => expect(peer.open).toBe(0))
})

test('a server that says nothing at all is said to have not', async () => {
  const mute = createServer().listen(0, '127.0.0.1')
  await once(mute, 'listening')
  const address = mute.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const connection: SqlServerConnection = connectionTo({ port } as TdsPeer)
  const options = { ...connection.options, connectTimeoutMs: 150 }
  const error = await caught(openSession({ ...connection, options }, 'source'))
  expect(error).toMatchObject({ code: 'TM2001', detail: expect.stringContaining(`${port}/sales: Failed to connect`) })
  mute.close()
})

test('a server that is not there cannot be opened', async () => {
  const peer = await TdsPeer.open()
  const connection = connectionTo(peer)
  await peer[Symbol.asyncDispose]()
  expect(await caught(openSession(connection, 'source'))).toMatchObject({
    code: 'TM2001',
    detail: expect.stringContaining('ECONNREFUSED'),
  })
})

test('a login that is refused is told by its first number, in the words of all', async () => {
  await using peer = await TdsPeer.open({ login: () => refusal(4060, 18456) })
  const error = await caught(sessionTo(peer))
  expect(error).toMatchObject({ problem: 'login', number: 4060, message: 'Refused by 4060. Refused by 18456.' })
  expect(classify(error)).toBe('missing')
  const opened = await caught(openSession(connectionTo(peer), 'source', AT_ONCE))
  expect(opened).toMatchObject({ code: 'TM2001', facts: { number: 4060 } })
  // nobody is locked out by trying again
  expect(peer.sessions).toHaveLength(2)
  await eventually(() => expect(peer.open).toBe(0))
})

test.each([40613, 40197, 40501, 49918, 10928])('a server that is busy is asked again: %i', async (number) => {
  await using peer = await TdsPeer.open({ login: (_, attempt) => (attempt < 3 ? refusal(number) : null) })
  await using session = await openSession(connectionTo(peer), 'source', AT_ONCE)
  expect(session.spid).toBe(peer.sessions[2]?.spid)
  await eventually(() => expect(peer.open).toBe(1))
})

test('a server that stays busy is given up after a while', async () => {
  await using peer = await TdsPeer.open({ login: () => refusal(40613) })
  const error = await caught(openSession(connectionTo(peer), 'source', { ...AT_ONCE, budgetMs: 60 }))
  expect(error).toMatchObject({ code: 'TM2013', facts: { number: 40613 } })
  expect(peer.sessions.length).toBeGreaterThan(1)
  expect(classify(error)).toBe('busy')
})

test('a server that goes away while it is greeted cannot be opened', async () => {
  for (const settings of [/^set /, /@@SPID$/]) {
    await using peer = await TdsPeer.open({
      opening: (request) => (request.kind === 'batch' && settings.test(request.text) ? { cutAfter: 1 } : null),
    })
    expect(await caught(sessionTo(peer))).toMatchObject({ name: expect.stringMatching(/CannotConnect|ConnectionLost/) })
    await eventually(() => expect(peer.open).toBe(0))
  }
})

test('an encrypted connection is the default, and its certificate is checked', async () => {
  await using peer = await TdsPeer.open({ tls: 'inside' })
  const open = (tls: object | undefined) => openSession(connectionTo(peer, { tls, host: 'localhost' }), 'source')
  for (const tls of [undefined, {}, { mode: 'require' }, { mode: 'require', ca: OTHER_CERTIFICATE }]) {
    const error = await caught(open(tls))
    expect(error).toMatchObject({ code: 'TM2001', cause: { problem: 'certificate' } })
    expect((error as AppError).remedy.join()).toMatch(/tls: \{ ca: file:PATH \}.*mode: trust/)
  }
  const misnamed = await caught(open({ ca: LOCALHOST_CERTIFICATE, server_name: 'sql01.example' }))
  expect(misnamed).toMatchObject({ code: 'TM2001', cause: { problem: 'certificate' } })
  for (const tls of [{ ca: LOCALHOST_CERTIFICATE }, { mode: 'trust' }]) {
    await using session = await open(tls)
    expect(session.closed).toBe(false)
  }
  await using byAddress = await openSession(
    connectionTo(peer, { tls: { ca: LOCALHOST_CERTIFICATE, server_name: 'localhost' } }),
    'source',
  )
  expect(byAddress.closed).toBe(false)
  await eventually(() => expect(peer.open).toBe(1))
})

test('who insists on encryption gets none from a server that has none, and the other way round', async () => {
  await using plain = await TdsPeer.open()
  const error = await caught(openSession(connectionTo(plain, { tls: { mode: 'require' } }), 'source'))
  expect(error).toMatchObject({ code: 'TM2001', cause: { problem: 'encryption' } })
  expect((error as AppError).remedy.join()).toContain('strict | require | trust | disable')
})

test('TLS before the first byte is checked too, and takes nobody on trust', async () => {
  await using peer = await TdsPeer.open({ tls: 'strict' })
  const strict = (tls: object) =>
    openSession(connectionTo(peer, { host: 'localhost', tls: { mode: 'strict', ...tls } }), 'source')
  expect(await caught(strict({}))).toMatchObject({ code: 'TM2001', cause: { problem: 'certificate' } })
  await using session = await strict({ ca: LOCALHOST_CERTIFICATE })
  expect(session.closed).toBe(false)
  await using inside = await TdsPeer.open({ tls: 'inside' })
  const options = {
    ...optionsTo(inside),
    tls: { mode: 'strict', ca: LOCALHOST_CERTIFICATE, serverName: null },
  } as const
  expect(await caught(sessionTo(inside, { ...options, connectTimeoutMs: 500 }))).toMatchObject({
    name: 'CannotConnect',
  })
})
