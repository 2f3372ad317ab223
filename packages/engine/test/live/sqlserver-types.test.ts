/** That the tables of types are true, and each conversion keeps what it is given, is proved with a server, where there is one. */
import { describe, expect, test } from 'vitest'
import { findLoss } from '../../src/dialects/sqlserver/narrowing.ts'
import { tsql } from '../../src/dialects/sqlserver/style.ts'
import { exactCast, tryCast } from '../../src/dialects/sqlserver/try-cast.sql.ts'
import { equalContent, fromText, sameContent, valueText } from '../../src/dialects/sqlserver/types.ts'
import { catalogText, type Sql, sql } from '../../src/dialects/sql-text.ts'
import { errorNumber } from '../../src/drivers/sqlserver.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { FILETABLE_PATH, SAMPLES, type Sample, SQL_SERVER_ALONE } from '../support/sqlserver-samples.ts'

const LATIN = '1252 Latin1_General_CI_AS'
const CODED = /^(char|varchar|text)\b/

/** As the catalog names the type of a column that is made so. */
const named = (type: string): string => (CODED.test(type) ? `${type} /* ${LATIN} */` : type)
const made = (type: string): string => (CODED.test(type) ? `${type} COLLATE Latin1_General_CI_AS` : type)
const v = catalogText('v')
const isText = (type: string): boolean => /char|text/.test(type)

/** A server that speaks the protocol and is another has no types of libraries, and writes no hexadecimal digits. */
interface Server {
  readonly whole: boolean
  readonly hex: boolean
  /** a letter of nvarchar is two bytes */
  readonly twoBytes: boolean
}

const serverOf = async (db: SqlServerDatabase): Promise<Server> => {
  const [row] = await db.rows("SELECT TYPE_ID(N'hierarchyid'), CONVERT(varchar(4), 0x01, 1), DATALENGTH(N'ab')")
  return { whole: row?.[0] !== null, hex: row?.[1] === '0x01', twoBytes: row?.[2] === '4' }
}
const BYTES = /binary|image|rowversion/
const samplesOf = ({ whole, hex }: Server): readonly Sample[] =>
  [...SAMPLES, ...(whole ? SQL_SERVER_ALONE : [])].filter(({ type }) => hex || !BYTES.test(type))

const fill = async (db: SqlServerDatabase, samples: readonly Sample[]): Promise<void> => {
  for (const [i, { type, values }] of samples.entries())
    await db.exec(
      `CREATE TABLE t${i} (n int NOT NULL, v ${made(type)} NULL)`,
      `INSERT INTO t${i} SELECT 0, NULL ${values.map(([value], n) => `UNION ALL SELECT ${n + 1}, CONVERT(${type}, ${value})`).join(' ')}`,
    )
}

/** One cell a value, NULL first; `fails` and the error's number where there is none. `q.w`: what became of the value. */
const eachValue = async (
  db: SqlServerDatabase,
  i: number,
  { values }: Sample,
  x: Sql,
  became = v,
): Promise<readonly (string | null)[]> => {
  const ask = (which: string) =>
    db.rows(`SELECT ${tsql(x)} FROM (SELECT n, v, ${tsql(became)} AS w FROM t${i}${which}) AS q ORDER BY q.n`)
  const numberOf = (error: unknown): number => {
    const number = errorNumber(error)
    if (number === undefined) throw error
    return number
  }
  // one that fails takes the others with it
  const all = await ask('').catch((error: unknown) => void numberOf(error))
  if (all !== undefined) return all.map(([cell]) => cell ?? null)
  const out: (string | null)[] = []
  for (const n of [0, ...values.map((_, k) => k + 1)])
    out.push(
      await ask(` WHERE n = ${n}`).then(
        ([row]) => row?.[0] ?? null,
        (error: unknown) => `fails: ${numberOf(error)}`,
      ),
    )
  return out
}

