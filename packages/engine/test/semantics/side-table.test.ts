import { expect, test } from 'vitest'
import { at, delivered, row, TABLE } from '../support/flat.ts'
import { ALL_COLUMNS, flowSpec, openWorld, type World } from '../support/world.ts'

const excluded = flowSpec({ columns: { ...ALL_COLUMNS, exclude: ['modified_on'] } })
const positions = (w: World) =>
  w.targetRows('SELECT id, position::VARCHAR FROM tidemark."tidemark_position__main__dst" ORDER BY id')
const change = (id: number, name: string, stamp: string) =>
  `UPDATE src SET name = '${name}', modified_on = TIMESTAMP '${stamp}' WHERE id = ${id}`

test('a position column that is left out of the columns is kept in a side table', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(10)), row(2, 'b', at(10)))
  expect((await w.planned(excluded)).notes.join()).toContain('tidemark_position')
  await w.run(excluded)
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
  ])
  expect(await positions(w)).toEqual([
    ['1', at(10)],
    ['2', at(10)],
  ])
})

test('with a side table an older delivery never overwrites a newer one, over several runs', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(10)))
  await w.run(excluded)
  await w.source(change(1, 'b', at(20)))
  expect(await w.run(excluded, { full: true })).toMatchObject({ rows: { updated: 1n } })
  await w.source(change(1, 'older', at(15)))
  expect(await w.run(excluded, { full: true })).toMatchObject({ rows: { updated: 0n, skippedOlder: 1n } })
  await w.source(change(1, 'c', at(20)))
  expect(await w.run(excluded, { full: true })).toMatchObject({ rows: { updated: 1n } })
  await w.source(change(1, 'c', at(30)))
  await w.run(excluded, { full: true })
  await w.source(change(1, 'between', at(25)))
  expect(await w.run(excluded, { full: true })).toMatchObject({ rows: { skippedOlder: 1n } })
  expect(await delivered(w)).toEqual([['1', 'c']])
  expect(await positions(w)).toEqual([['1', at(30)]])
})

test('a target column of another type than the position holds no order: the side table does', async () => {
  const wide = flowSpec({ watermark: { position: { table: null, column: 'seq' }, buffer: null } })
  await using w = await openWorld()
  await w.source('CREATE TABLE src (id BIGINT, name VARCHAR, seq INTEGER)', "INSERT INTO src VALUES (1, 'a', 5)")
  await w.target('CREATE TABLE dst (id BIGINT, name VARCHAR, seq BIGINT)')
  await w.run(wide)
  await w.source("UPDATE src SET name = 'older', seq = 4")
  expect(await w.run(wide, { full: true })).toMatchObject({ rows: { skippedOlder: 1n } })
  expect(await positions(w)).toEqual([['1', '5']])
})

const joined = flowSpec({
  source: { ...flowSpec().source, joins: [{ table: ['meta'], as: 'meta', on: { id: 'item' } }] },
  watermark: { position: { table: 'meta', column: 'modified_on' } },
})

test('a position in a joined table decides which row is newer, over several runs', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, name VARCHAR)',
    'CREATE TABLE meta (item BIGINT, modified_on TIMESTAMP)',
    "INSERT INTO src VALUES (1, 'a')",
    `INSERT INTO meta VALUES (1, TIMESTAMP '${at(10)}')`,
  )
  await w.run(joined)
  await w.source("UPDATE src SET name = 'older'", `UPDATE meta SET modified_on = TIMESTAMP '${at(5)}'`)
  expect(await w.run(joined, { full: true })).toMatchObject({ rows: { skippedOlder: 1n } })
  await w.source("UPDATE src SET name = 'newer'", `UPDATE meta SET modified_on = TIMESTAMP '${at(11)}'`)
  expect(await w.run(joined, { full: true })).toMatchObject({ rows: { updated: 1n } })
  expect(await delivered(w)).toEqual([['1', 'newer']])
  expect(await positions(w)).toEqual([['1', at(11)]])
})

test('position and row of the side table commit together: a failed batch leaves neither', async () => {
  await using w = await openWorld()
  await w.target("CREATE TABLE dst (id BIGINT, name VARCHAR CHECK (name <> 'bad'))")
  await w.source(TABLE, row(1, 'a', at(10)))
  await w.run(excluded)
  await w.source(change(1, 'bad', at(20)))
  expect(await w.run(excluded, { full: true })).toMatchObject({ state: 'failed' })
  expect(await positions(w)).toEqual([['1', at(10)]])
})
