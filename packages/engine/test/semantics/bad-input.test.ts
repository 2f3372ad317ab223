import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { at, row, rows, TABLE } from '../support/flat.ts'
import { databases, expectFailed, expectRefused } from '../support/refusals.ts'
import { ALL_COLUMNS, flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()
const column = (name: string) => ({ table: null, column: name })
const source = (over: Partial<FlowSpec['source']>) => flowSpec({ source: { ...flow.source, ...over } })

test('a missing source file is named, and no file is made in its place', async () => {
  await using w = await openWorld()
  expect((await expectRefused(w, flow, 'TM2001')).detail).toContain('source.duckdb (connection a) does not exist')
  expect(existsSync(w.sourcePath)).toBe(false)
})

test('a missing source table, joined table and list table are named', async () => {
  await using w = await openWorld()
  await w.source(TABLE)
  expect((await expectRefused(w, source({ table: ['scr'] }), 'TM4001')).detail).toContain('scr on')
  expect(
    (await expectRefused(w, source({ joins: [{ table: ['meta'], as: 'meta', on: { id: 'id' } }] }), 'TM4001')).detail,
  ).toContain('meta on')
  expect(
    (
      await expectRefused(
        w,
        source({ where: [{ kind: 'in-table', column: column('id'), table: ['list'], tableColumn: 'id', not: false }] }),
        'TM4001',
      )
    ).detail,
  ).toContain('list on')
})

const MISSING: readonly (readonly [string, FlowSpec])[] = [
  ['key', flowSpec({ key: ['nme'] })],
  ['position', flowSpec({ watermark: { position: column('nme') } })],
  ['where', source({ where: [{ kind: 'null', column: column('nme'), not: false }] })],
  ['exclude_keys', flowSpec({ excludeKeys: { nme: ['1'] } })],
  ['column', flowSpec({ columns: { ...ALL_COLUMNS, exclude: ['nme'] } })],
]

test.each(MISSING)('a missing %s column is refused with the name that was meant', async (role, definition) => {
  await using w = await openWorld()
  await w.source(TABLE, rows(1))
  const error = await expectRefused(w, definition, 'TM4002')
  expect(error.detail).toBe(`${role} nme is not in src   did you mean name?`)
  expect(error.remedy).toEqual(['its columns: id, name, modified_on'])
})

const NARROW: readonly (readonly [from: string, to: string, why?: string])[] = [
  ['BIGINT', 'INTEGER'],
  ['INTEGER', 'UBIGINT'],
  ['DECIMAL(18,4)', 'DECIMAL(18,3)'],
  ['DECIMAL(18,4)', 'DOUBLE', 'a DOUBLE does not hold every DECIMAL(18,4): it has binary fractions'],
  ['BIGINT', 'DOUBLE'],
  ['BIGINT', 'DECIMAL(18,0)'],
  ['DOUBLE', 'FLOAT'],
  ['TIMESTAMP_NS', 'TIMESTAMP'],
  ['TIMESTAMP', 'TIMESTAMP_S'],
  ['TIMESTAMP', 'DATE'],
  ['VARCHAR', 'UUID'],
  ['VARCHAR', "ENUM('a', 'b')"],
  ['DATE', 'TIMESTAMP'],
  ['BLOB', 'VARCHAR', 'a VARCHAR does not say what a BLOB says'],
  [
    'TIMESTAMP',
    'TIMESTAMP WITH TIME ZONE',
    'a TIMESTAMP WITH TIME ZONE does not say what a TIMESTAMP says: one is an instant, the other what some clock shows',
  ],
  ['BIGINT[]', 'INTEGER[]', 'a INTEGER does not hold every BIGINT'],
]

test.each(NARROW)('a %s that a target column of type %s cannot hold exactly is refused', async (from, to, why) => {
  await using w = await openWorld()
  await w.source(`CREATE TABLE src (id BIGINT, v ${from}, modified_on TIMESTAMP)`)
  await w.target(`CREATE TABLE dst (id BIGINT, v ${to}, modified_on TIMESTAMP)`)
  const error = await expectRefused(w, flow, 'TM4107')
  expect(error.detail).toBe(
    `src.v is ${from}, the target column is ${to}: ${why ?? `a ${to} does not hold every ${from}`}`,
  )
})

test('all columns that cannot be held exactly are refused together', async () => {
  await using w = await openWorld()
  await w.source('CREATE TABLE src (id BIGINT, a DOUBLE, b BIGINT, c VARCHAR, modified_on TIMESTAMP)')
  await w.target('CREATE TABLE dst (id BIGINT, a FLOAT, b INTEGER, c VARCHAR, modified_on TIMESTAMP)')
  const error = await expectRefused(w, flow, 'TM4107')
  expect(error.detail.split('\n')).toEqual([
    'src.a is DOUBLE, the target column is FLOAT: a FLOAT does not hold every DOUBLE',
    'src.b is BIGINT, the target column is INTEGER: a INTEGER does not hold every BIGINT',
  ])
  expect(error.remedy.at(-1)).toBe('or columns: { exclude: [a, b] }')
})

const WIDE = [
  ['INTEGER', 'BIGINT', '-2147483648'],
  ['UINTEGER', 'BIGINT', '4294967295'],
  ['BIGINT', 'HUGEINT', '9223372036854775807'],
  ['INTEGER', 'DECIMAL(38,10)', '2147483647'],
  ['DECIMAL(10,2)', 'DECIMAL(20,4)', '12345678.91'],
  ['FLOAT', 'DOUBLE', '0.1::FLOAT'],
  ['DECIMAL(15,0)', 'DOUBLE', '999999999999999'],
  ['UUID', 'VARCHAR', "'7f8d53ec-b98c-f011-b86b-005056a2dd37'"],
  ["ENUM('a', 'b')", 'VARCHAR', "'b'"],
  ["ENUM('a', 'b')", "ENUM('b', 'c', 'a')", "'b'"],
  ['JSON', 'VARCHAR', `'{"a":  1}'`],
  ['TIMESTAMP_S', 'TIMESTAMP', "'9999-12-31 23:59:59'"],
  ['INTEGER[]', 'BIGINT[]', '[1, NULL]'],
  ['STRUCT(a INTEGER, b VARCHAR)', 'STRUCT(b VARCHAR, a BIGINT)', "{'a': 1, 'b': NULL}"],
] as const

test.each(WIDE)('a %s arrives exactly in a target column of type %s', async (from, to, value) => {
  await using w = await openWorld()
  await w.source(
    `CREATE TABLE src (id BIGINT, v ${from}, modified_on TIMESTAMP)`,
    `INSERT INTO src VALUES (1, ${value}, TIMESTAMP '${at(1)}')`,
  )
  await w.target(`CREATE TABLE dst (id BIGINT, v ${to}, modified_on TIMESTAMP)`)
  await w.run(flow)
  expect(await w.targetRows(`SELECT v = (${value})::${from} FROM dst`)).toEqual([['true']])
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { skippedSame: 1n } })
})

