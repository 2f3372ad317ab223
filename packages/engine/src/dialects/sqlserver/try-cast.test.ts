import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FILETABLE_PATH } from '../../../test/support/sqlserver-samples.ts'
import { ident } from '../sql-text.ts'
import { findLoss } from './narrowing.ts'
import { tsql } from './style.ts'
import { exactCast, tryCast } from './try-cast.sql.ts'

const x = ident('x')
const LATIN = 'varchar(50) /* 1252 Latin1_General_CI_AS */'
const exact = (from: string, to: string): string => tsql(exactCast(from, to, x)).replaceAll('[x]', 'x')
const near = (from: string, to: string): string => tsql(tryCast(from, to, x)).replaceAll('[x]', 'x')

test.each([
  ['int', 'int', 'x'],
  ['int', 'bigint', 'CONVERT(bigint, x)'],
  ['bit', 'int', 'CONVERT(int, x)'],
  ['money', 'decimal(19,4)', 'CONVERT(decimal(19,4), x)'],
  // what the server would round to two digits, to six, or write in words
  ['money', 'nvarchar(30)', 'CONVERT(nvarchar(30), CONVERT(nvarchar(22), CONVERT(decimal(19,4), x)))'],
  ['float', 'nvarchar(max)', 'CONVERT(nvarchar(max), LTRIM(RTRIM(CONVERT(nvarchar(30), x, 3))))'],
  ['datetime', 'nvarchar(23)', 'CONVERT(nvarchar(23), CONVERT(nvarchar(23), x, 121))'],
  // what the server would make thirds of a millisecond of
  ['datetime', 'datetime2(7)', 'CONVERT(datetime2(7), CONVERT(datetime2(3), x))'],
  ['datetime2(3)', 'datetime2(7)', 'CONVERT(datetime2(7), x)'],
  ['nchar(5)', 'nvarchar(5)', 'CONVERT(nvarchar(5), RTRIM(x))'],
  [LATIN, 'nvarchar(50)', 'CONVERT(nvarchar(50), x)'],
  [LATIN, 'varchar(60) /* 1252 SQL_Latin1_General_CP1_CI_AS */', 'CONVERT(varchar(60), x)'],
  ['int', LATIN, 'CONVERT(varchar(50), CONVERT(nvarchar(20), x) COLLATE Latin1_General_CI_AS)'],
  ['rowversion', 'binary(8)', 'CONVERT(binary(8), x)'],
  ['image', 'varbinary(max)', 'CONVERT(varbinary(max), x)'],
  ['xml', 'nvarchar(max)', 'CONVERT(nvarchar(max), CONVERT(nvarchar(max), x))'],
])('a %s becomes a %s of SQL Server by %s', (from, to, text) => {
  expect(findLoss(from, to)).toBeNull()
  expect([exact(from, to), near(from, to)]).toEqual([text, text])
})

test.each([
  ['bigint', 'int', 'CASE WHEN CONVERT(bigint, TRY_CONVERT(int, x)) = x THEN TRY_CONVERT(int, x) END'],
  [
    'decimal(9,3)',
    'decimal(9,2)',
    'CASE WHEN TRY_CONVERT(decimal(9,3), TRY_CONVERT(decimal(9,2), x)) = x THEN TRY_CONVERT(decimal(9,2), x) END',
  ],
  [
    'datetime2(7)',
    'datetime',
    'CASE WHEN CONVERT(datetime2(7), CONVERT(datetime2(3), TRY_CONVERT(datetime, x))) = x THEN TRY_CONVERT(datetime, x) END',
  ],
  [
    'varbinary(20)',
    'varbinary(8)',
    'CASE WHEN DATALENGTH(x) <= 8 THEN CONVERT(varbinary(8), CONVERT(varbinary(max), x)) END',
  ],
  ['varbinary(20)', 'binary(8)', 'CASE WHEN DATALENGTH(x) = 8 THEN CONVERT(binary(8), CONVERT(varbinary(max), x)) END'],
])('of a %s what fits exactly becomes a %s of SQL Server', (from, to, text) => {
  expect(exact(from, to)).toBe(text)
})

test('a text that is too long, or of another code page, is not cut or replaced', () => {
  expect(near('nvarchar(60)', 'nvarchar(50)')).toBe('CASE WHEN DATALENGTH(x) <= 100 THEN CONVERT(nvarchar(50), x) END')
  expect(near('nvarchar(60)', LATIN)).toBe(
    'CASE WHEN DATALENGTH(CONVERT(varchar(max), x COLLATE Latin1_General_CI_AS)) <= 50 THEN CONVERT(varchar(50), x COLLATE Latin1_General_CI_AS) END',
  )
  // what came out is read as it is stored, and compared by its bytes
  expect(exact('nvarchar(60)', LATIN)).toContain('CONVERT(varbinary(max), CONVERT(nvarchar(50), CASE WHEN DATALENGTH(')
})

