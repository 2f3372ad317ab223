/** A batch's transaction in SQL Server, whole: what it does when the server refuses, is gone, or is told to stop. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import { expect, test } from 'vitest'
import { BatchTarget } from '../../src/dialects/sqlserver/batch-target.ts'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { classify } from '../../src/dialects/sqlserver/errors.ts'
import { openSession } from '../../src/dialects/sqlserver/session.ts'
import { SqlServerTarget } from '../../src/dialects/sqlserver/target.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import type { BatchKey, CapturedBatch, FenceKey } from '../../src/dialects/contract.ts'
import { FAILS } from '../../src/dialects/relational/sift.ts'
import { staged } from '../../src/dialects/sqlserver/stage.sql.ts'
import { sql } from '../../src/dialects/sql-text.ts'
import type { AppError } from '../../src/runtime/app-error.ts'
import { retrying } from '../../src/runtime/retry.ts'
import { keyAlone } from '../support/sqlserver-relations.ts'
import { caught, connectionTo, eventually } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import type { Answer } from '../support/tds-peer/peer-session.ts'
import { committed, counted, refused, selected, transactions } from '../support/tds-peer/replies.ts'
import { type PeerRequest, statementOf } from '../support/tds-peer/requests.ts'
import type * as tokens from '../support/tds-peer/tokens.ts'

const FENCE: FenceKey = { store: 's', flow: 'm.t', scope: '', token: 7n }
const BATCH: BatchKey = { run: 'r1', step: 1, batch: 3 }
const NONE: RowCounts = {
  read: 1n,
  inserted: 1n,
  updated: 0n,
  deleted: 0n,
  skippedSame: 0n,
  skippedOlder: 0n,
  rejected: 0n,
}
const ROWS = sql`INSERT INTO t VALUES (1)`

const TOKEN: readonly tokens.PeerColumn[] = [{ name: 'token', type: 'bigint' }]
const COUNTS: readonly tokens.PeerColumn[] = Array.from({ length: 7 }, (_, i) => ({ name: `c${i}`, type: 'bigint' }))

/** A target whose fence stands at 7 and whose markers are none, where nothing else is told. */
const target = (special: Answer): Promise<TdsPeer> =>
  TdsPeer.open({
    answer: (request, session) => {
      const told = special(request, session) ?? transactions(request)
      if (told !== null) return told
      const text = statementOf(request) ?? ''
      if (text.includes('delayed_durability')) return selected(request, [{ name: '', type: 'int' }], [[0]])
      if (/^SELECT token FROM .*REPEATABLEREAD/.test(text)) return selected(request, TOKEN, [[7n]])
      if (text.startsWith('SELECT rows_read, ')) return selected(request, COUNTS, [])
      return counted(request, 1n)
    },
  })

async function batches(peer: TdsPeer, discreet = false) {
  const into = connectionTo(peer)
  const session = await openSession(into, 'target')
  session.discreet = discreet
  const none = (): never => {
    throw new TypeError('no secret is asked for')
  }
  const catalogs = catalogsOf(into, into, workPlace(null), none, 13)
  const of = new BatchTarget(into, session, catalogs, new SqlServerTarget(into, session, catalogs))
  return {
    of,
    [Symbol.asyncDispose]: async () => {
      await of[Symbol.asyncDispose]()
      await session[Symbol.asyncDispose]()
    },
  }
}

const isRows = (request: PeerRequest): boolean => statementOf(request) === 'INSERT INTO t VALUES (1)'
const isCommit = (request: PeerRequest): boolean => statementOf(request)?.startsWith('COMMIT') === true

const land = async (of: BatchTarget): Promise<void> => {
  await using tx = await of.begin(FENCE, BATCH)
  await tx.exec(ROWS)
  await tx.commit(NONE)
}

/** As a run does it. */
const landedInTheEnd = (of: BatchTarget): Promise<void> =>
  retrying(
    { budgetMs: 5_000, minDelayMs: 1, maxDelayMs: 5, factor: 2 },
    (error) => ['conflict', 'busy'].includes(classify(error)),
    () => land(of),
  )

