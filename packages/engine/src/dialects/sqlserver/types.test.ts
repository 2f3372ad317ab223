import { findLogicalType, formatLogicalType } from '@tidemark/contract/logical-type'
import { expect, test } from 'vitest'
import { ident, textOf } from '../sql-text.ts'
import { findLoss } from './narrowing.ts'
import { findType, formatType, NAMES } from './type-text.ts'
import {
  byteSize,
  canBeKey,
  castName,
  copyType,
  definedAs,
  equalContent,
  holderOf,
  isInstant,
  logicalTypeOf,
  narrowing,
  positionClass,
  sameContent,
} from './types.ts'

const LATIN = 'varchar(50) /* 1252 Latin1_General_CI_AS */'
const CYRILLIC = 'varchar(50) /* 1251 Cyrillic_General_CI_AS */'
const [a, b, x] = [ident('a'), ident('b'), ident('x')]
const written = (text: string): string => text.replaceAll(/"([abx])"/g, '$1')

test('a type of SQL Server goes into the holder of its logical type without a loss, or is held by SQL Server alone', () => {
  const own: string[] = []
  const given = ['decimal(38,10)', 'datetime2(3)', 'time(0)', 'char(5) /* 1252 Latin1_General_CI_AS */', LATIN]
  for (const name of [...NAMES, ...given]) {
    const type = findType(name)
    const text = type === null ? '' : formatType(type)
    const logical = logicalTypeOf(text)
    if (logical === null) {
      own.push(name)
      continue
    }
    expect(findLogicalType(formatLogicalType(logical))).toEqual(logical)
    const holder = holderOf(logical)
    expect([text, 'type' in holder && findLoss(text, holder.type)]).toEqual([text, null])
  }
  expect(own).toEqual(['sql_variant', 'geometry', 'geography'])
})

test.each([
  ['bool', 'bit'],
  ['int16', 'smallint'],
  ['int32', 'int'],
  ['int64', 'bigint'],
  ['decimal(38,10)', 'decimal(38,10)'],
  ['decimal(39,0)', /at most 38/],
  ['float32', 'real'],
  ['float64', 'float'],
  ['text', 'nvarchar(max)'],
  ['bytes', 'varbinary(max)'],
  ['uuid', 'uniqueidentifier'],
  ['date', 'date'],
  ['time(6)', 'time(6)'],
  ['time(9)', /at most 7/],
  ['timestamp(0)', 'datetime2(0)'],
  ['timestamp(7)', 'datetime2(7)'],
  ['timestamp(9)', /at most 7/],
  ['timestamptz(6)', 'datetimeoffset(6)'],
  ['json', 'nvarchar(max)'],
])('SQL Server holds %s in %s', (logical, expected) => {
  const type = findLogicalType(logical)
  const holder = type && holderOf(type)
  const said = holder === null ? '' : 'type' in holder ? holder.type : holder.refused
  if (typeof expected === 'string') expect(said).toBe(expected)
  else expect(said).toMatch(expected)
})

test('times, whole numbers and rowversions of SQL Server are positions, and nothing else is', () => {
  for (const type of ['date', 'smalldatetime', 'datetime', 'datetime2(0)', 'datetime2(7)', 'datetimeoffset(7)'])
    expect([type, positionClass(type)]).toEqual([type, 'time'])
  for (const type of ['tinyint', 'smallint', 'int', 'bigint', 'decimal(20,0)'])
    expect([type, positionClass(type)]).toEqual([type, 'number'])
  expect(positionClass('rowversion')).toBe('rowversion')
  for (const type of [
    'decimal(5,1)',
    'money',
    'float',
    'bit',
    'time(7)',
    'binary(8)',
    'nvarchar(9)',
    'uniqueidentifier',
    'x',
  ])
    expect([type, positionClass(type)]).toEqual([type, null])
  expect([isInstant('datetimeoffset(3)'), isInstant('datetime2(3)')]).toEqual([true, false])
})

