import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Cells, StatementCancelled } from '../../src/drivers/sqlserver.ts'
import { caught, eventually, sessionTo } from '../support/tds-peer/driver-side.ts'
import { FLUSH } from '../support/tds-peer/packets.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import type { Answer } from '../support/tds-peer/peer-session.ts'
import { counted, selected, streamed } from '../support/tds-peer/replies.ts'
import { statementOf } from '../support/tds-peer/requests.ts'
import * as tokens from '../support/tds-peer/tokens.ts'

const ONE: readonly tokens.PeerColumn[] = [{ name: 'a', type: 'nvarchar' }]
/** Text of a statement → its answer; every other one answers with its own text. */
const answering =
  (special: Readonly<Record<string, Answer>>): Answer =>
  (request, session) =>
    special[statementOf(request) ?? '']?.(request, session) ??
    selected(request, ONE, [[statementOf(request)?.slice(0, 100) ?? null]])

const usable = async (session: { rows(text: string): Promise<unknown> }): Promise<void> => {
  expect(await session.rows('SELECT 1')).toEqual([['SELECT 1']])
}

test('values arrive as the text of the server, NULL and empty text apart', async () => {
  const of: readonly tokens.PeerColumn[] = [
    { name: 'short', type: 'nvarchar' },
    { name: 'long', type: 'nvarchar(max)' },
    { name: 'code', type: 'varchar' },
    { name: 'big', type: 'bigint' },
    { name: 'whole', type: 'int' },
    { name: 'flag', type: 'bit' },
  ]
  const long = '\u{1f409}'.repeat(30_000)
  await using peer = await TdsPeer.open({
    answer: () => ({
      tokens: [
        tokens.columns(of),
        tokens.row(of, ['', long, 'é', 9_007_199_254_740_993n, -2_147_483_648, 1]),
        tokens.rowWithNulls(of, [null, '', null, null, null, 0]),
        tokens.rowWithNulls(of, ['x', null, null, -1n, 0, null]),
        tokens.done({ rows: 3n }),
      ],
    }),
  })
  await using session = await sessionTo(peer)
  expect(await session.rows('SELECT *')).toEqual([
    ['', long, 'é', '9007199254740993', '-2147483648', '1'],
    [null, '', null, null, null, '0'],
    ['x', null, null, '-1', '0', null],
  ])
  expect((await session.records('SELECT *'))[2]).toEqual({
    short: 'x',
    long: null,
    code: null,
    big: '-1',
    whole: '0',
    flag: null,
  })
})

test.each<[tokens.PeerType, tokens.PeerCell]>([
  ['decimal', '1.00000000000000000001'],
  ['decimal', '2.00000000000000000000'],
  ['money', 50_000n],
  ['float', 0.5],
  ['float', 3],
  ['datetime2', Buffer.from([1, 0, 0, 0, 0, 0x5b, 0x95, 0x0a])],
  ['varbinary(max)', Buffer.from('ff', 'hex')],
  ['decimal', null],
])('a column of %s is refused by its type, whatever its value is, and the session goes on', async (type, cell) => {
  const of = [{ name: 'amount', type }]
  await using peer = await TdsPeer.open({
    answer: answering({
      'SELECT amount': (request) => selected(request, of, [[cell]]),
      'SELECT none': (request) => selected(request, of, []),
    }),
  })
  await using session = await sessionTo(peer)
  for (const text of ['SELECT amount', 'SELECT none'])
    expect(await caught(session.rows(text))).toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(/column "amount" came as .*: it has to be cast to text/),
    })
  await usable(session)
})

test('a character that the code page of its column does not have is refused, and not replaced', async () => {
  const of: readonly tokens.PeerColumn[] = [{ name: 'name', type: 'varchar' }]
  await using peer = await TdsPeer.open({
    answer: answering({ bad: (request) => selected(request, of, [[Buffer.from([0x41, 0x81])]]) }),
  })
  await using session = await sessionTo(peer)
  expect(await caught(session.rows('bad'))).toMatchObject({ message: expect.stringContaining('"name"') })
  await usable(session)
})

