/** Snapshots whose target is in PostgreSQL: what that adds to the semantics that all targets share. */
import { rmSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { Cancelled } from '../../src/runtime/app-error.ts'
import { snapshotEnds } from '../support/snapshot-ends.ts'
import { openSnapshotWorld, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'
import { ALL_COLUMNS, type RunWish } from '../support/world.ts'
import { openWorldsWith } from '../support/world-ends.ts'

const mirror = (over: Parameters<typeof snapshotFlow>[1] = {}) =>
  snapshotFlow({}, { apply: { kind: 'live', maxDelete: { percent: 100 } }, ...over })
const live = mirror()

/** Source and target as texts, in the order of the first column. */
async function expectSame(s: SnapshotWorld, columns: string): Promise<void> {
  expect(await s.w.targetRows(`SELECT ${columns} FROM dst ORDER BY 1`)).toEqual(
    await s.w.sourceRows(`SELECT ${columns} FROM src ORDER BY 1`),
  )
}

/** A run that ends when so many batches have committed, as if it had been asked to. */
function stopAfterBatch(nth: number): RunWish {
  const stop = new AbortController()
  let committed = 0
  const hit = (point: string): Promise<void> => {
    if (point === 'batch:after-commit' && ++committed === nth) stop.abort(new Cancelled('enough'))
    return Promise.resolve()
  }
  return { hit, soft: stop.signal, workers: 1, batchRows: 2 }
}

describe('from a DuckDB file', () => {
  beforeEach(() => openWorldsWith(() => snapshotEnds('duckdb', '18')))

  test('what a lost extraction had brought to PostgreSQL goes with the one in its place', async () => {
    await using s = await openSnapshotWorld()
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(12) t(i)")
    await s.run(live)
    await s.w.source("INSERT INTO src SELECT i, 'n' || i FROM range(20, 40) t(i)", 'DELETE FROM src WHERE id IN (4, 5)')
    const stopped = await s.run(live, stopAfterBatch(3))
    expect(stopped.state).toBe('cancelled')
    expect(await s.w.targetRows('SELECT 1 FROM dst WHERE id = 20')).toHaveLength(1)
    for (const suffix of ['', '.wal']) rmSync(s.w.workPath(stopped.id) + suffix, { force: true })
    await s.w.source('DELETE FROM src WHERE id = 20', "UPDATE src SET name = 'x' WHERE id = 21")
    expect(await s.w.resume(stopped.id)).toMatchObject({ state: 'succeeded' })
    await expectSame(s, 'id, name')
    expect(await s.run(live)).toMatchObject({ state: 'nothing_to_do' })
  })

  test('a run into PostgreSQL that was stopped delivers the stored difference, whatever the source is by then', async () => {
    await using s = await openSnapshotWorld()
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(30) t(i)")
    const first = await s.run(live, stopAfterBatch(1))
    expect(first.state).toBe('cancelled')
    await s.w.source("UPDATE src SET name = 'later'")
    expect(await s.w.resume(first.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 30n } })
    expect(await s.w.targetRows("SELECT count(*) FROM dst WHERE name = 'later'")).toEqual([['0']])
    expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { updated: 30n } })
  })

  test('report only makes no table in PostgreSQL, and keeps the difference', async () => {
    await using s = await openSnapshotWorld()
    const report = snapshotFlow({}, { apply: { kind: 'none', maxDelete: null } })
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
    expect(await s.take(report)).toEqual([4, 0, 0, 0])
    await s.w.source('DELETE FROM src WHERE id = 0')
    expect(await s.take(report)).toEqual([0, 0, 1, 3])
    expect(await s.w.targetRows("SELECT to_regclass('dst')")).toEqual([[null]])
  })

  test('a table that PostgreSQL has keeps what the flow does not fill, and its keys are found in its own types', async () => {
    await using s = await openSnapshotWorld()
    await s.w.target(
      "CREATE TABLE dst (id numeric PRIMARY KEY, at timestamp(3), name text UNIQUE, note text DEFAULT 'mine')",
    )
    await s.w.source(
      "CREATE TABLE src AS SELECT CAST(i + 0.5 AS DECIMAL(10,2)) AS id, CAST('2026-01-01 00:00:00.123' AS TIMESTAMP_MS) AS at, 'n' || i AS name FROM range(5) t(i)",
    )
    expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { inserted: 5n } })
    await s.w.target("UPDATE dst SET note = 'kept' WHERE id = 1.5", 'DELETE FROM dst WHERE id = 2.5')
    // a unique value changes hands
    await s.w.source('DELETE FROM src WHERE id = 3.5', "UPDATE src SET name = 'n3' WHERE id = 1.5")
    expect(await s.run(live)).toMatchObject({ rows: { deleted: 1n, inserted: 1n, updated: 1n } })
    expect(await s.w.targetRows('SELECT id, name, note FROM dst ORDER BY id')).toEqual([
      ['0.50', 'n0', 'mine'],
      ['1.50', 'n3', 'kept'],
      ['2.50', 'n2', 'mine'],
      ['4.50', 'n4', 'mine'],
    ])
    expect(await s.run(live)).toMatchObject({ state: 'nothing_to_do' })
  })

  test('a cast is done where the image is made, by a type that DuckDB has alike, or is refused', async () => {
    await using s = await openSnapshotWorld()
    const cast = (type: string) => mirror({ columns: { ...ALL_COLUMNS, cast: { price: type } } })
    await s.w.source("CREATE TABLE src AS SELECT i AS id, CAST(i AS VARCHAR) || '.50' AS price FROM range(3) t(i)")
    await expect(s.run(cast('interval'))).resolves.toMatchObject({ state: 'failed', error: { code: 'TM4025' } })
    await expect(s.run(cast('varchar(2)'), { fresh: true })).resolves.toMatchObject({ error: { code: 'TM4025' } })
    expect(await s.snapshots()).toEqual([])
    const decimal = cast('numeric(10,2)')
    expect(await s.run(decimal, { fresh: true })).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
    await s.w.source("UPDATE src SET price = '1.5' WHERE id = 1")
    expect(await s.run(decimal)).toMatchObject({ state: 'nothing_to_do' })
    await s.w.source("UPDATE src SET price = '1.505' WHERE id = 1")
    expect(await s.run(decimal)).toMatchObject({ state: 'failed', error: { code: 'TM4031' } })
  })
})

