/** What sessions do with a server, and what has to come of it: on a live one, and on a recording of one. */
import { readInParts } from '../../../src/drivers/sqlserver-large-values.ts'
import {
  type Cells,
  type LoadColumn,
  type LoadRow,
  serverErrors,
  type SqlServerSession,
  StatementCancelled,
} from '../../../src/drivers/sqlserver.ts'

export interface Scenario {
  /** of its recording, too */
  readonly name: string
  readonly play: (session: SqlServerSession) => Promise<unknown>
  readonly expected: unknown
}

/** Numbers and severities of the errors of a statement. */
const refusedBy = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work
  } catch (error) {
    return serverErrors(error).map(({ number, severity }) => [number, severity])
  }
}

const STAGE: readonly LoadColumn[] = [
  { name: 'k', kind: 'text', length: 40 },
  { name: 'v', kind: 'text', length: null },
  { name: 'b', kind: 'bytes', length: null },
]
const ROWS: readonly LoadRow[] = [
  ['1', '', Buffer.alloc(0)],
  ['2', null, null],
  ['3', 'é'.repeat(5_000), Buffer.alloc(9_000, 3)],
  [null, '\u{1f409}', Buffer.from('00ff', 'hex')],
]

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'texts-of-values',
    play: (session) =>
      session.rows(
        `SELECT CAST(CAST('9007199254740993' AS bigint) AS nvarchar(20)), CAST(9007199254740993 AS bigint), CAST(1 AS bit),
  CAST(CAST('12345678901234567890.123456789012345678' AS decimal(38,18)) AS nvarchar(50)),
  CAST(NULL AS nvarchar(10)), N'', N'\u{1f409} é', CAST(REPLICATE(CAST(N'x' AS nvarchar(max)), 10000) AS nvarchar(max))`,
      ),
    expected: [
      [
        '9007199254740993',
        '9007199254740993',
        '1',
        '12345678901234567890.123456789012345678',
        null,
        '',
        '\u{1f409} é',
        'x'.repeat(10_000),
      ],
    ],
  },
  {
    name: 'parameters',
    play: (session) =>
      session.rows(
        "SELECT CAST(CAST(@p1 AS bigint) + 1 AS nvarchar(20)), @p2, CASE WHEN @p3 IS NULL THEN N'none' END, @p4, CAST(DATALENGTH(@p5) AS int), CAST(DATALENGTH(@p6) AS int)",
        ['9007199254740993', "it's é", null, true, Buffer.from('abc'), Buffer.alloc(9_000)],
      ),
    expected: [['9007199254740994', "it's é", 'none', '1', '3', '9000']],
  },
  {
    name: 'transactions',
    play: async (session) => {
      await session.script('CREATE TABLE #t (k int NOT NULL PRIMARY KEY, v nvarchar(20) NULL)')
      await session.begin()
      const inserted = await session.run("INSERT INTO #t VALUES (CAST(@p1 AS int), @p2), (2, N'b')", ['1', 'a'])
      await session.commit()
      await session.begin()
      const changed = await session.run('UPDATE #t SET v = @p1', ['c'])
      await session.rollback()
      return [inserted, changed, await session.rows('SELECT k, v FROM #t ORDER BY k'), session.inTransaction]
    },
    expected: [
      2n,
      2n,
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
      false,
    ],
  },
  {
    name: 'errors',
    play: async (session) => {
      await session.script(
        'CREATE TABLE #t (k int NOT NULL PRIMARY KEY, v nvarchar(5) NULL, n tinyint NULL CHECK (n < 100)); INSERT INTO #t (k) VALUES (1)',
      )
      const numbers: unknown[] = []
      for (const text of [
        'INSERT INTO #t (k) VALUES (1)',
        'INSERT INTO #t (k, n) VALUES (2, 120)',
        'INSERT INTO #t (k) VALUES (NULL)',
        'INSERT INTO #t (k, n) VALUES (2, CAST(CAST(@p1 AS int) AS tinyint))',
        'SELECT 1 / CAST(@p1 AS int)',
        'COMMIT TRANSACTION',
        "THROW 50001, N'own words', 1",
      ])
        numbers.push(
          await refusedBy(session.run(text, text.includes('@p1') ? [text.startsWith('S') ? '0' : '300'] : [])),
        )
      return [numbers, await session.rows('SELECT count(*) FROM #t')]
    },
    expected: [
      [[[2627, 14]], [[547, 16]], [[515, 16]], [[220, 16]], [[8134, 16]], [[3902, 16]], [[50001, 16]]],
      [['1']],
    ],
  },
  {
    name: 'an-error-ends-the-transaction',
    play: async (session) => {
      await session.script('CREATE TABLE #t (k int NOT NULL PRIMARY KEY)')
      await session.begin()
      await session.run('INSERT INTO #t VALUES (1)')
      const refused = await refusedBy(session.run('INSERT INTO #t VALUES (1)'))
      const open = await session.rows('SELECT @@TRANCOUNT')
      const uncommitted = await refusedBy(session.commit())
      await session.rollback()
      return [refused, open, uncommitted, await session.rows('SELECT count(*) FROM #t')]
    },
    expected: [[[2627, 14]], [['0']], [[3902, 16]], [['0']]],
  },
  {
    name: 'a-load',
    play: async (session) => {
      await session.script('CREATE TABLE #stage (k nvarchar(40) NULL, v nvarchar(max) NULL, b varbinary(max) NULL)')
      const loaded = await session.load('#stage', STAGE, ROWS)
      const found = await session.rows(
        'SELECT k, CAST(DATALENGTH(v) AS int), CAST(DATALENGTH(b) AS int) FROM #stage ORDER BY CASE WHEN k IS NULL THEN 1 ELSE 0 END, k',
      )
      return [loaded, found]
    },
    expected: [
      4n,
      [
        ['1', '0', '0'],
        ['2', null, null],
        ['3', '10000', '9000'],
        [null, '4', '2'],
      ],
    ],
  },
  {
    name: 'a-value-in-parts',
    play: async (session) => {
      await session.script('CREATE TABLE #b (k int NOT NULL, body varbinary(max) NULL)')
      async function* pieces(): AsyncGenerator<Buffer> {
        for (let i = 1; i <= 5; i++) yield Buffer.alloc(3_000, i)
      }
      const written = await session.run('INSERT INTO #b VALUES (CAST(@p1 AS int), @p2)', ['1', pieces()])
      const read: string[] = []
      const text = 'SELECT SUBSTRING(body, CAST(@p2 AS bigint), CAST(@p3 AS bigint)) FROM #b WHERE k = CAST(@p1 AS int)'
      for await (const part of (await readInParts(session, text, ['1'], 4_000)) ?? []) {
        read.push(`${part.length}: ${part[0]} to ${part.at(-1)}`)
      }
      return [written, read]
    },
    expected: [1n, ['4000: 1 to 2', '4000: 2 to 3', '4000: 3 to 4', '3000: 5 to 5']],
  },
  {
    name: 'rows-one-by-one',
    play: async (session) => {
      const seen: unknown[] = []
      const rows = await session.each(
        'SELECT CAST(v.n AS nvarchar(10)), CAST(CAST(v.n AS binary(2)) AS varbinary(2)) FROM (VALUES (1), (2), (3)) AS v (n) ORDER BY v.n',
        [],
        async (row: Cells) => {
          await Promise.resolve()
          seen.push(row.map(({ value }) => (Buffer.isBuffer(value) ? value.toString('hex') : value)))
        },
      )
      return [rows, seen]
    },
    expected: [
      3n,
      [
        ['1', '0001'],
        ['2', '0002'],
        ['3', '0003'],
      ],
    ],
  },
  {
    name: 'a-column-that-would-be-rounded',
    play: async (session) => {
      const names: unknown[] = []
      for (const type of ['decimal(38,20)', 'money', 'float', 'datetime2(7)'])
        names.push(await session.rows(`SELECT CAST(NULL AS ${type}) AS amount`).catch((error: Error) => error.name))
      return [names, await session.rows('SELECT 1')]
    },
    expected: [Array(4).fill('TypeError'), [['1']]],
  },
  {
    name: 'a-cancelled-statement',
    play: async (session) => {
      const asked = session.rows('SELECT count(*) AS n FROM sys.all_columns').catch((error: unknown) => error)
      // it is sent when this has been awaited
      await new Promise((resolve) => setImmediate(resolve))
      session.cancel()
      return [(await asked) instanceof StatementCancelled, await session.rows('SELECT 2')]
    },
    expected: [true, [['2']]],
  },
]
