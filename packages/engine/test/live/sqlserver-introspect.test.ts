import { describe, expect, test } from 'vitest'
import { databaseIdentity } from '../../src/dialects/sqlserver/identity.ts'
import { describeTable, isIndexed, selfReferences, typesIn } from '../../src/dialects/sqlserver/introspect.ts'
import { lookAtTable } from '../../src/dialects/sqlserver/stored-table.ts'
import { bracketed } from '../../src/dialects/sqlserver/style.ts'
import { columnsOf, typeNamed } from '../../src/dialects/sqlserver/type-of.ts'
import { param, sql } from '../../src/dialects/sql-text.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'

const WHERE = 'a test'
const at = (db: SqlServerDatabase) => ({ database: db.name, schema: 'dbo' })
const describeIn = (db: SqlServerDatabase, ...table: readonly string[]) =>
  describeTable(db.session, table, at(db), WHERE)
const hasType = async (db: SqlServerDatabase, name: string): Promise<boolean> =>
  (await db.rows(`SELECT TYPE_ID(N'${name}')`))[0]?.[0] !== null

const TYPES: Readonly<Record<string, string>> = {
  bit: 'bit',
  tinyint: 'tinyint',
  smallint: 'smallint',
  int: 'int',
  bigint: 'bigint',
  'decimal(38,10)': 'decimal(38,10)',
  'numeric(5)': 'decimal(5,0)',
  money: 'money',
  smallmoney: 'smallmoney',
  real: 'real',
  float: 'float',
  date: 'date',
  'time(3)': 'time(3)',
  datetime: 'datetime',
  smalldatetime: 'smalldatetime',
  'datetime2(0)': 'datetime2(0)',
  'datetime2(6)': 'datetime2(6)',
  'datetimeoffset(3)': 'datetimeoffset(3)',
  'nvarchar(50)': 'nvarchar(50)',
  'nvarchar(max)': 'nvarchar(max)',
  'nchar(5)': 'nchar(5)',
  'varchar(50) COLLATE Latin1_General_CI_AS': 'varchar(50) /* 1252 Latin1_General_CI_AS */',
  'varchar(max) COLLATE Latin1_General_CI_AS': 'varchar(max) /* 1252 Latin1_General_CI_AS */',
  'char(5) COLLATE Latin1_General_CI_AS': 'char(5) /* 1252 Latin1_General_CI_AS */',
  'varbinary(20)': 'varbinary(20)',
  'varbinary(max)': 'varbinary(max)',
  'binary(8)': 'binary(8)',
  uniqueidentifier: 'uniqueidentifier',
  xml: 'xml',
}
/** SQL Server itself; another server of the protocol has not all of its types. */
const isWhole = async (db: SqlServerDatabase): Promise<boolean> =>
  (await db.rows("SELECT TYPE_ID(N'hierarchyid')"))[0]?.[0] !== null

/** Another server of the protocol has a name of its own for the collation. */
const facts = (text: string) => text.toLowerCase().replace(/ bbf_unicode_cp1_/, ' latin1_general_')

