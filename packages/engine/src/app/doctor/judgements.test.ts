import { expect, test } from 'vitest'
import { bytes } from './bytes.ts'
import { checkClock } from './ledger.ts'
import { judgeRoom } from './room.ts'
import { checkStore } from './store.ts'
import { checkVersions } from './versions.ts'

const MIB = 1024 ** 2

test.each([
  [2048 * MIB, 'ok'],
  [1023 * MIB, 'warn'],
  [63 * MIB, 'fail'],
])('doctor judges %d bytes of free disk as %s', (free, status) => {
  expect(judgeRoom('temp, store', free)).toMatchObject({ id: 'room', subject: 'temp, store', status })
})

test('a size is printed in the greatest unit that it fills', () => {
  expect([0, 1023, 1024, 1536 * MIB, 3 * 1024 ** 4].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 GiB',
    '3.0 TiB',
  ])
})

test('doctor warns of a store clock that differs from this machine, in either direction', () => {
  const here = Temporal.Instant.from('2026-11-20T10:00:00Z')
  expect(checkClock('2026-11-20T10:00:00.900Z', here).status).toBe('ok')
  expect(checkClock('2026-11-20T10:00:05.000Z', here)).toMatchObject({
    status: 'warn',
    detail: "the store's clock is 5000 ms ahead of this machine's: leases run by the store's",
  })
  expect(checkClock('2026-11-20T09:59:55.000Z', here).detail).toContain('5000 ms behind')
})

test('doctor refuses a Node that is older than the engines field asks for', () => {
  const manifest = { version: '1.2.3', engines: { node: '>=26' } }
  const statuses = (node: string) => checkVersions(node, manifest).map(({ id, status }) => `${id} ${status}`)
  expect(statuses('26.0.0')).toEqual(['tidemark ok', 'node ok'])
  expect(statuses('24.9.0')).toEqual(['tidemark ok', 'node fail'])
})

test('doctor tells a store that cannot be written, a damaged one, and one whose WAL does not shrink', () => {
  const sound = {
    location: 'control.db',
    exists: true,
    version: 3,
    known: 3,
    pending: [],
    damage: [],
    mending: '',
    refusesWrites: null,
    walBytes: 0,
    path: '/p/control.db',
  }
  const bad = (over: object) =>
    checkStore({ ...sound, ...over })
      .filter(({ status }) => status !== 'ok')
      .map(({ id, status }) => `${id} ${status}`)
  expect(bad({})).toEqual([])
  expect(bad({ exists: false, version: 0 })).toEqual([])
  expect(bad({ refusesWrites: 'control.db cannot be written (EACCES)' })).toEqual(['store-writable fail'])
  expect(bad({ damage: ['row 3 missing from index a'] })).toEqual(['store-integrity fail'])
  expect(bad({ walBytes: 300 * MIB })).toEqual(['store-wal warn'])
  expect(bad({ version: 2 })).toEqual(['store warn'])
})