test('parameters are texts and bytes, each of one length or of any', async () => {
  await using peer = await TdsPeer.open({ answer: (request) => counted(request, 2n) })
  await using session = await sessionTo(peer)
  const long = 'é'.repeat(4001)
  const bytes = Buffer.alloc(8001, 7)
  expect(await session.run('UPDATE', ['a', null, true, long, Buffer.from('ab'), bytes])).toBe(2n)
  const [request] = peer.sessions[0]?.requests ?? []
  expect(request).toMatchObject({
    kind: 'rpc',
    procedure: 'sp_executesql',
    params: [
      'UPDATE',
      '@p1 nvarchar(4000), @p2 nvarchar(4000), @p3 nvarchar(4000), @p4 nvarchar(max), @p5 varbinary(8000), @p6 varbinary(max)',
      'a',
      null,
      '1',
      long,
      { bytes: 2n },
      { bytes: 8001n },
    ],
  })
})

test('statements that are asked for at once are sent one after the other', async () => {
  await using peer = await TdsPeer.open({
    answer: answering({ slow: (request) => ({ ...counted(request, 1n), afterMs: 50 }) }),
  })
  await using session = await sessionTo(peer)
  const [slow, ...others] = await Promise.all([session.run('slow'), session.rows('b'), session.rows('c')])
  expect([slow, others]).toEqual([1n, [[['b']], [['c']]]])
  expect(peer.texts).toEqual(['slow', 'b', 'c'])
})

test('cancelling sends an attention, and the session is usable afterwards', async () => {
  await using peer = await TdsPeer.open({ answer: answering({ sleeps: () => ({ silent: true }) }) })
  await using session = await sessionTo(peer)
  const sleeping = caught(session.rows('sleeps'))
  await eventually(() => expect(peer.texts).toEqual(['sleeps']))
  session.cancel()
  expect(await sleeping).toBeInstanceOf(StatementCancelled)
  await usable(session)
  expect(peer.sessions[0]).toMatchObject({ attentions: 1, problem: null })
  // with nothing under way
  session.cancel()
  await usable(session)
  expect(peer.sessions[0]?.attentions).toBe(1)
})

test('cancelling in the middle of rows ends them, and the session is usable afterwards', async () => {
  function* endless(): Generator<readonly string[]> {
    for (;;) yield ['x'.repeat(1000)]
  }
  await using peer = await TdsPeer.open({ answer: answering({ many: (request) => streamed(request, ONE, endless()) }) })
  await using session = await sessionTo(peer)
  let rows = 0
  const reading = caught(
    session.each('many', [], () => {
      if (++rows === 100) session.cancel()
    }),
  )
  expect(await reading).toBeInstanceOf(StatementCancelled)
  expect(rows).toBeGreaterThanOrEqual(100)
  await usable(session)
})

test('cancelling ends what was asked for before it, sent or not, and nothing that is asked for later', async () => {
  await using peer = await TdsPeer.open({ answer: answering({ sleeps: () => ({ silent: true }) }) })
  await using session = await sessionTo(peer)
  const before = [caught(session.rows('sleeps')), caught(session.rows('waits'))]
  await eventually(() => expect(peer.texts).toEqual(['sleeps']))
  session.cancel()
  const after = session.rows('comes later')
  expect(await Promise.all(before)).toEqual([expect.any(StatementCancelled), expect.any(StatementCancelled)])
  expect(await after).toEqual([['comes later']])
  expect(peer.texts).toEqual(['sleeps', 'comes later'])
})

