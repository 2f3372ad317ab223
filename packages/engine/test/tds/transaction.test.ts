import { expect, test } from 'vitest'
import { classify } from '../../src/dialects/sqlserver/errors.ts'
import { exec } from '../../src/dialects/sqlserver/run-sql.ts'
import { sql } from '../../src/dialects/sql-text.ts'
import type { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { retrying } from '../../src/runtime/retry.ts'
import { caught, eventually, sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import type { Answer, Reply } from '../support/tds-peer/peer-session.ts'
import { committed, counted, refused, selected, transactions } from '../support/tds-peer/replies.ts'
import type { PeerRequest } from '../support/tds-peer/requests.ts'
import * as tokens from '../support/tds-peer/tokens.ts'

const BEGIN = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION'
const COMMIT = 'COMMIT TRANSACTION; SELECT @@TRANCOUNT'
const ROLLBACK = 'IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION'
const INSERT = 'INSERT INTO t VALUES (1)'

const isBatch = (request: PeerRequest, text: string): boolean => request.kind === 'batch' && request.text === text
/** What is not told here is a transaction, or counts one row. */
const telling =
  (answer: Answer): Answer =>
  (request, session) =>
    answer(request, session) ?? transactions(request) ?? counted(request, 1n)

const deadlock = (request: PeerRequest): Reply => ({
  tokens: [
    tokens.transactionRolledBack(),
    ...((refused(request, { number: 1205, state: 51, severity: 13, message: 'Transaction was deadlocked.' }).tokens ??
      []) as Iterable<Buffer>),
  ],
})

/** As a batch is landed: whole or not at all, and again where another was in the way. */
async function landed(open: () => Promise<SqlServerSession>): Promise<bigint> {
  const policy = { budgetMs: 2_000, minDelayMs: 1, maxDelayMs: 2, factor: 1 }
  return await retrying(
    policy,
    (error) => ['conflict', 'busy'].includes(classify(error)),
    async () => {
      await using session = await open()
      await session.begin()
      try {
        const rows = await exec(session, sql`INSERT INTO t VALUES (1)`, 't')
        await session.commit()
        return rows
      } catch (error) {
        await session.rollback()
        throw error
      }
    },
  )
}

test.each<[number, number]>([
  [1205, 13],
  [1222, 16],
  [3960, 16],
  [41302, 16],
  [40501, 20],
  [10928, 20],
])(
  'a batch that %i refuses is rolled back and tried again, and each attempt leaves no session',
  async (number, severity) => {
    let failures = 2
    await using peer = await TdsPeer.open({
      answer: telling((request) =>
        isBatch(request, INSERT) && failures-- > 0 ? refused(request, { number, severity, message: 'Not now.' }) : null,
      ),
    })
    expect(await landed(() => sessionTo(peer))).toBe(1n)
    expect(peer.sessions.map((s) => s.texts)).toEqual([
      [BEGIN, INSERT, ROLLBACK],
      [BEGIN, INSERT, ROLLBACK],
      [BEGIN, INSERT, COMMIT],
    ])
    await eventually(() => expect(peer.open).toBe(0))
  },
)

test('a batch whose server rolled it back by itself is tried again', async () => {
  let failures = 1
  await using peer = await TdsPeer.open({
    answer: telling((request) => (isBatch(request, INSERT) && failures-- > 0 ? deadlock(request) : null)),
  })
  expect(await landed(() => sessionTo(peer))).toBe(1n)
  expect(peer.sessions).toHaveLength(2)
})

test.each([2627, 547, 208, 229])('a batch that %i refuses is not tried again', async (number) => {
  await using peer = await TdsPeer.open({
    answer: telling((request) => (isBatch(request, INSERT) ? refused(request, { number, message: 'Never.' }) : null)),
  })
  expect(await caught(landed(() => sessionTo(peer)))).toMatchObject({ code: 'TM5001', facts: { number } })
  expect(peer.sessions.map((s) => s.texts)).toEqual([[BEGIN, INSERT, ROLLBACK]])
  await eventually(() => expect(peer.open).toBe(0))
})

test('a connection that is cut in mid-batch is not tried again by itself, and leaves no session', async () => {
  await using peer = await TdsPeer.open({
    answer: telling((request) => (isBatch(request, INSERT) ? { cutAfter: 1 } : null)),
  })
  expect(await caught(landed(() => sessionTo(peer)))).toMatchObject({ code: 'TM2005', cause: { inDoubt: false } })
  expect(peer.sessions.map((s) => s.texts)).toEqual([[BEGIN, INSERT]])
  await eventually(() => expect(peer.open).toBe(0))
})

test('a commit that is not answered is in doubt', async () => {
  await using peer = await TdsPeer.open({
    answer: telling((request) => (isBatch(request, COMMIT) ? { ...committed(), cutAfter: 1 } : null)),
  })
  await using session = await sessionTo(peer)
  await session.begin()
  const error = await caught(session.commit())
  expect(error).toMatchObject({
    name: 'ConnectionLost',
    inDoubt: true,
    message: expect.stringContaining('it is in, or it is not'),
  })
  expect(classify(error)).toBe('lost')
  // nothing more to be done on it
  await session.rollback()
  // one that was never sent is not in doubt
  expect(await caught(session.commit())).toMatchObject({ name: 'ConnectionLost', inDoubt: false })
})

test('a commit is not cancelled while it is answered', async () => {
  await using peer = await TdsPeer.open({
    answer: telling((request) => (isBatch(request, COMMIT) ? { ...committed(), afterMs: 100 } : null)),
  })
  await using session = await sessionTo(peer)
  await session.begin()
  const committing = session.commit()
  await eventually(() => expect(peer.texts).toContain(COMMIT))
  session.cancel()
  await committing
  expect(peer.sessions[0]?.attentions).toBe(0)
  expect(session.inTransaction).toBe(false)
})

test('a commit that is never answered is given up when it is to be cancelled, and is in doubt', async () => {
  await using peer = await TdsPeer.open({
    answer: telling((request) => (isBatch(request, COMMIT) ? { silent: true } : null)),
  })
  await using session = await sessionTo(peer, { cancelTimeoutMs: 80 })
  await session.begin()
  const committing = caught(session.commit())
  await eventually(() => expect(peer.texts).toContain(COMMIT))
  session.cancel()
  expect(await committing).toMatchObject({ name: 'ConnectionLost', inDoubt: true })
  await eventually(() => expect(peer.open).toBe(0))
})

test('a rollback is not skipped because its statement was cancelled before', async () => {
  await using peer = await TdsPeer.open({
    answer: telling((request) => (isBatch(request, INSERT) ? { silent: true } : null)),
  })
  await using session = await sessionTo(peer)
  await session.begin()
  const inserting = caught(session.run(INSERT))
  await eventually(() => expect(peer.texts).toContain(INSERT))
  const rollingBack = session.rollback()
  session.cancel()
  await inserting
  await rollingBack
  expect(session.inTransaction).toBe(false)
  expect(peer.texts).toEqual([BEGIN, INSERT, ROLLBACK])
})

test('a transaction inside another one is not taken for committed', async () => {
  await using peer = await TdsPeer.open({
    answer: telling((request) => (isBatch(request, COMMIT) ? committed(1) : null)),
  })
  await using session = await sessionTo(peer)
  await session.begin()
  expect(await caught(session.commit())).toMatchObject({ message: expect.stringContaining('its commit was none') })
  expect(peer.texts).toEqual([BEGIN, COMMIT, ROLLBACK])
  expect(session.inTransaction).toBe(false)
})

test('a transaction that the server has ended is not committed', async () => {
  const NONE: readonly tokens.PeerColumn[] = [{ name: '', type: 'int' }]
  await using peer = await TdsPeer.open({
    answer: telling((request) =>
      isBatch(request, COMMIT)
        ? {
            tokens: [
              tokens.error({ number: 3902, message: 'The COMMIT TRANSACTION request has no BEGIN TRANSACTION.' }),
              tokens.done({ failed: true, more: true }),
              ...(selected(request, NONE, [[0]]).tokens as Iterable<Buffer>),
            ],
          }
        : null,
    ),
  })
  await using session = await sessionTo(peer)
  await session.begin()
  expect(await caught(session.commit())).toMatchObject({ number: 3902 })
  await session.rollback()
  expect(peer.texts.at(-1)).toBe(ROLLBACK)
})
