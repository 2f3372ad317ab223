import type { RunState } from '@tidemark/contract/states'
import { expect, test } from 'vitest'
import { decideTidying, type Standing } from './tidying.ts'

const row = (number: number, over: Partial<Standing> = {}): Standing => ({
  id: `s${number}`,
  number: BigInt(number),
  scope: '{}',
  run: `r${number}`,
  state: 'kept',
  ...over,
})
const building = { state: 'building' } as const
const all = { keep: 2, own: null, held: () => false }
const none: ReadonlyMap<string, RunState | null> = new Map()

test('of each scope the newest stay, by their numbers', () => {
  const rows = [row(3), row(1), row(2), row(4, { scope: 'a' }), row(5, { scope: 'a' })]
  expect(decideTidying(rows, all, none)).toEqual({ kept: [], gone: ['s1'] })
  expect(decideTidying(rows, { ...all, keep: 1 }, none).gone.toSorted()).toEqual(['s1', 's2', 's4'])
})

test('one that is held stays, and counts', () => {
  expect(decideTidying([row(1), row(2), row(3)], { ...all, held: (id) => id === 's1' }, none).gone).toEqual([])
})

test.each<[RunState | null, 'kept' | 'gone' | 'stays']>([
  ['succeeded', 'kept'],
  ['succeeded_with_rejects', 'kept'],
  ['nothing_to_do', 'kept'],
  ['running', 'stays'],
  ['planned', 'stays'],
  ['failed', 'stays'],
  ['cancelled', 'stays'],
  ['superseded', 'gone'],
  [null, 'gone'],
])('a snapshot of a run that is %s: %s', (state, becomes) => {
  const found = decideTidying([row(1, building)], all, new Map([['r1', state]]))
  expect(found).toEqual({ kept: becomes === 'kept' ? ['s1'] : [], gone: becomes === 'gone' ? ['s1'] : [] })
})

test('one whose run has just settled counts among the newest; one in the making does not', () => {
  const rows = [row(1), row(2), row(3, building), row(4, building)]
  const states = new Map<string, RunState>([
    ['r3', 'succeeded'],
    ['r4', 'superseded'],
  ])
  expect(decideTidying(rows, { ...all, own: 's4' }, states)).toEqual({ kept: ['s3'], gone: ['s1'] })
})
