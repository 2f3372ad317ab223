import { expect, test } from 'vitest'
import { findType, formatType } from './type-text.ts'

/** as the catalog prints it, and with all names quoted */
const CATALOG = [
  ['VARCHAR', 'VARCHAR'],
  ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH TIME ZONE'],
  ['DECIMAL(18,3)', 'DECIMAL(18,3)'],
  ["ENUM('it''s', 'b, c', 'a)')", "ENUM('it''s', 'b, c', 'a)')"],
  ['INTEGER[2][]', 'INTEGER[2][]'],
  ['MAP(VARCHAR, DECIMAL(3,1))', 'MAP(VARCHAR, DECIMAL(3,1))'],
  ['STRUCT("a b" INTEGER, "q""x" VARCHAR[])', 'STRUCT("a b" INTEGER, "q""x" VARCHAR[])'],
  ['UNION("select" INTEGER, X TIME WITH TIME ZONE)', 'UNION("select" INTEGER, "X" TIME WITH TIME ZONE)'],
  ["STRUCT(a STRUCT(b ENUM('a)', 'b\"')))", `STRUCT("a" STRUCT("b" ENUM('a)', 'b"')))`],
] as const

test.each(CATALOG)('the text of a type is read as the catalog prints it: %s', (text, whole) => {
  const type = findType(text)
  expect(type && formatType(type)).toBe(whole)
})

const WRITTEN = [
  ['decimal(18, 4)', 'DECIMAL(18,4)'],
  ['numeric(5)', 'DECIMAL(5,0)'],
  ['decimal', 'DECIMAL(18,3)'],
  ['int', 'INTEGER'],
  ['int8', 'BIGINT'],
  ['double precision', 'DOUBLE'],
  ['text[]', 'VARCHAR[]'],
  ['timestamptz', 'TIMESTAMP WITH TIME ZONE'],
  ['timestamp with time zone', 'TIMESTAMP WITH TIME ZONE'],
] as const

test.each(WRITTEN)('a type as people write it: %s', (text, whole) => {
  const type = findType(text)
  expect(type && formatType(type)).toBe(whole)
})

test.each([
  '',
  'INT EGER',
  'INTEGER; DROP TABLE x',
  'DECIMAL(39,0)',
  'DECIMAL(2,3)',
  'DECIMAL()',
  'VARCHAR(3',
  'STRUCT(a)',
  'MAP(INTEGER)',
  'ENUM()',
  "'x'",
  'INTEGER[-1]',
  'INTEGER)',
  "VARCHAR 'x",
])('no type, and never sent: %j', (text) => expect(findType(text)).toBeNull())
