import { DiscoverDocument, ErrorDocument, RunDocument } from '@tidemark/contract/api'
import { doubleQuoted as q } from '../../src/dialects/sql-text.ts'
import { expect, test } from 'vitest'
import { emptyProject, PROJECT_YAML, type Project } from './project.ts'

/** What people have called tables, or might to hurt. */
const NAMES = [
  'orders',
  'Order',
  'OrderLine',
  'order-line',
  'order_line 2',
  'order line 2',
  'select',
  'table',
  'a"; drop table orders; --',
  "it's",
  'Größe',
  '表',
  'a.b',
  ' leading and trailing ',
  'line\nbreak',
  '# no comment',
  '{"json": [1]}',
  '*',
  '[brackets]',
  '2024',
  'null',
  '- dash',
  'x'.repeat(80),
  '<<',
  '🌊',
]

const STAMP = "TIMESTAMP '2026-01-01 00:00:00'"

async function project(...statements: readonly string[]): Promise<Project> {
  const made = emptyProject({ 'tidemark.yaml': PROJECT_YAML })
  await made.duckdb('data/a.duckdb', ...statements)
  return made
}

const found = async (p: Project, ...more: readonly string[]): Promise<DiscoverDocument['tables']> =>
  (await p.json(DiscoverDocument, ['discover', 'a', ...more])).tables

/** The table `t` of these statements, as it is seen. */
async function seen(...statements: readonly string[]): Promise<DiscoverDocument['tables'][number]> {
  await using p = await project(...statements)
  const [table] = await found(p, 't')
  if (!table) throw new Error('t was not found')
  return table
}

test('discover on quoted, mixed-case and reserved names writes flows that run as they stand', async () => {
  expect(NAMES).toHaveLength(25)
  await using p = await project(
    ...NAMES.map(
      (name, i) => `CREATE TABLE ${q(name)} AS SELECT i AS ${q(`${name} Id`)}, 'v' || i AS "sel""ect",
        ${STAMP} + to_seconds(i) AS ${q(`${name} Modified`)} FROM range(${i + 1}) t(i)`,
    ),
    'CREATE SCHEMA "Select; --"',
    `CREATE TABLE "Select; --"."Order" AS SELECT i AS id, ${STAMP} AS updated_at FROM range(7) t(i)`,
  )
  const { out } = await p.ok('discover', 'a', '--write', 'modules/all.yaml')
  expect(out).toContain('26 flows written to modules/all.yaml. Check them: tidemark check')
  expect((await p.ok('check')).out).toContain('26 flows')

  const { runs } = await p.json(RunDocument, ['run', '--all'])
  expect(runs.map((r) => r.status)).toEqual(runs.map(() => 'succeeded'))
  expect(runs.filter((r) => r.window !== null)).toHaveLength(26) // by their positions, not as backfill
  for (const [i, name] of NAMES.entries()) {
    const rows = `SELECT * FROM ${q(name)} ORDER BY 1`
    expect({ name, rows: await p.rows('data/b.duckdb', rows) }).toEqual({
      name,
      rows: await p.rows('data/a.duckdb', rows),
    })
    expect(await p.rows('data/b.duckdb', `SELECT count(*) FROM ${q(name)}`)).toEqual([[String(i + 1)]])
  }
  expect(await p.rows('data/b.duckdb', 'SELECT count(*) FROM "Select; --"."Order"')).toEqual([['7']])

  const again = await p.json(RunDocument, ['run', '--all'])
  expect(again.runs.map((r) => r.status)).toEqual(runs.map(() => 'nothing_to_do'))
})

test('tables whose names collapse into one id get their schema or a number', async () => {
  await using p = await project(
    ...['order-line', 'order_line', 'Order Line'].map((t) => `CREATE TABLE ${q(t)} (id INT PRIMARY KEY)`),
    'CREATE SCHEMA sales',
    'CREATE TABLE sales."order.line" (id INT PRIMARY KEY)',
  )
  const tables = await found(p, '--write', 'modules/m.yaml')
  expect(tables.map((t) => [t.table, t.flow])).toEqual([
    ['"Order Line"', 'm.order-line'],
    ['order-line', 'm.order-line-2'],
    ['order_line', 'm.order_line-3'],
    ['sales."order.line"', 'm.sales-order-line'],
  ])
  await p.ok('check')
})

