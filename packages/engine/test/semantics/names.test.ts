import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { at } from '../support/flat.ts'
import { ALL_COLUMNS, flowSpec, openWorld, type World } from '../support/world.ts'

const q = (name: string) => `"${name.replaceAll('"', '""')}"`
const flow = flowSpec()

/** What people have called columns and tables, or might to hurt. */
const NAMES = [
  'with space',
  'a"; drop table dst; --',
  "it's",
  'semi;colon',
  '?',
  '$1',
  'select',
  'Ünïcode 表',
  '{"json": 1}',
  'a.b',
  '--',
  '/* */',
  'tidemark position',
  'stage_row',
  'verdict',
  'm',
  'rowid2',
  '%s',
  '\\',
]

test.each(NAMES)('a table called %s moves, as source and as target', async (name) => {
  await using w = await openWorld()
  await w.source(
    `CREATE TABLE ${q(name)} (id BIGINT, v VARCHAR, modified_on TIMESTAMP)`,
    `INSERT INTO ${q(name)} VALUES (1, 'a', TIMESTAMP '${at(1)}')`,
    'CREATE TABLE bystander (i INT)',
  )
  const named = flowSpec({
    source: { ...flow.source, table: [name] },
    target: { ...flow.target, table: [name] },
    columns: { ...ALL_COLUMNS, exclude: ['modified_on'] },
  })
  expect(await w.run(named)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  await w.source(`UPDATE ${q(name)} SET v = 'b', modified_on = TIMESTAMP '${at(2)}'`)
  expect(await w.run(named, { full: true })).toMatchObject({ rows: { updated: 1n } })
  expect(await w.targetRows(`SELECT * FROM ${q(name)}`)).toEqual([['1', 'b']])
  expect(await w.sourceRows('SELECT count(*) FROM bystander')).toEqual([['0']])
})

test('a name of three parts is a table of the schema database.schema', async () => {
  await using w = await openWorld()
  const table = (name: string) => `"Office.dbo".${name}`
  await w.source(
    'CREATE SCHEMA "Office.dbo"',
    `CREATE TABLE ${table('letters')} (id BIGINT, v VARCHAR)`,
    `CREATE TABLE ${table('stamps')} (id BIGINT, modified_on TIMESTAMP)`,
    `CREATE TABLE ${table('wanted')} (id BIGINT)`,
    `INSERT INTO ${table('letters')} VALUES (1, 'a'), (2, 'b')`,
    `INSERT INTO ${table('stamps')} VALUES (1, TIMESTAMP '${at(1)}'), (2, TIMESTAMP '${at(1)}')`,
    `INSERT INTO ${table('wanted')} VALUES (2)`,
  )
  const named = flowSpec({
    source: {
      ...flow.source,
      table: ['Office', 'dbo', 'letters'],
      joins: [{ table: ['Office', 'dbo', 'stamps'], as: 'meta', on: { id: 'id' } }],
      where: [
        {
          kind: 'in-table',
          column: { table: null, column: 'id' },
          table: ['Office', 'dbo', 'wanted'],
          tableColumn: 'id',
          not: false,
        },
      ],
    },
    target: { ...flow.target, table: ['Archive', 'dbo', 'letters'] },
    watermark: { position: { table: 'meta', column: 'modified_on' } },
  })
  expect(await w.run(named)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await w.targetRows('SELECT id, v FROM "Archive.dbo".letters')).toEqual([['2', 'b']])
})

test('columns with odd names move, as key, position, scope, condition, exclusion and plain column', async () => {
  const [key = '', position = '', scope = '', condition = ''] = NAMES
  await using w = await openWorld()
  const names = NAMES.filter((n) => n !== 'tidemark position') // a name that the staging relation keeps for itself
  const columns = names.map((n) => `${q(n)} ${n === position ? 'TIMESTAMP' : 'VARCHAR'}`).join(', ')
  await w.source(
    `CREATE TABLE src (${columns})`,
    ...[1, 2, 3].map(
      (i) =>
        `INSERT INTO src VALUES (${names.map((n) => (n === position ? `TIMESTAMP '${at(i)}'` : `'v${i}'`)).join(', ')})`,
    ),
  )
  const odd = flowSpec({
    key: [key],
    watermark: { position: { table: null, column: position } },
    source: {
      ...flow.source,
      where: [
        {
          kind: 'in-list',
          column: { table: null, column: condition },
          values: ['v1', 'v2', "'; drop table dst; --"],
          not: false,
        },
      ],
    },
    scope: { odd: { table: null, column: scope } },
    excludeKeys: { [key]: ['v2'] },
  })
  expect(await w.run(odd, { scope: { odd: 'v1' } })).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await w.run(odd, { full: true })).toMatchObject({ rows: { read: 1n, skippedSame: 1n } })
  expect(await w.targetRows(`SELECT ${names.map(q).join(', ')} FROM dst`)).toEqual([
    names.map((n) => (n === position ? at(1) : 'v1')),
  ])
})

test.each(NAMES)('a schema called %s is made where the target needs it', async (name) => {
  await using w = await openWorld()
  await w.source(
    `CREATE SCHEMA ${q(name)}`,
    `CREATE TABLE ${q(name)}.src (id BIGINT, modified_on TIMESTAMP)`,
    `INSERT INTO ${q(name)}.src VALUES (1, TIMESTAMP '${at(1)}')`,
  )
  const named = flowSpec({
    source: { ...flow.source, table: [name, 'src'] },
    target: { ...flow.target, table: [name, 'dst'] },
  })
  expect(await w.run(named)).toMatchObject({ state: 'succeeded' })
  expect(await w.targetRows(`SELECT id FROM ${q(name)}.dst`)).toEqual([['1']])
})

test('a column renamed to an odd name arrives there', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, v VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src VALUES (1, 'a', TIMESTAMP '${at(1)}')`,
  )
  const renamed = flowSpec({ columns: { ...ALL_COLUMNS, rename: { id: 'key"', v: '; drop' } } })
  await w.run(renamed)
  await w.source(`UPDATE src SET v = 'b', modified_on = TIMESTAMP '${at(2)}'`)
  await w.run(renamed, { full: true })
  expect(await w.targetRows('SELECT "key""", "; drop" FROM dst')).toEqual([['1', 'b']])
})

test('names that differ only in case from the definition are found, and keep the case they have', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE "Src" ("Id" BIGINT, "Name" VARCHAR, "Modified_On" TIMESTAMP)',
    `INSERT INTO "Src" VALUES (1, 'a', TIMESTAMP '${at(1)}')`,
  )
  await w.run(flow)
  expect(await columnNames(w)).toEqual([['Id'], ['Name'], ['Modified_On']])
})

const columnNames = (w: World) =>
  w.targetRows(
    "SELECT column_name FROM duckdb_columns() WHERE table_name = 'dst' AND schema_name = 'main' AND NOT internal",
  )

test('a database file with quotes, spaces and semicolons in its path opens under a name of its own', async () => {
  await using w = await openWorld()
  const path = join(w.dir, `it's "odd"; drop.duckdb`)
  const limits = { memoryBytes: null, threads: null, tempDir: null }
  await using file = await openDuckdbFile(path, 'write', limits)
  using session = await file.session()
  await session.run(`CREATE TABLE ${q(file.catalog)}.main.t AS SELECT 1 AS i`)
  expect(await session.rows(`SELECT * FROM ${q(file.catalog)}.main.t`)).toEqual([['1']])
})
