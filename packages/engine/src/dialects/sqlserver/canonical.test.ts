import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { Secret } from '../../runtime/secret.ts'
import { ident, paramsOf } from '../sql-text.ts'
import { canonicalText, hmac, isAscii, jsonText, keyJson, listOf } from './canonical.sql.ts'
import { rowHash } from './row-hash.sql.ts'
import { tsql } from './style.ts'
import { NAMES } from './type-text.ts'
import { utf8By, utf8ByCollation, utf8ByHand } from './utf8.sql.ts'

const x = ident('x')
const written = (text: string): string => text.replaceAll('[x]', 'x')
const trimmed = (text: string): string =>
  `CASE WHEN ${text} LIKE N'%.%' THEN REPLACE(REPLACE(REPLACE(RTRIM(REPLACE(${text}, N'0', N' ')), N' ', N'0') + N'#', N'.#', N''), N'#', N'') ELSE ${text} END`

test.each([
  ['bit', "CASE x WHEN 1 THEN N'true' WHEN 0 THEN N'false' END"],
  ['bigint', 'CONVERT(nvarchar(20), x)'],
  ['decimal(9,0)', 'CONVERT(nvarchar(41), x)'],
  ['decimal(9,2)', trimmed('CONVERT(nvarchar(41), x)')],
  ['money', trimmed('CONVERT(nvarchar(22), CONVERT(decimal(19,4), x))')],
  ['date', 'CONVERT(nvarchar(10), x, 23)'],
  ['time(0)', 'CONVERT(nvarchar(16), x, 121)'],
  ['time(7)', trimmed('CONVERT(nvarchar(16), x, 121)')],
  ['datetime2(7)', trimmed("STUFF(CONVERT(nvarchar(27), x, 121), 11, 1, N'T')")],
  ['datetime2(0)', "STUFF(CONVERT(nvarchar(19), x, 121), 11, 1, N'T')"],
  ['datetime', trimmed("STUFF(CONVERT(nvarchar(23), x, 121), 11, 1, N'T')")],
  ['smalldatetime', "STUFF(CONVERT(nvarchar(19), x, 120), 11, 1, N'T')"],
  ['varbinary(8)', "LOWER(STUFF(CONVERT(nvarchar(18), x, 1), 1, 2, N''))"],
  ['rowversion', "LOWER(STUFF(CONVERT(nvarchar(18), CONVERT(binary(8), x), 1), 1, 2, N''))"],
  ['uniqueidentifier', 'LOWER(CONVERT(nvarchar(36), x))'],
  ['nvarchar(50)', 'x'],
  ['nchar(5)', 'CONVERT(nvarchar(5), RTRIM(x))'],
  ['hierarchyid', 'CAST(x AS nvarchar(4000))'],
  ['xml', 'CONVERT(nvarchar(max), x)'],
])('the canonical text of a %s of SQL Server is %s', (type, text) => {
  expect(written(tsql(canonicalText(type, x) ?? ident('none')))).toBe(text)
})

test('types of SQL Server without a canonical text are those that no other knows', () => {
  expect(NAMES.filter((type) => canonicalText(type, x) === null)).toEqual(['sql_variant', 'geometry', 'geography'])
  expect(canonicalText('vector(3)', x)).toBeNull()
  expect(() => rowHash([{ name: 'a', type: 'geography', value: x }])).toThrow(/TM4111/)
})

test('a row of SQL Server is hashed column by column in the order of their names, each with its length', () => {
  const hash = written(
    tsql(
      rowHash(
        [
          { name: 'b', type: 'nvarchar(5)', value: x },
          { name: 'a', type: 'int', value: x },
        ],
        utf8ByCollation,
      ),
    ),
  )
  const number = 'CONVERT(varbinary(max), CONVERT(varchar(max), CONVERT(nvarchar(20), x)))'
  const text = 'CONVERT(varbinary(max), CONVERT(varchar(max), x COLLATE Latin1_General_100_BIN2_UTF8))'
  const frame = (bytes: string): string =>
    `ISNULL(CONVERT(varbinary(max), CONVERT(varchar(20), DATALENGTH(${bytes})) + ':') + ${bytes}, 0x4E)`
  expect(hash).toBe(`LOWER(CONVERT(nvarchar(64), HASHBYTES('SHA2_256', ${frame(number)} + ${frame(text)}), 2))`)
})

