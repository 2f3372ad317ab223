/** One style of CONVERT per type, out and back: what the server gives without one is rounded, cut, or in words. */
import { expect, test } from 'vitest'
import { ident, sql, textOf } from '../sql-text.ts'
import { fromText, valueText } from './types.ts'

const x = ident('x')
const LATIN = '/* 1252 Latin1_General_CI_AS */'
const written = (text: string): string => text.replaceAll('"x"', 'x')

test.each([
  ['bit', 'CONVERT(nvarchar(1), x)', 'CONVERT(bit, x)'],
  ['tinyint', 'CONVERT(nvarchar(20), x)', 'CONVERT(tinyint, x)'],
  ['smallint', 'CONVERT(nvarchar(20), x)', 'CONVERT(smallint, x)'],
  ['int', 'CONVERT(nvarchar(20), x)', 'CONVERT(int, x)'],
  ['bigint', 'CONVERT(nvarchar(20), x)', 'CONVERT(bigint, x)'],
  ['decimal(38,10)', 'CONVERT(nvarchar(41), x)', 'CONVERT(decimal(38,10), x)'],
  ['decimal(38,38)', 'CONVERT(nvarchar(41), x)', 'CONVERT(decimal(38,38), x)'],
  ['numeric(9,2)', 'CONVERT(nvarchar(41), x)', 'CONVERT(decimal(9,2), x)'],
  ['money', 'CONVERT(nvarchar(22), CONVERT(decimal(19,4), x))', 'CONVERT(money, CONVERT(decimal(19,4), x))'],
  ['smallmoney', 'CONVERT(nvarchar(22), CONVERT(decimal(19,4), x))', 'CONVERT(smallmoney, CONVERT(decimal(19,4), x))'],
  [
    'real',
    'LTRIM(RTRIM(CONVERT(nvarchar(30), x, 3)))',
    "CASE WHEN x LIKE N'-%' AND CONVERT(real, x) = 0 THEN CONVERT(real, -1E0) * CONVERT(real, 0E0) ELSE CONVERT(real, x) END",
  ],
  [
    'float',
    'LTRIM(RTRIM(CONVERT(nvarchar(30), x, 3)))',
    "CASE WHEN x LIKE N'-%' AND CONVERT(float, x) = 0 THEN CONVERT(float, -1E0) * CONVERT(float, 0E0) ELSE CONVERT(float, x) END",
  ],
  ['date', 'CONVERT(nvarchar(10), x, 23)', 'CONVERT(date, x, 23)'],
  ['time(0)', 'CONVERT(nvarchar(16), x, 121)', 'CONVERT(time(0), x, 121)'],
  ['time(7)', 'CONVERT(nvarchar(16), x, 121)', 'CONVERT(time(7), x, 121)'],
  ['datetime2(0)', 'CONVERT(nvarchar(27), x, 121)', 'CONVERT(datetime2(0), x, 121)'],
  ['datetime2(7)', 'CONVERT(nvarchar(27), x, 121)', 'CONVERT(datetime2(7), x, 121)'],
  ['datetime', 'CONVERT(nvarchar(23), x, 121)', 'CONVERT(datetime, x, 121)'],
  ['smalldatetime', 'CONVERT(nvarchar(19), x, 120)', 'CONVERT(smalldatetime, x, 120)'],
  [
    'datetimeoffset(7)',
    "(CASE WHEN STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), x), 121), 11, 1, N'T') LIKE N'%.%' THEN REPLACE(REPLACE(REPLACE(RTRIM(REPLACE(STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), x), 121), 11, 1, N'T'), N'0', N' ')), N' ', N'0') + N'#', N'.#', N''), N'#', N'') ELSE STUFF(CONVERT(nvarchar(27), CONVERT(datetime2(7), x), 121), 11, 1, N'T') END + REPLACE(RIGHT(CONVERT(nvarchar(34), x, 121), 6), N'+00:00', N'Z'))",
    "CONVERT(datetimeoffset(7), REPLACE(x, N'Z', N'+00:00'))",
  ],
  [
    'datetimeoffset(0)',
    "(STUFF(CONVERT(nvarchar(19), CONVERT(datetime2(0), x), 121), 11, 1, N'T') + REPLACE(RIGHT(CONVERT(nvarchar(34), x, 121), 6), N'+00:00', N'Z'))",
    "CONVERT(datetimeoffset(0), REPLACE(x, N'Z', N'+00:00'))",
  ],
  [`char(5) ${LATIN}`, 'CONVERT(nvarchar(5), RTRIM(x))', 'CONVERT(char(5), x COLLATE Latin1_General_CI_AS)'],
  [`varchar(50) ${LATIN}`, 'CONVERT(nvarchar(50), x)', 'CONVERT(varchar(50), x COLLATE Latin1_General_CI_AS)'],
  [`varchar(8000) ${LATIN}`, 'CONVERT(nvarchar(max), x)', 'CONVERT(varchar(8000), x COLLATE Latin1_General_CI_AS)'],
  [`varchar(max) ${LATIN}`, 'CONVERT(nvarchar(max), x)', 'CONVERT(varchar(max), x COLLATE Latin1_General_CI_AS)'],
  [`text ${LATIN}`, 'CONVERT(nvarchar(max), x)', 'CONVERT(varchar(max), x COLLATE Latin1_General_CI_AS)'],
  ['nchar(5)', 'CONVERT(nvarchar(5), RTRIM(x))', 'CONVERT(nchar(5), x)'],
  ['nvarchar(50)', 'x', 'CONVERT(nvarchar(50), x)'],
  ['nvarchar(max)', 'x', 'CONVERT(nvarchar(max), x)'],
  ['ntext', 'CONVERT(nvarchar(max), x)', 'CONVERT(nvarchar(max), x)'],
  ['binary(16)', 'CONVERT(nvarchar(34), x, 1)', 'CONVERT(binary(16), x, 1)'],
  ['varbinary(8000)', 'CONVERT(nvarchar(max), x, 1)', 'CONVERT(varbinary(8000), x, 1)'],
  ['varbinary(max)', 'CONVERT(nvarchar(max), x, 1)', 'CONVERT(varbinary(max), x, 1)'],
  ['image', 'CONVERT(nvarchar(max), CONVERT(varbinary(max), x), 1)', 'CONVERT(varbinary(max), x, 1)'],
  ['rowversion', 'CONVERT(nvarchar(18), CONVERT(binary(8), x), 1)', 'CONVERT(binary(8), x, 1)'],
  ['uniqueidentifier', 'LOWER(CONVERT(nvarchar(36), x))', 'CONVERT(uniqueidentifier, x)'],
  ['hierarchyid', 'CAST(x AS nvarchar(4000))', 'CONVERT(hierarchyid, x)'],
  ['xml', 'CONVERT(nvarchar(max), x)', 'CONVERT(xml, x, 1)'],
  ['json', 'CONVERT(nvarchar(max), x)', 'CONVERT(json, x)'],
  [
    'geography',
    'CONVERT(nvarchar(max), CONVERT(varbinary(max), x), 1)',
    'CONVERT(geography, CONVERT(varbinary(max), x, 1))',
  ],
  [
    'geometry',
    'CONVERT(nvarchar(max), CONVERT(varbinary(max), x), 1)',
    'CONVERT(geometry, CONVERT(varbinary(max), x, 1))',
  ],
])('a value of the SQL Server type %s leaves as %s and is made again by %s', (type, out, back) => {
  expect(written(textOf(valueText(type, x)))).toBe(out)
  expect(written(textOf(fromText(type, x)))).toBe(back)
})

test('what SQL Server cannot move has neither text nor value', () => {
  for (const type of ['sql_variant', 'vector(3)', '[Point] /* of an assembly */']) {
    expect(() => valueText(type, sql`x`)).toThrow(TypeError)
    expect(() => fromText(type, sql`x`)).toThrow(TypeError)
  }
})
