/** Rows between SQL Server and other engines, on the server that TIDEMARK_TEST_SQLSERVER names. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { cellsOf } from '../support/sqlserver-bits.ts'
import { TransferProject } from '../support/transfer-project.ts'

/** a project takes a password by reference alone */
const SECRETS = mkdtempSync(join(tmpdir(), 'tidemark-sqlserver-'))
writeFileSync(join(SECRETS, 'url'), TEST_SERVER ?? '')
afterAll(() => rmSync(SECRETS, { recursive: true }))

const flow = (from: string, to: string, more: string, key = 'id'): string =>
  `      source: { connection: ${from}, table: t }
      target: { connection: ${to}, table: t }
      key: [${key}]
${more}`
const WATERMARK = `      capture: { kind: watermark, position: modified_on, buffer: 0s, stamped_by: database }
      apply: latest
`
const BACKFILL = `      capture: backfill
      apply: insert-missing
`
const office = (db: SqlServerDatabase): string =>
  `{ kind: sqlserver, url: "file:${join(SECRETS, 'url')}", database: ${db.name} }`
const postgres = (db: TestDatabase): string => `{ kind: postgres, url: "${db.url}" }`
const lake = (folder = '.'): string => `{ kind: duckdb, path: "${join(folder, 'lake.duckdb')}" }`

const COLUMNS = `a nvarchar(max), b decimal(38,10), c float, d varbinary(max), e bit, f uniqueidentifier, g date, h datetime2(6),
  i real, j smallint, k tinyint, l int, m nvarchar(50), n varchar(20), o binary(4), p time(6), q varbinary(300)`
