/** PostgreSQL to DuckDB and Parquet and back: each batch is a CSV file on its way. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import { TransferProject } from '../support/transfer-project.ts'

const flow = (from: string, to: string, table: string, target: string, more: string): string =>
  `      source: { connection: ${from}, table: ${table} }
      target: { connection: ${to}, table: ${target} }
      key: [id]
${more}`
const WATERMARK = `      capture: { kind: watermark, position: modified_on, buffer: 0s }
      apply: latest
`
const BACKFILL = `      capture: backfill
      apply: insert-missing
`

const VALUES = `CREATE TABLE t (
  id bigint PRIMARY KEY, modified_on timestamptz NOT NULL, a text, b numeric(38,10), c double precision, d bytea, e boolean,
  f uuid, g date, h timestamp, i jsonb, j smallint, k real, l integer)`
const INSERT = `INSERT INTO t VALUES
  (1, '2026-01-01 00:00:00.123456+00', '', 1234567890123456789012345678.0123456789, 0.1, '\\x00ff41', true,
   'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '0001-01-01', '9999-12-31 23:59:59.999999', '{"n": 12345678901234567890, "s": "x"}', -32768, 'NaN', 2147483647),
  (2, '2026-01-02', NULL, -0.0000000001, '-0', '', false, NULL, '9999-12-31', '0001-01-01 00:00:00.000001', 'null', NULL, '-Infinity', NULL),
  (9223372036854775807, '2026-01-03', E'a,"b"\\n\\\\.\\r\\nNULL שלום 😀', NULL, 'Infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`
const TEXTS = 'SELECT id, modified_on, a, b, c, d, e, f, g, h, i, j, k, l FROM t ORDER BY id'

const duckdbRows = async (path: string, text: string) => {
  await using file = await openDuckdbFile(path, 'read', { memoryBytes: null, threads: null, tempDir: null })
  using session = await file.session()
  return await session.rows(text.replaceAll('{}', `"${file.catalog}".main`))
}

describe.each(LONG_VERSIONS)('spool with PostgreSQL %s', (version) => {
  test('values leave for DuckDB and come back bit for bit', async () => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    await a.exec(VALUES, INSERT)
    const lake = '{ kind: duckdb, path: lake.duckdb }'
    await using out = await TransferProject.open(
      { a: `{ kind: postgres, url: "${a.url}" }`, lake },
      flow('a', 'lake', 't', 't', WATERMARK),
    )
    expect(await out.plan()).toMatchObject({ lane: 'spool' })
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', lane: 'spool', rows: { inserted: 3 } })
    expect(await out.run({ full: true })).toMatchObject({ status: 'succeeded', rows: { skipped_same: 3 } })
    await a.exec("UPDATE t SET a = 'new', modified_on = clock_timestamp() WHERE id = 2")
    expect(await out.run()).toMatchObject({ status: 'succeeded', rows: { updated: 1, read: 1 } })
    await b.exec(VALUES.replace('jsonb', 'json'))
    await using back = await TransferProject.open(
      { lake: `{ kind: duckdb, path: "${join(out.dir, 'lake.duckdb')}" }`, b: `{ kind: postgres, url: "${b.url}" }` },
      flow('lake', 'b', 't', 't', WATERMARK),
    )
    expect(await back.run()).toMatchObject({ error: null, status: 'succeeded', lane: 'spool', rows: { inserted: 3 } })
    expect(await b.rows(TEXTS)).toEqual(await a.rows(TEXTS))
    expect(readdirSync(join(out.dir, '.tidemark', 'tmp')).filter((f) => f.endsWith('.csv'))).toEqual([])
  })

  test('a table leaves for a folder of Parquet files and comes back', async () => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    await a.exec(
      'CREATE TABLE t (id bigint PRIMARY KEY, name text)',
      "INSERT INTO t SELECT i, CASE WHEN i % 3 = 0 THEN NULL WHEN i % 3 = 1 THEN '' ELSE 'n' || i END FROM generate_series(1, 5000) AS s(i)",
      'ANALYZE t',
    )
    await using out = await TransferProject.open(
      { a: `{ kind: postgres, url: "${a.url}" }`, inbox: '{ kind: files, path: inbox }' },
      flow('a', 'inbox', 't', 't', BACKFILL),
    )
    mkdirSync(join(out.dir, 'inbox'), { recursive: true })
    expect(await out.run({ batchRows: 1000 })).toMatchObject({ status: 'succeeded', rows: { inserted: 5000 } })
    await using back = await TransferProject.open(
      {
        inbox: `{ kind: files, path: "${join(out.dir, 'inbox')}" }`,
        b: `{ kind: postgres, url: "${b.url}" }`,
      },
      flow('inbox', 'b', 't/*.parquet', 't', BACKFILL),
    )
    expect(await back.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 5000 } })
    const text = 'SELECT id, name FROM t ORDER BY id'
    expect(await b.rows(text)).toEqual(await a.rows(text))
  })

  test('an empty text and NULL stay apart in DuckDB', async () => {
    await using a = await TestDatabase.create(version)
    await a.exec(
      'CREATE TABLE t (id bigint PRIMARY KEY, v text)',
      "INSERT INTO t VALUES (1, ''), (2, NULL), (3, 'NULL')",
    )
    await using out = await TransferProject.open(
      { a: `{ kind: postgres, url: "${a.url}" }`, lake: '{ kind: duckdb, path: lake.duckdb }' },
      flow('a', 'lake', 't', 't', BACKFILL),
    )
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded' })
    expect(await duckdbRows(join(out.dir, 'lake.duckdb'), 'SELECT * FROM {}.t ORDER BY id')).toEqual([
      ['1', ''],
      ['2', null],
      ['3', 'NULL'],
    ])
  })
})

test('a run goes on where nothing was written in the source since, though the snapshot that its batches were cut under is over', async () => {
  await using a = await TestDatabase.create('18')
  await a.exec(
    'CREATE TABLE t (id bigint PRIMARY KEY, pad text)',
    "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 500) AS s(i)",
    'ANALYZE t',
  )
  let begun = 0
  await using out = await TransferProject.open(
    { a: `{ kind: postgres, url: "${a.url}" }`, lake: '{ kind: duckdb, path: lake.duckdb }' },
    flow('a', 'lake', 't', 't', BACKFILL),
    (point) => {
      if (point === 'batch:begun' && ++begun === 2) throw new AppError('TM5001', 'the test ends the run here')
    },
  )
  const wish = { batchRows: 100, parallel: 1 }
  expect(await out.run(wish)).toMatchObject({ status: 'failed' })
  const [run] = (await out.runAll(wish)).runs
  expect(run).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 500 } })
  expect(await duckdbRows(join(out.dir, 'lake.duckdb'), 'SELECT count(DISTINCT id), count(*) FROM {}.t')).toEqual([
    ['500', '500'],
  ])
})

describe('a row that DuckDB refuses', () => {
  test('is kept out of a first load from PostgreSQL, and all others arrive', async () => {
    await using a = await TestDatabase.create('18')
    await a.exec(
      'CREATE TABLE t (id bigint PRIMARY KEY, v integer)',
      'INSERT INTO t SELECT i, i FROM generate_series(1, 100) AS s(i)',
    )
    await using out = await TransferProject.open(
      { a: `{ kind: postgres, url: "${a.url}" }`, lake: '{ kind: duckdb, path: lake.duckdb }' },
      `${flow('a', 'lake', 't', 't', BACKFILL)}      on_reject: quarantine\n`,
    )
    const lake = join(out.dir, 'lake.duckdb')
    {
      await using file = await openDuckdbFile(lake, 'write', { memoryBytes: null, threads: null, tempDir: null })
      using session = await file.session()
      await session.run(`CREATE TABLE "${file.catalog}".main.t (id BIGINT, v INTEGER CHECK (v <> 50))`)
    }
    expect(await out.run()).toMatchObject({ status: 'succeeded_with_rejects', rows: { inserted: 99, rejected: 1 } })
    expect(await duckdbRows(lake, 'SELECT count(*), sum(v) FROM {}.t')).toEqual([['99', '5000']])
  })
})
