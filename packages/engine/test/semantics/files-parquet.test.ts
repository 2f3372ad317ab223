/** Parquet files as a source: read in place, by ranges, all of one look at the folder. */
import { renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { dst, fromInbox, parquet } from '../support/inbox.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = fromInbox(['orders/*.parquet'])
const TEN = { batchRows: 10, workers: 1 }

const orders = (w: World, name: string, from: number, to: number, tag = 'n'): Promise<string> =>
  parquet(w, `orders/${name}.parquet`, `SELECT i AS id, '${tag}' || i AS name FROM range(${from}, ${to}) t(i)`)

const afterFirstBatch = (act: () => void | Promise<void>): Hit => {
  let done = false
  return async (point) => {
    if (point !== 'batch:recorded' || done) return
    done = true
    await act()
  }
}

test('Parquet files of a glob land row by row, in batches that cross from one file into the next', async () => {
  await using w = await openWorld()
  await orders(w, 'a', 0, 25)
  await orders(w, 'b', 25, 30)
  await orders(w, 'c', 30, 77)
  expect(await w.planned(flow, TEN)).toMatchObject({ lane: 'pushdown', estimatedRows: '77' })
  const run = await w.run(flow, { batchRows: 20, workers: 2 })
  expect(run).toMatchObject({ state: 'succeeded', lane: 'pushdown', rows: { read: 77n, inserted: 77n } })
  expect(run.batches).toBeGreaterThan(3)
  expect(await dst(w, 'id, name')).toEqual(Array.from({ length: 77 }, (_, i) => [`${i}`, `n${i}`]))
})

test('new Parquet files bring what the target lacks, and no file read again brings a row twice', async () => {
  await using w = await openWorld()
  await orders(w, 'a', 0, 25)
  await w.run(flow)
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
  await orders(w, 'b', 20, 40, 'later')
  expect(await w.run(flow, TEN)).toMatchObject({ state: 'succeeded', rows: { inserted: 15n } })
  expect((await dst(w, 'id, name')).slice(18, 27).map((r) => r[1])).toEqual([
    'n18',
    'n19',
    'n20',
    'n21',
    'n22',
    'n23',
    'n24',
    'later25',
    'later26',
  ])
})

test('latest by a position in Parquet files, with a watermark that holds for the folder', async () => {
  await using w = await openWorld()
  const file = (name: string, from: number, to: number, at: string) =>
    parquet(
      w,
      `orders/${name}.parquet`,
      `SELECT i AS id, '${name}' AS name, TIMESTAMP '${at}' AS modified_on FROM range(${from}, ${to}) t(i)`,
    )
  const byPosition = flowSpec({ source: flow.source })
  await file('a', 0, 30, '2020-01-01')
  expect(await w.run(byPosition, TEN)).toMatchObject({ state: 'succeeded', rows: { inserted: 30n } })
  await file('b', 10, 40, '2021-01-01')
  const mark = await w.watermark(byPosition)
  expect(mark).not.toBeNull()
  expect(await w.run(byPosition, { ...TEN, full: true })).toMatchObject({ state: 'failed', error: { code: 'TM4005' } })
  rmSync(join(w.inbox, 'orders/a.parquet'))
  expect(await w.run(byPosition, { ...TEN, fresh: true, full: true })).toMatchObject({
    state: 'succeeded',
    rows: { inserted: 10n, updated: 20n },
  })
})

test.each<[string, (w: World, path: string) => void | Promise<void>]>([
  ['replaced', async (w) => renameSync(await orders(w, 'z/new', 0, 30, 'new'), join(w.inbox, 'orders/a.parquet'))],
  ['cut', (_, path) => truncateSync(path, 100)],
  ['removed', (_, path) => rmSync(path)],
  ['added', async (w) => void (await orders(w, 'c', 100, 110))],
])('a file %s while it is read is noticed, and the run ends resumable with old rows only', async (_, change) => {
  await using w = await openWorld()
  const path = await orders(w, 'a', 0, 30, 'old')
  await orders(w, 'b', 30, 60, 'old')
  const run = await w.run(flow, { ...TEN, hit: afterFirstBatch(() => change(w, path)) })
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM2010' }, rows: { inserted: 10n } })
  expect(await dst(w, 'id, name')).toEqual(Array.from({ length: 10 }, (_, i) => [`${i}`, `old${i}`]))
})

test('a run whose files were replaced is resumed over the new ones: no row twice, none lost', async () => {
  await using w = await openWorld()
  await orders(w, 'a', 0, 30, 'old')
  const replace = async (): Promise<void> => void (await orders(w, 'a', 5, 50, 'new'))
  const run = await w.run(flow, { ...TEN, hit: afterFirstBatch(replace) })
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM2010' } })
  expect(await w.resume(run.id, TEN)).toMatchObject({ state: 'succeeded' })
  expect((await dst(w, 'id')).map((r) => Number(r[0]))).toEqual(Array.from({ length: 50 }, (_, i) => i))
})

test('a column order change is not drift: Parquet columns are read by their names', async () => {
  await using w = await openWorld()
  await parquet(w, 'orders/a.parquet', "SELECT 1 AS id, 'x' AS name, 5 AS size")
  await parquet(w, 'orders/b.parquet', "SELECT 6 AS size, 'y' AS name, 2 AS id")
  await w.run(flow)
  await parquet(w, 'orders/c.parquet', "SELECT 'z' AS name, 3 AS id, 7 AS size UNION ALL SELECT 'zz', 4, 8")
  expect(await w.run(flow, { batchRows: 1 })).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
  expect(await dst(w, 'id, name, size')).toEqual([
    ['1', 'x', '5'],
    ['2', 'y', '6'],
    ['3', 'z', '7'],
    ['4', 'zz', '8'],
  ])
})

test.each([
  ['another type', "SELECT '2' AS id, 'y' AS name", /id is VARCHAR in .*b\.parquet, INTEGER in .*a\.parquet/],
  ['a column less', 'SELECT 2 AS id', /b\.parquet has no column name, .*a\.parquet has/],
  ['a column more', "SELECT 2 AS id, 'y' AS name, 3 AS more", /b\.parquet has a column more, .*a\.parquet has not/],
])('Parquet files that differ are refused with file and column: %s', async (_, query, message) => {
  await using w = await openWorld()
  await parquet(w, 'orders/a.parquet', "SELECT 1 AS id, 'x' AS name")
  await parquet(w, 'orders/b.parquet', query)
  await expect(w.run(flow)).rejects.toThrow(
    expect.objectContaining({ code: 'TM2007', detail: expect.stringMatching(message) }),
  )
})

test('what cannot be read is refused with its name: no folder, no file that matches, a damaged file, an unknown format', async () => {
  await using w = await openWorld()
  await expect(w.run(flow)).rejects.toThrow(expect.objectContaining({ code: 'TM2001' }))
  await parquet(w, 'other.parquet', 'SELECT 1 AS id')
  await expect(w.run(flow)).rejects.toThrow(
    expect.objectContaining({
      code: 'TM2006',
      detail: expect.stringMatching(/orders\/\*\.parquet in .*: there is other\.parquet/),
    }),
  )
  writeFileSync(join(w.inbox, 'bad.parquet'), 'no parquet at all, but long enough')
  await expect(w.run(fromInbox(['bad', 'parquet']))).rejects.toThrow(
    expect.objectContaining({ code: 'TM2008', detail: expect.stringContaining('bad.parquet') }),
  )
  writeFileSync(join(w.inbox, 'what.xyz'), 'id\n1\n')
  await expect(w.run(fromInbox(['what', 'xyz']))).rejects.toThrow(expect.objectContaining({ code: 'TM2007' }))
})

test('a file whose name holds the characters of a pattern is read as itself', async () => {
  await using w = await openWorld()
  await parquet(w, 'x/[1].parquet', 'SELECT 1 AS id')
  await parquet(w, 'x/1.parquet', 'SELECT 2 AS id')
  await w.run(fromInbox(['x/[1].parquet']))
  expect(await dst(w, 'id')).toEqual([['1']])
})

test('values of all types arrive through Parquet as they left', async () => {
  await using w = await openWorld()
  const values = `SELECT 1 AS id, 'a''b' AS t, '' AS empty, CAST(NULL AS VARCHAR) AS none, 12345678901234.123456 :: DECIMAL(38,6) AS d,
    9223372036854775807 AS big, -0.0::DOUBLE AS zero, 'NaN'::FLOAT AS nan, TIMESTAMP_NS '2020-01-01 00:00:00.123456789' AS ns,
    TIMESTAMPTZ '2020-01-01 00:00:00.123456+02' AS tz, TIME '10:11:12.123456' AS tm, '\\x00\\xFF'::BLOB AS b,
    uuid_from_text AS u, [1, NULL] AS l, {'a': 1, 'b': ['x', NULL]} AS s, MAP {'k': 1.5} AS m, 18446744073709551615::UBIGINT AS ub, DATE '-0044-03-15' AS old
    FROM (SELECT '7F8D53EC-B98C-F011-B86B-005056A2DD37'::UUID AS uuid_from_text)`
  await parquet(w, 'all.parquet', values)
  expect(await w.run(fromInbox(['all', 'parquet']))).toMatchObject({ state: 'succeeded' })
  const all = (from: string) => w.targetRows(`SELECT COLUMNS(*)::VARCHAR, signbit(zero) FROM ${from}`)
  expect(await all('dst')).toEqual(await all(`(${values})`))
})