test('a NULL key fails the run with the count; nothing is written', async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    rows(3),
    `INSERT INTO src VALUES (NULL, 'x', TIMESTAMP '${at(1)}'), (NULL, 'y', TIMESTAMP '${at(1)}')`,
  )
  const before = databases(w)
  const run = await expectFailed(w, flow, 'TM4004')
  expect(run.error?.message).toContain('2 rows of src have NULL in id')
  expect(databases(w)).toEqual(before)
})

test('a duplicate key in the source fails the run with an example; nothing is written', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3), row(2, 'again', at(2)))
  const before = databases(w)
  expect((await expectFailed(w, flow, 'TM4005')).error?.message).toContain('src has several rows for id = ["2"]')
  expect(databases(w)).toEqual(before)
})

test('a join that multiplies rows fails the run and says so', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(2), 'CREATE TABLE meta (item BIGINT)', 'INSERT INTO meta VALUES (1), (1)')
  expect(
    (await expectFailed(w, source({ joins: [{ table: ['meta'], as: 'meta', on: { id: 'item' } }] }), 'TM4005')).error
      ?.message,
  ).toContain('a joined table with several rows for one')
})

test('a bad key is mended and the failed run resumed', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3), row(2, 'again', at(2)))
  const run = await expectFailed(w, flow, 'TM4005')
  await w.source("DELETE FROM src WHERE name = 'again'")
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
  expect(await w.store.ledger.getRun(run.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
})

test('a view as a source works like a table', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25), 'CREATE VIEW v AS SELECT id, name, modified_on FROM src WHERE id <> 7')
  const view = source({ table: ['v'] })
  expect(await w.run(view, { batchRows: 10 })).toMatchObject({
    state: 'succeeded',
    batches: 3,
    rows: { inserted: 24n },
  })
  await w.source("INSERT INTO src VALUES (50, 'new', get_current_timestamp())")
  expect(await w.run(view)).toMatchObject({ rows: { read: 1n, inserted: 1n } })
})

