import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { LoadColumn, LoadRow } from '../../src/drivers/sqlserver.ts'
import { caught, eventually, sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import type { Answer, Reply } from '../support/tds-peer/peer-session.ts'
import { counted, refused, selected } from '../support/tds-peer/replies.ts'
import { statementOf } from '../support/tds-peer/requests.ts'
import type * as tokens from '../support/tds-peer/tokens.ts'

const COLUMNS: readonly LoadColumn[] = [
  { name: 'k', kind: 'text', length: 40 },
  { name: 'v', kind: 'text', length: null },
  { name: 'b', kind: 'bytes', length: null },
]
const ONE: readonly tokens.PeerColumn[] = [{ name: '', type: 'int' }]

/** `insert`: how `insert bulk` is answered; `rows`: how the rows are. */
const loading =
  ({ insert = {}, rows }: { readonly insert?: Reply; readonly rows?: Answer }): Answer =>
  (request, session) => {
    if (request.kind === 'bulk') return rows?.(request, session) ?? counted(request, BigInt(request.rows.length))
    if (statementOf(request)?.startsWith('insert bulk ') === true) return insert
    return selected(request, ONE, [[1]])
  }

/** Rows that say whether somebody closed them. */
class Source {
  read = 0
  closed = false
  async *rows(count: number, failAt = Infinity): AsyncGenerator<LoadRow> {
    try {
      for (; this.read < count; this.read++) {
        if (this.read === failAt) throw new Error('the source is gone')
        if (this.read % 100 === 0) await sleep(1)
        yield [String(this.read), 'x'.repeat(1_000), Buffer.alloc(100, 1)]
      }
    } finally {
      this.closed = true
    }
  }
}

test('rows go into a table as texts and bytes, NULL and empty apart', async () => {
  await using peer = await TdsPeer.open({ answer: loading({}) })
  await using session = await sessionTo(peer)
  const long = 'é'.repeat(5_000)
  const rows: readonly LoadRow[] = [
    ['1', '', Buffer.alloc(0)],
    ['2', null, null],
    ['3', long, Buffer.alloc(9_000, 3)],
    [null, 'x', Buffer.from('ab')],
  ]
  expect(await session.load('#stage', COLUMNS, rows)).toBe(4n)
  expect(peer.texts).toEqual([
    'insert bulk #stage([k] nvarchar(40), [v] nvarchar(max), [b] varbinary(max)) WITH (KEEP_NULLS)',
  ])
  expect(peer.sessions[0]?.requests[1]).toMatchObject({
    kind: 'bulk',
    columns: ['k', 'v', 'b'],
    rows: [
      ['1', '', { bytes: 0n }],
      ['2', null, null],
      ['3', long, { bytes: 9000n }],
      [null, 'x', { bytes: 2n }],
    ],
  })
  expect(await session.load('#stage', COLUMNS, [])).toBe(0n)
})

test('a load whose connection is cut in the middle fails, and closes where its rows come from', async () => {
  await using peer = await TdsPeer.open({ answer: loading({ insert: { cutNextAfter: 200_000 } }) })
  await using session = await sessionTo(peer)
  const source = new Source()
  expect(await caught(session.load('#stage', COLUMNS, source.rows(1e9)))).toMatchObject({ name: 'ConnectionLost' })
  await eventually(() => expect(source.closed).toBe(true))
  expect(session.closed).toBe(true)
  await eventually(() => expect(peer.open).toBe(0))
})

test('a load that the server never takes further does not read its rows to their end', async () => {
  await using peer = await TdsPeer.open({ answer: loading({ insert: { cutNextAfter: 50_000_000 } }) })
  await using session = await sessionTo(peer)
  const source = new Source()
  const load = caught(session.load('#stage', COLUMNS, source.rows(1e9)))
  await eventually(() => expect(source.read).toBeGreaterThan(1_000))
  session.destroy()
  expect(await load).toMatchObject({ name: 'ConnectionLost' })
  await eventually(() => expect(source.closed).toBe(true))
})

test('a load whose rows fail throws their error, and the session is usable afterwards', async () => {
  for (const failAt of [0, 1, 5_000]) {
    await using peer = await TdsPeer.open({ answer: loading({}) })
    await using session = await sessionTo(peer)
    const source = new Source()
    expect(await caught(session.load('#stage', COLUMNS, source.rows(1e9, failAt)))).toMatchObject({
      name: 'Error',
      message: 'the source is gone',
    })
    expect(source.closed).toBe(true)
    expect(await session.rows('SELECT 1')).toEqual([['1']])
    expect(peer.sessions[0]).toMatchObject({ ignored: 1, problem: null })
  }
})

test('a value that is none of its column fails the load', async () => {
  await using peer = await TdsPeer.open({ answer: loading({}) })
  await using session = await sessionTo(peer)
  const rows = [['1', 2 as unknown as string, null]]
  expect(await caught(session.load('#stage', COLUMNS, rows))).toMatchObject({ name: 'TypeError' })
  expect(await session.rows('SELECT 1')).toEqual([['1']])
})

test('a load into a table that is not there closes where its rows come from', async () => {
  await using peer = await TdsPeer.open({
    answer: (request, session) =>
      statementOf(request)?.startsWith('insert bulk ') === true
        ? refused(request, { number: 208, message: "Invalid object name '#stage'." })
        : loading({})(request, session),
  })
  await using session = await sessionTo(peer)
  const source = new Source()
  expect(await caught(session.load('#stage', COLUMNS, source.rows(1e9)))).toMatchObject({ number: 208 })
  await eventually(() => expect(source).toMatchObject({ closed: true, read: 0 }))
  expect(await session.rows('SELECT 1')).toEqual([['1']])
})

test('rows that the server refuses at the end are refused by its number', async () => {
  await using peer = await TdsPeer.open({
    answer: loading({
      rows: (request) => refused(request, { number: 2628, message: 'String or binary data would be truncated.' }),
    }),
  })
  await using session = await sessionTo(peer)
  const source = new Source()
  expect(await caught(session.load('#stage', COLUMNS, source.rows(10)))).toMatchObject({ number: 2628 })
  expect(source).toMatchObject({ closed: true, read: 10 })
  expect(await session.rows('SELECT 1')).toEqual([['1']])
})

test('a load is cancelled in the middle of its rows, and before they are taken', async () => {
  await using peer = await TdsPeer.open({ answer: loading({}) })
  await using session = await sessionTo(peer)
  for (const atRow of [0, 1, 3_000]) {
    const source = new Source()
    const load = caught(session.load('#stage', COLUMNS, source.rows(1e9)))
    await eventually(() => expect(source.read).toBeGreaterThanOrEqual(atRow))
    session.cancel()
    expect(await load).toMatchObject({ name: 'StatementCancelled' })
    // one that was not begun has nothing to close
    await eventually(() => expect(source.closed || source.read === 0).toBe(true))
    expect(await session.rows('SELECT 1')).toEqual([['1']])
  }
  expect(peer.sessions[0]?.problem).toBeNull()
})