test('a text becomes a number of SQL Server only where it is written as one', () => {
  const digits =
    "LEN(LTRIM(RTRIM(x))) < 200 AND LTRIM(RTRIM(x)) COLLATE Latin1_General_BIN2 NOT LIKE N'%[^-0-9.+]%' AND LTRIM(RTRIM(x)) COLLATE Latin1_General_BIN2 LIKE N'%[0-9]%' AND LTRIM(RTRIM(x)) COLLATE Latin1_General_BIN2 NOT LIKE N'_%[-+]%' AND LTRIM(RTRIM(x)) NOT LIKE N'%.%.%'"
  expect(near('nvarchar(20)', 'int')).toBe(
    `CASE WHEN ${digits} THEN TRY_CONVERT(int, TRY_CONVERT(decimal(38,0), LTRIM(RTRIM(x)))) END`,
  )
  expect(exact('nvarchar(20)', 'decimal(9,2)')).toBe(
    `CASE WHEN ${digits} AND SUBSTRING(LTRIM(RTRIM(x)) COLLATE Latin1_General_BIN2, CHARINDEX(N'.', LTRIM(RTRIM(x)) + N'.') + 3, 200) NOT LIKE N'%[^0]%' THEN TRY_CONVERT(decimal(9,2), LTRIM(RTRIM(x))) END`,
  )
  expect(exact('nvarchar(20)', 'money')).toContain('TRY_CONVERT(money, TRY_CONVERT(decimal(38,4), LTRIM(RTRIM(x))))')
  expect(exact(LATIN, 'bit')).toContain("WHEN LOWER(LTRIM(RTRIM(CONVERT(nvarchar(50), x)))) IN (N'0', N'false'")
})

test('a text becomes a time of SQL Server by way of one with all its digits', () => {
  expect(exact('nvarchar(40)', 'datetime2(3)')).toContain(
    "SUBSTRING(LTRIM(RTRIM(x)) COLLATE Latin1_General_BIN2, 24, 200) NOT LIKE N'%[^0]%' THEN TRY_CONVERT(datetime2(3), REPLACE(LEFT(LTRIM(RTRIM(x)), 27), N'T', N' '), 121)",
  )
  for (const type of ['date', 'datetime', 'smalldatetime'])
    expect(exact('nvarchar(40)', type)).toMatch(
      new RegExp(`TRY_CONVERT\\(${type}, CASE WHEN .*TRY_CONVERT\\(datetime2\\(7\\)`),
    )
})

/** Does a text have a form that `condition`, patterns joined by AND, asks for? */
function hasForm(condition: string, text: string): boolean {
  const asked = [...condition.matchAll(/(NOT )?LIKE N'([^']*)'/g)].map(([, not, pattern = '']) => {
    const like = pattern.replace(/[./]/g, '\\$&').replaceAll('%', '.*')
    return new RegExp(`^${like}$`, 's').test(text) === (not === undefined)
  })
  return asked.length > 0 && !asked.includes(false)
}

test('a text becomes a hierarchyid only where it is a path, with numbers as large as one has', () => {
  const form = near('nvarchar(4000)', 'hierarchyid')
  const isPath = (text: string) => hasForm(form, text)
  // the second as a FileTable makes them: two numbers of 48 bits and one of 32, level by level
  const paths = [
    '/',
    FILETABLE_PATH,
    '/1/2.5/-3/',
    '/281479271682120/',
    '/-281479271682120.0/',
    '/279999999999999.281399999999999/',
  ]
  expect(paths.filter((text) => !isPath(text))).toEqual([])
  const others = ['', '1/2', '/1//', '/1 /', '/1./', '/.1/', '/1--1/', '/-/', '/a/', '/١/']
  const tooLarge = [
    '/281479271682121/',
    '/-281479271682121/',
    '/281480000000000/',
    '/3.999999999999999/',
    '/1000000000000000/',
  ]
  expect([...others, ...tooLarge].filter(isPath)).toEqual([])
})

test('the numbers of a path are told by their size, whatever their digits', () => {
  const form = near('nvarchar(4000)', 'hierarchyid')
  const largest = 281_479_271_682_120n
  const around = fc.bigInt({ min: -1_000_000_000n, max: 1_000_000_000n }).map((x) => largest + x)
  fc.assert(
    fc.property(fc.oneof(around, fc.bigInt({ min: 0n, max: 2_000_000_000_000_000n })), fc.boolean(), (n, negative) => {
      expect(hasForm(form, `/1/${negative ? '-' : ''}${n}.7/`)).toBe(n <= largest)
    }),
  )
})

test('what would say something else is nothing', () => {
  for (const [from, to] of [
    ['datetimeoffset(7)', 'datetime2(7)'],
    ['float', 'decimal(9,2)'],
    ['varbinary(8)', 'nvarchar(20)'],
    ['sql_variant', 'int'],
    ['int', 'rowversion'],
  ] as const)
    expect([exact(from, to), near(from, to)]).toEqual([`CAST(NULL AS ${to})`, `CAST(NULL AS ${to})`])
})
