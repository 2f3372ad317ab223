import { expect, test } from 'vitest'
import { at, delivered, row, rows, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const UPDATE = (id: number, name: string, stamp: string | null) =>
  `UPDATE src SET name = '${name}', modified_on = ${stamp === null ? 'NULL' : `TIMESTAMP '${stamp}'`} WHERE id = ${id}`

/** Delivers row 1 at second 10, then changes it in the source and reads everything again. */
async function again(w: World, change: string, definition = flow) {
  await w.source(TABLE, row(1, 'a', at(10)))
  await w.run(definition)
  await w.source(change)
  return w.run(definition, { full: true })
}

test('an existing key with a newer position is updated, and the position travels with the row', async () => {
  await using w = await openWorld()
  expect(await again(w, UPDATE(1, 'b', at(11)))).toMatchObject({
    rows: { read: 1n, updated: 1n, inserted: 0n, skippedSame: 0n, skippedOlder: 0n },
  })
  expect(await w.targetRows('SELECT id, name, modified_on::VARCHAR FROM dst')).toEqual([['1', 'b', at(11)]])
})

test('a newer position with equal content is an update: the position has to arrive', async () => {
  await using w = await openWorld()
  expect(await again(w, UPDATE(1, 'a', at(11)))).toMatchObject({ rows: { updated: 1n } })
  expect(await w.targetRows('SELECT modified_on::VARCHAR FROM dst')).toEqual([[at(11)]])
})

test('equal position and equal content is skipped_same', async () => {
  await using w = await openWorld()
  expect(await again(w, 'SELECT 1')).toMatchObject({
    rows: { read: 1n, updated: 0n, skippedSame: 1n, skippedOlder: 0n },
  })
})

test('equal position with other content is taken: a coarse clock ticks once for two updates', async () => {
  await using w = await openWorld()
  expect(await again(w, UPDATE(1, 'b', at(10)))).toMatchObject({ rows: { updated: 1n } })
  expect(await delivered(w)).toEqual([['1', 'b']])
})

test('an older position is skipped_older, and the newer row stays', async () => {
  await using w = await openWorld()
  expect(await again(w, UPDATE(1, 'b', at(9)))).toMatchObject({
    rows: { read: 1n, updated: 0n, skippedSame: 0n, skippedOlder: 1n },
  })
  expect(await delivered(w)).toEqual([['1', 'a']])
})

test('every verdict in one batch is counted apart', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5))
  await w.run(flow)
  await w.source(
    UPDATE(1, 'newer', at(100)),
    UPDATE(2, 'older', '2019-01-01 00:00:00'),
    UPDATE(3, 'equal', at(3)),
    row(9, 'new', at(4)),
  )
  expect(await w.run(flow, { full: true })).toMatchObject({
    rows: { read: 6n, inserted: 1n, updated: 2n, skippedSame: 2n, skippedOlder: 1n },
  })
  expect(await delivered(w)).toEqual([
    ['0', 'n0'],
    ['1', 'newer'],
    ['2', 'n2'],
    ['3', 'equal'],
    ['4', 'n4'],
    ['9', 'new'],
  ])
})

test('a target with a primary key takes newer rows as well', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR, modified_on TIMESTAMP)')
  expect(await again(w, UPDATE(1, 'b', at(11)))).toMatchObject({ state: 'succeeded', rows: { updated: 1n } })
  expect(await delivered(w)).toEqual([['1', 'b']])
})

test('target columns that the flow does not fill keep their values when a newer row is taken', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT, name VARCHAR, modified_on TIMESTAMP, remark VARCHAR)')
  await w.source(TABLE, row(1, 'a', at(10)))
  await w.run(flow)
  await w.target("UPDATE dst SET remark = 'mine'")
  await w.source(UPDATE(1, 'b', at(11)))
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 1n } })
  expect(await w.targetRows('SELECT name, remark FROM dst')).toEqual([['b', 'mine']])
})

test('insert-missing inserts absent keys and touches no other', async () => {
  const insertMissing = flowSpec({ apply: { kind: 'insert-missing', maxDelete: null } })
  await using w = await openWorld()
  await again(w, UPDATE(1, 'b', at(11)), insertMissing)
  await w.source(row(2, 'new', at(12)))
  expect(await w.run(insertMissing, { full: true })).toMatchObject({
    rows: { read: 2n, inserted: 1n, updated: 0n, skippedSame: 1n },
  })
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['2', 'new'],
  ])
})

test('a batch applied twice leaves the target as applying it once', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, { batchRows: 10 })
  const once = await delivered(w)
  expect(await w.run(flow, { full: true, batchRows: 7 })).toMatchObject({
    rows: { inserted: 0n, updated: 0n, skippedSame: 25n },
  })
  expect(await delivered(w)).toEqual(once)
})
