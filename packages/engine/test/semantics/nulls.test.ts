import { expect, test } from 'vitest'
import { expectRefused } from '../support/refusals.ts'
import { at, delivered, ids, row, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const failing = flowSpec()
const always = flowSpec({ watermark: { nulls: 'always' } })

test('nulls: fail refuses rows without a position, with their count', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', null), row(3, 'c', null))
  expect((await expectRefused(w, failing, 'TM4006')).detail).toContain('2 rows of modified_on')
})

test('nulls: fail counts only rows that the flow covers', async () => {
  const covered = flowSpec({
    source: {
      ...failing.source,
      where: [{ kind: 'compare', column: { table: null, column: 'id' }, operator: '<', value: '2' }],
    },
  })
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', null))
  expect(await w.run(covered)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
})

test('nulls: always delivers rows without a position in every run', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', null))
  expect(await w.run(always)).toMatchObject({ rows: { read: 2n, inserted: 2n } })
  await w.source("UPDATE src SET name = 'changed' WHERE id = 2", row(3, 'c', null))
  expect(await w.run(always)).toMatchObject({ rows: { read: 2n, inserted: 1n, updated: 1n } })
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['2', 'changed'],
    ['3', 'c'],
  ])
})

test('nulls: always delivers them also while no number is above the watermark', async () => {
  const numbers = flowSpec({ watermark: { nulls: 'always', position: { table: null, column: 'seq' }, buffer: null } })
  await using w = await openWorld()
  await w.source('CREATE TABLE src (id BIGINT, seq BIGINT)', 'INSERT INTO src VALUES (1, 1)')
  await w.run(numbers)
  await w.source('INSERT INTO src VALUES (2, NULL)')
  expect(await w.run(numbers)).toMatchObject({ state: 'succeeded', rows: { read: 1n, inserted: 1n } })
  expect(await w.watermark(numbers)).toBe('1')
  expect(await ids(w)).toEqual([1, 2])
})

test('nulls: always delivers them where no row has a number yet', async () => {
  const numbers = flowSpec({ watermark: { nulls: 'always', position: { table: null, column: 'seq' }, buffer: null } })
  await using w = await openWorld()
  await w.source('CREATE TABLE src (id BIGINT, seq BIGINT)', 'INSERT INTO src VALUES (1, NULL)')
  expect(await w.run(numbers)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await w.watermark(numbers)).toBeNull()
  await w.source('INSERT INTO src VALUES (2, 1)')
  expect(await w.run(numbers)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n, skippedSame: 1n } })
  expect(await w.watermark(numbers)).toBe('1')
})

test('nulls: always delivers them while a transaction holds back the window', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(1)))
  await using late = await w.counted()
  await late.session.begin()
  await w.run(always)
  const mark = await w.watermark(always)
  await w.source(row(2, 'b', null))
  expect(await w.run(always)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await w.watermark(always)).toBe(mark)
})

test('a NULL position on either side counts as equal: content decides', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(5)), row(2, 'b', null))
  await w.run(always)
  await w.source(
    "UPDATE src SET name = 'a2', modified_on = NULL WHERE id = 1",
    `UPDATE src SET name = 'b2', modified_on = TIMESTAMP '${at(1)}' WHERE id = 2`,
  )
  expect(await w.run(always, { full: true })).toMatchObject({ rows: { updated: 2n } })
  expect(await w.targetRows('SELECT id, name, modified_on::VARCHAR FROM dst ORDER BY id')).toEqual([
    ['1', 'a2', null],
    ['2', 'b2', at(1)],
  ])
})

test('a period re-delivers no row without a position', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', null))
  await w.run(always)
  expect(await w.run(always, { period: { after: at(0), upTo: at(9) } })).toMatchObject({ rows: { read: 1n } })
})
