/** Snapshots within one SQL Server, the one that TIDEMARK_TEST_SQLSERVER names: values and keys of its types, and keys that it holds equal. */
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { ident } from '../../src/dialects/sql-text.ts'
import { tsql } from '../../src/dialects/sqlserver/style.ts'
import { valueText } from '../../src/dialects/sqlserver/types.ts'
import { snapshotSqlServerEnds } from '../support/snapshot-sqlserver-ends.ts'
import { openSnapshotWorld, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'
import { dropShared } from '../support/sqlserver-ends.ts'
import { closePooled } from '../support/sqlserver-pool.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { ALL_COLUMNS } from '../support/world.ts'
import { openWorldsWith } from '../support/world-ends.ts'

vi.mock(import('../../src/drivers/sqlserver-connect.ts'), async (original) => {
  const driver = await original()
  const { pooled } = await import('../support/sqlserver-pool.ts')
  return { ...driver, connectClient: pooled(driver.connectClient) }
})

const mirror = (over: Parameters<typeof snapshotFlow>[1] = {}) =>
  snapshotFlow({}, { apply: { kind: 'live', maxDelete: { percent: 100 } }, ...over })
const live = mirror()

async function expectSame(s: SnapshotWorld, columns: string): Promise<void> {
  expect(await s.w.targetRows(`SELECT ${columns} FROM dst ORDER BY 1`)).toEqual(
    await s.w.sourceRows(`SELECT ${columns} FROM src ORDER BY 1`),
  )
}

/** A type, a value of it, and another one. */
const TYPES: readonly (readonly [type: string, value: string, other: string])[] = [
  ['bit', '1', '0'],
  ['tinyint', '255', '254'],
  ['bigint', '9223372036854775807', '9223372036854775806'],
  ['decimal(38,10)', '1234567890123456789012345678.0123456789', '1234567890123456789012345678.0123456788'],
  ['money', '922337203685477.5807', '922337203685477.5806'],
  ['real', '0.1', '0.2'],
  ['float', '0.1E0', '0.10000000000000002E0'],
  ['char(5)', "'ab'", "'a'"],
  ['varchar(9)', "N'é'", "N'e'"],
  ['nchar(5)', "N'ab'", "N'aB'"],
  ['nvarchar(9)', "N''", "N' '"],
  ['nvarchar(max)', "REPLICATE(CAST(N'x' AS nvarchar(max)), 9000)", "REPLICATE(CAST(N'x' AS nvarchar(max)), 9001)"],
  ['binary(4)', '0x01020304', '0x01020300'],
  ['varbinary(8)', '0x00ff', '0x00ff00'],
  ['varbinary(max)', '0x', 'NULL'],
  ['uniqueidentifier', "'7d8f53ec-b98c-f011-b86b-005056a2dd37'", "'7d8f53ec-b98c-f011-b86b-005056a2dd38'"],
  ['date', "'0001-01-01'", "'9999-12-31'"],
  ['time(6)', "'23:59:59.999999'", "'23:59:59.999998'"],
  ['smalldatetime', "'2026-01-01 00:01'", "'2026-01-01 00:02'"],
  ['datetime', "'2026-01-01 00:00:00.003'", "'2026-01-01 00:00:00.007'"],
  ['datetime2(6)', "'2026-01-01 00:00:00.123456'", "'2026-01-01 00:00:00.123457'"],
  ['datetimeoffset(6)', "'2026-01-01 00:00:00.123456 +02:00'", "'2025-12-31 22:00:00.123456 +00:00'"],
  ['xml', "N'<a> <b/></a>'", "N'<a><b/></a>'"],
]
const BYTES = /^(var)?binary/
const AS_TEXTS = TYPES.map(([type], i) =>
  BYTES.test(type) ? `CONVERT(nvarchar(20), DATALENGTH(c${i}))` : tsql(valueText(type, ident(`c${i}`))),
).join(', ')

/** As a hash needs it. */
const writesHex = (s: SnapshotWorld): Promise<boolean> =>
  s.w.targetRows('SELECT CONVERT(varchar(4), 0x0aff, 2)').then(
    ([row]) => row?.[0] === '0AFF',
    () => false,
  )

afterAll(() => dropShared(closePooled))

describe.skipIf(TEST_SERVER === null)('a snapshot within one SQL Server', { timeout: 300_000 }, () => {
  beforeEach(() => openWorldsWith(() => snapshotSqlServerEnds('sqlserver')))

  test('values of every type of SQL Server arrive as they left, and a change of each is found', async () => {
    await using s = await openSnapshotWorld()
    const columns = TYPES.map(([type], i) => `c${i} ${type} NULL`).join(', ')
    const values = TYPES.map(([type, value]) => `CONVERT(${type}, ${value})`).join(', ')
    await s.w.source(
      `CREATE TABLE src (id bigint NOT NULL PRIMARY KEY, ${columns})`,
      ...TYPES.map((_, i) => `INSERT INTO src SELECT ${i}, ${values}`),
      'INSERT INTO src (id) VALUES (100)',
    )
    expect(await s.take(live)).toEqual([TYPES.length + 1, 0, 0, 0])
    await expectSame(s, `id, ${AS_TEXTS}`)
    for (const [i, [type, , other]] of TYPES.entries())
      await s.w.source(`UPDATE src SET c${i} = CONVERT(${type}, ${other}) WHERE id = ${i}`)
    await s.run(live)
    const found = new Set((await s.hot("SELECT key FROM difference WHERE kind = 'changed'")).map(([text]) => text))
    expect(TYPES.filter((_, i) => !found.has(`["${i}"]`)).map(([type]) => type)).toEqual([])
    await expectSame(s, `id, ${AS_TEXTS}`)
  })

  test.each([
    ['varbinary(8)', "CONVERT(varbinary(8), CONCAT('', i)) + 0x5c2700"],
    ['char(6)', "CONCAT('k ', i)"],
    ['datetime2(6)', "DATEADD(day, i, CAST('1900-01-01 12:00:00.5' AS datetime2(6)))"],
    ['datetime', "DATEADD(day, i, CAST('2026-01-01 12:00:00.003' AS datetime))"],
    ['decimal(38,4)', 'CAST(1234567890123456789012345678901234.5 AS decimal(38,4)) - i'],
    ['money', 'CAST(1.5 AS money) + i'],
    ['uniqueidentifier', "CAST(CONCAT('7f8d53ec-b98c-f011-b86b-00505600000', i) AS uniqueidentifier)"],
    ['bit', 'i'],
    [
      'nvarchar(20)',
      String.raw`CASE i WHEN 0 THEN N'' WHEN 1 THEN CONCAT(N'\."', NCHAR(10), N',''') ELSE CONCAT(N'É', i) END`,
    ],
  ])(
    'a key of type %s of SQL Server is found where it is: deleted, brought back, and nothing to do after',
    async (type, key) => {
      await using s = await openSnapshotWorld()
      const count = type === 'bit' ? 2 : 4
      await s.w.source(
        `CREATE TABLE src (id ${type} NOT NULL PRIMARY KEY, n bigint)`,
        `INSERT INTO src SELECT ${key}, i FROM range(${count}) t(i)`,
      )
      expect(await s.take(live)).toEqual([count, 0, 0, 0])
      await s.w.target('DELETE FROM dst WHERE n = 1')
      await s.w.source('DELETE FROM src WHERE n = 0')
      expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { deleted: 1n, inserted: 1n } })
      expect(await s.w.targetRows('SELECT n FROM dst ORDER BY n')).toEqual(
        await s.w.sourceRows('SELECT n FROM src ORDER BY n'),
      )
      expect(await s.w.targetRows('SELECT COUNT(*) FROM dst AS d JOIN src AS s ON s.id = d.id AND s.n = d.n')).toEqual([
        [String(count - 1)],
      ])
      expect(await s.run(live)).toMatchObject({ state: 'nothing_to_do' })
    },
  )

  const CASES = 'CREATE TABLE src (id nvarchar(20) COLLATE Latin1_General_CS_AS NOT NULL PRIMARY KEY, n bigint)'
  const IGNORES = 'CREATE TABLE dst (id nvarchar(20) COLLATE Latin1_General_CI_AS NOT NULL'

  test.each([1, 10])(
    'keys that a table holds equal which the run has made are never merged, in batches of %i',
    async (batchRows) => {
      await using s = await openSnapshotWorld()
      const kept = mirror({ onReject: { kind: 'quarantine', max: 10 } })
      const wish = { batchRows, workers: 1 }
      await s.w.source(CASES, "INSERT INTO src VALUES (N'K1', 1), (N'k1', 2), (N'k2', 3)")
      expect(await s.run(kept, wish)).toMatchObject({
        state: 'succeeded_with_rejects',
        rows: { inserted: 2n, updated: 0n, rejected: 1n },
      })
      const [held] = await s.w.targetRows('SELECT id, n FROM dst WHERE n < 3')
      expect([
        ['K1', '1'],
        ['k1', '2'],
      ]).toContainEqual(held)
      await s.w.source(`DELETE FROM src WHERE n = ${held?.[1]}`)
      expect(await s.run(kept, wish)).toMatchObject({ state: 'succeeded', rows: { deleted: 1n, inserted: 1n } })
      await expectSame(s, 'n, id')
    },
  )

  test.each(['live', 'forensic'] as const)(
    'a key that changes case is deleted and comes anew, under apply: %s',
    async (kind) => {
      await using s = await openSnapshotWorld()
      const flow = mirror({ apply: { kind, maxDelete: { percent: 100 } } })
      const versions =
        kind === 'live' ? ', PRIMARY KEY (id)' : ', batch_in int, batch_out int, PRIMARY KEY (id, batch_in)'
      await s.w.source(CASES, "INSERT INTO src VALUES (N'k1', 1), (N'k2', 2)")
      await s.w.target(`${IGNORES}, n bigint${versions})`)
      await s.run(flow)
      await s.w.source("UPDATE src SET id = N'K2' WHERE n = 2")
      expect(await s.run(flow)).toMatchObject({ state: 'succeeded', rows: { deleted: 1n, inserted: 1n, rejected: 0n } })
      const lives = kind === 'live' ? '' : ' WHERE batch_out = 2147483647'
      expect(await s.w.targetRows(`SELECT id, n FROM dst${lives} ORDER BY n`)).toEqual([
        ['k1', '1'],
        ['K2', '2'],
      ])
      expect(await s.run(flow)).toMatchObject({ state: 'nothing_to_do' })
    },
  )

  test('a key that the table holds equal to one that goes, and is another, stays', async () => {
    await using s = await openSnapshotWorld()
    await s.w.target(`${IGNORES}, n bigint)`)
    await s.w.source(CASES, "INSERT INTO src VALUES (N'k1', 1), (N'k2', 2)")
    await s.run(live)
    await s.w.target("INSERT INTO dst VALUES (N'K2', 9), (N'k2 ', 8)")
    await s.w.source('DELETE FROM src WHERE n = 2')
    expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { deleted: 1n } })
    expect(await s.w.targetRows('SELECT n FROM dst ORDER BY n')).toEqual([['1'], ['8'], ['9']])
  })

  test('masks are put on in SQL Server, and a masked key finds its rows', async ({ skip }) => {
    await using s = await openSnapshotWorld()
    if (!(await writesHex(s))) skip('this server writes no hexadecimal digits')
    const masked = mirror({
      columns: {
        ...ALL_COLUMNS,
        mask: { id: { kind: 'hash', key: 'env:KEY' }, name: { kind: 'redact', text: 'xxx' }, scan: { kind: 'null' } },
      },
    })
    await s.w.source(
      'CREATE TABLE src (id bigint NOT NULL PRIMARY KEY, name nvarchar(20), scan varbinary(8), n bigint)',
      "INSERT INTO src SELECT i, CONCAT(N'Readable ', i), 0x00ff, i FROM range(4) t(i)",
    )
    expect(await s.take(masked)).toEqual([4, 0, 0, 0])
    await s.w.source(
      "UPDATE src SET name = N'Another'",
      'UPDATE src SET n = 9 WHERE id = 1',
      'DELETE FROM src WHERE id = 2',
    )
    expect(await s.run(masked)).toMatchObject({ rows: { updated: 1n, deleted: 1n } })
    expect(await s.w.targetRows('SELECT LEN(id), name, DATALENGTH(scan), n FROM dst ORDER BY n')).toEqual([
      ['64', 'xxx', null, '0'],
      ['64', 'xxx', null, '3'],
      ['64', 'xxx', null, '9'],
    ])
  })
})
