/** How rows land in tables of PostgreSQL's own making: what the flow does not fill stays, and what refers to a row keeps it. */
import { describe, expect, test } from 'vitest'
import type { DeleteLimit } from '@tidemark/contract/flow'
import { at, delivered, row, rows, TABLE } from '../support/flat.ts'
import { postgresEnds } from '../support/postgres-ends.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import { expectFailed } from '../support/refusals.ts'
import { quarantining, rejected } from '../support/rejected.ts'
import { openWorldsWith } from '../support/world-ends.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const FULL = { full: true } as const
const newer = (id: number, name: string): string =>
  `UPDATE src SET name = '${name}', modified_on = TIMESTAMP '2020-01-02' WHERE id = ${id}`

describe.each(LONG_VERSIONS)('rows land in PostgreSQL %s', (version) => {
  const open = (): Promise<World> => {
    openWorldsWith(() => postgresEnds(version))
    return openWorld()
  }

  test('a table that a run makes has the key as its primary key, and lands by one statement', async () => {
    await using w = await open()
    await w.source(TABLE, rows(5))
    await w.run(flow)
    expect(
      await w.targetRows(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'p' AND conrelid = 'dst'::regclass",
      ),
    ).toEqual([['PRIMARY KEY (id)']])
    await w.source(
      newer(1, 'new'),
      "UPDATE src SET name = 'old', modified_on = TIMESTAMP '2019-01-01' WHERE id = 2",
      row(9, 'n9', at(9)),
    )
    expect(await w.run(flow, FULL)).toMatchObject({
      rows: { read: 6n, inserted: 1n, updated: 1n, skippedOlder: 1n, skippedSame: 3n },
    })
    const plan = await w.planned(flow, FULL)
    await using opened = await w.deps().openBench(flow, null)
    const sent = opened.bench.explain(plan.relation, plan.selection, 'latest', plan.lane).map((s) => s.text)
    expect(sent.join('\n')).toContain('ON CONFLICT ("id") DO UPDATE')
    expect(sent.join('\n')).not.toContain('tidemark_verdict')
  })

  test('what one statement decides and what verdicts decide is the same', async () => {
    const changes = [
      newer(1, 'new'),
      "UPDATE src SET name = 'as old' WHERE id = 2",
      "UPDATE src SET name = 'older', modified_on = TIMESTAMP '2019-01-01' WHERE id = 3",
      'UPDATE src SET modified_on = NULL WHERE id = 4',
      'UPDATE src SET name = NULL WHERE id = 5',
      'DELETE FROM src WHERE id = 6',
      row(7, '', at(7)),
    ]
    const results: unknown[] = []
    for (const target of [
      'CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR, modified_on TIMESTAMP)',
      'CREATE TABLE dst (id BIGINT, name VARCHAR, modified_on TIMESTAMP)',
    ]) {
      await using w = await open()
      await w.target(target)
      await w.source(TABLE, rows(7))
      const any = flowSpec({ watermark: { nulls: 'always' } })
      await w.run(any)
      await w.source(...changes)
      const run = await w.run(any, FULL)
      results.push([run.state, run.rows, await delivered(w)])
    }
    expect(results[0]).toMatchObject(['succeeded', { updated: 4n, skippedOlder: 1n, inserted: 1n }, expect.anything()])
    expect(results[1]).toEqual(results[0])
  })

  test('columns that the flow does not fill, defaults and rows that refer to a row stay when it is replaced', async () => {
    await using w = await open()
    await w.target(
      "CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR, modified_on TIMESTAMP, note VARCHAR DEFAULT 'kept', n BIGINT GENERATED ALWAYS AS IDENTITY, twice VARCHAR GENERATED ALWAYS AS (name || name) STORED)",
      'CREATE TABLE child (id BIGINT REFERENCES dst (id) ON DELETE CASCADE)',
    )
    await w.source(TABLE, rows(3))
    await w.run(flow)
    await w.target('INSERT INTO child VALUES (1)', "UPDATE dst SET note = 'mine' WHERE id = 1")
    await w.source(newer(1, 'new'))
    expect(await w.run(flow, FULL)).toMatchObject({ rows: { updated: 1n, skippedSame: 2n } })
    expect(await w.targetRows('SELECT id, name, note, twice FROM dst ORDER BY id')).toEqual([
      ['0', 'n0', 'kept', 'n0n0'],
      ['1', 'new', 'mine', 'newnew'],
      ['2', 'n2', 'kept', 'n2n2'],
    ])
    expect(await w.targetRows('SELECT id FROM child')).toEqual([['1']])
  })

  test('an identity that is always generated takes the values of the source', async () => {
    await using w = await open()
    await w.target(
      'CREATE TABLE dst (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name VARCHAR UNIQUE, modified_on TIMESTAMP)',
    )
    await w.source(TABLE, row(41, 'a', at(1)), row(43, 'b', at(2)))
    expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
    expect(await delivered(w)).toEqual([
      ['41', 'a'],
      ['43', 'b'],
    ])
  })

  test('unique values that take no NULL change hands in one batch, and columns of the target go with their rows', async () => {
    await using w = await open()
    await w.target(
      'CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, modified_on TIMESTAMP, note VARCHAR, n BIGINT GENERATED ALWAYS AS IDENTITY)',
      'CREATE TABLE child (id BIGINT REFERENCES dst (id))',
    )
    await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)), row(3, 'c', at(3)), row(4, 'd', at(4)))
    await w.run(flow)
    await w.target("UPDATE dst SET note = 'of ' || id", 'INSERT INTO child VALUES (1), (2)')
    // a → b → c → a, and a new row takes what another lets go
    await w.source(newer(1, 'b'), newer(2, 'c'), newer(3, 'a'), newer(4, 'e'), row(5, 'd', at(9)))
    expect(await w.run(flow, FULL)).toMatchObject({ state: 'succeeded', rows: { updated: 4n, inserted: 1n } })
    expect(await w.targetRows('SELECT id, name, note FROM dst ORDER BY id')).toEqual([
      ['1', 'b', 'of 1'],
      ['2', 'c', 'of 2'],
      ['3', 'a', 'of 3'],
      ['4', 'e', 'of 4'],
      ['5', 'd', null],
    ])
    expect(await w.targetRows('SELECT n FROM dst WHERE id < 5 ORDER BY id')).toEqual([['1'], ['2'], ['3'], ['4']])
    expect(await w.targetRows('SELECT count(*) FROM child')).toEqual([['2']])
  })

  test('rows that a foreign key would delete with them are not taken out for a unique value that changes hands', async () => {
    await using w = await open()
    await w.target(
      'CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, modified_on TIMESTAMP)',
      'CREATE TABLE child (id BIGINT REFERENCES dst (id) ON DELETE CASCADE)',
    )
    await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)))
    await w.run(flow)
    await w.target('INSERT INTO child VALUES (1)')
    await w.source(newer(1, 'b'), newer(2, 'a'))
    const run = await expectFailed(w, flow, 'TM5010', FULL)
    expect(run.error?.message).toContain('a foreign key acts on rows that are taken out')
    expect(await w.targetRows('SELECT id FROM child')).toEqual([['1']])
  })

  test.each([
    ['a computed column', 'folded VARCHAR GENERATED ALWAYS AS (lower(name)) STORED UNIQUE', null],
    ['an expression', 'note VARCHAR', 'CREATE UNIQUE INDEX ON dst (lower(name))'],
    ['some of the rows', 'note VARCHAR', 'CREATE UNIQUE INDEX ON dst (name) WHERE id > 0'],
  ])('a value that is held under a constraint over %s is a conflict, and the others land', async (_, column, index) => {
    await using w = await open()
    await w.target(
      `CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR, modified_on TIMESTAMP, ${column})`,
      ...(index === null ? [] : [index]),
      "INSERT INTO dst (id, name, modified_on) VALUES (9, 'b', TIMESTAMP '2020-01-01')",
    )
    await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)), row(3, 'c', at(3)))
    await expectFailed(w, flow, 'TM5010')
    const held = quarantining({ onConflict: 'quarantine' })
    expect(await w.run(held, { fresh: true })).toMatchObject({ rows: { inserted: 2n, rejected: 1n } })
    expect(await rejected(w)).toEqual(['["2"] TM5010 open'])
  })

  test('a partitioned target takes what is newer, whichever partition a row is in', async () => {
    await using w = await open()
    await w.target(
      'CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR, modified_on TIMESTAMP) PARTITION BY RANGE (id)',
      'CREATE TABLE dst_1 PARTITION OF dst FOR VALUES FROM (0) TO (5)',
      'CREATE TABLE dst_2 PARTITION OF dst FOR VALUES FROM (5) TO (100)',
    )
    await w.source(TABLE, rows(10))
    await w.run(flow)
    // as old, with other content: told by reading the rows at their addresses, which both partitions have alike
    await w.source("UPDATE src SET name = 'new' WHERE id IN (1, 6)")
    expect(await w.run(flow, FULL)).toMatchObject({ rows: { read: 10n, updated: 2n, skippedSame: 8n, inserted: 0n } })
    expect((await delivered(w)).filter(([, name]) => name === 'new')).toEqual([
      ['1', 'new'],
      ['6', 'new'],
    ])
  })

  test('a type that is altered between plan and batch is caught before a row lands', async () => {
    await using w = await open()
    await w.target('CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR(20), modified_on TIMESTAMP)')
    await w.source(
      'CREATE TABLE src (id BIGINT, name VARCHAR(20), modified_on TIMESTAMP)',
      row(1, 'a long name', at(1)),
    )
    const hit = async (point: string): Promise<void> => {
      if (point === 'capture:stored') await w.target('ALTER TABLE dst ALTER COLUMN name TYPE VARCHAR(30)')
    }
    const run = await expectFailed(w, flow, 'TM4108', { hit })
    expect(run.error?.message).toContain('target column name was character varying(20), is character varying(30)')
    expect(await delivered(w)).toEqual([])
  })

  test('nobody alters a table that a batch is writing', async () => {
    await using w = await open()
    await w.source(TABLE, rows(3))
    await w.run(flow)
    let refused = ''
    const hit = async (point: string): Promise<void> => {
      if (point === 'batch:staged')
        refused = await w
          .target("SET lock_timeout = '200ms'; ALTER TABLE dst ALTER COLUMN name TYPE text")
          .then(() => 'altered', String)
    }
    expect(await w.run(flow, { full: true, hit, workers: 1 })).toMatchObject({ state: 'succeeded' })
    expect(refused).toContain('lock timeout')
  })

  test('replace keeps grants, and rows that refer to the rows that stay', async () => {
    await using w = await open()
    const replacing = flowSpec({
      capture: { kind: 'backfill', options: {} },
      apply: { kind: 'replace', maxDelete: null satisfies DeleteLimit | null },
    })
    await w.target(
      'CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR, modified_on TIMESTAMP)',
      'GRANT SELECT ON dst TO PUBLIC',
      'CREATE TABLE child (id BIGINT REFERENCES dst (id) ON DELETE CASCADE)',
    )
    await w.source(TABLE, rows(5))
    await w.run(replacing)
    await w.target('INSERT INTO child VALUES (1), (4)')
    await w.source('DELETE FROM src WHERE id = 4', "UPDATE src SET name = 'new' WHERE id = 1")
    expect(await w.run(replacing)).toMatchObject({ state: 'succeeded', rows: { deleted: 1n } })
    expect(await delivered(w)).toEqual(await w.sourceRows('SELECT id, name FROM src ORDER BY id'))
    expect(await w.targetRows('SELECT id FROM child')).toEqual([['1']])
    expect(await w.targetRows("SELECT has_table_privilege('public', 'main.dst', 'SELECT')")).toEqual([['t']])
  })

  test('a replaced table that nothing was made of is another table under its name, with the same key', async () => {
    await using w = await open()
    const replacing = flowSpec({
      capture: { kind: 'backfill', options: {} },
      apply: { kind: 'replace', maxDelete: null },
    })
    await w.source(TABLE, rows(5))
    await w.run(replacing)
    const which = () =>
      w.targetRows(
        "SELECT 'dst'::regclass::oid, (SELECT conname FROM pg_constraint WHERE conrelid = 'dst'::regclass AND contype = 'p')",
      )
    const [[first, key] = []] = await which()
    await w.run(replacing)
    const [[second, again] = []] = await which()
    expect([second === first, key, again]).toEqual([false, 'dst_pkey', 'dst_pkey'])
    expect(await w.targetRows("SELECT relname FROM pg_class WHERE relname LIKE '%tidemark_new%'")).toEqual([])
  })

  test('captured keys lie in a schema of their own while the run is under way, and are gone when it ends', async () => {
    await using w = await open()
    await w.source(TABLE, rows(3))
    const tables = () =>
      w.targetRows(
        "SELECT relname FROM pg_class AS c WHERE relnamespace = to_regnamespace('tidemark_work') AND relkind = 'r'",
      )
    let seen: unknown[] = []
    const hit = async (point: string): Promise<void> => {
      if (point === 'batch:begun') seen = [...(await tables())]
      if (point === 'batch:before-commit') throw new Error('cut')
    }
    const failed = await w.run(flow, { hit })
    expect(seen).toContainEqual([`${failed.id} captured`])
    expect(await tables()).toContainEqual([`${failed.id} captured`])
    expect(await w.run(flow, { fresh: true })).toMatchObject({ state: 'succeeded' })
    expect(await tables()).toEqual([])
  })

  test('a dry run in one database counts what a run would do and leaves nothing behind', async () => {
    await using w = await open()
    await w.source(TABLE, rows(4))
    await w.run(flow)
    await w.source(newer(1, 'new'), row(9, 'n9', at(9)))
    const everything = () =>
      w.targetRows(
        "SELECT relname, relfilenode FROM pg_class WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_%' ORDER BY 1, 2",
      )
    const before = await everything()
    const plan = await w.planned(flow, FULL)
    {
      await using opened = await w.deps().openBench(flow, null)
      const { bench } = opened
      if (!bench.work.capturesKeys) throw new TypeError('a pushdown bench captures keys')
      await bench.work.start(plan.relation, 1, [])
      await bench.work.select(plan.selection)
      const [split] = await bench.work.cut(100, 1_000_000)
      expect(split && (await bench.weigh(plan.relation, plan.selection, split, 'latest'))).toMatchObject({
        read: 5n,
        inserted: 1n,
        updated: 1n,
        skippedSame: 3n,
      })
    }
    expect(await everything()).toEqual(before)
  })
})
