import { expect, test } from 'vitest'
import { logicalTypeOf as ofPostgres } from '../dialects/postgres/types.ts'
import { logicalTypeOf as ofSqlServer } from '../dialects/sqlserver/types.ts'
import { areAlike } from './relation.ts'

test('a parent is like its locator: of one type, or of one of texts in another length', () => {
  const [pg, ss] = [{ logicalTypeOf: ofPostgres }, { logicalTypeOf: ofSqlServer }]
  expect(areAlike(pg, 'ltree', 'ltree')).toBe(true)
  expect(areAlike(pg, 'character varying(20)', 'character varying')).toBe(true)
  expect(areAlike(pg, 'bigint', 'integer')).toBe(false)
  expect(areAlike(pg, 'bigint', 'text')).toBe(false)
  expect(areAlike(ss, 'hierarchyid', 'hierarchyid')).toBe(true)
  const latin = (type: string, collation = 'Latin1_General_CI_AS') => `${type} /* 1252 ${collation} */`
  expect(areAlike(ss, latin('varchar(800)'), latin('varchar(8000)'))).toBe(true)
  expect(areAlike(ss, latin('varchar(800)'), latin('varchar(800)', 'Latin1_General_CS_AS'))).toBe(false)
  expect(areAlike(ss, latin('varchar(800)'), 'nvarchar(800)')).toBe(false)
  expect(areAlike(ss, 'nvarchar(400)', 'nvarchar(4000)')).toBe(true)
  expect(areAlike(ss, 'hierarchyid', 'nvarchar(4000)')).toBe(false)
})
