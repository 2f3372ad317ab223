import { expect, test } from 'vitest'
import { duckdbKit } from '../duckdb/sql-kit.ts'
import { postgresKit } from '../postgres/sql-kit.ts'
import { ident, textOf, valuesOf } from '../sql-text.ts'
import { sqlserverKit } from '../sqlserver/sql-kit.ts'
import { keysIn } from './keys-in.sql.ts'

const kits = [
  ['duckdb', duckdbKit, 'BIGINT', 'INTEGER', 'VARCHAR', 'UUID', 'DOUBLE'],
  ['postgres', postgresKit(180_000), 'bigint', 'integer', 'text', 'uuid', 'double precision'],
  ['sqlserver', sqlserverKit(13), 'bigint', 'int', 'nvarchar(20)', 'uniqueidentifier', 'float'],
] as const

test.each(kits)(
  'keys are found by the values of their first column, where %s surely reads them',
  (_, kit, ...types) => {
    const [long, int, text, uuid, float] = types
    const byFirst = (type: string, ...keys: readonly (readonly string[])[]) => {
      const found = keysIn(
        kit,
        [{ type, x: ident('m', 'k') }],
        keys.map((key) => JSON.stringify(key)),
      )
      const values = valuesOf(found)
      return textOf(found).startsWith('"m"."k" IN ') ? values[0] : values.length
    }
    expect(byFirst(long, ['7'], ['-8'])).toBe('["7","-8"]')
    expect(byFirst(long, ['7', 'b'], ['7', 'c'])).toBe('["7"]')
    expect(byFirst(text, ['a"b'])).toBe(String.raw`["a\"b"]`)
    expect(byFirst(uuid, ['7f8d53ec-b98c-f011-b86b-005056a2dd37'])).toBe('["7f8d53ec-b98c-f011-b86b-005056a2dd37"]')
    // the column was one of texts when these were remembered, or of longer numbers
    for (const [type, key] of [
      [long, 'abc'],
      [long, '1.5'],
      [long, '9999999999999999999'],
      [int, '3000000000'],
      [uuid, 'none'],
      [float, '1'],
    ] as const)
      expect([type, key, byFirst(type, [key])]).toEqual([type, key, 1])
  },
)
