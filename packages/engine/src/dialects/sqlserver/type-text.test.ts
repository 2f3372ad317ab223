import { expect, test } from 'vitest'
import { castName, columnType, findType, formatType, NAMES, splitCollation } from './type-text.ts'

test.each([
  ['bit', 'bit'],
  ['INT', 'int'],
  ['integer', 'int'],
  ['numeric(10, 2)', 'decimal(10,2)'],
  ['dec', 'decimal(18,0)'],
  ['decimal(38,38)', 'decimal(38,38)'],
  ['float', 'float'],
  ['float(24)', 'real'],
  ['float(25)', 'float'],
  ['double precision', 'float'],
  ['datetime2', 'datetime2(7)'],
  ['datetime2(0)', 'datetime2(0)'],
  ['datetimeoffset(3)', 'datetimeoffset(3)'],
  ['time', 'time(7)'],
  ['nvarchar(max)', 'nvarchar(max)'],
  ['NVARCHAR(MAX)', 'nvarchar(max)'],
  ['nvarchar', 'nvarchar(1)'],
  ['national character varying(20)', 'nvarchar(20)'],
  ['varbinary( 8000 )', 'varbinary(8000)'],
  ['timestamp', 'rowversion'],
  ['sysname', 'nvarchar(128)'],
  ['hierarchyid', 'hierarchyid'],
  ['varchar(50) /* 1252 Latin1_General_CI_AS */', 'varchar(50) /* 1252 Latin1_General_CI_AS */'],
  ['text /* 65001 Latin1_General_100_CI_AS_SC_UTF8 */', 'text /* 65001 Latin1_General_100_CI_AS_SC_UTF8 */'],
])('the SQL Server type %s is %s', (text, one) => {
  const type = findType(text)
  expect(type && formatType(type)).toBe(one)
})

test.each([
  '',
  'int(4)',
  'decimal(39,0)',
  'decimal(5,6)',
  'decimal(5,2,1)',
  'decimal(max)',
  'float(54)',
  'float(0)',
  'nvarchar(4001)',
  'nvarchar(0)',
  'varchar(8001)',
  'char(max)',
  'datetime2(8)',
  'money(4)',
  'sysname(5)',
  'constructor',
  'vector(3)',
  '[dbo].[Point] /* assembly */',
  'int /* 1252 Latin1_General_CI_AS */',
  'varchar(50) collate Latin1_General_CI_AS',
  'varchar(50) /* 1252 x */ y',
])('SQL Server has no type %j that this version reads', (text) => {
  expect(findType(text)).toBeNull()
})

test('every type of SQL Server has one text, which is read as itself', () => {
  for (const name of NAMES) {
    const type = findType(name)
    expect(type?.name).toBe(name)
    const text = type === null ? '' : formatType(type)
    expect([name, findType(text)]).toEqual([name, type])
  }
})

test('a cast takes no collation, and the definition of a column needs it', () => {
  const type = findType('varchar(max) /* 1251 Cyrillic_General_CI_AS */')
  expect(type && castName(type)).toBe('varchar(max)')
  expect(type && columnType(type)).toBe('varchar(max) COLLATE Cyrillic_General_CI_AS')
  expect(splitCollation('varchar(20) COLLATE Greek_CI_AS')).toEqual({ type: 'varchar(20)', collation: 'Greek_CI_AS' })
  expect(splitCollation('varchar(20)')).toBeNull()
})
