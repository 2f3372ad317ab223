import { expect, test } from 'vitest'
import { ident, joined, param, paramsOf, printable, sql, textOf } from './sql-text.ts'

test('a name is quoted so that nothing in it ends the name', () => {
  expect(printable(ident('a', 'x"; drop table t; --', "it's ?"))).toBe(`"a"."x""; drop table t; --"."it's ?"`)
})

test('a value never becomes text of the statement, and is printed as a literal for people', () => {
  const statement = sql`SELECT ${ident('c?')} FROM t WHERE a = ${param("o'clock; --")} AND b = ${param(null)} AND c = ${param(true)} AND d = ${param(9007199254740993n)}`
  expect(paramsOf(statement)).toEqual(["o'clock; --", null, true, '9007199254740993'])
  expect(printable(statement)).toBe(
    `SELECT "c?" FROM t WHERE a = 'o''clock; --' AND b = NULL AND c = TRUE AND d = '9007199254740993'`,
  )
})

test('statements nest, and their values keep the order of their places', () => {
  const inner = joined([sql`a = ${param('1')}`, sql`b = ${param('2')}`], ' AND ')
  const outer = sql`${param('0')} ${inner} ${param('3')}`
  expect(paramsOf(outer)).toEqual(['0', '1', '2', '3'])
  expect(textOf(outer)).toBe('$1 a = $2 AND b = $3 $4')
  expect(printable(outer)).toBe(`'0' a = '1' AND b = '2' '3'`)
})

test('a list of nothing is what it is said to be', () => {
  expect(printable(joined([], ', '))).toBe('')
  expect(printable(joined([], ' OR ', sql`FALSE`))).toBe('FALSE')
})

test('each database quotes names and numbers values in its own way', () => {
  const style = { name: (name: string) => `<${name}>`, param: (n: number) => `@p${n}`, literal: () => 'v' }
  const statement = sql`SELECT ${ident('a', 'b"')} WHERE x = ${param('1')} AND y = ${param('2')}`
  expect(textOf(statement, style)).toBe('SELECT <a>.<b"> WHERE x = @p1 AND y = @p2')
  expect(printable(statement, style)).toBe('SELECT <a>.<b"> WHERE x = v AND y = v')
})
