/** Snapshots whose target is in SQL Server, on the server that TIDEMARK_TEST_SQLSERVER names: what that adds to the semantics of all targets. */
import { rmSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Cancelled } from '../../src/runtime/app-error.ts'
import { snapshotSqlServerEnds } from '../support/snapshot-sqlserver-ends.ts'
import { openSnapshotWorld, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'
import { dropShared } from '../support/sqlserver-ends.ts'
import { closePooled } from '../support/sqlserver-pool.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { ALL_COLUMNS, type RunWish } from '../support/world.ts'
import { openWorldsWith } from '../support/world-ends.ts'

vi.mock(import('../../src/drivers/sqlserver-connect.ts'), async (original) => {
  const driver = await original()
  const { pooled } = await import('../support/sqlserver-pool.ts')
  return { ...driver, connectClient: pooled(driver.connectClient) }
})

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

afterAll(() => dropShared(closePooled))

describe.skipIf(TEST_SERVER === null)('from a DuckDB file into SQL Server', { timeout: 300_000 }, () => {
  beforeEach(() => openWorldsWith(() => snapshotSqlServerEnds('duckdb')))

  test('what a lost extraction had brought to SQL Server goes with the one in its place', async () => {
    await using s = await openSnapshotWorld()
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(6) t(i)")
    await s.run(live)
    await s.w.source("INSERT INTO src SELECT i, 'n' || i FROM range(20, 26) t(i)", 'DELETE FROM src WHERE id IN (4, 5)')
    const stopped = await s.run(live, stopAfterBatch(2))
    expect(stopped.state).toBe('cancelled')
    expect(await s.w.targetRows('SELECT 1 FROM dst WHERE id = 20')).toHaveLength(1)
    for (const suffix of ['', '.wal']) rmSync(s.w.workPath(stopped.id) + suffix, { force: true })
    await s.w.source('DELETE FROM src WHERE id = 20', "UPDATE src SET name = 'x' WHERE id = 21")
    expect(await s.w.resume(stopped.id)).toMatchObject({ state: 'succeeded' })
    await expectSame(s, 'id, name')
    expect(await s.run(live)).toMatchObject({ state: 'nothing_to_do' })
  })

  test('a run into SQL Server that was stopped delivers the stored difference, whatever the source is by then', async () => {
    await using s = await openSnapshotWorld()
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(8) t(i)")
    const first = await s.run(live, stopAfterBatch(1))
    expect(first.state).toBe('cancelled')
    await s.w.source("UPDATE src SET name = 'later'")
    expect(await s.w.resume(first.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 8n } })
    expect(await s.w.targetRows("SELECT count(*) FROM dst WHERE name = 'later'")).toEqual([['0']])
    expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { updated: 8n } })
  })

  test('report only makes no table in SQL Server, and keeps the difference', async () => {
    await using s = await openSnapshotWorld()
    const report = snapshotFlow({}, { apply: { kind: 'none', maxDelete: null } })
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
    expect(await s.take(report)).toEqual([4, 0, 0, 0])
    await s.w.source('DELETE FROM src WHERE id = 0')
    expect(await s.take(report)).toEqual([0, 0, 1, 3])
    expect(await s.w.targetRows("SELECT OBJECT_ID('dst')")).toEqual([[null]])
  })

  test('a table that SQL Server has keeps what the flow does not fill, and its keys are found in its own types', async () => {
    await using s = await openSnapshotWorld()
    await s.w.target(
      `CREATE TABLE dst (id decimal(20,2) NOT NULL, at datetime2(6) NOT NULL, u uniqueidentifier NOT NULL, name nvarchar(max), rank int UNIQUE,
        note nvarchar(20) DEFAULT 'mine', PRIMARY KEY (id, at, u))`,
    )
    const keyed = mirror({ key: ['id', 'at', 'u'] })
    await s.w.source(
      `CREATE TABLE src AS SELECT CAST(i + 0.5 AS DECIMAL(10,2)) AS id, CAST('2026-01-01 00:00:00.123456' AS TIMESTAMP) AS at,
        CAST('7f8d53ec-b98c-f011-b86b-00505600000' || i AS UUID) AS u, 'n' || i AS name, CAST(i AS INTEGER) AS rank FROM range(5) t(i)`,
    )
    expect(await s.run(keyed)).toMatchObject({ state: 'succeeded', rows: { inserted: 5n } })
    await s.w.target("UPDATE dst SET note = 'kept' WHERE id = 1.5", 'DELETE FROM dst WHERE id = 2.5')
    // a unique value changes hands
    await s.w.source('DELETE FROM src WHERE id = 3.5', 'UPDATE src SET rank = 3 WHERE id = 1.5')
    expect(await s.run(keyed)).toMatchObject({ rows: { deleted: 1n, inserted: 1n, updated: 1n } })
    expect(await s.w.targetRows('SELECT CONVERT(nvarchar(40), id), name, rank, note FROM dst ORDER BY id')).toEqual([
      ['0.50', 'n0', '0', 'mine'],
      ['1.50', 'n1', '3', 'kept'],
      ['2.50', 'n2', '2', 'mine'],
      ['4.50', 'n4', '4', 'mine'],
    ])
    expect(await s.run(keyed)).toMatchObject({ state: 'nothing_to_do' })
  })

  test('a cast to a type of SQL Server is done where the image is made, by one that DuckDB has alike, or is refused', async () => {
    await using s = await openSnapshotWorld()
    const cast = (type: string) => mirror({ columns: { ...ALL_COLUMNS, cast: { price: type } } })
    await s.w.source("CREATE TABLE src AS SELECT i AS id, CAST(i AS VARCHAR) || '.50' AS price FROM range(3) t(i)")
    await expect(s.run(cast('tinyint'))).resolves.toMatchObject({ state: 'failed', error: { code: 'TM4025' } })
    expect(await s.snapshots()).toEqual([])
    const decimal = cast('numeric(10,2)')
    expect(await s.run(decimal, { fresh: true })).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
    await s.w.source("UPDATE src SET price = '1.5' WHERE id = 1")
    expect(await s.run(decimal)).toMatchObject({ state: 'nothing_to_do' })
    await s.w.source("UPDATE src SET price = '1.505' WHERE id = 1")
    expect(await s.run(decimal)).toMatchObject({ state: 'failed', error: { code: 'TM4031' } })
  })

  test('a text is a key of SQL Server where it is cast to a length, and one that is longer is a reject', async () => {
    await using s = await openSnapshotWorld()
    const flow = mirror({
      columns: { ...ALL_COLUMNS, cast: { id: 'nvarchar(4)' } },
      onReject: { kind: 'quarantine', max: 10 },
    })
    await s.w.source("CREATE TABLE src AS SELECT 'K' || i AS id, i AS n FROM range(4) t(i)")
    expect(await s.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 4n } })
    await s.w.source(
      "UPDATE src SET id = 'k1' WHERE n = 1",
      'DELETE FROM src WHERE n = 2',
      "INSERT INTO src VALUES ('much longer', 5)",
    )
    expect(await s.run(flow)).toMatchObject({
      state: 'succeeded_with_rejects',
      rows: { inserted: 1n, deleted: 2n, rejected: 1n },
    })
    expect(await s.w.targetRows('SELECT id, n FROM dst ORDER BY n')).toEqual([
      ['K0', '0'],
      ['k1', '1'],
      ['K3', '3'],
    ])
  })

  test('a scope that differs from another in case alone loses none of its rows', async () => {
    await using s = await openSnapshotWorld()
    const flow = mirror({ scope: { customer: { table: null, column: 'customer' } } })
    await s.w.source(
      'CREATE TABLE src (id INTEGER, customer VARCHAR)',
      "INSERT INTO src VALUES (1, 'a'), (2, 'a'), (3, 'A'), (4, 'a ')",
    )
    for (const customer of ['a', 'A', 'a ']) await s.run(flow, { scope: { customer } })
    await s.w.source('DELETE FROM src WHERE id = 2')
    // nothing tells the rows of the flow from others
    expect(await s.run(flow, { scope: { customer: 'a' }, full: true })).toMatchObject({ rows: { deleted: 1n } })
    expect(await s.w.targetRows('SELECT id FROM dst ORDER BY id')).toEqual([['1'], ['3'], ['4']])
  })
})
