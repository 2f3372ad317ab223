/**
 * G1 at the level of the source: no window ends above what a transaction that is still open may commit. A server that does
 * not show open transactions has to say so; what needs them to be shown is skipped there, by name.
 */
import { describe, expect, test } from 'vitest'
import { openTransactions } from '../../src/dialects/sqlserver/activity.sql.ts'
import { MINUTE, nanosecondsOf, textOfNanoseconds } from '../../src/dialects/sqlserver/nanoseconds.ts'
import { connectionOf, openSession } from '../../src/dialects/sqlserver/session.ts'
import { transactionsOf } from '../../src/dialects/sqlserver/sighting.ts'
import { tsql } from '../../src/dialects/sqlserver/style.ts'
import { ident, sql, valuesOf } from '../../src/dialects/sql-text.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import {
  needRowVersions,
  needShown,
  otherSession,
  positionOf,
  readVersions,
  SERIAL,
  TIME,
  VERSION,
  type Window,
  Windows,
  writesAllDigits,
} from '../support/sqlserver-source.ts'

const STAMPED =
  'CREATE TABLE src (id bigint IDENTITY PRIMARY KEY, at datetime2(7) NOT NULL DEFAULT SYSUTCDATETIME(), name nvarchar(20))'
const INSERT = "INSERT INTO src (name) VALUES (N'x')"

const TIME_TYPES = [
  'datetime2(7)',
  'datetime2(6)',
  'datetime2(3)',
  'datetime2(0)',
  'datetime',
  'smalldatetime',
  'date',
  'datetimeoffset(7)',
  'datetimeoffset(3)',
]

const countUpTo = async (db: SqlServerDatabase, { upTo }: Window): Promise<string | null | undefined> =>
  (await db.rows(`SELECT COUNT(*) FROM src WHERE at <= CONVERT(datetime2(7), '${upTo}', 121)`))[0]?.[0]