test('keys of SQL Server can be in an index, and are equal where they are the same', () => {
  for (const type of [
    'int',
    'decimal(38,10)',
    'money',
    LATIN,
    'nvarchar(450)',
    'varbinary(16)',
    'uniqueidentifier',
    'hierarchyid',
    'datetime2(7)',
    'rowversion',
    'bit',
  ])
    expect([type, canBeKey(type)]).toEqual([type, true])
  for (const type of [
    'float',
    'real',
    'nvarchar(max)',
    'varbinary(max)',
    'ntext',
    'xml',
    'sql_variant',
    'datetimeoffset(7)',
    'geography',
    '[Point] /* of an assembly */',
  ])
    expect([type, canBeKey(type)]).toEqual([type, false])
})

test.each([
  ['tinyint', 'smallint', null],
  ['bit', 'int', null],
  ['int', 'bit', 'values'],
  ['bigint', 'decimal(19,0)', null],
  ['bigint', 'decimal(18,0)', 'values'],
  ['int', 'tinyint', 'values'],
  ['int', 'float', null],
  ['int', 'real', 'values'],
  ['bigint', 'float', 'values'],
  ['money', 'decimal(19,4)', null],
  ['money', 'decimal(18,4)', 'values'],
  ['decimal(19,4)', 'money', 'values'],
  ['decimal(18,4)', 'money', null],
  ['smallmoney', 'money', null],
  ['money', 'float', 'meaning'],
  ['decimal(5,2)', 'float', 'meaning'],
  ['float', 'decimal(5,2)', 'meaning'],
  ['float', 'bigint', 'values'],
  ['float', 'real', 'values'],
  ['real', 'float', null],
  ['datetime', 'datetime2(3)', null],
  ['datetime', 'datetime2(7)', null],
  ['datetime', 'datetime2(2)', 'values'],
  ['datetime2(3)', 'datetime', 'values'],
  ['smalldatetime', 'datetime', null],
  ['datetime', 'smalldatetime', 'values'],
  ['date', 'datetime2(0)', 'values'],
  ['datetime2(7)', 'date', 'values'],
  ['datetime2(6)', 'datetime2(7)', null],
  ['datetime2(7)', 'datetime2(6)', 'values'],
  ['datetimeoffset(3)', 'datetimeoffset(7)', null],
  ['datetimeoffset(7)', 'datetime2(7)', 'meaning'],
  ['datetime2(7)', 'datetimeoffset(7)', 'meaning'],
  ['time(3)', 'time(7)', null],
  ['time(7)', 'datetime2(7)', 'meaning'],
  ['nvarchar(50)', 'nvarchar(49)', 'values'],
  ['nvarchar(50)', 'nvarchar(max)', null],
  ['ntext', 'nvarchar(max)', null],
  ['nvarchar(max)', 'ntext', null],
  ['nvarchar(5)', 'nchar(5)', 'values'],
  ['nchar(5)', 'nvarchar(5)', null],
  [LATIN, 'nvarchar(50)', null],
  [LATIN, CYRILLIC, 'values'],
  [LATIN, 'varchar(50) /* 1252 SQL_Latin1_General_CP1_CI_AS */', null],
  [LATIN, 'varchar(50)', 'values'],
  ['nvarchar(10)', LATIN, 'values'],
  ['int', 'nvarchar(11)', null],
  ['int', 'nvarchar(10)', 'values'],
  ['int', LATIN, null],
  ['int', 'nchar(11)', 'values'],
  ['decimal(5,5)', 'nvarchar(8)', null],
  ['decimal(5,5)', 'nvarchar(7)', 'values'],
  ['float', 'nvarchar(24)', null],
  ['datetime2(7)', 'nvarchar(27)', null],
  ['datetimeoffset(7)', 'nvarchar(33)', null],
  ['uniqueidentifier', 'nvarchar(36)', null],
  ['nvarchar(36)', 'uniqueidentifier', 'values'],
  ['uniqueidentifier', 'binary(16)', 'meaning'],
  ['hierarchyid', 'nvarchar(4000)', null],
  ['hierarchyid', 'nvarchar(900)', 'values'],
  ['hierarchyid', 'varbinary(892)', 'meaning'],
  ['xml', 'nvarchar(max)', null],
  ['xml', 'varchar(max) /* 1252 Latin1_General_CI_AS */', 'values'],
  ['xml', 'xml', null],
  ['varbinary(10)', 'varbinary(max)', null],
  ['binary(8)', 'varbinary(8)', null],
  ['varbinary(8)', 'binary(8)', 'values'],
  ['binary(8)', 'binary(9)', 'values'],
  ['rowversion', 'binary(8)', null],
  ['rowversion', 'rowversion', 'meaning'],
  ['binary(8)', 'rowversion', 'meaning'],
  ['varbinary(10)', 'nvarchar(100)', 'meaning'],
  ['sql_variant', 'sql_variant', 'meaning'],
  ['geography', 'geography', null],
  ['geography', 'geometry', 'meaning'],
  ['nvarchar(10)', 'geography', 'meaning'],
  ['[Point] /* of an assembly */', '[Point] /* of an assembly */', 'meaning'],
])('from %s to %s SQL Server loses %s', (from, to, loss) => {
  expect(findLoss(from, to)?.of ?? null).toBe(loss)
})