const TABLE = `CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, modified_on datetime2(6) NOT NULL, ${COLUMNS})`
const ROWS = [
  `(1, '2026-01-01 00:00:00.123456', N'', 1234567890123456789012345678.0123456789, 0.1, 0x00ff41, 1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
   '0001-01-01', '9999-12-31 23:59:59.999999', 3.4028235E38, -32768, 255, 2147483647, N'x ', 'plain', 0x5c2e0a00, '23:59:59.999999', 0x)`,
  `(2, '2026-01-02', NULL, -0.0000000001, 1.7976931348623157E308, 0x, 0, NULL, '9999-12-31', '0001-01-01 00:00:00.000001', -1.1754944E-38, NULL, 0,
   NULL, N'', '', NULL, '00:00:00', NULL)`,
  `(9223372036854775807, '2026-01-03', N'a,"b"' + NCHAR(10) + N'\\.' + NCHAR(13) + NCHAR(10) + N'NULL שלום 😀', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
]
/** Every digit of every value. */
const TEXTS = `SELECT id, CONVERT(nvarchar(30), modified_on, 121), a, CONVERT(nvarchar(50), b), CONVERT(nvarchar(30), c, 3), d, e,
  CONVERT(nvarchar(36), f), CONVERT(nvarchar(10), g, 23), CONVERT(nvarchar(30), h, 121), CONVERT(nvarchar(30), i, 3), j, k, l, m, n, o,
  CONVERT(nvarchar(20), p, 121), q FROM t ORDER BY id`
/** A wider type of the other engine comes back into the narrower one, where it fits. */
const BACK = `      columns: { cast: { k: tinyint, m: nvarchar(50), n: varchar(20), o: binary(4), q: varbinary(300) } }
`

async function filled(): Promise<SqlServerDatabase> {
  const db = await SqlServerDatabase.create()
  await db.exec(TABLE, ...ROWS.map((row) => `INSERT INTO t VALUES ${row}`))
  return db
}

const duckdbRows = async (path: string, text: string) => {
  await using file = await openDuckdbFile(path, 'read', { memoryBytes: null, threads: null, tempDir: null })
  using session = await file.session()
  return await session.rows(text.replaceAll('{}', `"${file.catalog}".main`))
}

/** Does the server make an instant of a text that may be none? */
async function triesInstants(db: SqlServerDatabase): Promise<boolean> {
  const [row] = await db.rows(
    "SELECT CASE WHEN TRY_CONVERT(datetimeoffset(6), N'2026-01-01 10:00:00 +00:00') IS NULL THEN 0 ELSE 1 END",
  )
  return row?.[0] === '1'
}

const SECONDS = 1_000
/** Opening a session and asking the catalog may take seconds there. */
const LONG = 300 * SECONDS

describe.skipIf(TEST_SERVER === null)('spool with SQL Server', { timeout: LONG }, () => {
  test('values leave for DuckDB, are found the same, and come back bit for bit', async () => {
    await using a = await filled()
    await using b = await SqlServerDatabase.create()
    await using out = await TransferProject.open({ a: office(a), lake: lake() }, flow('a', 'lake', WATERMARK))
    const planned = await out.plan()
    expect(planned.columns.filter((c) => c.fidelity !== 'lossless')).toEqual([])
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', lane: 'spool', rows: { inserted: 3 } })
    expect(await out.run({ full: true })).toMatchObject({ status: 'succeeded', rows: { skipped_same: 3 } })
    await b.exec(TABLE)
    await using back = await TransferProject.open(
      { lake: lake(out.dir), b: office(b) },
      flow('lake', 'b', `${WATERMARK}${BACK}`),
    )
    expect(await back.run()).toMatchObject({ error: null, status: 'succeeded', lane: 'spool', rows: { inserted: 3 } })
    expect(await cellsOf(b, TEXTS)).toEqual(await cellsOf(a, TEXTS))
    expect(await back.run({ full: true })).toMatchObject({ error: null, rows: { skipped_same: 3, updated: 0 } })
  })

  test('values leave for PostgreSQL and come back bit for bit', async () => {
    await using a = await filled()
    await using b = await SqlServerDatabase.create()
    await using p = await TestDatabase.create('18')
    await using out = await TransferProject.open({ a: office(a), p: postgres(p) }, flow('a', 'p', WATERMARK))
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', lane: 'spool', rows: { inserted: 3 } })
    expect(await p.rows('SELECT id, e, f, d FROM t ORDER BY id')).toEqual([
      ['1', 't', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff41'],
      ['2', 'f', null, '\\x'],
      ['9223372036854775807', null, null, null],
    ])
    await b.exec(TABLE)
    await using back = await TransferProject.open(
      { p: postgres(p), b: office(b) },
      flow('p', 'b', `${WATERMARK}${BACK}`),
    )
    expect(await back.run()).toMatchObject({ error: null, status: 'succeeded', lane: 'spool', rows: { inserted: 3 } })
    expect(await cellsOf(b, TEXTS)).toEqual(await cellsOf(a, TEXTS))
  })

  test('a window of changes, in batches that keep rows of one instant together', async () => {
    await using a = await SqlServerDatabase.create()
    await a.exec(
      'CREATE TABLE t (id int NOT NULL PRIMARY KEY, modified_on datetime2(6) NULL, name nvarchar(20) NULL)',
      'CREATE INDEX t_modified ON t (modified_on)',
      ...Array.from({ length: 10 }, (_, n) => {
        const rows = Array.from({ length: 10 }, (_unused, i) => `(${10 * n + i}, '2026-01-0${1 + (n % 2)}', N'n${i}')`)
        return `INSERT INTO t VALUES ${rows.join(', ')}`
      }),
    )
    await using out = await TransferProject.open({ a: office(a), lake: lake() }, flow('a', 'lake', WATERMARK))
    expect(await out.run({ batchRows: 7 })).toMatchObject({
      error: null,
      rows: { inserted: 100, read: 100 },
      batches: 15,
    })
    await a.exec(
      // the first window ended at the clock
      "UPDATE t SET name = N'new', modified_on = SYSUTCDATETIME() WHERE id < 30",
      "INSERT INTO t VALUES (500, SYSUTCDATETIME(), N'x')",
    )
    expect(await out.run({ batchRows: 7 })).toMatchObject({ error: null, rows: { inserted: 1, updated: 30, read: 31 } })
    const path = join(out.dir, 'lake.duckdb')
    expect(
      await duckdbRows(path, "SELECT count(*), count(DISTINCT id), count(*) FILTER (name = 'new') FROM {}.t"),
    ).toEqual([['101', '101', '30']])
    expect(await out.run()).toMatchObject({ status: 'nothing_to_do' })
  })

  test('a key of several columns is read in ranges that are the whole table, and a run that failed goes on', async () => {
    await using a = await SqlServerDatabase.create()
    await a.exec(
      'CREATE TABLE t (tenant int NOT NULL, id uniqueidentifier NOT NULL, n int NULL, PRIMARY KEY (tenant, id))',
    )
    for (const tenant of [1, 2, 3])
      await a.exec(
        `INSERT INTO t SELECT ${tenant}, NEWID(), v.n FROM (VALUES ${Array.from({ length: 90 }, (_, i) => `(${i})`).join(', ')}) AS v(n)`,
      )
    let begun = 0
    await using out = await TransferProject.open(
      { a: office(a), lake: lake() },
      flow('a', 'lake', BACKFILL, 'tenant, id'),
      (point) => {
        if (point === 'batch:begun' && ++begun === 3) throw new AppError('TM5001', 'the test ends the run here')
      },
    )
    const wish = { batchRows: 40, parallel: 1 }
    expect(await out.run(wish)).toMatchObject({ status: 'failed' })
    expect((await out.runAll(wish)).runs[0]).toMatchObject({
      error: null,
      status: 'succeeded',
      rows: { inserted: 270 },
    })
    const path = join(out.dir, 'lake.duckdb')
    expect(await duckdbRows(path, 'SELECT count(*), count(DISTINCT (tenant, id)), sum(n) FROM {}.t')).toEqual([
      ['270', '270', String(3 * 45 * 89)],
    ])
  })

  test('rows that SQL Server has, has in an older state or lacks are told apart, and a dry run says so before', async () => {
    await using p = await TestDatabase.create('18')
    await using b = await SqlServerDatabase.create()
    // another server of the protocol may try no instant: what looks at values before they land has none there
    const at = (await triesInstants(b)) ? ', at' : ''
    await p.exec(
      `CREATE TABLE t (id bigint PRIMARY KEY, modified_on timestamp NOT NULL, v text, flag boolean${at && `${at} timestamptz`})`,
      `INSERT INTO t SELECT i, '2026-01-01', 'v' || i, i % 2 = 0${at && ", '2026-01-01 12:00:00.5+02'"} FROM generate_series(1, 50) AS s(i)`,
    )
    await using out = await TransferProject.open({ p: postgres(p), b: office(b) }, flow('p', 'b', WATERMARK))
    expect(await out.run({ dryRun: true })).toMatchObject({ error: null, rows: { inserted: 50 } })
    expect(await out.run({ batchRows: 20 })).toMatchObject({ error: null, rows: { inserted: 50 } })
    await p.exec(
      "UPDATE t SET v = 'new', modified_on = timezone('utc', clock_timestamp()) WHERE id <= 5",
      "INSERT INTO t (id, modified_on) VALUES (99, timezone('utc', clock_timestamp()))",
    )
    expect(await out.run({ dryRun: true })).toMatchObject({ rows: { inserted: 1, updated: 5 } })
    expect(await out.run()).toMatchObject({ error: null, rows: { inserted: 1, updated: 5 } })
    expect(await out.run({ full: true })).toMatchObject({ error: null, rows: { skipped_same: 51 } })
    expect(
      await b.rows(
        "SELECT COUNT(*), COUNT(CASE WHEN v = N'new' THEN 1 END), COUNT(CASE WHEN flag = 0 THEN 1 END) FROM t",
      ),
    ).toEqual([['51', '5', '25']])
  })

  test('an instant arrives as the same one, in UTC', async () => {
    await using p = await TestDatabase.create('18')
    await using b = await SqlServerDatabase.create()
    await p.exec(
      'CREATE TABLE t (id int PRIMARY KEY, at timestamptz)',
      "INSERT INTO t VALUES (1, '2026-01-01 12:00:00.5+02'), (2, '0001-01-01 00:00+00'), (3, '9999-12-31 23:59:59.999999+00'), (4, NULL)",
    )
    await using out = await TransferProject.open({ p: postgres(p), b: office(b) }, flow('p', 'b', BACKFILL))
    expect(await out.run()).toMatchObject({ error: null, rows: { inserted: 4 } })
    const is = (text: string): string =>
      `CASE WHEN at = CONVERT(datetimeoffset(6), '${text} +00:00') THEN DATEPART(tzoffset, at) END`
    expect(
      await b.rows(`SELECT ${is('2026-01-01 10:00:00.5')}, ${is('0001-01-01 00:00:00')}, ${is('9999-12-31 23:59:59.999999')}
FROM t ORDER BY id`),
    ).toEqual([
      ['0', null, null],
      [null, '0', null],
      [null, null, '0'],
      [null, null, null],
    ])
  })

  test('what no type of SQL Server holds is refused with its column and value, or kept out where the flow says so', async () => {
    await using p = await TestDatabase.create('18')
    await using b = await SqlServerDatabase.create()
    await p.exec(
      'CREATE TABLE t (id bigint PRIMARY KEY, at timestamp, amount numeric(10,2), ratio double precision)',
      "INSERT INTO t SELECT i, '2026-01-01', 1, 1 FROM generate_series(1, 20) AS s(i)",
      "UPDATE t SET at = 'infinity' WHERE id = 3",
      "UPDATE t SET amount = 'NaN' WHERE id = 5",
      "UPDATE t SET ratio = '-Infinity' WHERE id = 7",
    )
    await using strict = await TransferProject.open({ p: postgres(p), b: office(b) }, flow('p', 'b', BACKFILL))
    const failed = await strict.run()
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'TM4031' } })
    expect(failed.error?.message).toMatch(/at: "infinity"|amount: "NaN"|ratio: "-Infinity"/)
    expect(await b.rows('SELECT COUNT(*) FROM t')).toEqual([['0']])
    await using kind = await TransferProject.open(
      { p: postgres(p), b: office(b) },
      flow('p', 'b', `${BACKFILL}      on_reject: quarantine\n`),
    )
    expect(await kind.run()).toMatchObject({
      error: null,
      status: 'succeeded_with_rejects',
      rows: { inserted: 17, rejected: 3 },
    })
  })

  test('a row that a constraint of the target refuses is kept out of a first load, and all others arrive', async () => {
    await using p = await TestDatabase.create('18')
    await using b = await SqlServerDatabase.create()
    await p.exec(
      'CREATE TABLE t (id int PRIMARY KEY, v int)',
      'INSERT INTO t SELECT i, i FROM generate_series(1, 40) AS s(i)',
    )
    await b.exec('CREATE TABLE t (id int NOT NULL PRIMARY KEY, v int NULL CHECK (v <> 13))')
    await using out = await TransferProject.open(
      { p: postgres(p), b: office(b) },
      flow('p', 'b', `${BACKFILL}      on_reject: quarantine\n`),
    )
    expect(await out.run()).toMatchObject({
      error: null,
      status: 'succeeded_with_rejects',
      rows: { inserted: 39, rejected: 1 },
    })
    expect(await b.rows('SELECT COUNT(*), SUM(v) FROM t')).toEqual([['39', String(20 * 41 - 13)]])
  })

  test.each([
    ["repeat('x', 4000), decode(repeat('ff', 8000), 'hex')"],
    ["repeat('x', 4001), decode(repeat('ff', 8001), 'hex')"],
    ["repeat('😀', 2000) || 'x', decode(repeat('ff', 100000), 'hex')"],
  ])('what is longer than the longest text that is kept within a row goes both ways: %s', async (values) => {
    const { sent, arrived } = await bothWays(values)
    expect(arrived).toEqual(sent)
  })

  test('bytes of many megabytes go both ways', async () => {
    const { sent, arrived } = await bothWays("'short', decode(repeat('00ff5c0a22', 2200000), 'hex')")
    expect(arrived).toEqual(sent)
  })

  test('a text of many megabytes goes both ways', async (context) => {
    await using probe = await SqlServerDatabase.create()
    const [row] = await probe
      .rows("SELECT CASE WHEN CONVERT(nvarchar(4), 0x61002000) = N'a ' THEN 1 ELSE 0 END")
      .catch(() => [])
    if (row?.[0] !== '1')
      context.skip('the server does not read bytes as characters of UTF-16, which parts of a text are')
    const { sent, arrived } = await bothWays(`repeat('€"😀,', 2000000), '\\x00'`)
    expect(arrived).toEqual(sent)
  })

  test('a text of many megabytes leaves SQL Server as it is', async () => {
    await using b = await SqlServerDatabase.create()
    await using q = await TestDatabase.create('18')
    await b.exec(
      'CREATE TABLE t (id int NOT NULL PRIMARY KEY, note nvarchar(max) NULL)',
      `INSERT INTO t SELECT 1, REPLICATE(CONVERT(nvarchar(max), N'€"😀,'), 2000000)`,
      "INSERT INTO t VALUES (2, N'short'), (3, NULL)",
    )
    await using out = await TransferProject.open({ b: office(b), q: postgres(q) }, flow('b', 'q', BACKFILL))
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 3 } })
    expect(await q.rows(`SELECT id, note = repeat('€"😀,', 2000000), length(note) FROM t ORDER BY id`)).toEqual([
      ['1', 't', '8000000'],
      ['2', 'f', '5'],
      ['3', null, null],
    ])
  })
})

/** From PostgreSQL to SQL Server, and to another PostgreSQL, beside rows that have nothing large. */
async function bothWays(values: string) {
  await using p = await TestDatabase.create('18')
  await using q = await TestDatabase.create('18')
  await using b = await SqlServerDatabase.create()
  await p.exec(
    'CREATE TABLE t (id int PRIMARY KEY, note text, file bytea)',
    `INSERT INTO t VALUES (1, 'short', '\\x00'), (2, ${values}), (3, NULL, NULL), (4, '', '')`,
  )
  await using out = await TransferProject.open({ p: postgres(p), b: office(b) }, flow('p', 'b', BACKFILL))
  expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 4 } })
  await using back = await TransferProject.open({ b: office(b), q: postgres(q) }, flow('b', 'q', BACKFILL))
  expect(await back.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 4 } })
  const sums = 'SELECT id, length(note), md5(note), length(file), md5(file) FROM t ORDER BY id'
  return { sent: await p.rows(sums), arrived: await q.rows(sums) }
}
