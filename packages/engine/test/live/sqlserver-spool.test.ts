/** Rows between SQL Server and other engines, on the server that TIDEMARK_TEST_SQLSERVER names. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { SqlServerDatabase, TEST_SERVER } from '../support/sqlserver-database.ts'
import { TransferProject } from '../support/transfer-project.ts'

const flow = (from: string, to: string, more: string): string =>
  `      source: { connection: ${from}, table: t }
      target: { connection: ${to}, table: t }
      key: [id]
${more}`
const WATERMARK = `      capture: { kind: watermark, position: modified_on, buffer: 0s, stamped_by: database }
      apply: latest
`
const BACKFILL = `      capture: backfill
      apply: insert-missing
`
/** a project takes a password by reference alone */
const SECRETS = mkdtempSync(join(tmpdir(), 'tidemark-sqlserver-'))
writeFileSync(join(SECRETS, 'url'), TEST_SERVER ?? '')
afterAll(() => rmSync(SECRETS, { recursive: true }))
const at = (db: SqlServerDatabase): string =>
  `{ kind: sqlserver, url: "file:${join(SECRETS, 'url')}", database: ${db.name} }`
const LAKE = '{ kind: duckdb, path: lake.duckdb }'

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
const TEXTS = `SELECT id, CONVERT(nvarchar(30), modified_on, 121), a, CONVERT(nvarchar(50), b), CONVERT(nvarchar(30), c, 3), CONVERT(nvarchar(100), d, 1), e,
  CONVERT(nvarchar(36), f), CONVERT(nvarchar(10), g, 23), CONVERT(nvarchar(30), h, 121), CONVERT(nvarchar(30), i, 3), j, k, l, m, n, CONVERT(nvarchar(20), o, 1),
  CONVERT(nvarchar(20), p, 121), CONVERT(nvarchar(700), q, 1) FROM t ORDER BY id`

const filled = async (): Promise<SqlServerDatabase> => {
  const db = await SqlServerDatabase.create()
  await db.exec(TABLE, ...ROWS.map((row) => `INSERT INTO t VALUES ${row}`))
  return db
}

const duckdbRows = async (path: string, text: string) => {
  await using file = await openDuckdbFile(path, 'read', { memoryBytes: null, threads: null, tempDir: null })
  using session = await file.session()
  return await session.rows(text.replaceAll('{}', `"${file.catalog}".main`))
}

describe.skipIf(TEST_SERVER === null)('spool with SQL Server', () => {
  test('values leave for DuckDB and come back bit for bit', async () => {
    await using a = await filled()
    await using b = await SqlServerDatabase.create()
    await using out = await TransferProject.open({ a: at(a), lake: LAKE }, flow('a', 'lake', WATERMARK))
    const planned = await out.plan()
    console.log(JSON.stringify(planned.columns.filter((c) => c.fidelity !== 'lossless'), null, 1))
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', lane: 'spool', rows: { inserted: 3 } })
    expect(await out.run({ full: true })).toMatchObject({ status: 'succeeded', rows: { skipped_same: 3 } })
    await b.exec(TABLE)
    await using back = await TransferProject.open(
      { lake: `{ kind: duckdb, path: "${join(out.dir, 'lake.duckdb')}" }`, b: at(b) },
      flow('lake', 'b', WATERMARK),
    )
    const p2 = await back.plan()
    console.log(JSON.stringify(p2.columns.filter((c) => c.fidelity !== 'lossless'), null, 1))
    expect(await back.run()).toMatchObject({ error: null, status: 'succeeded', lane: 'spool', rows: { inserted: 3 } })
    expect(await b.rows(TEXTS)).toEqual(await a.rows(TEXTS))
  })
})