test('what SQL Server refuses to move it says the reason of', () => {
  expect(narrowing('sql_variant', 'nvarchar(max)')).toContain('cast it in a view')
  expect(narrowing('int', 'rowversion')).toContain('by the server alone')
  expect(narrowing(LATIN, CYRILLIC)).toContain('code pages')
  expect(narrowing('datetimeoffset(7)', 'datetime2(7)')).toContain('instant')
})

test('a column made for a rowversion holds its bytes, and one for a type of old the one of today', () => {
  expect(['rowversion', 'image', 'ntext', 'text /* 1252 Latin1_General_CI_AS */', 'int'].map(copyType)).toEqual([
    'binary(8)',
    'varbinary(max)',
    'nvarchar(max)',
    'varchar(max) /* 1252 Latin1_General_CI_AS */',
    'int',
  ])
})

test('content of SQL Server is compared as bits, and NULL with NULL', () => {
  const same = (type: string): string => written(textOf(sameContent(type, a, b)))
  expect(same('int')).toBe('EXISTS (SELECT a INTERSECT SELECT b)')
  expect(same('float')).toBe(
    'EXISTS (SELECT CONVERT(binary(8), CONVERT(float, a)) INTERSECT SELECT CONVERT(binary(8), CONVERT(float, b)))',
  )
  expect(same('nvarchar(50)')).toBe(
    'EXISTS (SELECT CONVERT(varbinary(8000), a), DATALENGTH(CONVERT(varbinary(8000), a)) INTERSECT SELECT CONVERT(varbinary(8000), b), DATALENGTH(CONVERT(varbinary(8000), b)))',
  )
  expect(same('nchar(5)')).toContain('CONVERT(varbinary(8000), RTRIM(a))')
  expect(same(LATIN)).toContain('CONVERT(varbinary(8000), CONVERT(nvarchar(4000), a))')
  expect(same('nvarchar(max)')).toContain('CONVERT(varbinary(max), a)')
  expect(same('varbinary(max)')).toBe('EXISTS (SELECT a, DATALENGTH(a) INTERSECT SELECT b, DATALENGTH(b))')
  expect(same('xml')).toContain('CONVERT(varbinary(max), CONVERT(nvarchar(max), a))')
  expect(same('datetimeoffset(7)')).toBe(
    'EXISTS (SELECT a, DATEPART(tzoffset, a) INTERSECT SELECT b, DATEPART(tzoffset, b))',
  )
})

test('two values that are there are compared by each of their parts', () => {
  expect(written(textOf(equalContent('varbinary(9)', a, b)))).toBe('a = b AND DATALENGTH(a) = DATALENGTH(b)')
  expect(written(textOf(equalContent('int', a, b)))).toBe('a = b')
})

test('what has no fixed size in SQL Server is measured', () => {
  for (const type of ['nvarchar(5)', 'varbinary(max)', 'xml', 'hierarchyid', 'image'])
    expect(written(textOf(byteSize(type, x) ?? ident('none')))).toBe('ISNULL(CONVERT(bigint, DATALENGTH(x)), 0)')
  for (const type of ['int', 'datetime2(7)', 'uniqueidentifier', 'rowversion']) expect(byteSize(type, x)).toBeNull()
})

test('a type is written in a cast without its collation, and in a definition with it', () => {
  expect(textOf(castName(LATIN))).toBe('varchar(50)')
  expect(textOf(definedAs(LATIN))).toBe('varchar(50) COLLATE Latin1_General_CI_AS')
  expect(textOf(definedAs('nvarchar(50)'))).toBe('nvarchar(50)')
})
