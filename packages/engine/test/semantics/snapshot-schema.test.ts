import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSnapshotWorld, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'

const NONE = { kind: 'none', maxDelete: null } as const
const report = snapshotFlow({}, { apply: NONE, drift: 'ignore' })

async function threeRows(): Promise<SnapshotWorld> {
  const s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, i * 1.5 AS price FROM range(3) t(i)")
  return s
}

test('another version of the engine reports no change, and what changed besides is found', async () => {
  await using s = await threeRows()
  await s.take(report)
  s.engine = 'v9.0.0'
  expect(await s.take(report)).toEqual([0, 0, 0, 3])
  s.engine = 'v9.0.1'
  await s.w.source("UPDATE src SET name = 'other' WHERE id = 1")
  expect(await s.take(report)).toEqual([0, 1, 0, 2])
  expect(await s.take(report)).toEqual([0, 0, 0, 3])
})

test('another version of the engine needs no image: the row hashes tell', async () => {
  await using s = await threeRows()
  await s.take(report)
  for (const name of s.images()) rmSync(join(s.folder, report.id, name))
  s.engine = 'v9.0.0'
  await s.w.source("UPDATE src SET name = 'other' WHERE id = 1")
  expect(await s.take(report)).toEqual([0, 1, 0, 2])
})

test('fingerprints of another engine say nothing, and its row hashes do', async () => {
  await using s = await threeRows()
  await s.take(report)
  // as another version may have made them
  await s.change(
    "UPDATE snapshot SET engine = 'v0.9.0'",
    'UPDATE hot_row SET first_hash = second_hash, second_hash = 7',
  )
  await s.w.source("UPDATE src SET name = 'other' WHERE id = 1")
  expect(await s.take(report)).toEqual([0, 1, 0, 2])
  expect(await s.take(report)).toEqual([0, 0, 0, 3])
})

test('an added column is a change of the schema, and of no row', async () => {
  await using s = await threeRows()
  await s.take(report)
  await s.w.source('ALTER TABLE src ADD COLUMN more INTEGER', 'UPDATE src SET more = id')
  const flow = { ...report, drift: 'add' as const }
  expect(await s.take(flow)).toEqual([0, 0, 0, 3])
  expect((await s.snapshots()).at(-1)?.schema).toEqual({ added: ['more'], removed: [], retyped: [] })
  await s.w.source('UPDATE src SET more = 7 WHERE id = 1')
  expect(await s.take(flow)).toEqual([0, 1, 0, 2])
})

test('a removed column is a change of the schema; rows are compared on the others', async () => {
  await using s = await threeRows()
  const without = { ...report, columns: { ...report.columns, exclude: ['price'] } }
  await s.take(report)
  await s.w.source("UPDATE src SET name = 'other', price = 0 WHERE id = 2", 'UPDATE src SET price = 0 WHERE id = 1')
  const run = await s.run(without, { acceptChange: true })
  expect(run).toMatchObject({ state: 'succeeded' })
  expect(run.reason).toContain('1 changed, 2 unchanged')
  expect(run.reason).toContain('columns removed: price')
})

test.each([
  ['INTEGER', 'BIGINT'],
  ['INTEGER', 'VARCHAR'],
  ['INTEGER', 'DECIMAL(10,1)'],
  ['INTEGER', 'DOUBLE'],
  ['DECIMAL(10,1)', 'DECIMAL(20,4)'],
  ['DECIMAL(10,1)', 'DOUBLE'],
  ['TIMESTAMP', 'TIMESTAMP_NS'],
])('a column retyped from %s to %s changes no row whose value is the same', async (from, to) => {
  await using s = await openSnapshotWorld()
  const value = from === 'TIMESTAMP' ? "TIMESTAMP '2024-01-31 12:00:00'" : '1'
  await s.w.source(`CREATE TABLE src (id INTEGER, a ${from})`, `INSERT INTO src VALUES (1, ${value}), (2, NULL)`)
  await s.take(report)
  await s.w.source(`ALTER TABLE src ALTER a TYPE ${to}`)
  expect(await s.take(report)).toEqual([0, 0, 0, 2])
  expect((await s.snapshots()).at(-1)?.schema.retyped).toEqual([`a ${from} → ${to}`])
  await s.w.source('UPDATE src SET a = NULL WHERE id = 1')
  expect(await s.take(report)).toEqual([0, 1, 0, 1])
})

test('a key that is retyped is the same key', async () => {
  await using s = await threeRows()
  await s.take(report)
  await s.w.source('ALTER TABLE src ALTER id TYPE VARCHAR')
  expect(await s.take(report)).toEqual([0, 0, 0, 3])
})

test('another normalisation reports only what differs under it', async () => {
  await using s = await threeRows()
  await s.take(report)
  await s.w.source("UPDATE src SET name = 'N1' WHERE id = 1", "UPDATE src SET name = 'x' WHERE id = 2")
  const folded = snapshotFlow({ normalise: { name: [{ kind: 'case' }] } }, { apply: NONE })
  expect(await s.take(folded)).toEqual([0, 1, 0, 2])
})

test('a snapshot that is not here any more stops the run, and --full begins anew', async () => {
  await using s = await threeRows()
  await s.take(report)
  rmSync(s.folder, { recursive: true })
  const failed = await s.run(report)
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'TM4041' } })
  expect(await s.take(report, { full: true, fresh: true })).toEqual([3, 0, 0, 0])
  expect(await s.take(report)).toEqual([0, 0, 0, 3])
})

test('without the image of the snapshot before, what needs its values stops and says so', async () => {
  await using s = await threeRows()
  await s.take(report)
  for (const name of s.images()) rmSync(join(s.folder, report.id, name))
  const exact = snapshotFlow({ exact: true }, { apply: NONE })
  expect(await s.run(exact)).toMatchObject({
    state: 'failed',
    error: { code: 'TM4041', message: expect.stringMatching(/the image of s-.{8} of m\.t/) },
  })
  // fingerprints need none
  expect(await s.take(report, { fresh: true })).toEqual([0, 0, 0, 3])
})