test('types that cannot serve as key or position are refused', async () => {
  await using w = await openWorld()
  await w.source('CREATE TABLE src (id DOUBLE, name VARCHAR, modified_on TIMESTAMP, tags VARCHAR[])')
  expect((await expectRefused(w, flow, 'TM4003')).detail).toContain('key id is DOUBLE')
  expect((await expectRefused(w, flowSpec({ key: ['tags'] }), 'TM4003')).detail).toContain('key tags is VARCHAR[]')
  expect(
    (await expectRefused(w, flowSpec({ key: ['name'], watermark: { position: column('name') } }), 'TM4003')).detail,
  ).toContain('position name is VARCHAR')
})

test('values that their column cannot read are refused', async () => {
  await using w = await openWorld()
  await w.source(TABLE)
  const where = (value: string) => source({ where: [{ kind: 'compare', column: column('id'), operator: '>', value }] })
  expect((await expectRefused(w, where('many'), 'TM4015')).detail).toBe('where id: "many" is no BIGINT')
  await expectRefused(w, flowSpec({ excludeKeys: { id: ['1; drop table src'] } }), 'TM4015')
})

test('a target that lacks a column, or must not be made, is refused with the DDL', async () => {
  await using w = await openWorld()
  await w.source(TABLE)
  expect((await expectRefused(w, flowSpec({ target: { ...flow.target, create: 'never' } }), 'TM4109')).remedy).toEqual([
    'CREATE TABLE "dst" ("id" BIGINT NOT NULL, "name" VARCHAR, "modified_on" TIMESTAMP)',
  ])
  await w.target('CREATE TABLE dst (id BIGINT)')
  expect((await expectRefused(w, flow, 'TM4108')).remedy[0]).toBe('alter table dst add column name VARCHAR')
})

test('a key that the target holds more than once fails the run instead of picking one', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(2))
  await w.run(flow)
  await w.target('INSERT INTO dst SELECT * FROM dst')
  expect((await expectFailed(w, flow, 'TM5001', { full: true })).error?.message).toContain('holds a key more than once')
  expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([['4']])
})

test('source and target that are one table are refused', async () => {
  const itself = flowSpec({ target: { ...flow.target, connection: flow.source.connection, table: ['SRC'] } })
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  expect((await expectRefused(w, itself, 'TM1019')).detail).toContain('source and target are one table')
})

test('source and target in one file work', async () => {
  const beside = flowSpec({ target: { ...flow.target, connection: flow.source.connection } })
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  expect(await w.run(beside)).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
  await w.source("INSERT INTO src VALUES (9, 'new', get_current_timestamp())")
  expect(await w.run(beside)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await w.sourceRows('SELECT count(*) FROM dst')).toEqual([['4']])
})

test.each(['source', 'target'] as const)('a %s that is no DuckDB file is refused and left as it is', async (which) => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const path = which === 'source' ? w.sourcePath : w.targetPath
  writeFileSync(path, 'this is no database, however long it may be. '.repeat(500))
  await expectRefused(w, flow, 'TM2003')
})

test.each(['source', 'target'] as const)('a %s that was cut short is refused and left as it is', async (which) => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5000))
  await w.run(flow)
  truncateSync(which === 'source' ? w.sourcePath : w.targetPath, 5000)
  await expectRefused(w, flow, 'TM2003')
})

test('a damaged block of the source fails the run, and nothing is written', async () => {
  await using w = await openWorld()
  await w.source(TABLE, "INSERT INTO src SELECT i, md5(i::VARCHAR), TIMESTAMP '2020-01-01' FROM range(50000) t(i)")
  const bytes = readFileSync(w.sourcePath)
  for (let at = 12_288 + 4096; at < bytes.length; at += 4096) bytes.writeUInt32LE(0xdeadbeef, at)
  writeFileSync(w.sourcePath, bytes)
  await expect(w.run(flow)).rejects.toMatchObject({ code: 'TM2003' })
  expect(existsSync(w.targetPath)).toBe(false)
})

test('a folder where the source file should be is refused', async () => {
  await using w = await openWorld()
  mkdirSync(w.sourcePath)
  await expectRefused(w, flow, 'TM2001')
})

test('an unknown capture is refused with those there are', async () => {
  await using w = await openWorld()
  await w.source(TABLE)
  expect((await expectRefused(w, flowSpec({ capture: { kind: 'guess', options: {} } }), 'TM1017')).detail).toBe(
    'capture guess; this version has watermark, backfill',
  )
})
