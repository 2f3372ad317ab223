/** What a SQL Server source answers besides its windows. */
import { describe, expect, test } from 'vitest'
import { readIsolation } from '../../src/dialects/sqlserver/read-isolation.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { Windows, writesAllDigits } from '../support/sqlserver-source.ts'

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

  test('a text of a value is written as the database writes it, and one of none is nothing', async () => {
    await using db = await SqlServerDatabase.create()
    await using w = await Windows.open(db)
    const half = (await writesAllDigits(db)) ? '2026-01-31 12:00:00.5000000' : '2026-01-31 12:00:00.5'
    const canonical = async (type: string, text: string) => `${type} ${await w.source.port.canonical(type, text)}`
    expect(await canonical('datetime2(7)', '2026-01-31T12:00:00.5')).toBe(`datetime2(7) ${half}`)
    expect(await canonical('datetime', '2026-01-31 12:00:00.003')).toBe('datetime 2026-01-31 12:00:00.003')
    expect(await canonical('date', '2026-01-31')).toBe('date 2026-01-31')
    expect(await canonical('bigint', '0042')).toBe('bigint 42')
    expect(await canonical('decimal(5,0)', '42')).toBe('decimal(5,0) 42')
    expect(await canonical('bigint', '9223372036854775808')).toBe('bigint null')
    expect(await canonical('date', '2026-02-30')).toBe('date null')
    expect(await canonical('datetime2(7)', 'yesterday')).toBe('datetime2(7) null')
  })

  test('values are compared by the server, in the order of their type', async () => {
    await using db = await SqlServerDatabase.create()
    await using w = await Windows.open(db)
    const { port } = w.source
    const [[bytes] = []] = await db.rows("SELECT CONVERT(nvarchar(6), CONVERT(binary(2), N'0x00FF', 1), 1)")
    const pairs = [
      ...((await writesAllDigits(db))
        ? [['datetime2(7)', '2026-01-31 12:00:00.0000001', '2026-01-31 12:00:00.0000002']]
        : []),
      ['datetime2(6)', '2026-01-31 12:00:00.000001', '2026-01-31 12:00:00.000002'],
      ['datetimeoffset(7)', '2026-01-31T14:00:00+03:00', '2026-01-31T12:00:00Z'],
      ['bigint', '9', '10'],
      ['decimal(38,0)', '99999999999999999999999999999999999998', '99999999999999999999999999999999999999'],
      ...(bytes === '0x00FF' ? [['rowversion', '0x00000000000000FF', '0x0000000000000100']] : []),
    ]
    for (const [type = '', less = '', more = ''] of pairs) {
      const order = [await port.compare(type, less, more), await port.compare(type, more, less)]
      expect([...order, await port.compare(type, more, more)], type).toEqual([-1, 1, 0])
    }
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
