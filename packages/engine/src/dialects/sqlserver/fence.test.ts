import { expect, test } from 'vitest'
import { createSchema } from './fence.sql.ts'
import { tsql } from './style.ts'

test('a schema is made under its name, whatever brackets and quotes are in it', () => {
  expect(tsql(createSchema("a]'b"))).toBe("IF SCHEMA_ID(N'a]''b') IS NULL EXEC (N'CREATE SCHEMA [a]]''b]')")
})
