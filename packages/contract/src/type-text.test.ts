import { expect, test } from 'vitest'
import { typeText } from './type-text.ts'

test.each([
  'decimal(18, 4)',
  'varchar(max)',
  'timestamp(3) with time zone',
  'integer[]',
  'varchar(50) collate Latin1_General_CI_AS',
  'varchar(50) /* 1252 Latin1_General_CI_AS */',
])('%s may be the name of a type', (text) => {
  expect(typeText.safeParse(text).success).toBe(true)
})

test.each([
  '',
  'int; drop table t',
  "varchar(5) default 'x'",
  'int -- x',
  'int /* a */ b',
  'int /* a; b */',
  'int /* */ /* b */',
  'int /*',
])('%j is the name of no type', (text) => {
  expect(typeText.safeParse(text).success).toBe(false)
})
