import { parseScopeText } from '@tidemark/contract/flow'
import { describe, expect, test } from 'vitest'
import { chooseTwo } from './choose-two.ts'
import type { Side } from './sides.ts'

type Of = Pick<Side['json'], 'status' | 'previous'>

const side = (snapshot: string, takenAt: string, { status, previous }: Of): Side => ({
  flow: 'm.t',
  snapshot,
  scope: '{}',
  takenAt,
  key: ['id'],
  compared: [],
  columns: [],
  from: 'image',
  open: () => Promise.reject(new Error('not opened')),
  engine: '1',
  json: {
    snapshot,
    flow: 'm.t',
    scope: { ...parseScopeText('{}') },
    run: 'r-aaaaa',
    taken_at: takenAt,
    status,
    previous,
    rows: 0,
    difference: null,
    schema_change: null,
    image_bytes: 0,
    archive: null,
  },
})
const NONE_NAMED = { before: null, after: null, scope: parseScopeText('{}') }
const ids = ({ before, after }: ReturnType<typeof chooseTwo>): readonly string[] => [before.snapshot, after.snapshot]

describe('two snapshots to compare', () => {
  test('the newest one is the ledger’s, and the one before it is what it was compared with, whatever the clock said', () => {
    const sides = [
      side('s-later', '2026-01-01T09:00:00.000Z', { status: 'current', previous: 's-first' }),
      side('s-first', '2026-01-01T10:00:00.000Z', { status: 'kept', previous: null }),
    ]
    expect(ids(chooseTwo('m.t', sides, NONE_NAMED))).toEqual(['s-first', 's-later'])
  })

  test('of one that only its archive is left of, the one before is the last that was taken earlier', () => {
    const sides = ['07', '08', '09'].map((hour) =>
      side(`s-${hour}`, `2026-01-01T${hour}:00:00.000Z`, { status: 'archived', previous: null }),
    )
    expect(ids(chooseTwo('m.t', sides, NONE_NAMED))).toEqual(['s-08', 's-09'])
    expect(ids(chooseTwo('m.t', sides, { ...NONE_NAMED, after: 's-08' }))).toEqual(['s-07', 's-08'])
    expect(() => chooseTwo('m.t', sides, { ...NONE_NAMED, after: 's-07' })).toThrow('the only one')
  })
})
