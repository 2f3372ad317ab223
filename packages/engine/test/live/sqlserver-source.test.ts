/** What a SQL Server source answers besides its windows. */
import { describe, expect, test } from 'vitest'
import { readIsolation } from '../../src/dialects/sqlserver/read-isolation.ts'
import { SqlServerDatabase, TEST_SERVER } from '../support/sqlserver-database.ts'
import { Windows } from '../support/sqlserver-source.ts'

describe.skipIf(TEST_SERVER === null)('a source of SQL Server', () => {
  test('a list is read as text, each value once whatever its collation holds equal, in the order of its characters', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(
      'CREATE TABLE lists (name nvarchar(20) COLLATE Latin1_General_CI_AS, at datetime, n decimal(10,2))',
      `INSERT INTO lists VALUES (N'b', '20260101 10:00:00.003', 1.5), (N'B', NULL, 1.50), (N'a', '20260101 10:00:00.003', NULL), (N'b', NULL, -3), (NULL, NULL, NULL)`,
    )
    await using w = await Windows.open(db)
    const { port } = w.source
    expect(await port.listValues(['lists'], 'name')).toEqual(['B', 'a', 'b'])
    expect(await port.listValues(['lists'], 'AT')).toEqual(['2026-01-01 10:00:00.003'])
    expect(await port.listValues([db.name, 'dbo', 'lists'], 'n')).toEqual(['-3.00', '1.50'])
    await expect(port.listValues(['lists'], 'nothing')).rejects.toMatchObject({ code: 'TM4002' })
  })

  test.each([
    ['datetime2(7)', '2026-01-31T12:00:00.5', '2026-01-31 12:00:00.5000000'],
    ['datetime', '2026-01-31 12:00:00.003', '2026-01-31 12:00:00.003'],
    ['date', '2026-01-31', '2026-01-31'],
    ['bigint', '0042', '42'],
    ['decimal(5,0)', '42', '42'],
    ['bigint', '9223372036854775808', null],
    ['date', '2026-02-30', null],
    ['datetime2(7)', 'yesterday', null],
  ])('of %s, %s is %s', async (type, text, canonical) => {
    await using db = await SqlServerDatabase.create()
    await using w = await Windows.open(db)
    expect(await w.source.port.canonical(type, text)).toBe(canonical)
  })

  test.each([
    ['datetime2(7)', '2026-01-31 12:00:00.0000001', '2026-01-31 12:00:00.0000002'],
    ['datetimeoffset(7)', '2026-01-31T14:00:00+03:00', '2026-01-31T12:00:00Z'],
    ['bigint', '9', '10'],
    ['decimal(38,0)', '99999999999999999999999999999999999998', '99999999999999999999999999999999999999'],
    ['rowversion', '0x00000000000000FF', '0x0000000000000100'],
  ])('of %s, %s is less than %s', async (type, less, more) => {
    await using db = await SqlServerDatabase.create()
    await using w = await Windows.open(db)
    const { port } = w.source
    expect([
      await port.compare(type, less, more),
      await port.compare(type, more, less),
      await port.compare(type, more, more),
    ]).toEqual([-1, 1, 0])
  })

  test('it is the same database as long as it is, and changes with what is written', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec('CREATE TABLE src (id bigint)')
    await using w = await Windows.open(db)
    const { port } = w.source
    const [identity, before] = [await port.identity(), await port.fingerprint()]
    await db.exec('INSERT INTO src VALUES (1)')
    expect((await port.identity()).system).toBe(identity.system)
    expect(await port.fingerprint()).not.toBe(before)
  })

  test('a database that is not there is read by locks, which any allows', async () => {
    await using db = await SqlServerDatabase.create()
    expect(await readIsolation(db.session, 'nowhere at all', 'here')).toEqual({ by: 'locks', locksFiles: false })
    expect(['snapshot', 'versions', 'locks']).toContain((await readIsolation(db.session, db.name, 'here')).by)
  })
})
