import { expect, test } from 'vitest'
import { typeOfFacets, withEncoding } from './type-names.sql.ts'

const LATIN = ['Latin1_General_CI_AS', '1252'] as const

test.each([
  [['int', '0', '4', '10', '0', null, null], 'int'],
  [['nvarchar', '0', '100', '0', '0', ...LATIN], 'nvarchar(50)'],
  [['nvarchar', '0', '-1', '0', '0', ...LATIN], 'nvarchar(max)'],
  [['nchar', '0', '10', '0', '0', ...LATIN], 'nchar(5)'],
  [['varchar', '0', '50', '0', '0', ...LATIN], 'varchar(50) /* 1252 Latin1_General_CI_AS */'],
  [['varchar', '0', '-1', '0', '0', ...LATIN], 'varchar(max) /* 1252 Latin1_General_CI_AS */'],
  [['text', '0', '16', '0', '0', ...LATIN], 'text /* 1252 Latin1_General_CI_AS */'],
  [['varbinary', '0', '-1', '0', '0', null, null], 'varbinary(max)'],
  [['binary', '0', '8', '0', '0', null, null], 'binary(8)'],
  [['numeric', '0', '9', '10', '2', null, null], 'decimal(10,2)'],
  [['decimal', '0', '17', '38', '0', null, null], 'decimal(38,0)'],
  [['datetime2', '0', '8', '27', '7', null, null], 'datetime2(7)'],
  [['time', '0', '3', '8', '0', null, null], 'time(0)'],
  [['datetimeoffset', '0', '10', '34', '3', null, null], 'datetimeoffset(3)'],
  [['timestamp', '0', '8', '0', '0', null, null], 'rowversion'],
  [['float', '0', '8', '53', '0', null, null], 'float'],
  [['hierarchyid', '0', '892', '0', '0', null, null], 'hierarchyid'],
  [['xml', '0', '-1', '0', '0', null, null], 'xml'],
  [['vector', '0', '20', '0', '0', null, null], 'vector'],
  [['money', '1', '20', '0', '0', null, null], '[money] /* of an assembly */'],
])('the catalog of SQL Server says %j of %s', (facets, type) => {
  expect(typeOfFacets(facets)).toBe(type)
})

test('a result of SQL Server names its types as the catalog does', () => {
  expect(withEncoding('numeric(5,0)', null, null)).toBe('decimal(5,0)')
  expect(withEncoding('char(3)', 'Greek_CI_AS', '1253')).toBe('char(3) /* 1253 Greek_CI_AS */')
  expect(withEncoding('nvarchar(4000)', 'Greek_CI_AS', '1253')).toBe('nvarchar(4000)')
})