test('a key is declared, or shown by the rows with the reason, or none', async () => {
  const key = async (...statements: readonly string[]) => (await seen(...statements)).key
  expect(await key('CREATE TABLE t (n INT, "Ref No" INT PRIMARY KEY)')).toEqual({
    columns: ['Ref No'],
    reason: 'primary key',
    declared: true,
  })
  expect(await key('CREATE TABLE t (n INT, a INT, b INT, UNIQUE (a, b))', 'INSERT INTO t VALUES (1, 1, 1)')).toEqual({
    columns: ['a', 'b'],
    reason: 'unique constraint',
    declared: true,
  })
  expect(
    await key(
      `CREATE TABLE t (id INT, "a""'\\b" INT NOT NULL)`,
      `CREATE UNIQUE INDEX u ON t ("a""'\\b")`,
      'CREATE UNIQUE INDEX e ON t ((id + 1))',
    ),
  ).toMatchObject({ columns: [`a"'\\b`], reason: 'unique index' })
  // better names first, and NULLs or duplicates are no key
  expect(
    await key(
      `CREATE TABLE t AS SELECT 'n' || i AS name, i % 5 AS some_id, i AS t_id, NULL AS id FROM range(8931) t(i)`,
    ),
  ).toEqual({ columns: ['t_id'], reason: 'no duplicates in 8 931 rows', declared: false })
  expect(
    await key('CREATE TABLE t AS SELECT i // 3 AS order_id, i % 3 AS line_no, 1 AS qty FROM range(300) t(i)'),
  ).toMatchObject({ columns: ['order_id', 'line_no'], reason: 'no duplicates in 300 rows' })
  expect(await key('CREATE TABLE t (name VARCHAR, t_id INT)')).toMatchObject({
    columns: ['t_id'],
    reason: 'by its name alone: there are no rows',
  })
})

test('a unique constraint over a column with NULLs is no key', async () => {
  const table = await seen('CREATE TABLE t (a INT UNIQUE, v INT)', 'INSERT INTO t VALUES (1, 1), (NULL, 1), (NULL, 1)')
  expect(table).toMatchObject({ key: null, no_key: 'no column or pair without NULLs and duplicates' })
})

test('positions are found with their reasons, best first, and what rules one out is said', async () => {
  const table = await seen(
    `CREATE TABLE t AS SELECT i AS id, ${STAMP} AS "CreatedOn", DATE '2026-01-01' AS changed_day,
       ${STAMP} AS last_write_time, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS "ModifiedOn",
       ${STAMP} AS birthday, CASE WHEN i > 3 THEN ${STAMP} END AS updated_at,
       CASE WHEN i > 5 THEN TIMESTAMP '9999-12-31' ELSE ${STAMP} END AS edited_at FROM range(10) t(i)`,
  )
  expect(table.positions.map((p) => [p.column, p.sees_updates, p.remarks])).toEqual([
    ['ModifiedOn', true, []],
    ['changed_day', true, ['as coarse as a day: what changes today arrives tomorrow']],
    ['last_write_time', true, ['taken as UTC']],
    ['CreatedOn', false, ['sees only inserts', 'taken as UTC']],
  ])
  expect(table.no_positions).toEqual([
    { column: 'updated_at', why: '4 rows without a value' },
    { column: 'edited_at', why: '4 rows in the future, up to 9999-12-31 00:00:00' },
  ])
})

test('a time some hours ahead of the clock is remarked as a wall clock', async () => {
  const ahead = `now() AT TIME ZONE 'UTC' + INTERVAL 2 HOUR`
  const table = await seen(`CREATE TABLE t AS SELECT 1 AS id, CAST(${ahead} AS TIMESTAMP) AS updated_at`)
  expect(table.positions[0]?.remarks[0]).toMatch(
    /^1 row ahead of the clock, up to .*: a wall clock, or another zone\?$/,
  )
})

