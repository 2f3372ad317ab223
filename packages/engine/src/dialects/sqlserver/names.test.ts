import { expect, test } from 'vitest'
import {
  databaseOf,
  databasesBeside,
  pathOf,
  schemaAndTable,
  sideTableName,
  sourceNames,
  targetNames,
} from './names.ts'
import { tsql } from './style.ts'

const AT = { database: 'Referrals', schema: 'dbo' }

test.each([
  [['T'], ['Referrals', 'dbo', 'T']],
  [
    ['sales', 'T'],
    ['Referrals', 'sales', 'T'],
  ],
  [
    ['Other', 'sales', 'T'],
    ['Other', 'sales', 'T'],
  ],
  [
    ['Other', '', 'T'],
    ['Other', 'dbo', 'T'],
  ],
  [
    ['far', 'Other', 'sales', 'T'],
    ['far', 'Other', 'sales', 'T'],
  ],
  [
    ['far', 'Other', '', 'T'],
    ['far', 'Other', 'dbo', 'T'],
  ],
])('the table %j of SQL Server is at %j', (table, path) => {
  expect(pathOf(table, AT)).toEqual(path)
})

test.each([
  [[]],
  [['']],
  [['', 'T']],
  [['', '', 'T']],
  [['', 'a', 'b', 'T']],
  [['a', '', '', 'T']],
  [['a', 'b', 'c', 'd', 'T']],
])('the name %j is none of a table of SQL Server', (table) => {
  expect(() => pathOf(table, AT)).toThrow(/database\.schema\.table/)
})

test('names of SQL Server are in brackets, whole, and our own are in the schema tidemark', () => {
  const source = sourceNames(AT)
  expect(tsql(source.table(['odd ]name']))).toBe('[Referrals].[dbo].[odd ]]name]')
  expect(tsql(source.table(['far', 'Db', 'dbo', 'T']))).toBe('[far].[Db].[dbo].[T]')
  expect(() => source.rowNumber(['T'], 'm')).toThrow(TypeError)
  const target = targetNames(AT)
  expect(tsql(target.own('fence'))).toBe('[Referrals].[tidemark].[fence]')
  expect(tsql(target.table(['Other', 'sales', 'T']))).toBe('[Other].[sales].[T]')
  expect(tsql(target.side(['T']))).toBe('[Referrals].[tidemark].[tidemark_position__dbo__T]')
  expect(() => target.table(['far', 'Db', 'dbo', 'T'])).toThrow(/linked/)
})

test('a table of SQL Server is in the database that its name says, or in that of the connection', () => {
  expect([['T'], ['sales', 'T'], ['Other', '', 'T']].map((table) => databaseOf(table, 'Home'))).toEqual([
    'Home',
    'Home',
    'Other',
  ])
  expect(schemaAndTable(['Other', '', 'T'], AT)).toEqual(['dbo', 'T'])
  expect(() => databaseOf(['far', 'Db', 'dbo', 'T'], 'Home')).toThrow(/linked/)
})

test('the databases beside that of the connection are those that tables name, each once, and none of a linked server', () => {
  const of = (...tables: readonly (readonly string[])[]) => databasesBeside(tables, 'Home')
  expect(of(['T'], ['sales', 'T'], ['HOME', 'dbo', 'T'], ['far', 'Db', 'dbo', 'T'])).toEqual([])
  expect(of(['Blobs', 'dbo', 'T'], ['Meta', '', 'T'], ['meta', 'dbo', 'U'])).toEqual(['Blobs', 'meta'])
})

test('a side table of SQL Server has a name that fits, and one of its own', () => {
  expect(sideTableName(['Referrals', 'dbo', 'T'], AT)).toBe('tidemark_position__dbo__T')
  expect(sideTableName(['REFERRALS', 'dbo', 'T'], AT)).toBe('tidemark_position__dbo__T')
  expect(sideTableName(['Other', 'dbo', 'T'], AT)).toBe('tidemark_position__Other__dbo__T')
  const long = 'x'.repeat(120)
  const names = [`${long}a`, `${long}b`].map((name) => sideTableName([name], AT))
  expect(new Set(names).size).toBe(2)
  expect(names.every((name) => name.length === 128)).toBe(true)
  expect(sideTableName([`${long}A`], AT).slice(-16)).toBe(sideTableName([`${long}a`], AT).slice(-16))
  // a pair of halves is one character
  const cut = sideTableName([`${'x'.repeat(86)}😀${'y'.repeat(40)}`], AT)
  expect(cut.isWellFormed()).toBe(true)
  expect(cut.length).toBeLessThanOrEqual(128)
})
