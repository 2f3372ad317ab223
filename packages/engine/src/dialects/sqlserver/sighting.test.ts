import { expect, test } from 'vitest'
import { transactionsOf } from './sighting.ts'

interface Row {
  readonly id?: string
  readonly name?: string
  readonly since?: string | null
  readonly unit?: string
  readonly wrote?: boolean
  readonly wroteHere?: boolean
  readonly session?: string | null
  readonly login?: string
  readonly application?: string
  readonly own?: boolean
  readonly reader?: boolean
}

const flag = (is: boolean | undefined): string => (is === true ? '1' : '0')

/** In the order of the statement's columns. */
const row = (r: Row): readonly (string | null)[] => [
  r.id ?? '1',
  r.name ?? 'user_transaction',
  r.since === undefined ? '2026-06-01 12:00:00.0000000' : r.since,
  r.unit ?? null,
  flag(r.wrote),
  flag(r.wroteHere),
  r.session === undefined ? '57' : r.session,
  r.login ?? 'app',
  r.application ?? 'shop',
  flag(r.own),
  flag(r.reader),
]

const sessions = (rows: readonly Row[], logins: readonly string[] = []): readonly string[] =>
  transactionsOf(rows.map(row), logins).open.map((t) => t.who)

test('a transaction holds back whether or not it has written, the oldest first, by session, login and application', () => {
  const rows = [
    { id: '8', session: '60', since: '2026-06-01 12:00:00.0000001' },
    { id: '9', session: '57', login: 'sa', application: 'SSMS', since: '2026-06-01 12:00:00.0000000' },
    { id: '10', session: '61', since: '2026-06-01 12:00:00.1000000', wrote: true },
  ]
  expect(sessions(rows)).toEqual([
    'of session 57, login sa (SSMS)',
    'of session 60, login app (shop)',
    'of session 61, login app (shop)',
  ])
})

test('who asks, readers of ours and logins that are listed hold nothing back until they write', () => {
  expect(sessions([{ own: true }])).toEqual([])
  expect(sessions([{ reader: true }])).toEqual([])
  expect(sessions([{ reader: true, wrote: true }])).toHaveLength(1)
  expect(sessions([{ login: 'report' }], ['report'])).toEqual([])
  expect(sessions([{ login: 'report', wrote: true }], ['report'])).toHaveLength(1)
  expect(sessions([{ login: 'Report' }], ['report'])).toHaveLength(1)
})

test('a transaction of several sessions is a reader only if all of them are', () => {
  expect(sessions([{ reader: true }, { session: '58' }])).toHaveLength(1)
  expect(sessions([{ reader: true }, { session: '58', login: 'report' }], ['report'])).toEqual([])
  expect(sessions([{ own: true }, { session: '58' }])).toEqual(['of session 58, login app (shop)'])
})

test('without a session a distributed transaction holds back, and one that wrote; the rest are the servers own', () => {
  const lone = { session: null } as const
  expect(sessions([{ ...lone, unit: 'D0F6C1B2-0000-0000-0000-000000000001' }])).toEqual([
    'that no session has, of the distributed unit of work D0F6C1B2-0000-0000-0000-000000000001',
  ])
  expect(sessions([{ ...lone, wrote: true, name: 'INSERT' }])).toEqual(['"INSERT" that no session has'])
  expect(sessions([{ ...lone, name: 'LobStorageProviderSession' }])).toEqual([])
  // a name is anybody's to give
  expect(sessions([{ name: 'worktable' }])).toHaveLength(1)
})

test('a transaction without a start is told apart', () => {
  const seen = transactionsOf([row({ id: 'in memory 4', since: null, wroteHere: true })], [])
  expect(seen).toEqual({
    open: [],
    hidden: [{ since: null, who: 'of session 57, login app (shop)', wroteHere: true }],
  })
})