test('a number that the database gives out, or that grew with the rows, sees only inserts', async () => {
  const positions = async (...statements: readonly string[]) =>
    (await seen(...statements)).positions.map((p) => [p.column, p.reason, p.remarks])
  expect(
    await positions('CREATE SEQUENCE s', "CREATE TABLE t (id BIGINT PRIMARY KEY DEFAULT nextval('s'), v INT)"),
  ).toEqual([['id', 'the database numbers the rows', ['sees only inserts']]])
  expect(await positions('CREATE TABLE t AS SELECT i AS id, 1 AS v FROM range(500) t(i)')).toEqual([
    ['id', 'grew with 500 rows in the order they came', ['sees only inserts']],
  ])
  // codes that were not given out one after the other, and too few to tell
  expect(await positions('CREATE TABLE t AS SELECT (i * 7919) % 10007 AS id FROM range(500) t(i)')).toEqual([])
  expect(await positions('CREATE TABLE t AS SELECT i AS id FROM range(50) t(i)')).toEqual([])
})

test('a declared tree is written as one and arrives, a tree that only the rows show is a comment', async () => {
  await using p = await project(
    `CREATE TABLE folders ("Path" VARCHAR PRIMARY KEY, "Parent" VARCHAR REFERENCES folders ("PATH"))`,
    `INSERT INTO folders VALUES ('/', NULL)`,
    `INSERT INTO folders VALUES ('/a', '/')`,
    'CREATE TABLE guessed AS SELECT i AS id, CASE WHEN i > 0 THEN i // 2 END AS parent_id FROM range(20) t(i)',
    'CREATE TABLE unrelated AS SELECT i AS id, i + 100 AS parent_id FROM range(20) t(i)',
  )
  const shapes = Object.fromEntries((await found(p, '--write', 'modules/m.yaml')).map((t) => [t.table, t.shape]))
  expect(shapes).toEqual({
    folders: { locator: 'Path', parent: 'Parent', sure: true, reason: 'Parent references Path of the same table' },
    guessed: expect.objectContaining({ locator: 'id', parent: 'parent_id', sure: false }),
    unrelated: null,
  })
  expect(p.read('modules/m.yaml')).toContain('      # shape: { kind: tree, locator: id, parent: parent_id }\n')
  await p.ok('check')
  const { runs } = await p.json(RunDocument, ['run', '--all'])
  expect(runs.map((r) => [r.flow, r.status, r.rows.inserted])).toEqual([
    ['m.folders', 'succeeded', 2],
    ['m.guessed', 'succeeded', 20],
    ['m.unrelated', 'succeeded', 20],
  ])
})

test('the time of a table that every row references by its key serves as the position of both', async () => {
  await using p = await project(
    'CREATE TABLE meta_base (id INT PRIMARY KEY, modified_on TIMESTAMP NOT NULL)',
    `INSERT INTO meta_base SELECT i, ${STAMP} FROM range(5) t(i)`,
    'CREATE TABLE attachment (stream_id INT PRIMARY KEY REFERENCES meta_base (id), name VARCHAR)',
    "INSERT INTO attachment SELECT i, 'n' FROM range(5) t(i)",
    'CREATE TABLE partial (stream_id INT PRIMARY KEY REFERENCES meta_base (id), name VARCHAR)',
    "INSERT INTO partial VALUES (1, 'n')",
  )
  const tables = await found(p, '--write', 'modules/m.yaml')
  expect(tables.map((t) => [t.table, t.capture, t.positions[0]?.column, t.positions[0]?.join])).toEqual([
    ['attachment', 'watermark', 'meta.modified_on', 'meta_base'],
    ['meta_base', 'watermark', 'modified_on', null],
    ['partial', 'backfill', undefined, undefined],
  ])
  const { runs } = await p.json(RunDocument, ['run', '--all'])
  expect(runs.map((r) => r.rows.inserted)).toEqual([5, 5, 1])
  await p.duckdb(
    'data/a.duckdb',
    "UPDATE attachment SET name = 'new' WHERE stream_id = 3",
    "UPDATE meta_base SET modified_on = now() AT TIME ZONE 'UTC' WHERE id = 3",
  )
  const again = await p.json(RunDocument, ['run', 'm.attachment', '--buffer', '0s'])
  expect(again.runs[0]?.rows.updated).toBe(1)
})