describe.skipIf(TEST_SERVER === null)('the ceiling of SQL Server', () => {
  test('what the server does not show is said, and then the buffer alone counts', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(STAMPED, INSERT)
    await using w = await Windows.open(db)
    await using late = await otherSession(db)
    await late.begin()
    await late.run(INSERT)
    const window = await w.next(TIME)
    if (window.moment.relies == null) {
      expect(window).toMatchObject({ decidedBy: 'ceiling', holder: expect.stringContaining(`session ${late.spid}`) })
    } else {
      expect(window.moment.relies).toMatch(/buffer alone: .*(?:does not show|GRANT VIEW)/)
      expect(window).toMatchObject({ decidedBy: 'clock', holder: null, moment: { ceiling: null } })
      expect(await w.next(TIME, null, 60_000n)).toMatchObject({ decidedBy: 'buffer' })
    }
    await late.rollback()
  })

  test('a transaction that is open and has written nothing yet holds back from its start on, by session and login', async (context) => {
    await using db = await SqlServerDatabase.create()
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await needShown(context, db)
    await w.next(TIME)
    await using late = await otherSession(db)
    await late.begin()
    const [[now] = []] = await late.rows('SELECT CONVERT(nvarchar(27), SYSUTCDATETIME(), 121) FROM src')
    const window = await w.next(TIME)
    expect(window).toMatchObject({
      decidedBy: 'ceiling',
      holder: expect.stringMatching(/^of session \d+, login .*, \d+ s old$/),
    })
    await late.run(INSERT)
    await late.commit()
    expect(await countUpTo(db, window)).toBe('0')
    if (now != null) expect(await w.source.port.compare(TIME.type, window.upTo ?? '', now)).toBe(-1)
    expect(await w.next(TIME)).toMatchObject({ decidedBy: 'clock', holder: null })
  })

  test('on SQL Server a transaction that begins between the clock and the ceiling is above the clock anyway', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await otherSession(db)
    w.between = async () => {
      w.between = null
      await late.begin()
      await late.run(INSERT)
    }
    const window = await w.next(TIME)
    await late.commit()
    expect(await countUpTo(db, window)).toBe('0')
  })

  test('on SQL Server sessions of ours that only read hold nothing back, one of ours that writes does', async (context) => {
    await using db = await SqlServerDatabase.create()
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await needShown(context, db)
    await w.next(TIME)
    await using reader = await openSession(connectionOf(db.options), 'source')
    await reader.begin()
    await reader.rows('SELECT COUNT(*) FROM src')
    expect(await w.next(TIME)).toMatchObject({ decidedBy: 'clock', holder: null })
    await using target = await openSession(connectionOf(db.options, 'target'), 'target')
    await target.begin()
    await target.rows('SELECT COUNT(*) FROM src')
    expect(await w.next(TIME)).toMatchObject({ decidedBy: 'ceiling' })
  })

  test('logins that are listed as read-only hold nothing back until they write', async (context) => {
    await using db = await SqlServerDatabase.create()
    await db.exec(STAMPED)
    const [[login] = []] = await db.rows('SELECT ORIGINAL_LOGIN()')
    await using w = await Windows.open(db, { read_only_logins: [login] })
    await needShown(context, db)
    await w.next(TIME)
    await using late = await otherSession(db)
    await late.begin()
    await late.rows('SELECT COUNT(*) FROM src')
    expect(await w.next(TIME)).toMatchObject({ decidedBy: 'clock', holder: null })
    await late.run(INSERT)
    expect(await w.next(TIME)).toMatchObject({ decidedBy: 'ceiling' })
  })

  test('a bound is a value of the type, and no stamp taken after it is at or below it', async () => {
    await using db = await SqlServerDatabase.create()
    await using w = await Windows.open(db)
    const { port, catalogs } = w.source
    const exact = await writesAllDigits(db)
    for (const type of TIME_TYPES) {
      await db.exec('DROP TABLE IF EXISTS src', `CREATE TABLE src (at ${type})`)
      const position = positionOf(type)
      const stampOf = tsql(sql`SELECT ${catalogs.kit.asText(type, ident('at'))} FROM src`)
      const bounds: string[] = []
      for (let i = 0; i < 4; i++) {
        const { upTo } = await w.next(position)
        await db.exec('DELETE FROM src', 'INSERT INTO src (at) VALUES (SYSUTCDATETIME())')
        const [[stamp] = []] = await db.rows(stampOf)
        expect(await port.compare(type, upTo ?? '', stamp ?? ''), `${type}: ${upTo} and ${stamp}`).toBe(-1)
        bounds.push(upTo ?? '')
      }
      const watermark = (await w.next(position, null, 86_400_000n)).upTo
      const { after } = await w.next(position, watermark, 3_600_000n)
      expect(await port.compare(type, after ?? '', watermark ?? '')).toBe(-1)
      for (const bound of exact ? [...bounds, watermark ?? '', after ?? ''] : [])
        expect(await port.canonical(type, bound)).toBe(bound)
    }
  })

  test('local time is that of the zone', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec('CREATE TABLE src (at datetime)')
    await using w = await Windows.open(db)
    const tokyo = positionOf('datetime', { clock: 'local', zone: 'Asia/Tokyo' })
    const { upTo } = await w.next(tokyo, null, 3_600_000n)
    const minutes = await db.rows(`SELECT DATEDIFF(minute, SYSUTCDATETIME(), CONVERT(datetime, '${upTo}', 121))`)
    expect(['479', '480']).toContain(minutes[0]?.[0])
  })

  test('on SQL Server a clock below the watermark is said', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    expect(await w.next(TIME, '9000-01-01 00:00:00.0000000')).toMatchObject({
      clockBelowWatermark: true,
      heldBack: true,
    })
  })

  test('an identity: the greatest number is safe while nothing is open, else a look is kept', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(STAMPED, INSERT)
    await using w = await Windows.open(db)
    const first = await w.next(SERIAL)
    expect(first).toMatchObject({ upTo: '1', decidedBy: 'look', holder: null })
    if (first.moment.relies != null) expect(first.moment.relies).toContain('buffer alone')
    expect(await w.next(SERIAL, '1')).toMatchObject({ heldBack: true, holder: null })
  })

  test('an identity: a smaller number of a transaction that is open is waited for', async (context) => {
    await using db = await SqlServerDatabase.create()
    await readVersions(db)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await needShown(context, db)
    await w.next(SERIAL)
    await using late = await otherSession(db)
    await late.begin()
    await late.run(INSERT)
    await db.exec(INSERT)
    expect(await w.next(SERIAL)).toMatchObject({
      upTo: null,
      heldBack: true,
      holder: expect.stringContaining('session'),
    })
    await late.commit()
    expect(await w.next(SERIAL)).toMatchObject({ upTo: '2', holder: null })
  })

  test('an identity that counts down is no position', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec('CREATE TABLE src (id bigint IDENTITY(0, -1) PRIMARY KEY, name nvarchar(20))')
    await using w = await Windows.open(db)
    await expect(w.next(SERIAL)).rejects.toMatchObject({
      code: 'TM4003',
      detail: expect.stringContaining('counts down'),
    })
  })

  test('row versions: everything below the least that is not committed is safe', async (context) => {
    await using db = await SqlServerDatabase.create()
    await needRowVersions(context, db)
    await db.exec('CREATE TABLE src (id bigint IDENTITY PRIMARY KEY, name nvarchar(20), v rowversion)', INSERT)
    await using w = await Windows.open(db)
    const first = await w.next(VERSION)
    expect(first).toMatchObject({ decidedBy: 'rowversion', heldBack: false })
    expect(first.moment.relies ?? null).toBeNull()
    await using late = await otherSession(db)
    await late.begin()
    await late.run(INSERT)
    const [[open] = []] = await late.rows('SELECT CONVERT(nvarchar(18), CAST(MAX(v) AS binary(8)), 1) FROM src')
    const held = await w.next(VERSION, first.upTo)
    expect(BigInt(held.upTo ?? '0')).toBeLessThan(BigInt(open ?? '0'))
    expect(held.holder).not.toBeNull()
    await late.commit()
    const next = await w.next(VERSION, held.upTo)
    expect(BigInt(next.upTo ?? '0')).toBeGreaterThanOrEqual(BigInt(open ?? '0'))
    expect(next.holder).toBeNull()
  })

  test('a column is asked for where it is: in another database, and through a view of one', async () => {
    await using db = await SqlServerDatabase.create()
    await using other = await SqlServerDatabase.create()
    await other.exec(STAMPED, INSERT)
    await db.exec(`CREATE VIEW src AS SELECT id, at FROM ${other.name}.dbo.src`)
    await using w = await Windows.open(db)
    const there = [other.name, 'dbo', 'src']
    for (const table of [there, ['src']]) expect((await w.next(TIME, null, 0n, table)).upTo).toMatch(/^\d{4}-/)
    expect(await w.next(SERIAL, null, 0n, there)).toMatchObject({ upTo: '1' })
  })

  test('of what a server may show, who may write holds back, from the earlier reading of its clock on', async () => {
    await using db = await SqlServerDatabase.create()
    // the server's views as tables of ours: what they hold cannot be had by asking
    await db.exec(
      'CREATE TABLE dm_tran_active_transactions (transaction_id bigint, name nvarchar(32), transaction_begin_time datetime, transaction_type int, transaction_uow uniqueidentifier)',
      'CREATE TABLE dm_tran_database_transactions (transaction_id bigint, database_id int, database_transaction_begin_time datetime)',
      'CREATE TABLE dm_tran_session_transactions (transaction_id bigint, session_id int)',
      'CREATE TABLE dm_exec_requests (transaction_id bigint, session_id smallint)',
      'CREATE TABLE dm_exec_sessions (session_id smallint, original_login_name nvarchar(128), program_name nvarchar(128), context_info varbinary(128))',
      `INSERT INTO dm_tran_active_transactions VALUES
        (1, N'worktable', '20260101', 2, NULL), (2, N'SplitPage', '20260101', 3, NULL),
        (3, N'user_transaction', '20261025 01:30:00', 1, NULL), (4, N'UPDATE', '20260701 12:00:00', 1, NULL),
        (5, N'user_transaction', '20260601', 1, NULL), (6, N'user_transaction', '20260602', 1, NULL),
        (7, N'DTCXact', '20260702', 4, 'D0F6C1B2-0000-0000-0000-000000000001'), (8, N'LobStorageProviderSession', '20260101', 1, NULL),
        (9, N'INSERT', '20260704', 1, NULL), (10, N'user_transaction', '20260603', 1, NULL)`,
      `INSERT INTO dm_tran_database_transactions VALUES
        (5, 2, '20260601'), (6, 5, NULL), (9, 5, '20260703'), (10, DB_ID(), '20260603')`,
      'INSERT INTO dm_tran_session_transactions VALUES (3, 51), (5, 52), (6, 53), (10, 53)',
      'INSERT INTO dm_exec_requests VALUES (4, 54), (0, 55)',
      `INSERT INTO dm_exec_sessions VALUES (51, N'app', N'shop', NULL), (52, N'us', N'tidemark source', 0x7469646572656164B2C64F08A91E7D35),
        (53, N'report', N'', NULL), (54, N'app', N'shop', 0x00)`,
    )
    const sight = async (zone: string | null) => {
      const statement = openTransactions(zone)
      const text = tsql(statement).replaceAll('sys.dm_', 'dbo.dm_')
      return transactionsOf(await db.session.rows(text, valuesOf(statement)), ['report']).open
    }
    const seen = await sight('GMT Standard Time')
    const at = (since: string | null): string => textOfNanoseconds(nanosecondsOf(since ?? ''), 7)
    expect(seen.map(({ since, who }) => `${at(since)} ${who}`)).toEqual([
      '2026-06-02 22:59:59.9966600 of session 53, login report',
      '2026-07-01 10:59:59.9966600 of session 54, login app (shop)',
      '2026-07-01 22:59:59.9966600 that no session has, of the distributed unit of work D0F6C1B2-0000-0000-0000-000000000001',
      '2026-07-02 22:59:59.9966600 "INSERT" that no session has',
      // 01:30 of that night was an hour earlier, too
      '2026-10-25 00:29:59.9966600 of session 51, login app (shop)',
    ])
    expect(seen.filter((t) => t.wroteHere)).toHaveLength(1)
    const [[offset] = []] = await db.rows('SELECT DATEPART(tzoffset, SYSDATETIMEOFFSET())')
    const less = nanosecondsOf('2026-10-25 00:29:59.9966600') - BigInt(offset ?? 0) * MINUTE
    expect((await sight(null)).map(({ since }) => at(since))).toContain(textOfNanoseconds(less, 7))
  })
})
