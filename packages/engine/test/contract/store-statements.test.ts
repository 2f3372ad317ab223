import { expect, test } from 'vitest'
import { POSTGRES_STATEMENTS } from '../../src/control/sql/postgres/postgres-statements.ts'
import { SQLITE_STATEMENTS } from '../../src/control/sql/sqlite/sqlite-statements.ts'
import { SQLSERVER_STATEMENTS } from '../../src/control/sql/sqlserver/sqlserver-statements.ts'
import { everyStatement } from './control-store/every-statement.ts'

test.each([
  ['SQLite', SQLITE_STATEMENTS, /\?(\d+)/g],
  ['PostgreSQL', POSTGRES_STATEMENTS, /\$(\d+)/g],
  ['SQL Server', SQLSERVER_STATEMENTS, /@p(\d+)/g],
] as const)('every statement of %s uses the parameters that it is given, and no others', (_, statements, parameter) => {
  const wrong = everyStatement(statements).flatMap(({ text, params }) => {
    const used = new Set([...text.matchAll(parameter)].map(([, n]) => Number(n)))
    const given = params.map((_value, i) => i + 1)
    return used.size === given.length && given.every((n) => used.has(n)) ? [] : [text]
  })
  expect(wrong).toEqual([])
})

test('what a store on SQL Server only reads begins with SELECT, and changes and locks nothing', () => {
  const reads = everyStatement(SQLSERVER_STATEMENTS).filter(({ text }) => /^\s*select\b/i.test(text))
  expect(reads.length).toBeGreaterThan(20)
  const writes = reads.filter(({ text }) => /\b(update|insert|delete|exec|into)\b/i.test(text))
  expect(writes).toEqual([])
})

test('tables of SQL Server that have triggers give what they changed by a table', () => {
  const withTriggers = /\b(?:update|into) tidemark\.(?:lease|connection|module|task)\b/
  const plain = everyStatement(SQLSERVER_STATEMENTS).filter(
    ({ text }) => withTriggers.test(text) && /\boutput\b/.test(text) && !/\boutput\b[^;]*?\binto @/.test(text),
  )
  expect(plain).toEqual([])
})
