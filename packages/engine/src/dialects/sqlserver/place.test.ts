import { expect, test } from 'vitest'
import { param, sql, valuesOf } from '../sql-text.ts'
import { asked, HERE } from './place.ts'
import { tsql } from './style.ts'

const statement = sql`SELECT N'it''s', ${param('a')}, ${param(null)}`

test('in its own database a session is asked as it stands', () => {
  expect(asked(HERE, statement)).toBe(statement)
})

test('another database is asked by a statement of its own, parameters and quotes included', () => {
  const there = asked({ server: null, database: 'odd ] name' }, statement)
  expect(tsql(there)).toBe(
    "EXEC [odd ]] name].sys.sp_executesql N'SELECT N''it''''s'', @p1, @p2', N'@p1 nvarchar(4000), @p2 nvarchar(4000)', @p1, @p2",
  )
  expect(valuesOf(there)).toEqual(['a', null])
  expect(tsql(asked({ server: null, database: 'db' }, sql`SELECT 1`))).toBe("EXEC [db].sys.sp_executesql N'SELECT 1'")
})

test('a database of a linked server is asked through it', () => {
  expect(tsql(asked({ server: 'far', database: 'db' }, sql`SELECT 1`))).toBe(
    "EXEC [far].[db].sys.sp_executesql N'SELECT 1'",
  )
})
