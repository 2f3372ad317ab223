import { describe, expect, test } from 'vitest'
import { openPostgresSurvey } from '../../src/dialects/postgres/survey.ts'
import { probe } from '../../src/dialects/postgres/probe.ts'
import { doubleQuoted } from '../../src/dialects/sql-text.ts'
import { type SurveyWorld, surveyContract } from '../contract/survey-contract.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS, type Version } from '../support/postgres-server.ts'

async function openWorld(version: Version, ...statements: readonly string[]): Promise<SurveyWorld> {
  const db = await TestDatabase.create(version)
  if (statements.length > 0) await db.exec(...statements)
  const port = await openPostgresSurvey({ options: { url: db.url } })
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await port[Symbol.asyncDispose]()
      await db[Symbol.asyncDispose]()
    },
  }
}

const RANGE = 'CREATE FUNCTION range(n int) RETURNS SETOF int LANGUAGE sql AS $$ SELECT generate_series(0, n - 1) $$'

for (const version of VERSIONS)
  for (const kind of ['TABLE', 'VIEW', 'MATERIALIZED VIEW'])
    surveyContract(`PostgreSQL ${version}, as ${kind}`, (tables) =>
      openWorld(
        version,
        RANGE,
        ...Object.entries(tables).map(([name, select]) => `CREATE ${kind} ${doubleQuoted(name)} AS ${select}`),
      ),
    )

describe.each(VERSIONS)('looking around in PostgreSQL %s', (version) => {
  test('keys, references, indexes and serials are told, in the order they are declared', async () => {
    await using w = await openWorld(
      version,
      'CREATE SCHEMA crm',
      'CREATE SCHEMA tidemark',
      'CREATE TABLE tidemark.fence (i int)',
      'CREATE TABLE crm.customer (id int PRIMARY KEY, tax text UNIQUE)',
      'CREATE TABLE orders (id bigserial, a int, b int, at timestamptz, note text, who int REFERENCES crm.customer (id), PRIMARY KEY (b, a))',
      'CREATE UNIQUE INDEX ON orders (a, note)',
      'CREATE INDEX ON orders (at)',
      'CREATE TABLE parts (id int, day date) PARTITION BY RANGE (day)',
      "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
      'CREATE TABLE counted (i int GENERATED ALWAYS AS IDENTITY)',
      'INSERT INTO counted SELECT FROM generate_series(1, 7)',
      'ANALYZE counted',
    )
    const tables = await w.port.tables()
    expect(tables.map((t) => t.table.join('.'))).toEqual(['crm.customer', 'counted', 'orders', 'parts'])
    const [customer, counted, orders] = tables
    expect(customer?.keys).toEqual([
      { columns: ['id'], by: 'primary key' },
      { columns: ['tax'], by: 'unique constraint' },
    ])
    expect(counted).toMatchObject({ rows: 7n, columns: [{ name: 'i', serial: true }] })
    expect(orders?.keys).toEqual([
      { columns: ['b', 'a'], by: 'primary key' },
      { columns: ['a', 'note'], by: 'unique index' },
    ])
    expect(orders?.references).toEqual([{ columns: ['who'], table: ['crm', 'customer'], referenced: ['id'] }])
    expect(orders?.columns.map((c) => [c.name, c.serial, c.indexed])).toEqual([
      ['id', true, false],
      ['a', false, true],
      ['b', false, true],
      ['at', false, true],
      ['note', false, false],
      ['who', false, false],
    ])
    expect(orders && (await w.port.growsWithInsertion(orders, 'id'))).toBeNull()
  })

  test('a question under way is ended by whoever asked it', async () => {
    await using w = await openWorld(version, 'CREATE VIEW slow AS SELECT pg_sleep(60) IS NULL AS a')
    const [slow] = await w.port.tables()
    if (!slow) throw new Error('no view')
    const asked = w.port.look(slow)
    setTimeout(() => w.port.interrupt(), 100)
    await expect(asked).rejects.toMatchObject({ code: 'TM4019', facts: { sqlstate: '57014' } })
  })

  test('a probe says what is there and what it cannot see', async () => {
    await using db = await TestDatabase.create(version)
    const role = `r_${db.options.database}`
    await db.exec('CREATE TABLE t (a int)', 'CREATE VIEW v AS SELECT * FROM t', `CREATE ROLE ${role} LOGIN`)
    try {
      expect(await probe({ url: db.url })).toMatch(new RegExp(`^1 table, 1 view, PostgreSQL ${version}\\.\\d+$`))
      expect(await probe({ url: db.url.replace('postgres@', `${role}@`) })).toMatch(
        new RegExp(`session.* of others not seen.*GRANT pg_read_all_stats TO ${role}$`),
      )
    } finally {
      await db.exec(`DROP ROLE ${role}`)
    }
  })
})