describe.skipIf(TEST_SERVER === null)('what is in the databases of a live SQL Server', () => {
  test('every type is named by its one text, by the catalog and by what a SELECT gives', async ({ skip }) => {
    await using db = await SqlServerDatabase.create()
    const wholeServer = await isWhole(db)
    const columns = Object.keys(TYPES).map((type, i) => `c${i} ${type} NULL`)
    await db.exec(`CREATE TABLE t (${columns.join(', ')})`)
    const own = (await describeIn(db, 't'))?.columns ?? []
    expect(own.map(({ type }) => facts(type))).toEqual(Object.values(TYPES).map(facts))
    const described = await columnsOf(
      db.session,
      sql`SELECT * FROM t WHERE c3 = CONVERT(int, ${param('1')})`,
      WHERE,
    ).catch((error: unknown) => {
      if (wholeServer) throw error
      return null
    })
    if (described === null) return skip('this server describes no statement that has parameters')
    expect(described.map(({ name, type }) => [name, facts(type)])).toEqual(
      own.map(({ name, type }) => [name, facts(type)]),
    )
  })

  test('columns say what the database fills, and keys are those that hold for all rows', async () => {
    await using db = await SqlServerDatabase.create()
    const brackets = await db.exec('CREATE TABLE [a]]b] (i int)').then(
      () => true,
      () => false,
    )
    const odd = brackets ? 'odd ]table' : 'odd table'
    const quoted = bracketed(odd)
    await db.exec(
      `CREATE TABLE ${quoted} (b int NOT NULL, a int IDENTITY NOT NULL, [odd "c'] AS b * 2, d nvarchar(20) NOT NULL UNIQUE, e int NULL,
         f varchar(5) COLLATE Latin1_General_CI_AS NULL, PRIMARY KEY (b, a))`,
      `CREATE UNIQUE INDEX i1 ON ${quoted} (e, d)`,
      `INSERT INTO ${quoted} (b, d) VALUES (1, N'x')`,
      `CREATE VIEW seen AS SELECT a, d FROM ${quoted}`,
    )
    const found = await describeIn(db, 'dbo', odd)
    expect(found?.columns).toMatchObject([
      { name: 'b', nullable: false, generated: false },
      { name: 'a', identity: 'always', generated: false },
      { name: `odd "c'`, generated: true },
      { name: 'd', nullable: false },
      { name: 'e', nullable: true },
      { name: 'f' },
    ])
    expect(found?.columns.map(({ collation }) => collation !== undefined)).toEqual([
      false,
      false,
      false,
      true,
      false,
      true,
    ])
    expect(found?.uniqueKeys.map((key) => key.map((x) => x.toLowerCase()))).toEqual([['b', 'a'], ['d'], ['e', 'd']])
    expect((await describeIn(db, 'seen'))?.columns.map(({ name }) => name)).toEqual(['a', 'd'])
    expect((await describeIn(db, 'seen'))?.estimatedRows).toBeNull()
    expect(await describeIn(db, 'nothing')).toBeNull()
    for (const name of [odd, 'seen', 'nothing'])
      expect(await typesIn(db.session, [name], at(db), WHERE)).toEqual(
        new Map((await describeIn(db, name))?.columns.map((column) => [column.name, column.type])),
      )
    const indexed = (column: string) => isIndexed(db.session, [odd], column, at(db), WHERE)
    expect([await indexed('b'), await indexed('d'), await indexed('e'), await indexed('a')]).toEqual([
      true,
      true,
      true,
      false,
    ])
  })

  test('a table is found in another database of the server, and one that is not there is none', async () => {
    await using db = await SqlServerDatabase.create()
    await using other = await SqlServerDatabase.create()
    await other.exec('CREATE SCHEMA sales', 'CREATE TABLE sales.t (i int PRIMARY KEY)', 'CREATE TABLE u (i int)')
    expect((await describeIn(db, other.name, 'sales', 't'))?.uniqueKeys).toEqual([['i']])
    expect((await describeIn(db, other.name, '', 'u'))?.columns).toMatchObject([{ name: 'i', type: 'int' }])
    expect(await describeIn(db, other.name, '', 't')).toBeNull()
    expect(await describeIn(db, 'no_such_database', '', 't')).toBeNull()
    expect(await isIndexed(db.session, [other.name, 'sales', 't'], 'i', at(db), WHERE)).toBe(true)
  })

  test('a table says by which columns it refers to itself, where that is looked at', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(
      'CREATE TABLE other (id int PRIMARY KEY)',
      `CREATE TABLE tree (id int PRIMARY KEY, o int REFERENCES other (id), loc varchar(20) NOT NULL UNIQUE,
        parent varchar(20) CONSTRAINT fk_parent REFERENCES tree (loc))`,
    )
    const of = (...table: readonly string[]) => selfReferences(db.session, table, at(db), WHERE)
    expect(await of('tree')).toEqual([{ column: 'parent', referenced: 'loc' }])
    expect(await of('dbo', 'other')).toEqual([])
    expect(await of('nothing')).toEqual([])
    expect(await of('no_such_database', '', 'tree')).toEqual([])
    if (!(await isWhole(db))) return
    await db.exec('CREATE SYNONYM trees FOR dbo.tree')
    expect(await of('trees')).toEqual([{ column: 'parent', referenced: 'loc' }])
    await db.exec('ALTER TABLE tree NOCHECK CONSTRAINT fk_parent')
    expect(await of('tree')).toEqual([])
  })

  test('a name that a person writes is that of a type, in the words of the catalog', async () => {
    await using db = await SqlServerDatabase.create()
    const named = async (text: string) => await typeNamed(db.session, text, at(db), WHERE)
    expect(await named('numeric(10, 2)')).toBe('decimal(10,2)')
    expect(await named('NVARCHAR(MAX)')).toBe('nvarchar(max)')
    expect(await named('varchar(5) collate Latin1_General_CI_AS')).toBe('varchar(5) /* 1252 Latin1_General_CI_AS */')
    expect(await named('varchar(5)')).toMatch(/^varchar\(5\) \/\* \d+ \w+ \*\/$/)
    expect(await named('varchar(5) collate No_Such_Collation')).toBeNull()
    expect(await named('no_such_type')).toBeNull()
    await db.exec('CREATE TYPE dbo.short_name FROM nvarchar(7) NOT NULL')
    expect(await named('short_name')).toBe('nvarchar(7)')
    await db.exec('CREATE TABLE t (s dbo.short_name)')
    expect((await describeIn(db, 't'))?.columns[0]?.type).toBe('nvarchar(7)')
  })

  test('a database is told from another', async ({ skip }) => {
    await using db = await SqlServerDatabase.create()
    if (!(await isWhole(db))) skip('this server runs no statement in another database')
    await using other = await SqlServerDatabase.create()
    const of = (name: string, ...beside: readonly string[]) => databaseIdentity(db.session, name, beside, WHERE)
    const first = await of(db.name)
    expect(first.system).toMatch(/^sqlserver:./)
    const again = await of(db.name)
    expect(again.system).toBe(first.system)
    if (first.timeline !== null) expect(BigInt(again.timeline ?? '')).toBeGreaterThanOrEqual(BigInt(first.timeline))
    expect((await of(other.name)).system).not.toBe(first.system)
    const both = await of(db.name, other.name)
    expect(both.system).toBe(first.system)
    expect(both.beside?.[other.name]?.system).toBe((await of(other.name)).system)
  })

  test('how a table is kept is told of tables and views', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec('CREATE TABLE t (i int)', 'CREATE VIEW w AS SELECT i FROM t')
    const look = (...table: readonly string[]) => lookAtTable(db.session, table, at(db), WHERE)
    expect(await look('t')).toEqual({ inMemory: false, filestream: [] })
    expect(await look('w')).toEqual({ inMemory: false, filestream: [] })
    expect(await look('nothing')).toBeNull()
  })

  test('periods, synonyms, paths and versions of rows are told as what they are', async ({ skip }) => {
    await using db = await SqlServerDatabase.create()
    if (!(await hasType(db, 'hierarchyid'))) skip('this server has no hierarchyid, no periods and no synonyms')
    await using other = await SqlServerDatabase.create()
    await other.exec('CREATE TABLE t (i int PRIMARY KEY)')
    await db.exec(
      `CREATE TABLE p (i int PRIMARY KEY, r rowversion, path hierarchyid, parent AS path.GetAncestor(1), v sql_variant,
         f datetime2(7) GENERATED ALWAYS AS ROW START HIDDEN, u datetime2(7) GENERATED ALWAYS AS ROW END HIDDEN, PERIOD FOR SYSTEM_TIME (f, u))
         WITH (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.p_history))`,
      'CREATE UNIQUE INDEX i1 ON p (path) WHERE i > 0',
      'CREATE SYNONYM here FOR dbo.p',
      `CREATE SYNONYM there FOR [${other.name}]..t`,
      'CREATE TABLE c (i int, INDEX x CLUSTERED COLUMNSTORE)',
    )
    const found = await describeIn(db, 'p')
    expect(found?.columns.map(({ name, type, generated }) => [name, type, generated])).toEqual([
      ['i', 'int', false],
      ['r', 'rowversion', true],
      ['path', 'hierarchyid', false],
      ['parent', 'hierarchyid', true],
      ['v', 'sql_variant', false],
      ['f', 'datetime2(7)', true],
      ['u', 'datetime2(7)', true],
    ])
    expect(found?.uniqueKeys).toEqual([['i']])
    expect((await describeIn(db, 'here'))?.columns).toEqual(found?.columns)
    expect(await describeIn(db, 'there')).toMatchObject({ table: ['there'], uniqueKeys: [['i']] })
    expect(await isIndexed(db.session, ['c'], 'i', at(db), WHERE)).toBe(false)
    expect(await isIndexed(db.session, ['p'], 'path', at(db), WHERE)).toBe(false)
  })
})
