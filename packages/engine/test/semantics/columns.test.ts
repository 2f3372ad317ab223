/** What the target gets instead of the source's columns as they stand: added, renamed and cast ones. */
import { expect, test } from 'vitest'
import { columnsOf, constant, fromColumn, joinedTo } from '../support/columns.ts'
import { at, row, rows, TABLE } from '../support/flat.ts'
import { databases, expectFailed, expectRefused } from '../support/refusals.ts'
import { openWorld } from '../support/world.ts'

const NOW = "CAST(get_current_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP)"
/** `src (id, v, modified_on)` with one row for each of these texts. */
const texts = (values: readonly string[]): readonly string[] => [
  'CREATE TABLE src (id BIGINT, v VARCHAR, modified_on TIMESTAMP)',
  ...values.map((v, i) => row(i, v, at(i))),
]

test('columns of the source and of a join, and constants, are added, renamed and cast, in that order', async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    rows(2),
    'CREATE TABLE meta (id BIGINT, unit VARCHAR)',
    "INSERT INTO meta VALUES (0, 'N'), (1, 'S')",
  )
  const flow = columnsOf(
    {
      exclude: ['modified_on'],
      add: {
        unit: fromColumn('unit', 'meta'),
        stamp: fromColumn('modified_on'),
        site: constant('east'),
        batch: constant('7'),
        none: constant(null),
      },
      rename: { name: 'title' },
      cast: { stamp: 'date', batch: 'integer' },
    },
    joinedTo(),
  )
  await w.source("UPDATE src SET modified_on = TIMESTAMP '2020-01-01'")
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
  expect(await w.targetRows('SELECT * FROM dst ORDER BY id')).toEqual([
    ['0', 'n0', 'N', '2020-01-01', 'east', '7', null],
    ['1', 'n1', 'S', '2020-01-01', 'east', '7', null],
  ])
  expect(await w.targetRows('SELECT column_name, column_type FROM (DESCRIBE dst)')).toEqual([
    ['id', 'BIGINT'],
    ['title', 'VARCHAR'],
    ['unit', 'VARCHAR'],
    ['stamp', 'DATE'],
    ['site', 'VARCHAR'],
    ['batch', 'INTEGER'],
    ['none', 'VARCHAR'],
  ])
  await w.source(`UPDATE src SET name = 'new', modified_on = TIMESTAMP '2021-01-01' WHERE id = 1`)
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 1n, skippedSame: 1n } })
})

test('a constant has the type of the target column, and one that is none of its values is refused', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(1))
  await w.target('CREATE TABLE dst (id BIGINT, name VARCHAR, modified_on TIMESTAMP, site INTEGER)')
  const flow = (value: string) => columnsOf({ add: { site: constant(value) } })
  expect((await expectRefused(w, flow('east'), 'TM4015')).detail).toBe('columns.add site: "east" is no INTEGER')
  await expectRefused(w, flow('1.5'), 'TM4015')
  await w.run(flow('42'))
  expect(await w.targetRows('SELECT id, site FROM dst')).toEqual([['0', '42']])
})

test('a position that is added from its joined table needs no table beside', async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    rows(1),
    'CREATE TABLE meta (id BIGINT, changed TIMESTAMP)',
    `INSERT INTO meta VALUES (0, TIMESTAMP '${at(1)}')`,
  )
  const flow = columnsOf({ add: { changed: fromColumn('changed', 'meta') } }, joinedTo())
  const joined = {
    ...flow,
    capture: {
      ...flow.capture,
      options: { ...(flow.capture.options as object), position: { table: 'meta', column: 'changed' } },
    },
  }
  await w.run(joined)
  await w.source(`UPDATE src SET name = 'new'`, `UPDATE meta SET changed = ${NOW}`)
  expect(await w.run(joined)).toMatchObject({ rows: { updated: 1n } })
  expect(
    await w.targetRows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'tidemark_position%'"),
  ).toEqual([])
})