test('a batch takes the fence, writes its marker first, and commits with its counts', async () => {
  await using peer = await target(() => null)
  await using into = await batches(peer)
  await land(into.of)
  // once for all sessions of a bench
  expect(peer.sessions[0]?.texts.some((text) => text.includes('delayed_durability'))).toBe(true)
  expect(peer.sessions[1]?.texts.map((text) => text.slice(0, 40))).toEqual([
    'SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRANSACTION'.slice(0, 40),
    expect.stringMatching(/^SELECT token/),
    'SET LOCK_TIMEOUT 1000',
    expect.stringMatching(/^SELECT rows_read/),
    expect.stringMatching(/^INSERT INTO \[/),
    'SET LOCK_TIMEOUT 30000',
    'INSERT INTO t VALUES (1)',
    expect.stringMatching(/^UPDATE \[/),
    'COMMIT TRANSACTION; SELECT @@TRANCOUNT',
  ])
})

test.each([1205, 1222, 3960, 40501])(
  'a batch that %i refuses lands in the end, on the session that it had',
  async (number) => {
    let failures = 2
    await using peer = await target((request) =>
      isRows(request) && failures-- > 0 ? refused(request, { number, message: 'Not now.' }) : null,
    )
    await using into = await batches(peer)
    await landedInTheEnd(into.of)
    expect(peer.sessions).toHaveLength(2)
    const texts = peer.sessions[1]?.texts ?? []
    expect(texts.filter((t) => t.startsWith('IF @@TRANCOUNT'))).toHaveLength(2)
    expect(texts.filter((t) => t.startsWith('COMMIT'))).toHaveLength(1)
  },
)

test('another owner of the fence stops the batch before it writes', async () => {
  await using peer = await target((request) =>
    /REPEATABLEREAD/.test(statementOf(request) ?? '') ? selected(request, TOKEN, [[8n]]) : null,
  )
  await using into = await batches(peer)
  expect(await caught(land(into.of))).toMatchObject({ code: 'TM5002' })
  expect(peer.sessions[1]?.texts.some((text) => text.startsWith('INSERT'))).toBe(false)
  expect(peer.sessions[1]?.texts.at(-1)).toBe('IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION')
})

test.each<[string, RegExp, number]>([
  ['holds its marker', /^SELECT rows_read/, 1222],
  ['has just written its marker', /^INSERT INTO \[/, 2627],
])('a batch whose other worker %s is a conflict', async (_, statement, number) => {
  let failures = 1
  await using peer = await target((request) =>
    statement.test(statementOf(request) ?? '') && failures-- > 0
      ? refused(request, { number, message: 'Held.' })
      : null,
  )
  await using into = await batches(peer)
  expect(await caught(land(into.of))).toMatchObject({
    code: 'TM5003',
    detail: expect.stringContaining('another worker'),
  })
  await landedInTheEnd(into.of)
})

const RELATION = keyAlone(['dbo', 'dst'], 'int')
const SPLIT: CapturedBatch = { step: 1, wave: 1, first: 1n, last: 1n, rows: 1n, bytes: 8n, readAt: null, range: null }

test.each([
  [2627, false],
  [2601, false],
  [2627, true],
])(
  'a value that is held is seen when the batch is tried again, or is held by a constraint of its own: %i',
  async (number, discreet) => {
    await using peer = await target((request) =>
      /^INSERT INTO .*\[dst\]/.test(statementOf(request) ?? '')
        ? refused(request, { number, severity: 14, message: 'The duplicate key value is (/1/, Ada).' })
        : null,
    )
    await using into = await batches(peer, discreet)
    const attempt = async (batch: BatchKey): Promise<unknown> => {
      await using tx = await into.of.begin(FENCE, batch)
      tx.split = SPLIT
      tx.staged = staged(RELATION)
      tx.stagedRows = 1n
      return await caught(into.of.land(tx, RELATION, 'insert-missing', FAILS))
    }
    const first = await attempt(BATCH)
    expect([first, classify(first)]).toMatchObject([{ code: 'TM5003', facts: { number } }, 'conflict'])
    // somebody else's trouble is not this one's
    expect(await attempt({ ...BATCH, batch: 4 })).toMatchObject({ code: 'TM5003' })
    const again = await attempt(BATCH)
    expect([again, classify(again)]).toMatchObject([{ code: 'TM5010', facts: { number } }, 'constraint'])
    expect((again as AppError).detail.includes('Ada')).toBe(!discreet)
  },
)

test('a batch whose connection is cut leaves no session, and the next one has another', async () => {
  let cuts = 1
  await using peer = await target((request) => (isRows(request) && cuts-- > 0 ? { cutAfter: 1 } : null))
  await using into = await batches(peer)
  expect(await caught(land(into.of))).toMatchObject({ code: 'TM2005' })
  await eventually(() => expect(peer.open).toBe(1))
  await land(into.of)
  expect(peer.sessions).toHaveLength(3)
  expect(peer.open).toBe(2)
})

test('a batch whose commit is not answered is in doubt, and its marker tells', async () => {
  let cuts = 1
  await using peer = await target((request) => {
    if (isCommit(request) && cuts-- > 0) return { ...committed(), cutAfter: 1 }
    // the commit came through after all
    if (cuts <= 0 && statementOf(request)?.startsWith('SELECT rows_read') === true)
      return selected(request, COUNTS, [[1n, 1n, 0n, 0n, 0n, 0n, 0n]])
    return null
  })
  await using into = await batches(peer)
  expect(await caught(land(into.of))).toMatchObject({ code: 'TM2005', cause: { inDoubt: true } })
  await using again = await into.of.begin(FENCE, BATCH)
  expect(again.alreadyIn).toMatchObject({ read: 1n, inserted: 1n })
})

test('a batch that is told to stop ends its statement, and its session is not used again', async () => {
  await using peer = await target((request) => (isRows(request) ? { silent: true } : null))
  await using into = await batches(peer)
  {
    await using tx = await into.of.begin(FENCE, BATCH)
    const writing = caught(tx.exec(ROWS))
    await eventually(() => expect(peer.sessions[1]?.texts.at(-1)).toBe('INSERT INTO t VALUES (1)'))
    tx.abort()
    tx.abort()
    expect(classify(await writing)).toBe('interrupted')
    expect(peer.sessions[1]?.attentions).toBe(1)
  }
  await eventually(() => expect(peer.open).toBe(1))
})

test('a batch that is told to stop by a server that does not listen ends all the same', async () => {
  await using peer = await target((request) => (isRows(request) ? { silent: true, attentionAfterMs: null } : null))
  await using into = await batches(peer)
  const began = performance.now()
  let writing: Promise<unknown> = Promise.resolve()
  {
    await using tx = await into.of.begin(FENCE, BATCH)
    writing = caught(tx.exec(ROWS))
    await eventually(() => expect(peer.sessions[1]?.texts.at(-1)).toBe('INSERT INTO t VALUES (1)'))
    tx.abort()
  }
  expect(classify(await writing)).toBe('lost')
  expect(performance.now() - began).toBeLessThan(10_000)
  await eventually(() => expect(peer.open).toBe(1))
})
