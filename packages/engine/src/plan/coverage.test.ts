import { expect, test } from 'vitest'
import { type Coverage, coverageChanges, formatCondition } from './coverage.ts'

const BEFORE: Coverage = {
  source: 'a:src',
  joins: ['meta as meta on {"id":"id"}'],
  where: ['unit in bu.name'],
  lists: { 'unit in bu.name': ['A', 'B'] },
  excluded: ['id=1'],
  key: ['id'],
  position: 'modified_on',
  columns: ['id', 'name'],
}
const changes = (over: Partial<Coverage>) => coverageChanges(BEFORE, { ...BEFORE, ...over }).map((c) => c.text)

test('an equal coverage has no changes', () => {
  expect(changes({})).toEqual([])
})

test('each part of a coverage that differs is one line a person can read', () => {
  expect(changes({ source: 'a:other' })).toEqual(['source: a:src → a:other'])
  expect(changes({ position: null })).toEqual(['position: modified_on → none'])
  expect(changes({ key: ['id', 'name'] })).toEqual(['key: id → id, name'])
  expect(changes({ joins: [] })).toEqual(['join removed: meta as meta on {"id":"id"}'])
  expect(changes({ excluded: ['id=2'] })).toEqual(['excluded key added: id=2', 'excluded key removed: id=1'])
  expect(changes({ columns: ['id', 'name', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'] })).toEqual([
    'column added: c1, c2, c3, c4, c5 and 2 more',
  ])
})

test('a condition that is new is said once, not again for its list', () => {
  expect(changes({ where: ['unit in bu.name', 'x in t.c'], lists: { ...BEFORE.lists, 'x in t.c': ['1'] } })).toEqual([
    'where added: x in t.c',
  ])
})

test('only a list that gained and lost nothing can be loaded by its values alone', () => {
  const gained = (values: readonly string[]) =>
    coverageChanges(BEFORE, { ...BEFORE, lists: { 'unit in bu.name': values } }).map((c) => c.gained)
  expect(gained(['A', 'B', 'C'])).toEqual([{ condition: 'unit in bu.name', values: ['C'] }])
  expect(gained(['A', 'C'])).toEqual([null, null])
  expect(gained(['A'])).toEqual([null])
})

test('a condition is written the same whatever the order of its list', () => {
  const column = { table: 'meta', column: 'unit' }
  expect(formatCondition({ kind: 'in-list', column, values: ['b', 'a'], not: true })).toBe('meta.unit not in (a, b)')
  expect(formatCondition({ kind: 'compare', column, operator: '<>', value: '1' })).toBe('meta.unit <> 1')
  expect(formatCondition({ kind: 'null', column, not: true })).toBe('meta.unit is not null')
})