test.each([
  ['add', columnsOf({ add: { x: fromColumn('nme') } }), 'columns.add x: nme is not in src   did you mean name?'],
  ['cast', columnsOf({ cast: { nme: 'date' } }), 'columns.cast names nme, which is not moved   did you mean name?'],
  [
    'mask',
    columnsOf({ mask: { nme: { kind: 'null' } } }),
    'columns.mask names nme, which is not moved   did you mean name?',
  ],
  ['rename', columnsOf({ rename: { nme: 'x' } }), 'column nme is not in src   did you mean name?'],
])('an unknown column under %s is refused with the one that was meant', async (_, flow, detail) => {
  await using w = await openWorld()
  await w.source(TABLE, rows(1))
  expect((await expectRefused(w, flow, 'TM4002')).detail).toBe(detail)
})

test('two columns under one name, a type that is none, and a cast that the target does not hold are refused', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(1))
  await expectRefused(w, columnsOf({ add: { NAME: constant('x') } }), 'TM1019')
  expect((await expectRefused(w, columnsOf({ cast: { name: 'number' } }), 'TM4030')).detail).toMatch(
    /^columns.cast name: number on /,
  )
  await w.target('CREATE TABLE dst (id BIGINT, name SMALLINT, modified_on TIMESTAMP)')
  const error = await expectRefused(w, columnsOf({ cast: { name: 'int' } }), 'TM4107')
  expect(error.detail).toContain('name is cast to INTEGER, the target column is SMALLINT')
})

const FIT = [
  ['VARCHAR', 'INTEGER', "'7'"],
  ['VARCHAR', 'INTEGER', "' +7.0 '"],
  ['VARCHAR', 'DECIMAL(10,2)', "'1.5'"],
  ['VARCHAR', 'DECIMAL(10,2)', "'-0.10000'"],
  ['VARCHAR', 'DOUBLE', "'0.1'"],
  ['VARCHAR', 'TIMESTAMP', "'2020-01-01T10:00:00.120Z'"],
  ['VARCHAR', 'TIMESTAMP_S', "'2020-01-01 10:00:00.000'"],
  ['VARCHAR', 'TIMESTAMP WITH TIME ZONE', "'2020-01-01 10:00:00+02:00'"],
  ['VARCHAR', 'DATE', "'2020-01-01 00:00:00'"],
  ['VARCHAR', 'BOOLEAN', "'yes'"],
  ['VARCHAR', 'UUID', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"],
  ['BIGINT', 'INTEGER', '7'],
  ['DOUBLE', 'INTEGER', '7.0'],
  ['DOUBLE', 'DECIMAL(10,1)', '0.1'],
  ['TIMESTAMP', 'DATE', "TIMESTAMP '2020-01-01'"],
  ['DATE', 'VARCHAR', "DATE '2020-01-01'"],
  ['VARCHAR', 'INTEGER', 'NULL'],
] as const

test.each(FIT)('a %s cast to %s lands exactly: %s', async (from, to, value) => {
  await using w = await openWorld()
  await w.source(
    `CREATE TABLE src (id BIGINT, v ${from}, modified_on TIMESTAMP)`,
    `INSERT INTO src VALUES (1, ${value}, TIMESTAMP '${at(1)}')`,
  )
  expect(await w.run(columnsOf({ cast: { v: to } }))).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await w.targetRows(`SELECT typeof(v), v IS NOT DISTINCT FROM CAST(${value} AS ${to}) FROM dst`)).toEqual([
    [to, 'true'],
  ])
})