test('bytes of UTF-8 come from a collation where the server has one, else character by character', () => {
  expect([13, 14, 15, null].map(utf8By)).toEqual([utf8ByHand, utf8ByHand, utf8ByCollation, utf8ByCollation])
  expect(['int', 'varbinary(8)', 'datetimeoffset(7)', 'hierarchyid'].map(isAscii)).toEqual([true, true, true, true])
  expect(['nvarchar(5)', 'xml', 'json', 'char(1)', 'text'].map(isAscii)).toEqual([false, false, false, false, false])
})

test('the pads of an HMAC are secrets, and a long key is hashed first', () => {
  for (const key of ['k', 'x'.repeat(100)]) {
    const params = paramsOf(hmac(new Secret(key), x))
    expect(params.map(String)).toEqual(['[secret]', '[secret]'])
    const [outer, inner] = params.map((p) => Buffer.from(p instanceof Secret ? p.reveal() : '', 'hex'))
    const hash = (...parts: readonly (Buffer | undefined)[]): Buffer => {
      const all = createHash('sha256')
      for (const part of parts) all.update(part ?? '')
      return all.digest()
    }
    const own = hash(outer, hash(inner, Buffer.from('text'))).toString('hex')
    expect(own).toBe(createHmac('sha256', key).update('text').digest('hex'))
  }
})

test('a key of SQL Server is a JSON array as other databases write it', () => {
  expect(written(tsql(jsonText(x)))).toBe(`(N'"' + REPLACE(STRING_ESCAPE(x, 'json'), N'\\/', N'/') + N'"')`)
  const item = (text: string): string =>
    `ISNULL((N'"' + REPLACE(STRING_ESCAPE(${text}, 'json'), N'\\/', N'/') + N'"'), N'null')`
  const parts = [
    { type: 'uniqueidentifier', x },
    { type: 'varbinary(4)', x },
    { type: '', x },
    { type: 'nvarchar(5)', x },
  ]
  // texts of two collations are one text only where both are given the same one
  const units = 'COLLATE Latin1_General_BIN2'
  expect(written(tsql(keyJson(parts)))).toBe(
    `(N'[' + ${item('LOWER(CONVERT(nvarchar(36), x))')} + N',' + ${item('CONVERT(nvarchar(10), x, 1)')} + N',' + ${item(`CONVERT(nvarchar(4000), x) ${units}`)} + N',' + ${item(`x ${units}`)} + N']')`,
  )
})

test('a list is one parameter, and a text that no column can hold is not cut to one that it can', () => {
  const numbers = listOf(['1', '2'], 'int')
  expect(tsql(numbers)).toBe('(SELECT CONVERT(int, l.[value]) FROM OPENJSON(@p1) AS l)')
  expect(paramsOf(numbers)).toEqual(['["1","2"]'])
  expect(tsql(listOf(['a'], 'nvarchar(5)'))).toContain('DATALENGTH(l.[value]) <= 10')
  expect(tsql(listOf(['a'], 'nvarchar(max)'))).toBe(
    '(SELECT q.v FROM OPENJSON(@p1) AS l CROSS APPLY (SELECT l.[value] AS v) AS q WHERE q.v IS NOT NULL)',
  )
})

test('a list of texts has the collation of the column that it is compared with', () => {
  expect(tsql(listOf(['a'], 'nvarchar(max)', 'Greek_CI_AS'))).toBe(
    '(SELECT q.v FROM OPENJSON(@p1) AS l CROSS APPLY (SELECT l.[value] COLLATE Greek_CI_AS AS v) AS q WHERE q.v IS NOT NULL)',
  )
  expect(tsql(listOf(['a'], 'nchar(5)', 'Greek_CI_AS'))).toContain('CONVERT(nchar(5), l.[value] COLLATE Greek_CI_AS)')
  const coded = 'varchar(5) /* 1252 Latin1_General_CI_AS */'
  expect(tsql(listOf(['a'], coded, 'Latin1_General_CI_AS'))).toBe(tsql(listOf(['a'], coded)))
  expect(tsql(listOf(['1'], 'int', ''))).toBe(tsql(listOf(['1'], 'int')))
})
