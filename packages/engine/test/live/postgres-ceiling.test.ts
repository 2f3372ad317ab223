/** G1 at the level of the source: no window ends above what a transaction that is still open may commit. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { openSession, connectionOf } from '../../src/dialects/postgres/session.ts'
import { PostgresSession } from '../../src/drivers/postgres.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { INSTANT, positionOf, SERIAL, Windows, XID } from '../support/postgres-source.ts'
import { LONG_VERSIONS } from '../support/long.ts'

const STAMPED = 'CREATE TABLE src (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())'

describe.each(LONG_VERSIONS)('the ceiling of PostgreSQL %s', (version) => {
  const begun = async (session: PostgresSession): Promise<string> => {
    await session.begin()
    return (await session.rows('SELECT now()::text'))[0]?.[0] ?? ''
  }

  test('a transaction that is open and has written nothing yet holds back from its start on', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    const start = await begun(late)
    await db.exec('INSERT INTO src DEFAULT VALUES')
    const window = await w.next(INSTANT)
    expect(window).toMatchObject({ decidedBy: 'ceiling', moment: { ceiling: { at: start }, relies: null } })
    expect(window.holder).toMatch(new RegExp(`^of process ${late.pid}, user postgres \\(tidemark test\\), \\d+ s old$`))
    expect(await w.source.port.compare(INSTANT.type, window.upTo ?? '', start)).toBe(-1)
    expect(await w.next(INSTANT, window.upTo)).toMatchObject({ heldBack: true, upTo: window.upTo })
    await late.run('INSERT INTO src DEFAULT VALUES')
    await late.commit()
    expect(await db.rows(`SELECT count(*) FROM src WHERE at <= '${window.upTo}'`)).toEqual([['0']])
    expect(await w.next(INSTANT)).toMatchObject({ decidedBy: 'clock', holder: null })
  })

  test('a transaction that wrote before the window and commits after it is not passed', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    await late.begin()
    await late.run('INSERT INTO src DEFAULT VALUES')
    const { upTo } = await w.next(INSTANT)
    await late.commit()
    expect(await db.rows(`SELECT count(*) FROM src WHERE at <= '${upTo}'`)).toEqual([['0']])
  })

  test('a transaction that begins between the clock and the ceiling is above the clock anyway', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    w.between = async () => {
      w.between = null
      await late.begin()
      await late.run('INSERT INTO src DEFAULT VALUES')
    }
    const { upTo, decidedBy } = await w.next(INSTANT)
    expect(decidedBy).toBe('clock')
    await late.commit()
    expect(await db.rows(`SELECT count(*) FROM src WHERE at <= '${upTo}'`)).toEqual([['0']])
  })

  test('a transaction that commits between the clock and the ceiling holds nothing back, and its rows are there', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    await late.begin()
    await late.run('INSERT INTO src DEFAULT VALUES')
    w.between = async () => {
      w.between = null
      await late.commit()
    }
    const { upTo, decidedBy } = await w.next(INSTANT)
    expect(decidedBy).toBe('clock')
    expect(await db.rows(`SELECT count(*) FROM src WHERE at <= '${upTo}'`)).toEqual([['1']])
  })

  test('a prepared transaction holds back at the ceiling of the look before it, whatever commits since', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    const start = await begun(late)
    await late.run('INSERT INTO src DEFAULT VALUES')
    await w.next(INSTANT)
    await late.run("PREPARE TRANSACTION 'a'")
    await sleep(20)
    for (const _ of [1, 2]) {
      const window = await w.next(INSTANT)
      expect(await w.source.port.compare(INSTANT.type, window.upTo ?? '', start)).toBe(-1)
      expect(window).toMatchObject({
        decidedBy: 'ceiling',
        holder: expect.stringMatching(/^prepared as "a" by postgres, /),
      })
    }
    await db.exec("COMMIT PREPARED 'a'")
    const { upTo } = await w.next(INSTANT)
    expect(await db.rows(`SELECT count(*) FROM src WHERE at <= '${upTo}'`)).toEqual([['1']])
  })

  test('a prepared transaction that no look came before lets nothing through', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    await late.begin()
    await late.run('INSERT INTO src DEFAULT VALUES')
    await late.run("PREPARE TRANSACTION 'b'")
    for (const _ of [1, 2])
      expect(await w.next(INSTANT)).toMatchObject({
        upTo: null,
        heldBack: true,
        ceiling: { at: null, heldBy: expect.stringContaining('prepared as "b"') },
      })
    await db.exec("ROLLBACK PREPARED 'b'")
    expect((await w.next(INSTANT)).upTo).not.toBeNull()
  })

  test('while some transaction is always prepared, windows go on, some looks behind', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using worker = await db.connect()
    await w.next(INSTANT)
    const prepare = async (name: string): Promise<string> => {
      await worker.begin()
      await worker.run('INSERT INTO src DEFAULT VALUES')
      const [[start] = []] = await worker.rows('SELECT now()::text')
      await worker.run(`PREPARE TRANSACTION '${name}'`)
      return start ?? ''
    }
    await prepare('p0')
    const reached: string[] = []
    for (const i of [1, 2, 3, 4]) {
      const start = await prepare(`p${i}`)
      const { upTo } = await w.next(INSTANT)
      expect(await w.source.port.compare(INSTANT.type, upTo ?? '', start)).toBe(-1)
      reached.push(upTo ?? '')
      await db.exec(`COMMIT PREPARED 'p${i - 1}'`)
    }
    // each lasted for two looks, so each is passed two looks later
    for (const [i, later] of reached.slice(2).entries())
      expect(await w.source.port.compare(INSTANT.type, later, reached[i] ?? '')).toBe(1)
    await db.exec("COMMIT PREPARED 'p4'")
  })

  test('sessions of ours that only read hold nothing back, one of ours that writes does', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using reader = await openSession(connectionOf({ url: db.url }), 'source')
    await reader.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await reader.rows('SELECT count(*) FROM public.src')
    expect(await w.next(INSTANT)).toMatchObject({ decidedBy: 'clock', holder: null })
    await using target = await openSession(connectionOf({ url: db.url }), 'target')
    await target.begin()
    expect(await w.next(INSTANT)).toMatchObject({
      decidedBy: 'ceiling',
      holder: expect.stringContaining(String(target.pid)),
    })
  })

  test("nobody is taken for a reader of ours by its application's name", async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await PostgresSession.connect({ ...db.options, applicationName: 'tidemark source' })
    await late.begin()
    expect(await w.next(INSTANT)).toMatchObject({ decidedBy: 'ceiling' })
  })

  test('roles that are listed as read-only hold nothing back until they write', async () => {
    await using db = await TestDatabase.create(version)
    const role = `r_${db.options.database}`
    await db.exec(STAMPED, `CREATE ROLE ${role} LOGIN`, `GRANT ALL ON src, src_id_seq TO ${role}`)
    try {
      await using w = await Windows.open(db, { read_only_roles: [role] })
      await using late = await PostgresSession.connect({ ...db.options, user: role }, { search_path: 'public' })
      await late.begin()
      expect(await w.next(INSTANT)).toMatchObject({ decidedBy: 'clock', holder: null })
      await late.run('INSERT INTO src DEFAULT VALUES')
      expect(await w.next(INSTANT)).toMatchObject({ decidedBy: 'ceiling' })
    } finally {
      await db.exec(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
    }
  })

  test('sessions that hide when they began are said, with the right that shows them', async () => {
    await using db = await TestDatabase.create(version)
    const role = `r_${db.options.database}`
    await db.exec(STAMPED, `CREATE ROLE ${role} LOGIN`, `GRANT SELECT ON src TO ${role}`)
    try {
      await using late = await db.connect()
      await late.begin()
      {
        await using w = await Windows.open(db, { url: db.url.replace('postgres@', `${role}@`) })
        const { moment, decidedBy } = await w.next(INSTANT)
        expect(decidedBy).toBe('clock')
        expect(moment.relies).toMatch(
          new RegExp(`buffer alone: \\d+ sessions do not show .*GRANT pg_read_all_stats TO ${role}`),
        )
      }
      await db.exec(`GRANT pg_read_all_stats TO ${role}`)
      await using w = await Windows.open(db, { url: db.url.replace('postgres@', `${role}@`) })
      expect(await w.next(INSTANT)).toMatchObject({ decidedBy: 'ceiling', moment: { relies: null } })
    } finally {
      await db.exec(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
    }
  })

  test('a bigserial: a smaller number of a transaction that has no transaction id yet is waited for', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    await late.begin()
    await late.rows("SELECT nextval('src_id_seq')")
    await db.exec('INSERT INTO src DEFAULT VALUES')
    expect(await w.next(SERIAL)).toMatchObject({
      upTo: null,
      heldBack: true,
      holder: expect.stringContaining(String(late.pid)),
    })
    await late.run('INSERT INTO src (id) VALUES (1)')
    expect(await w.next(SERIAL)).toMatchObject({ upTo: null })
    await late.commit()
    expect(await w.next(SERIAL)).toMatchObject({ upTo: '2', holder: null })
  })

  test('a bigserial: under constant load the greatest number of an earlier look is safe once all that was open then has ended', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED, 'INSERT INTO src DEFAULT VALUES')
    await using w = await Windows.open(db)
    await using a = await db.connect()
    await using b = await db.connect()
    await a.begin()
    await a.run('INSERT INTO src DEFAULT VALUES')
    await db.exec('INSERT INTO src DEFAULT VALUES')
    expect(await w.next(SERIAL)).toMatchObject({ upTo: null })
    await b.begin()
    await b.run('INSERT INTO src DEFAULT VALUES')
    await a.commit()
    await db.exec('INSERT INTO src DEFAULT VALUES')
    // 4 is open: 3 was the greatest before it began
    expect(await w.next(SERIAL)).toMatchObject({ upTo: '3' })
    expect(await w.next(SERIAL, '3')).toMatchObject({
      upTo: '3',
      heldBack: true,
      holder: expect.stringContaining(String(b.pid)),
    })
    await b.commit()
    expect(await w.next(SERIAL, '3')).toMatchObject({ upTo: '5', heldBack: false })
    expect(await w.next(SERIAL, '5')).toMatchObject({ upTo: '5', heldBack: true, holder: null })
  })

  test('a bigserial: the look that waits is kept while newer transactions begin, until those before it have ended', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using a = await db.connect()
    await using b = await db.connect()
    const write = async (s: PostgresSession): Promise<void> => {
      await s.begin()
      await s.run('INSERT INTO src DEFAULT VALUES')
    }
    await write(a)
    expect(await w.next(SERIAL)).toMatchObject({ upTo: null })
    await db.exec('INSERT INTO src DEFAULT VALUES')
    // each look sees the one before still open, and one more
    expect(await w.next(SERIAL)).toMatchObject({ upTo: null })
    await write(b)
    expect(await w.next(SERIAL)).toMatchObject({ upTo: null })
    await a.commit()
    await write(a)
    expect((await w.next(SERIAL)).upTo).not.toBeNull()
    await a.commit()
    await b.commit()
  })

  test('a bigserial: a transaction that begins while looking loses no number', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED, 'INSERT INTO src DEFAULT VALUES')
    await using w = await Windows.open(db)
    await using late = await db.connect()
    w.between = async () => {
      w.between = null
      await late.begin()
      await late.run('INSERT INTO src DEFAULT VALUES')
      await db.exec('INSERT INTO src DEFAULT VALUES')
    }
    expect(await w.next(SERIAL)).toMatchObject({ upTo: '1' })
    await late.commit()
    expect(await w.next(SERIAL, '1')).toMatchObject({ upTo: '3' })
  })

  test('a bigserial: a prepared transaction may hold a number', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(STAMPED)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    await late.begin()
    await late.run('INSERT INTO src DEFAULT VALUES')
    await late.run("PREPARE TRANSACTION 'n'")
    await db.exec('INSERT INTO src DEFAULT VALUES')
    for (const _ of [1, 2])
      expect(await w.next(SERIAL)).toMatchObject({ upTo: null, holder: expect.stringContaining('prepared as "n"') })
    await db.exec("COMMIT PREPARED 'n'")
    expect(await w.next(SERIAL)).toMatchObject({ upTo: '2' })
  })

  test('a sequence that hands out several numbers at once is said', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec('CREATE TABLE src (id bigint GENERATED BY DEFAULT AS IDENTITY (CACHE 20))')
    await using w = await Windows.open(db)
    expect((await w.next(SERIAL)).moment.relies).toContain('20 numbers of the sequence at once')
  })

  test('transaction ids: everything below the oldest one that is open is safe', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec('CREATE TABLE src (x xid8 DEFAULT pg_current_xact_id())')
    await using w = await Windows.open(db)
    await using late = await db.connect()
    await late.begin()
    await late.run('INSERT INTO src DEFAULT VALUES')
    const [[open] = []] = await late.rows('SELECT pg_current_xact_id()::text')
    await db.exec('INSERT INTO src DEFAULT VALUES')
    const window = await w.next(XID)
    expect(window).toMatchObject({ decidedBy: 'xid', holder: expect.stringContaining(String(late.pid)) })
    expect(BigInt(window.upTo ?? '0')).toBeLessThan(BigInt(open ?? '0'))
    await late.commit()
    const next = await w.next(XID, window.upTo)
    expect(await db.rows(`SELECT count(*) FROM src WHERE x > '${next.after}' AND x <= '${next.upTo}'`)).toEqual([['2']])
  })

  test('the buffer is taken off the clock, and a coarse column is floored to its own precision', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec('CREATE TABLE src (at timestamptz)')
    await using w = await Windows.open(db)
    const hour = await w.next(INSTANT, null, 3_600_000n)
    expect(hour.decidedBy).toBe('buffer')
    expect(await db.rows(`SELECT now() - '${hour.upTo}'::timestamptz BETWEEN '1 hour' AND '1 hour 1 minute'`)).toEqual([
      ['t'],
    ])
    const again = await w.next(INSTANT, '2020-01-01 10:00:00+00', 3_600_000n)
    expect(again.after).toBe('2020-01-01 08:59:59.999999+00')
    const coarse = await w.next(positionOf('timestamp(0) with time zone'))
    expect(coarse.upTo).toMatch(/:\d\d\+00$/)
    expect(await db.rows(`SELECT now() - '${coarse.upTo}'::timestamptz >= '1 second'`)).toEqual([['t']])
    const day = await w.next(positionOf('date'), '2020-01-02', 3_600_000n)
    expect([day.after, day.upTo]).toEqual([
      '2019-12-31',
      (await db.rows("SELECT ((now() - interval '1 hour')::date - 1)::text"))[0]?.[0],
    ])
    const local = await w.next(positionOf('timestamp without time zone', { clock: 'local', zone: 'Asia/Tokyo' }))
    expect(
      await db.rows(
        `SELECT '${local.upTo}'::timestamp - (now() AT TIME ZONE 'UTC') BETWEEN '8 hours 59 minutes' AND '9 hours'`,
      ),
    ).toEqual([['t']])
  })

  test('a clock below the watermark is said', async () => {
    await using db = await TestDatabase.create(version)
    await using w = await Windows.open(db)
    expect(await w.next(INSTANT, '9000-01-01 00:00:00+00')).toMatchObject({ clockBelowWatermark: true, heldBack: true })
  })
})