describe('from another PostgreSQL database', () => {
  beforeEach(() => openWorldsWith(() => snapshotEnds('postgres', '18')))

  const TYPES = `b boolean, i2 smallint, n numeric, d numeric(50,10), f double precision, r real, t text, v varchar(9), c character(5),
    y bytea, u uuid, da date, ti time, ts timestamp, tz timestamptz, iv interval, j json, jb jsonb, a integer[], ip inet`
  const ROW = String.raw`TRUE, -1, 1.50, 1234567890123456789012345678901234567890.0123456789, '-0', 0.1, '', 'é', 'ab', '\x00ff',
    '7d8f53ec-b98c-f011-b86b-005056a2dd37', '0044-03-15 BC', '23:59:59.999999', 'infinity', '2026-01-01 00:00:00.123456+00', '30 days', '{"a": 1}', '{"a": 1}',
    '{1,NULL}', '10.0.0.1/8'`

  test('values of every type arrive as they left, also of those that only PostgreSQL has, and a change of each is found', async () => {
    await using s = await openSnapshotWorld()
    await s.w.source(
      `CREATE TABLE src (id bigint PRIMARY KEY, ${TYPES})`,
      `INSERT INTO src SELECT i, ${ROW} FROM range(20) t(i)`,
      'INSERT INTO src (id) VALUES (20)',
    )
    const expectWhole = async (): Promise<void> =>
      expect(await s.w.targetRows('SELECT id, CAST(t AS text) FROM dst AS t ORDER BY id')).toEqual(
        await s.w.sourceRows('SELECT id, CAST(t AS text) FROM src AS t ORDER BY id'),
      )
    expect(await s.take(live)).toEqual([21, 0, 0, 0])
    await expectWhole()
    const changes = [
      'b = FALSE',
      'i2 = 0',
      'n = 1.5',
      'd = d + 0.0000000001',
      "f = 'NaN'",
      'r = 0.2',
      't = NULL',
      "v = 'e'",
      "c = 'a'",
      String.raw`y = '\x00'`,
      'u = NULL',
      "da = '0044-03-15'",
      "ti = '24:00:00'",
      "ts = '-infinity'",
      "tz = tz + interval '1 us'",
      "iv = '1 month'",
      `j = '{"a":1}'`,
      `jb = '{"a": 2}'`,
      "a = '{1}'",
      "ip = '10.0.0.1'",
    ]
    await s.w.source(...changes.map((change, i) => `UPDATE src SET ${change} WHERE id = ${i}`))
    await s.run(live)
    const found = new Set((await s.hot("SELECT key FROM difference WHERE kind = 'changed'")).map(([text]) => text))
    expect(changes.filter((_, i) => !found.has(`["${i}"]`))).toEqual([])
    await expectWhole()
  })

  test.each([
    ['bytea', String.raw`decode(lpad(to_hex(i), 2, '0') || '5c27', 'hex')`],
    ['character(6)', "'k ' || i"],
    ['timestamptz', "timestamptz '0044-03-15 12:00:00.5+00 BC' + i * interval '1 day'"],
    ['numeric', '1.50 + i'],
    ['uuid', "CAST(lpad(CAST(i AS text), 32, '0') AS uuid)"],
    ['inet', "inet '10.0.0.0' + i"],
    ['boolean', 'i = 0'],
    ['text', "CASE i WHEN 0 THEN '' WHEN 1 THEN E'\\\\.\\n,\"' ELSE 'K' || i END"],
  ])('a key of type %s is found where it is: deleted, brought back, and nothing to do after', async (type, key) => {
    await using s = await openSnapshotWorld()
    const rows = type === 'boolean' ? 2 : 6
    await s.w.source(
      `CREATE TABLE src (id ${type} PRIMARY KEY, n bigint)`,
      `INSERT INTO src SELECT ${key}, i FROM range(${rows}) t(i)`,
    )
    expect(await s.take(live)).toEqual([rows, 0, 0, 0])
    await s.w.target('DELETE FROM dst WHERE n = 1')
    await s.w.source('DELETE FROM src WHERE n = 0')
    expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { deleted: 1n, inserted: 1n } })
    await expectSame(s, 'CAST(id AS text), n')
    expect(await s.run(live)).toMatchObject({ state: 'nothing_to_do' })
  })

  test('masks are put on in the source, and a masked key finds its rows', async () => {
    await using s = await openSnapshotWorld()
    const masked = mirror({
      columns: {
        ...ALL_COLUMNS,
        mask: { id: { kind: 'hash', key: 'env:KEY' }, name: { kind: 'redact', text: 'xxx' }, scan: { kind: 'null' } },
      },
    })
    await s.w.source(
      "CREATE TABLE src AS SELECT i AS id, 'Readable ' || i AS name, bytea '\\x00ff' AS scan, i AS n FROM range(4) t(i)",
    )
    expect(await s.take(masked)).toEqual([4, 0, 0, 0])
    await s.w.source(
      "UPDATE src SET name = 'Another'",
      'UPDATE src SET n = 9 WHERE id = 1',
      'DELETE FROM src WHERE id = 2',
    )
    expect(await s.run(masked)).toMatchObject({ rows: { updated: 1n, deleted: 1n } })
    expect(await s.w.targetRows('SELECT length(id), name, scan, n FROM dst ORDER BY n')).toEqual([
      ['64', 'xxx', null, '0'],
      ['64', 'xxx', null, '3'],
      ['64', 'xxx', null, '9'],
    ])
  })
})
