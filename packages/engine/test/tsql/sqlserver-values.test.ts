/** The T-SQL that is made type by type, of which no golden file has all, is read by the grammar. */
import { expect, test } from 'vitest'
import { canonicalText, hmac, keyJson, listOf } from '../../src/dialects/sqlserver/canonical.sql.ts'
import { rowHash } from '../../src/dialects/sqlserver/row-hash.sql.ts'
import { tsql } from '../../src/dialects/sqlserver/style.ts'
import * as survey from '../../src/dialects/sqlserver/survey.sql.ts'
import { exactCast, tryCast } from '../../src/dialects/sqlserver/try-cast.sql.ts'
import { byteSize, equalContent, fromText, sameContent, valueText } from '../../src/dialects/sqlserver/types.ts'
import { utf8ByCollation, utf8ByHand } from '../../src/dialects/sqlserver/utf8.sql.ts'
import { ident, type Sql, sql } from '../../src/dialects/sql-text.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { findProblems } from '../support/tsql/check-tsql.ts'

const LATIN = 'varchar(50) /* 1252 Latin1_General_CI_AS */'
const TYPES = [
  'bit',
  'bigint',
  'decimal(38,10)',
  'money',
  'real',
  'float',
  'date',
  'time(7)',
  'smalldatetime',
  'datetime',
  'datetime2(7)',
  'datetimeoffset(7)',
  'nchar(5)',
  LATIN,
  'nvarchar(max)',
  'text /* 1252 Latin1_General_CI_AS */',
  'image',
  'binary(8)',
  'varbinary(20)',
  'rowversion',
  'uniqueidentifier',
  'hierarchyid',
  'xml',
  'geography',
]
const [x, y] = [ident('t', 'x'), ident('t', 'y')]

const problemsOf = (statements: readonly Sql[]) =>
  statements.map((statement) => tsql(statement)).flatMap((text) => findProblems(text).map((problem) => [problem, text]))

test('the grammar reads what takes a value of any type out, compares it, and makes it again', () => {
  const statements = TYPES.flatMap((type) => [
    sql`SELECT ${valueText(type, x)}, ${canonicalText(type, x) ?? sql`1`}, ${byteSize(type, x) ?? sql`1`} FROM t`,
    sql`SELECT ${fromText(type, sql`t.w`)} FROM t WHERE ${sameContent(type, x, y)} OR ${equalContent(type, x, y)}`,
    sql`SELECT 1 FROM t WHERE t.x IN ${listOf(['a'], type)}`,
  ])
  expect(problemsOf(statements)).toEqual([])
})

test('the grammar reads every cast from a text, and into one', () => {
  const statements = TYPES.flatMap((type) =>
    [LATIN, 'nvarchar(50)'].flatMap((text) => [
      sql`SELECT ${exactCast(text, type, x)}, ${tryCast(text, type, x)} FROM t`,
      sql`SELECT ${exactCast(type, text, x)}, ${tryCast(type, text, x)} FROM t`,
    ]),
  )
  expect(problemsOf(statements)).toEqual([])
})

test('the grammar reads keys, hashes, and what discover asks', () => {
  const t = ident('dbo', 't')
  const columns = [
    { name: 'a', type: 'int', isTime: false },
    { name: 'b', type: 'datetimeoffset(7)', isTime: true },
  ]
  expect(
    problemsOf([
      sql`SELECT ${keyJson([
        { type: 'int', x },
        { type: '', x: y },
      ])}, ${hmac(new Secret('k'), x)} FROM t`,
      sql`SELECT ${utf8ByHand(x)}, ${utf8ByCollation(x)} FROM t`,
      sql`SELECT ${rowHash([
        { name: 'a', type: 'float', value: x },
        { name: 'b', type: 'nvarchar(9)', value: y },
      ])} FROM t`,
      survey.TABLES,
      survey.COLUMNS,
      survey.KEYS,
      survey.REFERENCES,
      survey.countUpTo(t, 5n),
      survey.look(t, columns),
      survey.isWithinADay('2026-01-01'),
      survey.duplicates(t, ['a', 'b']),
      survey.treeCounts(t, 'a', 'b'),
    ]),
  ).toEqual([])
})
