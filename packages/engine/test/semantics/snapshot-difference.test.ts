import { expect, test } from 'vitest'
import { openSnapshotWorld, snapshotFlow } from '../support/snapshot-world.ts'

const flow = snapshotFlow()

test('a snapshot finds new, changed, deleted and unchanged rows, and delivers the first two', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(10) t(i)")
  expect(await s.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 10n }, lane: 'spool' })
  expect(await s.run(flow)).toMatchObject({ state: 'nothing_to_do', batches: 0, rows: { read: 0n } })
  await s.w.source(
    "UPDATE src SET name = 'other' WHERE id IN (3, 4)",
    'DELETE FROM src WHERE id = 9',
    "INSERT INTO src VALUES (10, 'n10')",
  )
  const run = await s.run(flow)
  expect(run).toMatchObject({ state: 'succeeded', rows: { read: 3n, inserted: 1n, updated: 2n, deleted: 0n } })
  const [before, last] = (await s.snapshots()).slice(-2)
  expect(last).toMatchObject({
    state: 'kept',
    run: run.id,
    previous: before?.id,
    rows: 10n,
    counts: { added: 1n, changed: 2n, deleted: 1n, unchanged: 7n },
  })
  expect(run.reason).toBe(
    `${last?.id}: 1 new, 2 changed, 1 deleted, which stay in the target, 7 unchanged since ${before?.id}`,
  )
  expect(await s.w.targetRows('SELECT count(*) FROM dst')).toEqual([['11']])
  expect(await s.hot(`SELECT key, kind FROM difference WHERE snapshot = '${last?.id}' ORDER BY kind, key`)).toEqual([
    ['["3"]', 'changed'],
    ['["4"]', 'changed'],
    ['["9"]', 'deleted'],
    ['["10"]', 'new'],
  ])
  expect(
    await s.hot(`SELECT count(*), min(length(row_hash)), min(scope), min(run) FROM hot WHERE snapshot = '${last?.id}'`),
  ).toEqual([['10', '64', '{}', run.id]])
})

test('the order of the columns says nothing', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, i * 2 AS twice FROM range(5) t(i)")
  await s.run(flow)
  await s.w.source('CREATE OR REPLACE TABLE src AS SELECT twice, name, id FROM src ORDER BY id DESC')
  expect(await s.take(flow)).toEqual([0, 0, 0, 5])
})

test('of a source that nobody touched no row is hashed again', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(5) t(i)")
  await s.run(flow)
  // whoever hashed would find every row changed
  await s.change('UPDATE hot_row SET first_hash = 1')
  expect(await s.take(flow)).toEqual([0, 0, 0, 5])
  expect(await s.take(snapshotFlow({ exact: true }))).toEqual([0, 0, 0, 5])
  expect(await s.hot('SELECT count(DISTINCT snapshot), count(*) FROM hot_row WHERE first_hash = 1')).toEqual([
    ['1', '5'],
  ])
  await s.w.source('CREATE OR REPLACE TABLE src AS SELECT * FROM src ORDER BY id DESC')
  expect(await s.take(flow)).toEqual([0, 0, 0, 5])
})

test('a value of the same length leaves an image of the same size, and is found', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(5) t(i)")
  await s.run(flow)
  await s.w.source("UPDATE src SET name = 'n9' WHERE id = 3")
  expect(await s.take(flow)).toEqual([0, 1, 0, 4])
  const [before, after] = (await s.snapshots()).map(({ imageBytes }) => imageBytes)
  expect(before).toBe(after)
  await s.w.target('DELETE FROM dst WHERE id = 4')
  expect(await s.take(flow)).toEqual([1, 0, 0, 4])
})

test('a row that is there twice is an error with its key, and nothing is written', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(
    "CREATE TABLE src AS SELECT 7 AS id, 'same' AS name FROM range(2)",
    "INSERT INTO src VALUES (8, 'x')",
  )
  expect(await s.run(flow)).toMatchObject({
    state: 'failed',
    error: { code: 'TM4005', message: expect.stringContaining('src has several rows for id = ["7"] (2 rows)') },
  })
  await s.w.source('DELETE FROM src WHERE id = 7', "INSERT INTO src VALUES (NULL, 'y')")
  expect(await s.run(flow)).toMatchObject({
    state: 'failed',
    error: {
      code: 'TM4004',
      message: expect.stringContaining('1 rows of src have NULL in id, such as {"id":null,"name":"y"}'),
    },
  })
  expect(await s.snapshots()).toEqual([])
  expect(s.images()).toEqual([])
  await s.w.source('DELETE FROM src WHERE id IS NULL')
  // what failed is resumed first
  expect(await s.w.runs(flow)).toMatchObject([
    { state: 'succeeded', rows: { inserted: 1n } },
    { state: 'nothing_to_do', rows: { read: 0n } },
  ])
})

test('a key that changes case is another key where keys are compared without it, too', async () => {
  await using s = await openSnapshotWorld()
  const folded = snapshotFlow({ normalise: { id: [{ kind: 'case' }], name: [{ kind: 'case' }] } })
  await s.w.source("CREATE TABLE src AS SELECT 'K' || i AS id, 'same' AS name FROM range(10) t(i)")
  await s.take(folded)
  await s.w.source("UPDATE src SET id = 'k3' WHERE id = 'K3'")
  expect(await s.take(folded)).toEqual([1, 0, 1, 9])
  expect(await s.w.targetRows("SELECT id, name FROM dst WHERE lower(id) = 'k3' ORDER BY id")).toEqual([
    ['K3', 'same'],
    ['k3', 'same'],
  ])
  const [last] = (await s.snapshots()).slice(-1)
  expect(
    await s.hot(`SELECT count(DISTINCT row_hash) FROM hot WHERE snapshot = '${last?.id}' AND key = '["k3"]'`),
  ).toEqual([['1']])
})

