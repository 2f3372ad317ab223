/** What changes under way, does not fit, or is very large, between two engines. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { TestDatabase } from '../support/postgres-database.ts'
import { bitsOf } from '../support/postgres-extremes.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import { TransferProject } from '../support/transfer-project.ts'

const flow = (from: string, to: string, key = 'id'): string => `      source: { connection: ${from}, table: t }
      target: { connection: ${to}, table: t }
      key: [${key}]
      capture: backfill
      apply: insert-missing
`
const at = (db: TestDatabase): string => `{ kind: postgres, url: "${db.url}" }`
const between = (a: TestDatabase, b: TestDatabase, hit?: (point: string) => Promise<void>) =>
  TransferProject.open({ a: at(a), b: at(b) }, flow('a', 'b'), hit)
const LAKE = '{ kind: duckdb, path: lake.duckdb }'
const LATIN1 = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"

describe.each(LONG_VERSIONS)('the limits of fidelity on PostgreSQL %s', (version) => {
  describe.each(['relay', 'spool'] as const)('by %s', (lane) => {
    test.each([
      ['source', 'plan:stored'],
      ['target', 'batch:begun'],
    ] as const)(`by ${lane} a type that changes in the %s after the plan ends the run`, async (side, point) => {
      await using a = await TestDatabase.create(version)
      await using b = await TestDatabase.create(version)
      await a.exec('CREATE TABLE t (id bigint PRIMARY KEY, v bigint)', 'INSERT INTO t VALUES (1, 4607182418800017408)')
      await b.exec('CREATE TABLE t (id bigint PRIMARY KEY, v bigint)')
      let left = 1
      const change = async (now: string): Promise<void> => {
        if (now === point && left-- === 1)
          await (side === 'source' ? a : b).exec('ALTER TABLE t ALTER v TYPE double precision')
      }
      await using project = await between(a, b, change)
      expect(await project.run({ lane })).toMatchObject({
        status: 'failed',
        error: { code: 'TM4108', message: expect.stringContaining(`${side} column v was bigint, is double precision`) },
      })
      expect(await b.rows('SELECT count(*) FROM t')).toEqual([['0']])
    })

    test(`by ${lane} texts arrive in a database of another encoding, or their batch fails`, async () => {
      await using a = await TestDatabase.create(version, LATIN1)
      await using b = await TestDatabase.create(version)
      await a.exec(
        'CREATE TABLE t (id bigint PRIMARY KEY, "größe" text, j jsonb, a text[])',
        `INSERT INTO t VALUES (1, 'äöü ÿ', '{"ß": "é"}', '{æ,NULL}')`,
      )
      await using out = await between(a, b)
      expect(await out.run({ lane })).toMatchObject({ error: null, status: 'succeeded' })
      const all = 'SELECT id, "größe", j, a FROM t ORDER BY id'
      expect(await b.rows(all)).toEqual(await a.rows(all))
      await b.exec(`INSERT INTO t VALUES (2, 'ñ', NULL, NULL)`)
      await using back = await between(b, a)
      expect(await back.run({ lane })).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 1 } })
      expect(await a.rows(all)).toEqual(await b.rows(all))
      await b.exec(`INSERT INTO t VALUES (3, '€ שלום', NULL, NULL)`)
      expect(await back.run({ lane })).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining('"LATIN1"') },
      })
      expect(await a.rows('SELECT count(*) FROM t')).toEqual([['2']])
    })

    test(`by ${lane} a value of 64 MB arrives`, async () => {
      await using a = await TestDatabase.create(version)
      await using b = await TestDatabase.create(version)
      await a.exec('CREATE TABLE t (id bigint PRIMARY KEY, v bytea)', `INSERT INTO t SELECT 1, ${LARGE}`)
      await using project = await between(a, b)
      expect(await project.run({ lane })).toMatchObject({ error: null, status: 'succeeded' })
      expect(await bitsOf(b)).toEqual(await bitsOf(a))
    })
  })

  test('a value of 64 MB goes to DuckDB and comes back', async () => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    await a.exec('CREATE TABLE t (id bigint PRIMARY KEY, v bytea)', `INSERT INTO t SELECT 1, ${LARGE}`)
    await using out = await TransferProject.open({ a: at(a), lake: LAKE }, flow('a', 'lake'))
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 1 } })
    await using back = await TransferProject.open({ lake: lakeOf(out), b: at(b) }, flow('lake', 'b'))
    expect(await back.run()).toMatchObject({ error: null, status: 'succeeded' })
    expect(await bitsOf(b)).toEqual(await bitsOf(a))
  })

  test.each([
    ['timestamp', "'294276-12-31'"],
    ['timestamptz', "'294276-12-31 00:00+00'"],
    ['numeric(38,10)', "'NaN'"],
    ['numeric(9,2)', "'NaN'"],
    ['json', `'"\\ud800"'`],
  ])('a %s that DuckDB does not hold ends the batch and is not NULL there', async (type, value) => {
    await using a = await TestDatabase.create(version)
    await a.exec(`CREATE TABLE t (id bigint PRIMARY KEY, v ${type})`, `INSERT INTO t VALUES (1, ${value})`)
    await using out = await TransferProject.open({ a: at(a), lake: LAKE }, flow('a', 'lake'))
    expect(await out.run()).toMatchObject({ status: 'failed', rows: { inserted: 0 } })
  })

  test('rows of one column arrive from DuckDB, whatever a line looks like', async () => {
    await using a = await TestDatabase.create(version)
    await using b = await TestDatabase.create(version)
    await a.exec(
      'CREATE TABLE t (v text PRIMARY KEY)',
      String.raw`INSERT INTO t VALUES ('a'), ('\.'), ('NULL'), (''), (E'x\n\\.\ny'), ('"'), ('z')`,
    )
    await using out = await TransferProject.open({ a: at(a), lake: LAKE }, flow('a', 'lake', 'v'))
    expect(await out.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 7 } })
    await using back = await TransferProject.open({ lake: lakeOf(out), b: at(b) }, flow('lake', 'b', 'v'))
    expect(await back.run()).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 7 } })
    const all = 'SELECT v FROM t ORDER BY v COLLATE "C"'
    expect(await b.rows(all)).toEqual(await a.rows(all))
  })
})

/** every byte, 64 MB of them */
const LARGE = `decode(repeat((SELECT string_agg(lpad(to_hex(i), 2, '0'), '') FROM generate_series(0, 255) AS s(i)), 262144), 'hex')`
const lakeOf = (project: TransferProject): string => `{ kind: duckdb, path: "${join(project.dir, 'lake.duckdb')}" }`
