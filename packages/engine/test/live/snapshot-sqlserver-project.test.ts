/** Snapshots into SQL Server on the real command line, from a DuckDB file, files, PostgreSQL and the same database, and from it into PostgreSQL. */
import { readdirSync } from 'node:fs'
import { RunDocument } from '@tidemark/contract/api'
import { SnapshotDiffDocument, SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { describe, expect, test } from 'vitest'
import { emptyProject, type Project } from '../e2e/project.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'

interface Ends {
  readonly apply: string
  readonly source?: string
  readonly target?: string
  readonly more?: string
  readonly postgres?: TestDatabase
}

const projectWith = (
  db: SqlServerDatabase,
  { apply, source = 'connection: a, table: src', target = 'connection: b, table: dst', more = '', postgres }: Ends,
): Project =>
  emptyProject({
    'tidemark.yaml': `project: test
connections:
  a: { kind: duckdb, path: data/a.duckdb }
  inbox: { kind: files, path: data/inbox }
  b: { kind: sqlserver, url: env:OFFICE_URL, database: ${db.name} }
${postgres === undefined ? '' : `  p: { kind: postgres, url: "${postgres.url}" }\n`}`,
    '.env': `OFFICE_URL=${TEST_SERVER}\n`,
    'modules/m.yaml': `module: m
tasks:
  - id: t
    flow:
      source: { ${source} }
      target: { ${target} }
      key: [id]
      capture: snapshot
      apply: ${apply}
${more}`,
  })

const SOURCE = "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, 'a' AS customer FROM range(20) t(i)"
const CHANGES = [
  'DELETE FROM src WHERE id IN (3, 4)',
  "UPDATE src SET name = 'x' WHERE id < 2",
  "INSERT INTO src VALUES (40, 'n', 'b')",
]

/** Every row of the target, and how many rows each table of the database has. */
async function everything(db: SqlServerDatabase): Promise<readonly unknown[]> {
  const tables = await db.rows(
    "SELECT CONCAT(CAST(n.name AS nvarchar(128)), '.', CAST(o.name AS nvarchar(128))) AS t FROM sys.objects AS o JOIN sys.schemas AS n ON n.schema_id = o.schema_id WHERE o.type = 'U' ORDER BY t",
  )
  const found: unknown[] = []
  for (const [table] of tables) {
    found.push([table, await db.rows(`SELECT COUNT(*) FROM ${table}`)])
    if (table === 'dbo.dst') found.push(await db.rows('SELECT * FROM dst ORDER BY id, name'))
  }
  return found
}

describe.skipIf(TEST_SERVER === null)('snapshots into SQL Server', { timeout: 300_000 }, () => {
  test.each(['latest', 'live', 'forensic', 'none'])(
    'a dry run of apply: %s into SQL Server counts what the run does, and writes nothing there',
    async (apply) => {
      await using db = await SqlServerDatabase.create()
      await using p = projectWith(db, { apply })
      await p.duckdb('data/a.duckdb', SOURCE)
      await p.ok('deploy')
      const first = (await p.json(RunDocument, ['run', 'm.t', '--dry-run'])).runs[0]
      expect(await everything(db)).toEqual([])
      expect(first?.rows).toEqual((await p.json(RunDocument, ['run', 'm.t'])).runs[0]?.rows)
      await p.duckdb('data/a.duckdb', ...CHANGES)
      const before = await everything(db)
      const weighed = (await p.json(RunDocument, ['run', 'm.t', '--dry-run'])).runs[0]
      expect(await everything(db)).toEqual(before)
      const { runs } = await p.json(RunDocument, ['run', 'm.t'])
      expect(weighed?.rows).toEqual(runs[0]?.rows)
      expect(weighed?.reason).toBe(`nothing was written; ${runs[0]?.reason?.replace(/^s-.{8}: /, '') ?? ''}`)
    },
  )

  test.each(['live', 'forensic'])('the plan of apply: %s into SQL Server has its statements', async (apply) => {
    await using db = await SqlServerDatabase.create()
    await using p = projectWith(db, { apply })
    await p.duckdb('data/a.duckdb', SOURCE)
    await p.ok('deploy')
    // a table that is not there has no keys to bring
    expect((await p.ok('plan', 'm.t', '--sql')).out).not.toContain('keys that the target holds')
    await p.ok('run', 'm.t')
    await p.duckdb('data/a.duckdb', ...CHANGES)
    const before = await everything(db)
    const { out } = await p.ok('plan', 'm.t', '--sql')
    expect(await everything(db)).toEqual(before)
    expect(out).toContain('keys that the target holds')
    const deletes =
      apply === 'live' ? /DELETE FROM t\s+FROM \[.*\[dst\] AS t/ : /UPDATE t SET \[batch_out\] = .*\s+FROM/
    for (const statement of [/COPY \(SELECT .*src/s, /\[tidemark deletable\]/, /work\.held/, deletes])
      expect(out).toMatch(statement)
  })

  test.each(['parquet', 'csv'])('a folder of %s files is mirrored into SQL Server', async (format) => {
    await using db = await SqlServerDatabase.create()
    await using p = projectWith(db, {
      apply: '{ kind: live, max_delete: 50% }',
      source: `connection: inbox, table: "orders.${format}"`,
    })
    p.write('data/inbox/keep', '')
    const write = (query: string): Promise<void> =>
      p.duckdb('data/other.duckdb', `COPY (${query}) TO '${p.path(`data/inbox/orders.${format}`)}' (FORMAT ${format})`)
    await write("SELECT i AS id, 'n' || i AS name, CAST(i / 4 AS DECIMAL(9,2)) AS amount FROM range(10) t(i)")
    expect((await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t', '--deploy'])).runs).toMatchObject([
      { status: 'succeeded', lane: 'spool', rows: { inserted: 10 } },
    ])
    await write("SELECT i AS id, 'n' || i AS name, CAST(i / 2 AS DECIMAL(9,2)) AS amount FROM range(8) t(i)")
    expect((await p.json(RunDocument, ['run', 'm.t'])).runs).toMatchObject([
      { status: 'succeeded', rows: { deleted: 2, updated: 7 } },
    ])
    expect(await db.rows('SELECT COUNT(*), CONVERT(nvarchar(20), SUM(amount)) FROM dst')).toEqual([['8', '14.00']])
    expect((await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])).difference).toMatchObject({
      changed: 7,
      deleted: 2,
    })
    expect(readdirSync(p.path('.tidemark/tmp'))).toEqual([])
  })

  test('a table is mirrored within one database of SQL Server, under the brake', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(
      'CREATE TABLE src (id bigint NOT NULL PRIMARY KEY, name nvarchar(20))',
      `INSERT INTO src VALUES ${Array.from({ length: 20 }, (_, i) => `(${i}, N'n${i}')`).join(', ')}`,
    )
    await using p = projectWith(db, { apply: 'live', source: 'connection: b, table: src' })
    expect((await p.json(RunDocument, ['run', 'm.t', '--deploy'])).runs).toMatchObject([{ rows: { inserted: 20 } }])
    await db.exec('DELETE FROM src WHERE id > 4')
    const refused = await p.cli(['run', 'm.t'])
    expect([refused.exit, refused.err]).toEqual([1, expect.stringContaining('dst would lose 15 of 20 rows')])
    expect(await db.rows('SELECT COUNT(*) FROM dst')).toEqual([['20']])
    expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toHaveLength(1)
    const lifted = await p.ok('run', 'm.t', '--allow-deletes', '--reason', 'they are gone')
    expect(lifted.out).toContain('15 deleted')
    expect(await db.rows('SELECT id FROM dst ORDER BY id')).toEqual(await db.rows('SELECT id FROM src ORDER BY id'))
  })

  test('a row that SQL Server does not take is a reject until it lands, and a retry is told to run instead', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(
      'CREATE TABLE dst (id bigint NOT NULL PRIMARY KEY, name nvarchar(max), customer nvarchar(max) NOT NULL, rank int NOT NULL UNIQUE)',
    )
    await using p = projectWith(db, {
      apply: 'live',
      more: '      on_reject: quarantine\n      on_conflict: quarantine\n',
    })
    await p.duckdb(
      'data/a.duckdb',
      SOURCE.replace('FROM range', ', CAST(i AS INTEGER) AS rank FROM range'),
      'UPDATE src SET rank = 6 WHERE id = 7',
      'UPDATE src SET customer = NULL WHERE id = 8',
    )
    expect((await p.json(RunDocument, ['run', 'm.t', '--deploy'], 4)).runs).toMatchObject([
      { status: 'succeeded_with_rejects', rows: { inserted: 18, rejected: 2 } },
    ])
    const retry = await p.cli(['rejects', 'retry', 'm.t'])
    expect([retry.exit, retry.err]).toEqual([2, expect.stringContaining('TM1017')])
    await p.duckdb('data/a.duckdb', "UPDATE src SET rank = id, customer = 'a' WHERE id IN (7, 8)")
    expect((await p.json(RunDocument, ['run', 'm.t'])).runs).toMatchObject([
      { status: 'succeeded', rows: { inserted: 2 } },
    ])
    expect(await db.rows('SELECT COUNT(*) FROM dst')).toEqual([['20']])
  })

  const VALUES = `id bigint NOT NULL PRIMARY KEY, code varchar(20), price numeric(38,10), d date, big numeric(20,0)`
  const ROW = "'a', 1234567890123456789012345678.0123456789, '0001-01-01', 18446744073709551615"

  test('a table of PostgreSQL is mirrored into SQL Server', async () => {
    await using db = await SqlServerDatabase.create()
    await using postgres = await TestDatabase.create('18')
    await postgres.exec(
      `CREATE TABLE src (${VALUES}, at timestamptz, raw bytea, flag boolean, u uuid, ts timestamp)`,
      String.raw`INSERT INTO src SELECT i, ${ROW}, '2026-01-01 00:00:00.123456+02', '\x00ff', TRUE, '7d8f53ec-b98c-f011-b86b-005056a2dd37', '9999-12-31 23:59:59.999999' FROM generate_series(1, 6) AS t(i)`,
    )
    await using p = projectWith(db, {
      apply: '{ kind: live, max_delete: 50% }',
      source: 'connection: p, table: src',
      more: '      columns: { add: { kind: { value: mirrored } } }\n',
      postgres,
    })
    expect((await p.json(RunDocument, ['run', 'm.t', '--deploy'])).runs).toMatchObject([{ rows: { inserted: 6 } }])
    await postgres.exec(
      'DELETE FROM src WHERE id = 1',
      "UPDATE src SET at = at + interval '1 us' WHERE id = 2",
      "UPDATE src SET raw = '' WHERE id = 3",
    )
    expect((await p.json(RunDocument, ['run', 'm.t'])).runs).toMatchObject([{ rows: { deleted: 1, updated: 2 } }])
    expect(
      await db.rows(
        'SELECT id, CONVERT(nvarchar(50), price), CONVERT(nvarchar(10), d, 23), CONVERT(nvarchar(40), big), DATALENGTH(raw), CONVERT(nvarchar(27), ts, 121), kind FROM dst WHERE id IN (2, 3) ORDER BY id',
      ),
    ).toEqual(
      ['2', '0'].map((bytes, i) => [
        String(i + 2),
        '1234567890123456789012345678.0123456789',
        '0001-01-01',
        '18446744073709551615',
        bytes,
        '9999-12-31 23:59:59.999999',
        'mirrored',
      ]),
    )
    expect((await p.json(RunDocument, ['run', 'm.t'])).runs).toMatchObject([{ status: 'nothing_to_do' }])
  })

  test('a table of SQL Server is mirrored into PostgreSQL', async () => {
    await using db = await SqlServerDatabase.create()
    await using postgres = await TestDatabase.create('18')
    await db.exec(
      `CREATE TABLE src (${VALUES}, raw varbinary(max), flag bit, u uniqueidentifier, ts datetime2(6), cash money, shifted datetimeoffset(6))`,
      ...[1, 2, 3, 4, 5, 6].map(
        (i) =>
          `INSERT INTO src VALUES (${i}, ${ROW}, 0x00ff, 1, '7d8f53ec-b98c-f011-b86b-005056a2dd37', '9999-12-31 23:59:59.999999', 1.5, '2026-01-01 00:00:00.5 +02:00')`,
      ),
    )
    await using p = projectWith(db, {
      apply: '{ kind: live, max_delete: 50% }',
      source: 'connection: b, table: src',
      target: 'connection: p, table: dst',
      more: '      columns: { add: { kind: { value: mirrored } } }\n',
      postgres,
    })
    expect((await p.json(RunDocument, ['run', 'm.t', '--deploy'])).runs).toMatchObject([{ rows: { inserted: 6 } }])
    await db.exec('DELETE FROM src WHERE id = 1', 'UPDATE src SET raw = 0x00ff00, flag = NULL WHERE id = 2')
    expect((await p.json(RunDocument, ['run', 'm.t'])).runs).toMatchObject([{ rows: { deleted: 1, updated: 1 } }])
    expect(
      await postgres.rows(
        'SELECT id, code, price, d, big, raw, flag, u, ts, cash, shifted, kind FROM dst WHERE id < 4 ORDER BY id',
      ),
    ).toEqual(
      [
        ['2', '\\x00ff00', null],
        ['3', '\\x00ff', 't'],
      ].map(([id, raw, flag]) => [
        id,
        'a',
        '1234567890123456789012345678.0123456789',
        '0001-01-01',
        '18446744073709551615',
        raw,
        flag,
        '7d8f53ec-b98c-f011-b86b-005056a2dd37',
        '9999-12-31 23:59:59.999999',
        '1.5000',
        '2026-01-01T00:00:00.5+02:00',
        'mirrored',
      ]),
    )
    expect((await p.json(RunDocument, ['run', 'm.t'])).runs).toMatchObject([{ status: 'nothing_to_do' }])
  })
})
