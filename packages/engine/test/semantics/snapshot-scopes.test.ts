import { expect, test } from 'vitest'
import { openSnapshotWorld, SCOPED, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'

const flow = snapshotFlow({}, SCOPED)
const A = { scope: { customer: 'a' } }
const B = { scope: { customer: 'b' } }

async function twoScopes(): Promise<SnapshotWorld> {
  const s = await openSnapshotWorld()
  await s.w.source(
    'CREATE TABLE src (id INTEGER, customer VARCHAR, n INTEGER)',
    "INSERT INTO src VALUES (1, 'a', 1), (2, 'a', 2), (3, 'b', 3)",
  )
  return s
}

test('two scopes side by side have snapshots of their own', async () => {
  await using s = await twoScopes()
  expect(await s.take(flow, A)).toEqual([2, 0, 0, 0])
  expect(await s.take(flow, B)).toEqual([1, 0, 0, 0])
  await s.w.source('UPDATE src SET n = 9 WHERE id IN (1, 3)')
  expect(await s.take(flow, A)).toEqual([0, 1, 0, 1])
  expect(await s.take(flow, A)).toEqual([0, 0, 0, 2])
  expect(await s.take(flow, A)).toEqual([0, 0, 0, 2])
  expect(await s.take(flow, B)).toEqual([0, 1, 0, 0])
  // the newest two of each
  expect((await s.snapshots()).map(({ scope }) => scope).sort()).toEqual([
    '{"customer":"a"}',
    '{"customer":"a"}',
    '{"customer":"b"}',
    '{"customer":"b"}',
  ])
})

test('a scope never seen is new as a whole, also beside a snapshot of the whole flow', async () => {
  await using s = await twoScopes()
  expect(await s.take(flow)).toEqual([3, 0, 0, 0])
  expect(await s.take(flow, B)).toEqual([1, 0, 0, 0])
  expect((await s.snapshots()).at(-1)).toMatchObject({ previous: null, rows: 1n })
  expect(await s.take(flow, { scope: { customer: 'nobody' } })).toEqual([0, 0, 0, 0])
})

test('a row that moves between two scopes is gone from one and new in the other, the former run first', async () => {
  await using s = await twoScopes()
  await s.take(flow, A)
  await s.take(flow, B)
  await s.w.source("UPDATE src SET customer = 'b' WHERE id = 2")
  expect(await s.take(flow, A)).toEqual([0, 0, 1, 1])
  expect(await s.take(flow, B)).toEqual([1, 0, 0, 1])
  expect(await s.w.targetRows('SELECT id, customer FROM dst ORDER BY id')).toEqual([
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'b'],
  ])
})

test('a row that moves between two scopes is gone from one and new in the other, the latter run first', async () => {
  await using s = await twoScopes()
  await s.take(flow, A)
  await s.take(flow, B)
  await s.w.source("UPDATE src SET customer = 'b' WHERE id = 2")
  expect(await s.take(flow, B)).toEqual([1, 0, 0, 1])
  expect(await s.take(flow, A)).toEqual([0, 0, 1, 1])
  expect(await s.w.targetRows('SELECT id, customer FROM dst ORDER BY id')).toEqual([
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'b'],
  ])
})

test('a row whose scope becomes NULL is gone from its scope, and in none', async () => {
  await using s = await twoScopes()
  await s.take(flow, A)
  await s.take(flow, B)
  await s.w.source('UPDATE src SET customer = NULL WHERE id = 2')
  expect(await s.take(flow, A)).toEqual([0, 0, 1, 1])
  expect(await s.take(flow, B)).toEqual([0, 0, 0, 1])
  // the whole flow has it still
  expect(await s.take(flow)).toEqual([3, 0, 0, 0])
})
