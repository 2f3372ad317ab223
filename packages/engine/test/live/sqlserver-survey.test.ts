import { describe, expect, test } from 'vitest'
import { bracketed } from '../../src/dialects/sqlserver/style.ts'
import { openSqlServerSurvey } from '../../src/dialects/sqlserver/survey.ts'
import { type SurveyWorld, surveyContract } from '../contract/survey-contract.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'

async function openWorld(...statements: readonly string[]): Promise<SurveyWorld> {
  const db = await SqlServerDatabase.create()
  await db.exec(...statements)
  const port = await openSqlServerSurvey({ options: db.options })
  const names = await db.rows('SELECT name FROM sys.tables UNION ALL SELECT name FROM sys.views')
  const [first] = names
  const counted = await db.session.rows(
    'SELECT SUM(rows) FROM sys.partitions WHERE index_id < 2 AND OBJECT_ID(@p1) = object_id',
    [bracketed(first?.[0] ?? '')],
  )
  return {
    port,
    // another server that speaks the protocol
    estimatesLate: counted[0]?.[0] === '0',
    foldsNames: names.some(([name]) => name?.startsWith('odd') === true),
    [Symbol.asyncDispose]: async () => {
      await port[Symbol.asyncDispose]()
      await db[Symbol.asyncDispose]()
    },
  }
}

/** The contract's SELECTs, which are DuckDB's: dates and times as literals, and numbers from 0 on. */
const inTsql = (select: string): string =>
  select
    .replaceAll(/DATE ('[^']*')/g, 'CONVERT(date, $1)')
    .replaceAll(/TIMESTAMP ('[^']*')/g, 'CONVERT(datetime2(6), $1)')
    .replace(
      /range\((\d+)\) t\(i\)/,
      (_, n: string) => `(VALUES ${Array.from({ length: Number(n) }, (__, i) => `(${i})`).join(', ')}) AS t(i)`,
    )
    .replace('AS "select"', 'AS [select]')
    .replace(' v, day, stamp FROM', ' CONVERT(nvarchar(9), v) AS v, day, stamp FROM')

describe.skipIf(TEST_SERVER === null)('on a live SQL Server', () => {
  for (const [kind, made] of [
    ['tables', (name: string, select: string) => `SELECT q.* INTO ${bracketed(name)} FROM (${inTsql(select)}) AS q`],
    ['views', (name: string, select: string) => `CREATE VIEW ${bracketed(name)} AS ${inTsql(select)}`],
  ] as const)
    surveyContract(`SQL Server, as ${kind}`, (tables) =>
      openWorld(...Object.entries(tables).map(([name, select]) => made(name, select))),
    )
})

describe.skipIf(TEST_SERVER === null)('looking around in a live SQL Server', () => {
  test('keys, references, indexes and identities of SQL Server are told, in the order they are declared', async () => {
    await using w = await openWorld(
      'CREATE SCHEMA crm',
      'CREATE SCHEMA tidemark',
      'CREATE TABLE tidemark.fence (i int)',
      'CREATE TABLE crm.customer (id int NOT NULL PRIMARY KEY, tax nvarchar(20) NOT NULL UNIQUE)',
      `CREATE TABLE orders (id bigint IDENTITY NOT NULL, a int NOT NULL, b int NOT NULL, changed datetimeoffset(6) NULL, note nvarchar(50) NOT NULL,
         who int NULL REFERENCES crm.customer (id), PRIMARY KEY (b, a))`,
      'CREATE UNIQUE INDEX i1 ON orders (a, note)',
      'CREATE INDEX i2 ON orders (changed)',
    )
    const tables = await w.port.tables()
    expect(tables.map((t) => t.table.join('.'))).toEqual(['crm.customer', 'orders'])
    const [customer, orders] = tables
    expect(customer?.keys).toEqual([
      { columns: ['id'], by: 'primary key' },
      { columns: ['tax'], by: 'unique constraint' },
    ])
    expect(orders?.keys).toEqual([
      { columns: ['b', 'a'], by: 'primary key' },
      { columns: ['a', 'note'], by: 'unique index' },
    ])
    expect(orders?.references).toEqual([{ columns: ['who'], table: ['crm', 'customer'], referenced: ['id'] }])
    expect(orders?.columns.map((c) => [c.name, c.serial, c.indexed, c.order?.kind ?? null])).toEqual([
      ['id', true, false, 'number'],
      ['a', false, true, 'number'],
      ['b', false, true, 'number'],
      ['changed', false, true, 'time'],
      ['note', false, false, null],
      ['who', false, false, 'number'],
    ])
    expect(orders && (await w.port.growsWithInsertion(orders, 'id'))).toBeNull()
  })
})