test('cancelling a statement that is about to be sent leaves the session usable', async () => {
  await using peer = await TdsPeer.open({ answer: answering({}) })
  await using session = await sessionTo(peer)
  for (let i = 0; i < 20; i++) {
    const asked = caught(session.rows(`first ${'x'.repeat(i * 3_000)}`))
    await Promise.resolve()
    await Promise.resolve()
    session.cancel()
    expect(await asked).toBeInstanceOf(StatementCancelled)
    await usable(session)
  }
  expect(peer.sessions[0]?.problem).toBeNull()
})

test('a cancellation that is acknowledged late is waited for', async () => {
  await using peer = await TdsPeer.open({
    answer: answering({ sleeps: () => ({ silent: true, attentionAfterMs: 200 }) }),
  })
  await using session = await sessionTo(peer)
  const sleeping = caught(session.rows('sleeps'))
  await eventually(() => expect(peer.texts).toEqual(['sleeps']))
  const began = performance.now()
  session.cancel()
  const next = session.rows('next')
  expect(await sleeping).toBeInstanceOf(StatementCancelled)
  expect(performance.now() - began).toBeGreaterThan(190)
  expect(await next).toEqual([['next']])
})

test('a cancellation that is never acknowledged closes the connection', async () => {
  await using peer = await TdsPeer.open({
    answer: answering({ sleeps: () => ({ silent: true, attentionAfterMs: null }) }),
  })
  await using session = await sessionTo(peer, { cancelTimeoutMs: 100 })
  const sleeping = caught(session.rows('sleeps'))
  await eventually(() => expect(peer.texts).toEqual(['sleeps']))
  session.cancel()
  expect(await sleeping).toMatchObject({ name: 'ConnectionLost' })
  expect(session.closed).toBe(true)
  expect(await caught(session.rows('next'))).toMatchObject({ name: 'ConnectionLost' })
  await eventually(() => expect(peer.open).toBe(0))
})

test('a statement that takes longer than its limit is ended, however its rows come', async () => {
  async function* slow(): AsyncGenerator<Buffer> {
    yield tokens.columns(ONE)
    for (;;) {
      yield tokens.row(ONE, ['x'])
      yield FLUSH
      await sleep(20)
    }
  }
  await using peer = await TdsPeer.open({
    answer: answering({ sleeps: () => ({ silent: true }), drips: () => ({ tokens: slow() }) }),
  })
  await using session = await sessionTo(peer, { statementTimeoutMs: 150 })
  for (const text of ['sleeps', 'drips']) {
    expect(await caught(session.rows(text))).toMatchObject({
      name: 'StatementTimedOut',
      message: 'the statement took longer than 150 ms',
    })
    await usable(session)
  }
})

test('a session that is disposed of while a statement runs ends it, and leaves no connection', async () => {
  await using peer = await TdsPeer.open({ answer: answering({ sleeps: () => ({ silent: true }) }) })
  const session = await sessionTo(peer)
  const asked = [caught(session.rows('sleeps')), caught(session.rows('waits'))]
  await eventually(() => expect(peer.texts).toEqual(['sleeps']))
  await session[Symbol.asyncDispose]()
  expect(await Promise.all(asked)).toMatchObject([{ name: 'ConnectionLost' }, { name: 'ConnectionLost' }])
  await eventually(() => expect(peer.open).toBe(0))
  await session[Symbol.asyncDispose]()
})

test('rows are read no faster than they are taken', async () => {
  const ALL = 20_000
  let made = 0
  function* rows(): Generator<readonly string[]> {
    for (; made < ALL; made++) yield ['x'.repeat(500)]
  }
  await using peer = await TdsPeer.open({ answer: answering({ many: (request) => streamed(request, ONE, rows()) }) })
  await using session = await sessionTo(peer)
  const { promise: hold, resolve: release } = Promise.withResolvers<void>()
  let taken = 0
  const reading = session.each('many', [], () => (++taken === 10 ? hold : undefined))
  await eventually(() => expect(taken).toBe(10))
  let before = -1
  for (; before !== made; await sleep(100)) before = made
  expect(taken).toBe(10)
  expect(made).toBeLessThan(ALL)
  release()
  expect(await reading).toBe(BigInt(ALL))
  expect(taken).toBe(ALL)
})

