import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConnectionId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import { openDuckdbSurvey } from '../../src/dialects/duckdb/survey.ts'
import { doubleQuoted } from '../../src/dialects/sql-text.ts'
import { Examiner } from '../../src/discover/examine-table.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { type SurveyWorld, surveyContract } from './survey-contract.ts'

const LIMITS = { memoryBytes: null, threads: null, tempDir: tmpdir() }

async function openWorld(...statements: readonly string[]): Promise<SurveyWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-survey-'))
  const path = join(dir, 'a.duckdb')
  await using file = await openDuckdbFile(path, 'write', LIMITS)
  using session = await file.session()
  await session.run(`USE ${doubleQuoted(file.catalog)}`)
  for (const statement of statements) await session.run(statement)
  await session.run('USE memory')
  const port = await openDuckdbSurvey({ id: parseConnectionId('a'), options: { path } }, LIMITS)
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await port[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

surveyContract('DuckDB', (tables) =>
  openWorld(...Object.entries(tables).map(([name, select]) => `CREATE TABLE ${doubleQuoted(name)} AS ${select}`)),
)

surveyContract('DuckDB views', (tables) =>
  openWorld(...Object.entries(tables).map(([name, select]) => `CREATE VIEW ${doubleQuoted(name)} AS ${select}`)),
)

test('the tables that Tidemark keeps in a target are not listed', async () => {
  await using w = await openWorld(
    'CREATE SCHEMA tidemark',
    'CREATE TABLE tidemark.fence (i INT)',
    'CREATE TABLE t (i INT)',
  )
  expect((await w.port.tables()).map((t) => t.table)).toEqual([['t']])
})

test('rows are read up to the limit of a table and of all tables, and it is said where they were not', async () => {
  const rows = (n: number): string => `SELECT i AS id FROM range(${n}) t(i)`
  await using w = await openWorld(
    `CREATE TABLE a AS ${rows(100)}`,
    `CREATE VIEW b AS ${rows(101)}`,
    `CREATE TABLE c AS ${rows(50)}`,
    `CREATE TABLE d AS ${rows(60)}`,
    'CREATE TABLE declared (id INT PRIMARY KEY, u INT UNIQUE, modified_on TIMESTAMP)',
    `INSERT INTO declared SELECT i, i, NULL FROM range(101) t(i)`,
  )
  const examine = async (limits: ConstructorParameters<typeof Examiner>[1]) => {
    const examiner = new Examiner(w.port, limits)
    const found = []
    for (const table of await w.port.tables()) found.push(await examiner.examine(table))
    return found
  }
  const byName = await examine({ ofTable: 100n, ofAll: 150n })
  expect(byName.map((e) => [e.table.table[0], e.rows, e.rowsAre, e.key?.reason ?? e.noKey])).toEqual([
    ['a', 100n, 'counted', 'no duplicates in 100 rows'],
    ['b', 101n, 'at least', 'not checked: more than 100 rows (--deep reads them)'],
    ['c', 50n, 'counted', 'no duplicates in 50 rows'],
    ['d', 60n, 'estimated', 'not checked: enough rows of other tables were read (--deep reads all)'],
    ['declared', 101n, 'estimated', 'primary key'],
  ])
  expect(byName[4]?.positions).toMatchObject([
    { column: 'modified_on', remarks: ['taken as UTC', 'NULLs not checked'] },
  ])
  const deep = await examine(null)
  expect(deep.map((e) => [e.rows, e.rowsAre, e.unchecked])).toEqual(
    [100n, 101n, 50n, 60n, 101n].map((n) => [n, 'counted', null]),
  )
  expect(deep[4]?.refused).toEqual([{ column: 'modified_on', why: '101 rows without a value' }])
})