/** Conversions that another server of the protocol lacks, or does in its own way. */
const isOwn = (from: string, to: string): boolean =>
  (/^(decimal|.*money)/.test(from) && /^(bit|tinyint)/.test(to)) ||
  ([from, to].includes('bit') && /float|real/.test(from + to)) ||
  (isText(from) && to.startsWith('datetimeoffset'))

const yes = (predicate: Sql): Sql => sql`CASE WHEN ${predicate} THEN 1 ELSE 0 END`
const withoutZeros = (text: string | null): string | null =>
  text?.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '') ?? null

describe.skipIf(TEST_SERVER === null)('the types of a live SQL Server', () => {
  test('every value leaves as its exact text, and is made again of it', async () => {
    await using db = await SqlServerDatabase.create()
    const server = await serverOf(db)
    const samples = samplesOf(server)
    await fill(db, samples)
    const wrong: unknown[] = []
    for (const [i, sample] of samples.entries()) {
      const type = named(sample.type)
      const texts = await eachValue(db, i, sample, valueText(type, v))
      const wanted = [null, ...sample.values.map(([, text]) => text)]
      const timed = /time/.test(type)
      for (const [n, text] of texts.entries())
        if (
          n === 0
            ? text !== null
            : wanted[n] !== null &&
              (timed ? withoutZeros(text) !== withoutZeros(wanted[n] ?? null) : text !== wanted[n])
        )
          wrong.push([type, wanted[n]?.slice(0, 60), text?.slice(0, 60)])
      const again = fromText(type, sql`CONVERT(nvarchar(max), ${valueText(type, v)})`)
      const back = sql`v IS NULL AND ${again} IS NULL OR ${equalContent(type, again, v)}`
      for (const [n, same] of (await eachValue(db, i, sample, yes(back))).entries())
        if (same !== '1') wrong.push([type, 'is not made again', sample.values[n - 1]?.[0].slice(0, 60), same])
    }
    expect(wrong).toEqual([])
  })

  test('a type of SQL Server that holds another takes every value of it, and gives it back as it was', async () => {
    await using db = await SqlServerDatabase.create()
    const server = await serverOf(db)
    const samples = samplesOf(server)
    await fill(db, samples)
    const wrong: unknown[] = []
    for (const [i, sample] of samples.entries())
      for (const { type: to } of samples) {
        const [from, into] = [named(sample.type), named(to)]
        if (from === into || findLoss(from, into) !== null) continue
        if (!server.whole && (isOwn(from, into) || isOwn(into, from))) continue
        const there = exactCast(from, into, v)
        // as the server stores it in a column of that type
        const back = isText(to) && !isText(from) ? exactCast(into, from, sql`q.w`) : tryCast(into, from, sql`q.w`)
        const same = sql`q.v IS NULL AND ${back} IS NULL OR ${equalContent(from, back, sql`q.v`)}`
        const answers = await eachValue(db, i, sample, yes(same), there)
        if (answers.some((x) => x !== '1')) wrong.push(`${from} → ${into}: ${answers.join(' ')}`)
      }
    expect(wrong).toEqual([])
  })

  test('an exact cast of SQL Server gives the value or nothing, and never fails', async () => {
    await using db = await SqlServerDatabase.create()
    const server = await serverOf(db)
    const samples = samplesOf(server)
    await fill(db, samples)
    const wrong: unknown[] = []
    for (const [i, sample] of samples.entries())
      for (const { type: to } of samples) {
        const [from, into] = [named(sample.type), named(to)]
        if (findLoss(from, into)?.of !== 'values') continue
        if (!server.whole && (isOwn(from, into) || isOwn(into, from))) continue
        if (!server.twoBytes && isText(into)) continue // how long a text is
        // a text may write a value in more than one way
        const same =
          isText(from) && !isText(to)
            ? sql`q.w IS NULL OR q.w IS NOT NULL`
            : sql`q.w IS NULL OR ${equalContent(from, tryCast(into, from, sql`q.w`), sql`q.v`)}`
        const answers = await eachValue(db, i, sample, yes(same), exactCast(from, into, v))
        if (answers.some((x) => x !== '1')) wrong.push(`${from} → ${into}: ${answers.join(' ')}`)
      }
    expect(wrong).toEqual([])
  }, 600_000)

  test('a text is a value only where it says one, and says no more than the type holds', async () => {
    await using db = await SqlServerDatabase.create()
    const { whole, hex, twoBytes } = await serverOf(db)
    const read = async (type: string, text: string, cast = exactCast): Promise<string | null> => {
      const value = valueText(type, sql`q.w`)
      const from = sql`(SELECT ${cast('nvarchar(max)', type, sql`p.x`)} AS w FROM (SELECT CONVERT(nvarchar(max), N'${catalogText(text)}') AS x) AS p) AS q`
      return (await db.rows(`SELECT ${tsql(sql`${value} FROM ${from}`)}`))[0]?.[0] ?? null
    }
    for (const [type, text, value] of [
      ['int', ' 007 ', '7'],
      ['int', '-12.000', '-12'],
      ['int', '2147483648', null],
      ['decimal(5,2)', '1.5', '1.50'],
      ['decimal(5,2)', '+1.500', '1.50'],
      ['decimal(5,2)', '1.555', null],
      ['decimal(5,2)', '1000', null],
      ['money', '-1.0001', '-1.0001'],
      ['money', '1.00001', null],
      ['bit', 'true', '1'],
      ['bit', 'no', '0'],
      ['bit', '2', null],
      ['date', '2026-02-28', '2026-02-28'],
      ['date', '2026-02-28T00:00:00', '2026-02-28'],
      ['date', '2026-02-28 00:00:01', null],
      ['date', '2026-02-29', null],
      ['date', '28.02.2026', null],
      ['date', '0044-03-15 BC', null],
      ['datetime', '2026-01-01 00:00:00.003', '2026-01-01 00:00:00.003'],
      ['datetime', '2026-01-01 00:00:00.004', null],
      ['datetime', '1700-01-01', null],
      ['uniqueidentifier', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
      ['uniqueidentifier', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11 and more', null],
      ['nvarchar(3)', 'abc', 'abc'],
      ...(twoBytes
        ? ([
            ['nvarchar(3)', 'abcd', null],
            ['nvarchar(3)', 'abc ', null],
          ] as const)
        : []),
      [`varchar(3) /* ${LATIN} */`, 'aé', 'aé'],
      ['nchar(3)', 'a', 'a'],
      ['nchar(3)', 'a ', null],
      ...(whole
        ? ([
            // one that keeps all characters alike has no code pages
            [`varchar(3) /* ${LATIN} */`, 'aЖ', null],
            ['datetimeoffset(3)', '2026-01-01 10:00:00.5+02', '2026-01-01T10:00:00.5+02:00'],
            ['datetimeoffset(3)', '2026-01-01T10:00:00Z', '2026-01-01T10:00:00Z'],
            ['datetimeoffset(3)', '2026-01-01 10:00:00 -0530', '2026-01-01T10:00:00-05:30'],
            ['datetimeoffset(3)', '2026-01-01', '2026-01-01T00:00:00Z'],
            ['datetimeoffset(3)', '2026-01-01 10:00:00.1234Z', null],
            ['hierarchyid', '/1/2.5/-3/', '/1/2.5/-3/'],
            ['hierarchyid', '/', '/'],
            ['hierarchyid', '1/2', null],
            ['hierarchyid', '/1//', null],
            ['hierarchyid', '/1 /', null],
            ['hierarchyid', FILETABLE_PATH, FILETABLE_PATH],
            ['hierarchyid', '/281479271682120.-281479271682120/', '/281479271682120.-281479271682120/'],
            ['hierarchyid', '/281479271683152/', null],
          ] as const)
        : []),
      ...(hex
        ? ([
            ['varbinary(2)', '0x00ff', '0x00FF'],
            ['varbinary(2)', '\\x00ff', '0x00FF'],
            ['varbinary(2)', '0x010203', null],
            ['varbinary(2)', '0xabc', null],
            ['varbinary(2)', 'abc', null],
          ] as const)
        : []),
    ] as const)
      expect([type, text, await read(type, text)]).toEqual([type, text, value])
    for (const type of ['int', 'decimal(9,2)', 'money', 'float', 'bit', 'date', 'datetime2(3)', 'uniqueidentifier'])
      for (const text of ['', ' ', '-', '+', '.', 'e', '1,000', '$1', '٣', '1e', 'x', '1 2', '--1', '0x1', '1-'])
        expect([type, text, await read(type, text, tryCast)]).toEqual([type, text, null])
    const stamp = async (type: string, text: string) => withoutZeros(await read(type, text))
    expect(await stamp('datetime2(3)', '2026-01-01T10:00')).toBe('2026-01-01 10:00:00')
    expect(await stamp('datetime2(3)', '2026-01-01 10:00:00.123000000')).toBe('2026-01-01 10:00:00.123')
    expect(await stamp('datetime2(3)', '2026-01-01 10:00:00.1234')).toBeNull()
    expect(await stamp('datetime2(3)', '2026-01-01 10:00:00+02')).toBeNull()
    expect(await stamp('datetime2(3)', '10000-01-01')).toBeNull()
    expect(await stamp('time(3)', '24:00:00')).toBeNull()
    expect(await stamp('time(3)', '10:00')).toBe('10:00:00')
    expect(await read('float', '1e3').then(Number)).toBe(1000)
    expect(await read('float', '1e400')).toBeNull()
    expect(await read('float', '1e-400')).toBeNull()
  })

  test('content of SQL Server is compared as bits by the server itself', async () => {
    await using db = await SqlServerDatabase.create()
    const { whole } = await serverOf(db)
    const same = async (type: string, a: string, b: string): Promise<string | null> => {
      const values = `(SELECT CONVERT(${type}, ${a}) AS a, CONVERT(${type}, ${b}) AS b) AS q`
      return (
        (await db.rows(`SELECT ${tsql(yes(sameContent(named(type), sql`q.a`, sql`q.b`)))} FROM ${values}`))[0]?.[0] ??
        null
      )
    }
    for (const [type, a, b] of [
      ['nvarchar(20)', "N'a'", "N'A'"],
      ['nvarchar(20)', "N'a'", "N'a '"],
      ['nvarchar(20)', "N'e\u0301'", "N'é'"],
      ['nvarchar(20)', 'NULL', "N''"],
      ['nvarchar(max)', "N''", "N' '"],
      ['varchar(20)', "'a'", "'a '"],
      ['varbinary(20)', '0x01', '0x0100'],
      ['varbinary(20)', '0x', '0x00'],
      ['varbinary(20)', 'NULL', '0x'],
      ['int', '1', '2'],
      ['int', 'NULL', '0'],
      ['datetimeoffset(6)', "'2026-01-01 12:00 +02:00'", "'2026-01-01 10:00 +00:00'"],
      ...(whole
        ? ([
            ['float', '0E0', '-1E0 * 0E0'],
            ['xml', "'<a/>'", "'<a></a>x'"],
          ] as const)
        : []),
    ] as const)
      expect([type, a, b, await same(type, a, b)]).toEqual([type, a, b, '0'])
    for (const [type, a] of [
      ['nvarchar(20)', 'NULL'],
      ['nvarchar(max)', "N'שלום 😀'"],
      ['nchar(5)', "N'ab'"],
      ['varbinary(max)', '0x00FF00'],
      ['float', '0.1'],
      ...(whole ? ([['datetimeoffset(6)', "'2026-01-01 12:00 +02:00'"]] as const) : []),
      ['datetime', "'2026-01-01 12:00:00.003'"],
      ['money', '1.0001'],
    ] as const)
      expect([type, a, await same(type, a, a)]).toEqual([type, a, '1'])
  })
})
