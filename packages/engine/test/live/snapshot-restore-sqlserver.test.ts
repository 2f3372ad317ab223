/** A snapshot restored into a new table of SQL Server, on the server that TIDEMARK_TEST_SQLSERVER names: every value as it was, or nothing is made. */
import { existsSync, readdirSync } from 'node:fs'
import { RestoreDocument } from '@tidemark/contract/archive-documents'
import { describe, expect, test } from 'vitest'
import { ordersProject, PROJECT, taken } from '../e2e/archive-project.ts'
import type { Project } from '../e2e/project.ts'
import { ident, sql } from '../../src/dialects/sql-text.ts'
import { tsql } from '../../src/dialects/sqlserver/style.ts'
import { canonicalText } from '../../src/dialects/sqlserver/canonical.sql.ts'
import { cellsOf } from '../support/sqlserver-bits.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'

const VALUES = `CREATE OR REPLACE TABLE src (id INTEGER, flag BOOLEAN, tiny UTINYINT, big BIGINT, huge UBIGINT, price DECIMAL(38,10),
  f FLOAT, d DOUBLE, name VARCHAR, bytes BLOB, u UUID, day DATE, t TIME, ts TIMESTAMP, doc JSON,
  mood ENUM ('good', 'bad'), "a""; drop" VARCHAR, seen VARCHAR, customer VARCHAR)`
const ROWS = [
  `INSERT INTO src VALUES (1, true, 255, 9223372036854775807, 18446744073709551615, -1234567890123456789012345678.0123456789,
    0.1, '-0.0', '', '\\x00\\xFF'::BLOB, '7f8d53ec-b98c-f011-b86b-005056a2dd37', '0001-01-01', '23:59:59.999999',
    '2026-01-02T03:04:05.678901', '{"n": [1, null]}', 'bad', E'two\\nlines, "quoted"', 'x', 'a')`,
  `INSERT INTO src VALUES (2, false, 0, -9223372036854775808, 0, 0, '-3.4028235e38', '1.7976931348623157e308', 'NULL', ''::BLOB, NULL,
    '9999-12-31', '00:00:00', '0001-01-01 00:00:00', 'null', 'good', '\\.', 'x', 'b')`,
  'INSERT INTO src (id) VALUES (3)',
]
/** Each as its canonical text; bytes as they are. */
const textOf = (name: string, type: string): string => tsql(canonicalText(type, ident(name)) ?? sql`NULL`)
const COLUMNS = [
  'id',
  textOf('flag', 'bit'),
  textOf('tiny', 'smallint'),
  textOf('big', 'bigint'),
  textOf('huge', 'decimal(20,0)'),
  textOf('price', 'decimal(38,10)'),
  textOf('f', 'real'),
  'CONVERT(varbinary(8), CONVERT(binary(8), d))',
  'name',
  'bytes',
  textOf('u', 'uniqueidentifier'),
  textOf('day', 'date'),
  textOf('t', 'time(6)'),
  textOf('ts', 'datetime2(6)'),
  'doc',
  'mood',
  '[a"; drop]',
]
const READ = `SELECT ${COLUMNS.join(', ')} FROM past.orders ORDER BY id`
const FOUND = [
  ['1', 'true', '255', '9223372036854775807', '18446744073709551615', '-1234567890123456789012345678.0123456789'],
  ['0.1', '0x8000000000000000', '', '0x00ff', '7f8d53ec-b98c-f011-b86b-005056a2dd37', '0001-01-01', '23:59:59.999999'],
  ['2026-01-02T03:04:05.678901', '{"n": [1, null]}', 'bad', 'two\nlines, "quoted"'],
  ['2', 'false', '0', '-9223372036854775808', '0', '0'],
  ['-3.4028235e38', '0x7fefffffffffffff', 'NULL', '0x', null, '9999-12-31', '00:00:00'],
  ['0001-01-01T00:00:00', 'null', 'good', '\\.'],
  ['3', ...Array.from({ length: 16 }, () => null)],
].flat()

/** As they came, numbers as texts. */
const valuesIn = async (db: SqlServerDatabase): Promise<readonly unknown[]> =>
  (await cellsOf(db, READ))
    .flat()
    .map((cell) => (cell.startsWith('0x') ? cell : (JSON.parse(cell) as unknown)))
    .map((value) => (typeof value === 'number' ? String(value) : value))

const projectOf = (db: SqlServerDatabase): Promise<Project> =>
  ordersProject({
    project: `${PROJECT}  east: { kind: sqlserver, url: env:OFFICE_URL, database: ${db.name} }\n`,
    env: `OFFICE_URL=${TEST_SERVER}\n`,
  })
const restore = (p: Project, id: string, table: string) =>
  p.cli(['snapshot', 'restore', id, '--into', 'east', '--table', table])
const leftIn = (p: Project): readonly string[] => {
  const folder = p.path('.tidemark/tmp')
  return existsSync(folder) ? readdirSync(folder) : []
}

describe.skipIf(TEST_SERVER === null)('a snapshot restored into SQL Server', { timeout: 300_000 }, () => {
  test('a new table of SQL Server has every value exactly, from the image and from the archive, and one that is there is refused', async () => {
    await using db = await SqlServerDatabase.create()
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
    expect(await valuesIn(db)).toEqual(FOUND)

    const again = await restore(p, id, 'past.orders')
    expect([again.exit, again.err]).toEqual([2, expect.stringContaining('TM6206 exists already')])
    await db.exec('CREATE VIEW dbo.orders AS SELECT 1 AS x')
    expect((await restore(p, id, 'orders')).err).toContain('TM6206')

    await taken(p)
    expect(await p.json(RestoreDocument, [...into, 'older'])).toMatchObject({ from: 'archive', rows: 3 })
    expect(await db.rows('SELECT COUNT(*) FROM dbo.older')).toEqual([['3']])
    expect(leftIn(p)).toEqual([])
  })

  test('values that it refuses in the midst leave no table of SQL Server behind', async () => {
    await using db = await SqlServerDatabase.create()
    await using p = await projectOf(db)
    // another server of the protocol takes the one, and not the other
    await p.duckdb(
      'data/a.duckdb',
      'ALTER TABLE src ADD COLUMN d DOUBLE',
      "UPDATE src SET d = 'nan', name = chr(0) WHERE id = 5",
    )
    const refused = await restore(p, await taken(p), 'past.orders')
    expect([refused.exit, refused.err]).toEqual([1, expect.stringContaining('TM5001')])
    expect(await db.rows("SELECT name FROM sys.schemas WHERE name = N'past'")).toEqual([])
    expect(leftIn(p)).toEqual([])
  })
})
