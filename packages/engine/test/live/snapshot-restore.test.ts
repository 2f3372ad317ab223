/** A snapshot restored into a new table of PostgreSQL: every value as it was, or nothing is made. */
import { existsSync, readdirSync } from 'node:fs'
import { RestoreDocument } from '@tidemark/contract/archive-documents'
import { describe, expect, test } from 'vitest'
import { ordersProject, PROJECT, taken } from '../e2e/archive-project.ts'
import type { Project } from '../e2e/project.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { LONG_VERSIONS } from '../support/long.ts'

const VALUES = `CREATE OR REPLACE TABLE src (id INTEGER, flag BOOLEAN, tiny UTINYINT, big BIGINT, huge UBIGINT, price DECIMAL(38,10),
  f FLOAT, d DOUBLE, name VARCHAR, bytes BLOB, u UUID, day DATE, t TIME, ts TIMESTAMP, tz TIMESTAMPTZ, doc JSON,
  mood ENUM ('good', 'bad'), "a""; drop" VARCHAR, seen VARCHAR, customer VARCHAR)`
const ROWS = [
  `INSERT INTO src VALUES (1, true, 255, 9223372036854775807, 18446744073709551615, -1234567890123456789012345678.0123456789,
    0.1, '-0.0', '', '\\x00\\xFF'::BLOB, '7f8d53ec-b98c-f011-b86b-005056a2dd37', '0044-03-15 (BC)', '23:59:59.999999',
    '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901+02', '{"n": [1, null]}', 'bad', E'two\\nlines, "quoted"', 'x', 'a')`,
  `INSERT INTO src VALUES (2, false, 0, -9223372036854775808, 0, 0, 'inf', 'nan', 'NULL', ''::BLOB, NULL, 'infinity', '00:00:00',
    '-infinity', '1883-11-18 12:00:00+00', 'null', 'good', '\\.', 'x', 'b')`,
  'INSERT INTO src (id) VALUES (3)',
]
const READ = `SELECT id, flag, tiny, big, huge, price, f, d, name, bytes, u, day, t, ts, tz AT TIME ZONE 'UTC', doc, mood, "a""; drop" FROM past.orders ORDER BY id`
const FOUND = [
  [
    ['1', 't', '255', '9223372036854775807', '18446744073709551615', '-1234567890123456789012345678.0123456789'],
    ['0.1', '-0', '', '\\x00ff', '7f8d53ec-b98c-f011-b86b-005056a2dd37', '0044-03-15 BC', '23:59:59.999999'],
    ['2026-01-02 03:04:05.678901', '2026-01-02 01:04:05.678901', '{"n": [1, null]}', 'bad', 'two\nlines, "quoted"'],
  ].flat(),
  [
    ['2', 'f', '0', '-9223372036854775808', '0', '0.0000000000', 'Infinity', 'NaN', 'NULL', '\\x', null],
    ['infinity', '00:00:00', '-infinity', '1883-11-18 12:00:00', 'null', 'good', '\\.'],
  ].flat(),
  ['3', ...Array.from({ length: 17 }, () => null)],
]

const projectOf = (db: TestDatabase) =>
  ordersProject({ project: `${PROJECT}  east: { kind: postgres, url: "${db.url}" }\n` })
const restore = (p: Project, id: string, table: string) =>
  p.cli(['snapshot', 'restore', id, '--into', 'east', '--table', table])
const leftIn = (p: Project): readonly string[] => {
  const folder = p.path('.tidemark/tmp')
  return existsSync(folder) ? readdirSync(folder) : []
}

describe.each(LONG_VERSIONS)('a snapshot restored into PostgreSQL %s', (version) => {
  test('a new table has every value exactly, from the image and from the archive, and one that is there is refused', async () => {
    await using db = await TestDatabase.create(version)
    await using p = await projectOf(db)
    await p.duckdb('data/a.duckdb', VALUES, ...ROWS)
    const id = await taken(p)
    const into = ['snapshot', 'restore', id, '--into', 'east', '--table']
    expect(await p.json(RestoreDocument, [...into, 'past.orders'])).toMatchObject({
      from: 'image',
      rows: 3,
      file: null,
      table: { connection: 'east', name: 'past.orders' },
    })
    expect(await db.rows(READ)).toEqual(FOUND)
    expect(
      await db.rows(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'past.orders'::regclass AND attname IN ('price', 'bytes', 'tz', 'huge') ORDER BY attnum",
      ),
    ).toEqual([['numeric(20,0)'], ['numeric(38,10)'], ['bytea'], ['timestamp with time zone']])

    const again = await restore(p, id, 'past.orders')
    expect([again.exit, again.err]).toEqual([2, expect.stringContaining('TM6206 exists already')])
    await db.exec('CREATE VIEW public.orders AS SELECT 1 AS x')
    expect((await restore(p, id, 'orders')).err).toContain('TM6206')

    await taken(p)
    expect(await p.json(RestoreDocument, [...into, 'older'])).toMatchObject({ from: 'archive', rows: 3 })
    expect(await db.rows('SELECT count(*) FROM public.older')).toEqual([['3']])
    expect(leftIn(p)).toEqual([])
  })

  test('a snapshot without rows makes an empty table', async () => {
    await using db = await TestDatabase.create(version)
    await using p = await projectOf(db)
    await p.duckdb('data/a.duckdb', 'DELETE FROM src')
    expect((await restore(p, await taken(p), 'orders')).exit).toBe(0)
    expect(await db.rows('SELECT count(*) FROM public.orders')).toEqual([['0']])
  })
})

const LONG = 'x'.repeat(64)

test.each([
  [
    'a type it has no room for',
    'ALTER TABLE src ADD COLUMN fine TIMESTAMP_NS',
    2,
    /TM4107 .*fine of the snapshot is TIMESTAMP_NS: a timestamp without time zone has microseconds\n.*parquet/,
  ],
  ['a name it would cut', `ALTER TABLE src ADD COLUMN ${LONG} INTEGER`, 2, /TM4107 .*its name has more than 63 bytes/],
  ['a value it refuses in the midst', 'UPDATE src SET name = chr(0) WHERE id = 5', 1, /TM5001 /],
])('%s leaves no table of PostgreSQL behind', async (_, change, exit, words) => {
  await using db = await TestDatabase.create('15')
  await using p = await projectOf(db)
  await p.duckdb('data/a.duckdb', change)
  const refused = await restore(p, await taken(p), 'past.orders')
  expect([refused.exit, refused.err]).toEqual([exit, expect.stringMatching(words)])
  expect(await db.rows("SELECT nspname FROM pg_namespace WHERE nspname = 'past'")).toEqual([])
  expect(leftIn(p)).toEqual([])
})

test('a table of PostgreSQL is not called what the server would cut', async () => {
  await using db = await TestDatabase.create('15')
  await using p = await projectOf(db)
  const refused = await restore(p, await taken(p), LONG)
  expect([refused.exit, refused.err]).toEqual([2, expect.stringMatching(/TM1002 .*has more than 63 bytes/)])
})