test.each<[string, (row: Cells) => Promise<void> | void]>([
  [
    'at once',
    () => {
      throw new Error('cannot take it')
    },
  ],
  ['later', () => sleep(5).then(() => Promise.reject(new Error('cannot take it')))],
])('who takes rows and fails %s ends the statement with its own error', async (_, take) => {
  function* endless(): Generator<readonly string[]> {
    for (;;) yield ['x'.repeat(1000)]
  }
  await using peer = await TdsPeer.open({ answer: answering({ many: (request) => streamed(request, ONE, endless()) }) })
  await using session = await sessionTo(peer)
  expect(await caught(session.each('many', [], take))).toMatchObject({ message: 'cannot take it' })
  expect(peer.sessions[0]?.attentions).toBe(1)
  await usable(session)
})

test('who still takes a row when its statement is cancelled is waited for, and fails nobody else', async () => {
  await using peer = await TdsPeer.open({
    answer: answering({ many: (request) => streamed(request, ONE, [['a'], ['b']]) }),
  })
  await using session = await sessionTo(peer)
  const { promise: hold, reject: fail } = Promise.withResolvers<void>()
  let taken = 0
  const reading = caught(
    session.each('many', [], () => {
      taken++
      return hold
    }),
  )
  await eventually(() => expect(taken).toBe(1))
  session.cancel()
  let ended = false
  void reading.then(() => (ended = true))
  await usable(session)
  expect(ended).toBe(false)
  const next = session.rows('next')
  fail(new Error('too late'))
  expect(await next).toEqual([['next']])
  expect(await reading).toMatchObject({ message: expect.stringMatching(/too late|cancelled/) })
  expect(taken).toBe(1)
})

test('a connection that is cut before an answer, or in the middle of a row, is lost and leaves nothing open', async () => {
  for (const cutAfter of [1, 60, 5_000]) {
    await using peer = await TdsPeer.open({
      answer: answering({
        many: (request) => ({ ...selected(request, ONE, Array(1_000).fill(['x'.repeat(50)])), cutAfter }),
      }),
    })
    await using session = await sessionTo(peer)
    expect(await caught(session.rows('many'))).toMatchObject({ name: 'ConnectionLost', inDoubt: false })
    expect(session.closed).toBe(true)
    expect(await caught(session.rows('next'))).toMatchObject({ name: 'ConnectionLost' })
    await eventually(() => expect(peer.open).toBe(0))
  }
})

test('an idle session whose connection goes away is closed, and the process lives on', async () => {
  const peer = await TdsPeer.open({ answer: answering({}) })
  await using session = await sessionTo(peer)
  await usable(session)
  await peer[Symbol.asyncDispose]()
  await eventually(() => expect(session.closed).toBe(true))
  expect(await caught(session.rows('next'))).toMatchObject({ name: 'ConnectionLost' })
})

test('a server that ends the connection in mid-answer says why', async () => {
  const killed = tokens.error({ number: 596, severity: 21, message: 'The session is in the kill state.' })
  await using peer = await TdsPeer.open({
    answer: answering({ killed: () => ({ tokens: [killed, tokens.done()], cutAfter: killed.length + 1 }) }),
  })
  await using session = await sessionTo(peer)
  expect(await caught(session.rows('killed'))).toMatchObject({
    name: 'ConnectionLost',
    message: 'The session is in the kill state. (error 596)',
  })
})

test('bytes that are no answer lose the connection, and not the process', async () => {
  await using peer = await TdsPeer.open({
    answer: answering({ junk: () => ({ tokens: [Buffer.from([0x05, 0x06, 0x07])] }) }),
  })
  await using session = await sessionTo(peer)
  expect(await caught(session.rows('junk'))).toMatchObject({ name: 'ConnectionLost' })
  await eventually(() => expect(peer.open).toBe(0))
})