const UNFIT = [
  ['VARCHAR', 'INTEGER', "'1.5'"],
  ['VARCHAR', 'INTEGER', "'3000000000'"],
  ['VARCHAR', 'INTEGER', "'x'"],
  ['VARCHAR', 'INTEGER', "''"],
  ['VARCHAR', 'DECIMAL(10,2)', "'1.005'"],
  ['VARCHAR', 'DOUBLE', "'1e400'"],
  ['VARCHAR', 'TIMESTAMP', "'2020-01-01 10:00:00.1234567'"],
  ['VARCHAR', 'TIMESTAMP', "'2020-01-01 10:00:00+02'"],
  ['VARCHAR', 'DATE', "'2020-01-01 10:00:00'"],
  ['VARCHAR', 'DATE', "'2020-02-30'"],
  ['BIGINT', 'INTEGER', '3000000000'],
  ['BIGINT', 'DOUBLE', '9007199254740993'],
  ['DOUBLE', 'INTEGER', '1.5'],
  ['DOUBLE', 'FLOAT', '0.1'],
  ['DECIMAL(10,3)', 'DECIMAL(10,2)', '1.005'],
  ['TIMESTAMP', 'DATE', "TIMESTAMP '2020-01-01 00:00:01'"],
  ['TIMESTAMP', 'TIME', "TIMESTAMP '2020-01-01 00:00:01'"],
  ['TIMESTAMP_NS', 'TIMESTAMP', "TIMESTAMP_NS '2020-01-01 00:00:00.000000001'"],
] as const

test.each(UNFIT)('a %s that is no %s never lands rounded, and the batch names it: %s', async (from, to, value) => {
  await using w = await openWorld()
  await w.source(
    `CREATE TABLE src (id BIGINT, v ${from}, modified_on TIMESTAMP)`,
    `INSERT INTO src VALUES (4, ${value}, TIMESTAMP '${at(1)}')`,
  )
  const run = await expectFailed(w, columnsOf({ cast: { v: to } }), 'TM4031')
  expect(run.error?.message).toMatch(/: \["4"\] v: ".*" is not exactly .+$/)
  expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([['0']])
})

test('values that do not fit are counted, nothing of their batch lands, and the mended run resumes', async () => {
  await using w = await openWorld()
  await w.source(...texts(['0', '1', '2', 'a', 'b', 'c', 'd', '7']))
  const flow = columnsOf({ cast: { v: 'integer' } })
  const run = await expectFailed(w, flow, 'TM4031', { batchRows: 3, workers: 1 })
  expect(run.error?.message).toContain(
    '["3"] v: "a" is not exactly INTEGER; ["4"] v: "b" is not exactly INTEGER; ["5"] v: "c"',
  )
  expect(await w.targetRows('SELECT id, v FROM dst ORDER BY id')).toEqual([
    ['0', '0'],
    ['1', '1'],
    ['2', '2'],
  ])
  await w.source("UPDATE src SET v = id WHERE v IN ('a', 'b', 'c', 'd')")
  expect(await w.resume(run.id, { workers: 1 })).toMatchObject({ state: 'succeeded', rows: { inserted: 8n } })
  expect(await w.targetRows('SELECT count(*), sum(v) FROM dst')).toEqual([['8', '28']])
})

test('a dry run says of values that do not fit what the run would say', async () => {
  await using w = await openWorld()
  await w.source(...texts(['0', 'a']))
  const flow = columnsOf({ cast: { v: 'integer' } })
  const { relation, selection } = await w.planned(flow)
  await using opened = await w.deps().openBench(flow, null)
  const split = { step: 1, wave: 1, readAt: 'any', range: null, first: 0n, last: 1n, rows: 2n, bytes: 0n }
  await expect(opened.bench.weigh(relation, selection, split, 'latest')).rejects.toMatchObject({ code: 'TM4031' })
})