test('a row that the target lacks comes with those that have changed', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(10) t(i)")
  await s.take(flow)
  await s.w.target('DELETE FROM dst WHERE id = 5')
  await s.w.source("UPDATE src SET name = 'other' WHERE id = 3")
  expect(await s.take(flow)).toEqual([1, 1, 0, 8])
  expect(await s.w.targetRows('SELECT id, name FROM dst WHERE id IN (3, 5) ORDER BY id')).toEqual([
    ['3', 'other'],
    ['5', 'n5'],
  ])
})

test('a key that changes case is another key', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT 'abc' AS id, 1 AS n")
  await s.run(flow)
  await s.w.source("UPDATE src SET id = 'ABC'")
  expect(await s.take(flow)).toEqual([1, 0, 1, 0])
})

test('keys of several columns do not run together', async () => {
  await using s = await openSnapshotWorld()
  const two = snapshotFlow({}, { key: ['a', 'b'] })
  await s.w.source("CREATE TABLE src AS SELECT 'a' AS a, 'bc' AS b, 1 AS n")
  await s.run(two)
  await s.w.source("UPDATE src SET a = 'ab', b = 'c'")
  expect(await s.take(two)).toEqual([1, 0, 1, 0])
})

test('a snapshot of zero rows is one: before it all are deleted, after it all are new', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source('CREATE TABLE src (id INTEGER, name VARCHAR)')
  expect(await s.take(flow)).toEqual([0, 0, 0, 0])
  await s.w.source("INSERT INTO src VALUES (1, 'a'), (2, 'b')")
  expect(await s.take(flow)).toEqual([2, 0, 0, 0])
  await s.w.source('DELETE FROM src')
  expect(await s.take(flow)).toEqual([0, 0, 2, 0])
  expect(await s.w.targetRows('SELECT count(*) FROM dst')).toEqual([['2']])
})

test('a target row deleted by hand comes back as new', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
  await s.run(flow)
  await s.w.target('DELETE FROM dst WHERE id IN (1, 2)')
  expect(await s.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 2n, read: 2n } })
  expect((await s.snapshots()).at(-1)?.counts).toEqual({ added: 2n, changed: 0n, deleted: 0n, unchanged: 2n })
  expect(await s.w.targetRows('SELECT id FROM dst ORDER BY id')).toEqual([['0'], ['1'], ['2'], ['3']])
})

test.each([1, 2, 3])('keep: %i keeps exactly so many snapshots, and their images', async (keep) => {
  await using s = await openSnapshotWorld()
  const kept = snapshotFlow({ keep })
  await s.w.source('CREATE TABLE src AS SELECT 1 AS id, 0 AS n')
  for (let n = 1; n <= 5; n++) {
    await s.w.source(`UPDATE src SET n = ${n}`)
    await s.take(kept)
    const there = await s.snapshots()
    expect(there).toHaveLength(Math.min(n, keep))
    expect(s.images()).toEqual(there.map(({ id }) => `${id}.parquet`).sort())
    expect(await s.hot('SELECT count(DISTINCT snapshot) FROM hot_row')).toEqual([[`${Math.min(n, keep)}`]])
  }
})

test('report only: the difference is kept, and neither the target table nor a batch is made', async () => {
  await using s = await openSnapshotWorld()
  const report = snapshotFlow({}, { apply: { kind: 'none', maxDelete: null } })
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
  expect(await s.run(report)).toMatchObject({ state: 'succeeded', batches: 0, rows: { read: 0n } })
  await s.w.source('DELETE FROM src WHERE id = 0')
  const run = await s.run(report)
  expect(run).toMatchObject({ state: 'succeeded', batches: 0 })
  expect(run.reason).toMatch(/^s-.{8}: 1 deleted, 3 unchanged since s-.{8}$/)
  expect(await s.w.targetRows("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'dst'")).toEqual([['0']])
  expect(await s.run(report)).toMatchObject({
    state: 'nothing_to_do',
    reason: expect.stringContaining('nothing changed'),
  })
})

test('the row hash of what did not change is carried over, and is that of its values', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(3) t(i)")
  await s.run(flow)
  await s.w.source("UPDATE src SET name = 'other' WHERE id = 1")
  await s.run(flow)
  const [first, last] = (await s.snapshots()).map(({ id }) => id)
  const hashes = async (id = '') =>
    new Map((await s.hot(`SELECT key, row_hash FROM hot_row WHERE snapshot = '${id}'`)) as [string, string][])
  const [before, after] = [await hashes(first), await hashes(last)]
  // SHA-256 of `1:0` and `2:n0`, the frames of the columns id and name
  expect(after.get('["0"]')).toBe((await s.hot("SELECT sha256('1:02:n0')"))[0]?.[0])
  expect(after.get('["1"]')).toBe((await s.hot("SELECT sha256('1:15:other')"))[0]?.[0])
  expect([...after].filter(([key, hash]) => before.get(key) === hash).map(([key]) => key)).toEqual(['["0"]', '["2"]'])
})