test('a table without a key and a view that cannot be read are listed with the reason, and left as comments', async () => {
  await using p = await project(
    'CREATE TABLE gone (x INT)',
    'CREATE VIEW broken AS SELECT * FROM gone',
    'DROP TABLE gone',
    'CREATE TABLE "letters\n- id: hacked" AS SELECT 1 AS v FROM range(9)',
    'CREATE TABLE good (id INT PRIMARY KEY)',
    'CREATE VIEW seen AS SELECT * FROM good',
  )
  const tables = await found(p, '--write', 'modules/m.yaml')
  expect(tables.map((t) => [t.table, t.kind, t.flow, t.left_out])).toEqual([
    ['broken', 'view', null, expect.stringContaining('gone')],
    ['good', 'table', 'm.good', null],
    ['"letters\n- id: hacked"', 'table', null, 'no key: no column or pair without NULLs and duplicates'],
    ['seen', 'view', 'm.seen', null],
  ])
  expect((await p.ok('check')).out).toContain('1 module, 2 flows\n')
  expect((await p.ok('discover', 'a')).out).toMatch(/letters - id: hacked" +9 +none: no column or pair/)
  const nothing = await p.json(ErrorDocument, ['discover', 'a', 'letters*', '--write', 'modules/x.yaml'], 2)
  expect(nothing.error.code).toBe('TM4021')
  expect(p.exists('modules/x.yaml')).toBe(false)
})

test('discover never writes over a file unasked, and writes nothing but the file', async () => {
  await using p = await project('CREATE TABLE t (id INT PRIMARY KEY)')
  const before = p.bytes()
  await p.ok('discover', 'a')
  expect(p.bytes()).toEqual(before)
  await p.ok('discover', 'a', '--write', 'modules/m.yaml')
  expect(Object.keys(p.bytes()).filter((file) => !(file in before))).toEqual(['modules', 'modules/m.yaml'])
  await p.ok('discover', 'a', '--write', 'modules/m.yaml') // the same text is no question

  p.write('modules/m.yaml', 'module: m\ntasks: []\n')
  const refused = await p.json(ErrorDocument, ['discover', 'a', '--write', 'modules/m.yaml'], 2)
  expect(refused.error.code).toBe('TM1020')
  const no = await p.cli(['discover', 'a', '--write', 'modules/m.yaml'], { tty: true, typed: 'n\n' })
  expect(no).toMatchObject({ exit: 2, err: expect.stringContaining('Write over') })
  expect(p.read('modules/m.yaml')).toBe('module: m\ntasks: []\n')
  await p.ok('discover', 'a', '--write', 'modules/m.yaml', '--yes')
  const written = p.read('modules/m.yaml')
  expect(written).toContain('- id: t')
  // its own flows, deployed, are in nobody's way
  await p.ok('deploy')
  await p.ok('discover', 'a', '--write', 'modules/m.yaml')
  expect(p.read('modules/m.yaml')).toBe(written)
})

test('what the project as a whole would refuse is not written: a moved table, a copied position, a taken module', async () => {
  await using p = emptyProject({
    'tidemark.yaml': `${PROJECT_YAML}  c: { kind: duckdb, path: data/c.duckdb }\n`,
    'modules/first.yaml': `module: first
tasks:
  - id: t
    flow:
      source: { connection: a, table: t }
      target: { connection: b, table: t }
      key: [id]
      capture: { kind: watermark, position: updated_at }
`,
  })
  const table = `CREATE TABLE t AS SELECT 1 AS id, ${STAMP} AS updated_at`
  await p.duckdb('data/a.duckdb', table, 'CREATE TABLE u AS SELECT 1 AS id')
  await p.duckdb('data/b.duckdb', table)
  const moved = await p.json(DiscoverDocument, ['discover', 'a', '--write', 'modules/m.yaml', '--target', 'b'])
  expect(moved.tables.map((t) => [t.table, t.flow, t.left_out])).toEqual([
    ['t', null, 'first.t moves it'],
    ['u', 'm.u', null],
  ])
  const copied = await p.json(DiscoverDocument, ['discover', 'b', '--write', 'modules/n.yaml', '--target', 'c'])
  expect(copied.tables).toMatchObject([{ flow: 'n.t', capture: 'backfill' }])
  expect(p.read('modules/n.yaml')).toContain('no position: first.t copies updated_at into this table')
  await p.ok('check')
  const clash = ['discover', 'a', 'u', '--write', 'modules/o.yaml', '--target', 'c', '--module', 'First']
  expect((await p.json(ErrorDocument, clash, 2)).error.code).toBe('TM4023')
})

test('the flows run also where the project has defaults for times', async () => {
  const defaults = 'defaults: { capture: { kind: watermark, buffer: 15m }, batch: { rows: 100 } }\n'
  await using p = emptyProject({ 'tidemark.yaml': PROJECT_YAML + defaults })
  await p.duckdb(
    'data/a.duckdb',
    'CREATE TABLE plain (id INT PRIMARY KEY)',
    'CREATE TABLE serial AS SELECT i AS id FROM range(200) t(i)',
    `CREATE TABLE timed AS SELECT i AS id, ${STAMP} AS updated_at FROM range(200) t(i)`,
  )
  await p.ok('discover', 'a', '--write', 'modules/m.yaml')
  const { runs } = await p.json(RunDocument, ['run', '--all'])
  expect(runs.map((r) => [r.flow, r.status, r.batches])).toEqual([
    ['m.plain', 'nothing_to_do', 0],
    ['m.serial', 'succeeded', 2],
    ['m.timed', 'succeeded', 2],
  ])
})

test.each([
  [['discover', 'x'], 'TM1013'],
  [['discover', 'a', 'nothing*'], 'TM4020'],
  [['discover', 'a', '--write', 'modules/m.yaml', '--target', 'a'], 'TM4022'],
  [['discover', 'a', '--write', 'modules/m.yaml', '--target', 'x'], 'TM1013'],
  [['discover', 'a', '--write', 'modules/m.yaml'], 'TM4022'],
  [['discover', 'a', '--write', 'modules/m.txt', '--target', 'b'], 'TM1002'],
  [['discover', 'a', '--write', 'tidemark.yaml', '--target', 'b', '--yes'], 'TM1002'],
  [['discover', 'a', '--write', 'modules/1.yaml', '--target', 'b'], 'TM1002'],
  [['discover', 'a', '--module', 'm'], 'TM1002'],
  [['discover', 'b'], 'TM2001'],
])('%j is refused as %s, and nothing is written', async (argv, code) => {
  await using p = emptyProject({ 'tidemark.yaml': `${PROJECT_YAML}  c: { kind: duckdb, path: data/c.duckdb }\n` })
  await p.duckdb('data/a.duckdb', 'CREATE TABLE t (id INT PRIMARY KEY)')
  const before = p.bytes()
  expect((await p.json(ErrorDocument, argv, 2)).error.code).toBe(code)
  expect(p.bytes()).toEqual(before)
})

test('the list is aligned, a pattern narrows it, and a terminal shows what is looked at', async () => {
  await using p = await project(
    'CREATE SCHEMA sales',
    `CREATE TABLE sales."Orders" AS SELECT i AS id, ${STAMP} AS updated_at FROM range(1500) t(i)`,
    `CREATE TABLE sales.customers AS SELECT i AS id, ${STAMP} AS updated_at FROM range(2) t(i)`,
    'CREATE TABLE other (id INT PRIMARY KEY)',
  )
  expect((await p.ok('discover', 'a', 'SALES.*')).out).toBe(
    [
      'TABLE              ROWS   KEY                                POSITION                             SHAPE',
      'sales.Orders      1 500   id (no duplicates in 1 500 rows)   updated_at (taken as UTC); also id   flat',
      'sales.customers       2   id (no duplicates in 2 rows)       updated_at (taken as UTC)            flat',
      'Write flows for them: tidemark discover a --write modules/a.yaml',
      '',
    ].join('\n'),
  )
  const watched = await p.cli(['discover', 'a', 'o*'], { tty: true })
  expect(watched.err).toContain('1 of 2   looking at other')
  expect(watched.err).toContain('2 of 2   looking at sales.Orders')
  const outside = await p.ok('discover', 'a', '--write', 'elsewhere/x.yaml')
  expect(outside.out).toContain('nothing reads it by itself: tidemark deploy elsewhere/x.yaml')
})

test('^C stops discover between two tables, and nothing is written', async () => {
  await using p = await project('CREATE TABLE a (id INT)', 'CREATE TABLE b (id INT)')
  const stopped = await p.cli(['discover', 'a', '--write', 'modules/m.yaml'], { tty: true, stopAt: /looking at a/ })
  expect(stopped).toMatchObject({ exit: 130, out: '', err: expect.stringContaining('Stopping') })
  expect(stopped.err).not.toContain('looking at b')
  expect(p.exists('modules')).toBe(false)
})