test('a key that is cast stays a key: two values that would become one do not', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id VARCHAR, name VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src VALUES ('1', 'one', TIMESTAMP '${at(1)}'), ('01', 'other', TIMESTAMP '${at(1)}')`,
  )
  const flow = columnsOf({ cast: { id: 'bigint' } })
  const run = await expectFailed(w, flow, 'TM4031')
  expect(run.error?.message).toContain('["01"] id: "01" is not exactly BIGINT')
  await w.source("DELETE FROM src WHERE id = '01'")
  await w.resume(run.id)
  await w.source(`UPDATE src SET name = 'new', modified_on = ${NOW}`)
  expect(await w.run(flow)).toMatchObject({ rows: { updated: 1n } })
  expect(await w.targetRows('SELECT id, name FROM dst')).toEqual([['1', 'new']])
})

test('a changed cast, mask or added column is a change of coverage, and stops with the choice', async () => {
  await using w = await openWorld()
  await w.source(...texts(['1']))
  await w.target('CREATE TABLE dst (id BIGINT, v VARCHAR, modified_on TIMESTAMP, site VARCHAR)')
  await w.run(columnsOf({ add: { site: constant('east') } }))
  const refused = async (columns: Parameters<typeof columnsOf>[0]) =>
    (await expectRefused(w, columnsOf(columns), 'TM4007')).detail
  expect(await refused({ add: { site: constant('west') } })).toBe(
    'column added: site = "west"; column removed: site = "east"',
  )
  expect(await refused({ add: { site: constant('east') }, mask: { v: { kind: 'null' } } })).toBe(
    'column added: v, masked as NULL; column removed: v',
  )
  expect(await refused({ add: { site: fromColumn('v') } })).toBe(
    'column added: site = v; column removed: site = "east"',
  )
})

test('what is cast or added is compared as it lands: nothing changed is nothing delivered', async () => {
  await using w = await openWorld()
  await w.source(...texts(['1', '2']))
  const flow = columnsOf({ cast: { v: 'integer' }, add: { site: constant('east') } })
  await w.run(flow)
  const before = databases(w)['source.duckdb']
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { skippedSame: 2n, updated: 0n } })
  expect(databases(w)['source.duckdb']).toBe(before)
})

test('a tree whose key is cast knows its rows again: a moved folder takes its subtree along', async () => {
  await using w = await openWorld()
  const node = (id: number, loc: string, par: string | null) =>
    `INSERT INTO src VALUES ('${id}', '${loc}', ${par === null ? 'NULL' : `'${par}'`}, TIMESTAMP '${at(1)}')`
  await w.source(
    'CREATE TABLE src (id VARCHAR, loc VARCHAR, par VARCHAR, modified_on TIMESTAMP)',
    node(1, '/1/', null),
    node(2, '/2/', null),
    node(3, '/1/3/', '/1/'),
    node(4, '/1/3/4/', '/1/3/'),
  )
  const shape = { kind: 'tree', locator: 'loc', parent: 'par', orphans: null } as const
  const flow = columnsOf({ cast: { id: 'integer' } }, { shape })
  await w.target('CREATE TABLE dst (id BIGINT, loc VARCHAR, par VARCHAR, modified_on TIMESTAMP)')
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 4n } })
  await w.source(
    "UPDATE src SET loc = '/2/3/4/', par = '/2/3/' WHERE id = '4'",
    `UPDATE src SET loc = '/2/3/', par = '/2/', modified_on = ${NOW} WHERE id = '3'`,
  )
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { updated: 2n, inserted: 0n } })
  expect(await w.targetRows('SELECT id, loc FROM dst ORDER BY id')).toEqual([
    ['1', '/1/'],
    ['2', '/2/'],
    ['3', '/2/3/'],
    ['4', '/2/3/4/'],
  ])
})

test('a replaced target has the columns that the flow says, and new ones under drift: add', async () => {
  await using w = await openWorld()
  await w.source(...texts(['1', '2']))
  const flow = columnsOf(
    { cast: { v: 'integer' }, mask: { v: { kind: 'hash', key: 'env:K' } } },
    { capture: { kind: 'backfill', options: {} }, apply: { kind: 'replace', maxDelete: null }, drift: 'add' },
  )
  await w.run(flow)
  await w.source('ALTER TABLE src ADD COLUMN extra INTEGER', 'UPDATE src SET extra = id')
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded' })
  expect(await w.targetRows('SELECT id, length(v), extra FROM dst ORDER BY id')).toEqual([
    ['0', '64', '0'],
    ['1', '64', '1'],
  ])
})
