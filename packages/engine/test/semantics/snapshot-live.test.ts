/** `apply: live`: the target follows the source in everything, deletes included, and under the brake. */
import { rmSync } from 'node:fs'
import type { DeleteLimit } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { Cancelled } from '../../src/runtime/app-error.ts'
import { openSnapshotWorld, SCOPED, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'
import { ALL_COLUMNS, type RunWish } from '../support/world.ts'

const mirror = (maxDelete: DeleteLimit | null = null, over: Parameters<typeof snapshotFlow>[1] = {}) =>
  snapshotFlow({}, { apply: { kind: 'live', maxDelete }, ...over })
const live = mirror()
const A = { scope: { customer: 'a' } }
const B = { scope: { customer: 'b' } }

async function rowsOf(count: number): Promise<SnapshotWorld> {
  const s = await openSnapshotWorld()
  await s.w.source(`CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(${count}) t(i)`)
  return s
}
const ids = async (s: SnapshotWorld): Promise<readonly (string | null)[]> =>
  (await s.w.targetRows('SELECT id FROM dst ORDER BY id')).map(([id = null]) => id)

test('keys that the snapshot no longer has are deleted, in batches before the others, and counted', async () => {
  await using s = await rowsOf(12)
  await s.run(live)
  await s.w.source(
    'DELETE FROM src WHERE id IN (2, 5, 7)',
    "UPDATE src SET name = 'x' WHERE id = 3",
    'INSERT INTO src VALUES (20, NULL)',
  )
  const run = await s.run(live, { batchRows: 2 })
  expect(run).toMatchObject({ state: 'succeeded', rows: { deleted: 3n, inserted: 1n, updated: 1n } })
  expect(run.reason).toMatch(/1 new, 1 changed, 3 deleted, 8 unchanged since/)
  expect(await s.w.targetRows('SELECT id, name FROM dst ORDER BY id')).toEqual(
    await s.w.sourceRows('SELECT id, name FROM src ORDER BY id'),
  )
  expect((await s.w.store.ledger.listSteps(run.id)).map(({ name, batches }) => [name, batches])).toEqual([
    ['deletes', 2],
    ['rows', 1],
  ])
  expect(await s.run(live)).toMatchObject({ state: 'nothing_to_do', rows: { deleted: 0n } })
})

test('a run that only deletes succeeds', async () => {
  await using s = await rowsOf(3)
  await s.run(live)
  await s.w.source('DELETE FROM src WHERE id = 1')
  expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { read: 0n, deleted: 1n } })
  expect(await ids(s)).toEqual(['0', '2'])
})

test('a row of the target that no snapshot had is not deleted, but where there is no snapshot before', async () => {
  await using s = await rowsOf(3)
  await s.run(live)
  await s.w.target("INSERT INTO dst VALUES (50, 'of somebody else')")
  await s.w.source('DELETE FROM src WHERE id = 0')
  expect(await s.run(live)).toMatchObject({ rows: { deleted: 1n } })
  expect(await ids(s)).toEqual(['1', '2', '50'])
  expect(await s.run(live, { full: true })).toMatchObject({
    state: 'succeeded',
    rows: { deleted: 1n, skippedSame: 2n },
  })
  expect(await ids(s)).toEqual(['1', '2'])
})

test('a unique value is free before another row takes it', async () => {
  await using s = await rowsOf(3)
  await s.w.target('CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR UNIQUE)')
  await s.run(live)
  await s.w.source('DELETE FROM src WHERE id = 1', "INSERT INTO src VALUES (9, 'n1')")
  expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { deleted: 1n, inserted: 1n } })
})

test.each([
  ['the former', A, B],
  ['the latter', B, A],
])('a row that moves between two scopes, %s run first, ends in the scope that it has', async (_, first, second) => {
  await using s = await openSnapshotWorld()
  const flow = mirror(null, SCOPED)
  await s.w.source(
    'CREATE TABLE src (id INTEGER, customer VARCHAR, n INTEGER)',
    "INSERT INTO src VALUES (1, 'a', 1), (2, 'a', 2), (3, 'b', 3)",
  )
  await s.run(flow, A)
  await s.run(flow, B)
  await s.w.source("UPDATE src SET customer = 'b' WHERE id = 2")
  const states = [await s.run(flow, first), await s.run(flow, second)].map(({ error }) => error)
  expect(states).toEqual([null, null])
  const whole = await s.w.sourceRows('SELECT id, customer FROM src ORDER BY id')
  expect(await s.w.targetRows('SELECT id, customer FROM dst ORDER BY id')).toEqual(whole)
  for (const scope of [A, B]) expect(await s.run(flow, scope)).toMatchObject({ state: 'nothing_to_do' })
})

test('a row whose scope becomes NULL goes with its scope, unless the whole flow has taken it over before', async () => {
  await using s = await openSnapshotWorld()
  const flow = mirror(null, SCOPED)
  await s.w.source(
    'CREATE TABLE src (id INTEGER, customer VARCHAR, n INTEGER)',
    "INSERT INTO src VALUES (1, 'a', 1), (2, 'a', 2), (3, 'a', 3)",
  )
  await s.run(flow, A)
  await s.w.source('UPDATE src SET customer = NULL WHERE id = 2')
  expect(await s.run(flow, A)).toMatchObject({ rows: { deleted: 1n } })
  expect(await ids(s)).toEqual(['1', '3'])
  await s.run(flow)
  expect(await ids(s)).toEqual(['1', '2', '3'])
  await s.w.source('UPDATE src SET customer = NULL WHERE id = 3')
  await s.run(flow)
  expect(await s.run(flow, A)).toMatchObject({ error: null, rows: { deleted: 0n } })
  expect(await ids(s)).toEqual(['1', '2', '3'])
})

test('the scope is asked again when a batch deletes: another scope may have taken the row over meanwhile', async () => {
  await using s = await openSnapshotWorld()
  const flow = mirror(null, SCOPED)
  await s.w.source(
    'CREATE TABLE src (id INTEGER, customer VARCHAR, n INTEGER)',
    "INSERT INTO src VALUES (1, 'a', 1), (2, 'a', 2)",
  )
  await s.run(flow, A)
  await s.w.source("UPDATE src SET customer = 'b' WHERE id = 2")
  const stopped = await s.run(flow, { ...A, ...stopAt('capture:stored') })
  expect(stopped.state).toBe('cancelled')
  await s.run(flow, B)
  expect(await s.w.resume(stopped.id)).toMatchObject({ state: 'succeeded', rows: { deleted: 0n } })
  expect(await ids(s)).toEqual(['1', '2'])
})

test('a scope that the target does not hold as it is, is refused before anything is written', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT 1 AS id, 'a' AS customer")
  const without = (columns: Partial<typeof ALL_COLUMNS>) =>
    s.run(mirror(null, { ...SCOPED, columns: { ...ALL_COLUMNS, ...columns } }), A)
  const refused = (how: RegExp) =>
    expect.objectContaining({ code: 'TM1019', message: expect.stringMatching(how) as string })
  await expect(without({ exclude: ['customer'] })).rejects.toThrow(refused(/target does not get customer/))
  await expect(without({ mask: { customer: { kind: 'redact', text: 'x' } } })).rejects.toThrow(refused(/gets masked/))
  expect(await s.snapshots()).toEqual([])
})

test.each<[string, DeleteLimit | null, number, number, boolean]>([
  ['ten rows whatever their share', null, 20, 10, true],
  ['more than ten, and more than a fifth', null, 20, 11, false],
  ['a fifth', null, 60, 12, true],
  ['one more than a fifth', null, 60, 13, false],
  ['as many as the flow says', { rows: 3n }, 20, 3, true],
  ['one more than the flow says', { rows: 3n }, 20, 4, false],
  ['a share', { percent: 5 }, 20, 1, true],
  ['more than that share: the ten are the default alone', { percent: 5 }, 20, 2, false],
  ['nothing', { rows: 0n }, 20, 1, false],
])('the brake: %s', async (_, limit, rows, gone, goes) => {
  await using s = await rowsOf(rows)
  const flow = mirror(limit)
  await s.run(flow)
  await s.w.source(`DELETE FROM src WHERE id < ${gone}`, "UPDATE src SET name = 'x' WHERE id = 19")
  const run = await s.run(flow)
  if (goes) expect(run).toMatchObject({ state: 'succeeded', rows: { deleted: BigInt(gone), updated: 1n } })
  else expect(run).toMatchObject({ state: 'failed', error: { code: 'TM5007' }, rows: { deleted: 0n, updated: 0n } })
})

test('a refused brake leaves no snapshot, and the target as it was; the same run goes on when it is lifted', async () => {
  await using s = await rowsOf(20)
  await s.run(live)
  const before = [await s.snapshots(), s.images()]
  await s.w.source('DELETE FROM src WHERE id < 15')
  const refused = await s.run(live)
  expect(refused.error).toMatchObject({ code: 'TM5007' })
  expect(refused.error?.message).toContain('dst would lose 15 of 20 rows, and max_delete is 20%')
  expect([await s.snapshots(), s.images()]).toEqual(before)
  expect(await ids(s)).toHaveLength(20)
  const runs = await s.w.runs(live, { allowsDeletes: true })
  expect(runs).toMatchObject([
    { id: refused.id, state: 'succeeded', rows: { deleted: 15n } },
    { state: 'nothing_to_do' },
  ])
  expect(await ids(s)).toHaveLength(5)
  expect(await s.w.store.ledger.listAudit(10)).toEqual(
    expect.arrayContaining([expect.objectContaining({ action: 'allow-deletes', subject: live.id })]),
  )
})

test('a source of zero rows needs its own permission, whatever the limit is', async () => {
  await using s = await rowsOf(3)
  const all = mirror({ percent: 100 })
  await s.run(all)
  await s.w.source('DELETE FROM src')
  expect((await s.run(all)).error).toMatchObject({
    code: 'TM5007',
    message: expect.stringContaining('the source has none') as string,
  })
  expect(await ids(s)).toHaveLength(3)
  expect(await s.run(all, { fresh: true, allowsDeletes: true })).toMatchObject({
    state: 'succeeded',
    rows: { deleted: 3n },
  })
  expect(await ids(s)).toEqual([])
})

test('the brake counts the rows of the scope', async () => {
  await using s = await openSnapshotWorld()
  const flow = mirror({ percent: 50 }, SCOPED)
  await s.w.source(
    "CREATE TABLE src AS SELECT i AS id, CASE WHEN i < 4 THEN 'a' ELSE 'b' END AS customer FROM range(100) t(i)",
  )
  await s.run(flow, A)
  await s.run(flow, B)
  await s.w.source('DELETE FROM src WHERE id < 3')
  expect((await s.run(flow, A)).error?.message).toContain('dst, of {"customer":"a"}, would lose 3 of 4 rows')
})

test('an excluded key is not deleted either', async () => {
  await using s = await rowsOf(3)
  await s.w.target('CREATE TABLE dst (id BIGINT, name VARCHAR)', "INSERT INTO dst VALUES (77, 'kept here')")
  await s.run(mirror(null, { excludeKeys: { id: ['77'] } }))
  expect(await ids(s)).toEqual(['0', '1', '2', '77'])
})

test('a target row deleted by hand is no deletion, and a key that changes case is one', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT 'k' || i AS id FROM range(3) t(i)")
  await s.run(live)
  await s.w.target("DELETE FROM dst WHERE id = 'k1'")
  await s.w.source("DELETE FROM src WHERE id = 'k1'", "UPDATE src SET id = 'K2' WHERE id = 'k2'")
  expect(await s.run(live)).toMatchObject({ state: 'succeeded', rows: { deleted: 1n, inserted: 1n } })
  expect(await ids(s)).toEqual(['K2', 'k0'])
})

test('keys are found in the target by what they are, whatever their types', async () => {
  await using s = await openSnapshotWorld()
  const flow = mirror({ percent: 100 }, { key: ['a', 'b', 'c', 'd'] })
  await s.w.source(`CREATE TABLE src AS SELECT CAST('2024-02-29 10:00:00.123456' AS TIMESTAMP) + to_hours(i) AS a, CAST(i + 0.5 AS DECIMAL(10,3)) AS b,
    CAST('ab' || chr(CAST(65 + i AS INTEGER)) AS BLOB) AS c, timezone('UTC', CAST('2024-01-01' AS TIMESTAMP) + to_days(CAST(i AS INTEGER))) AS d FROM range(5) t(i)`)
  await s.run(flow)
  await s.w.source('DELETE FROM src WHERE b < 3')
  expect(await s.run(flow)).toMatchObject({ state: 'succeeded', rows: { deleted: 3n } })
  expect(await s.w.targetRows('SELECT b FROM dst ORDER BY b')).toEqual([['3.500'], ['4.500']])
})

/** A run that ends there as if it had been asked to, with what it had done by then. */
function stopAt(point: string, after: () => void | Promise<void> = () => {}): RunWish {
  const stop = new AbortController()
  const hit = async (now: string): Promise<void> => {
    if (now !== point) return
    await after()
    stop.abort(new Cancelled('enough'))
  }
  return { hit, soft: stop.signal, workers: 1 }
}

test('an extraction that stands in for a lost one takes away what that had brought', async () => {
  await using s = await rowsOf(12)
  await s.run(live)
  await s.w.source(
    "INSERT INTO src VALUES (20, 'n20'), (21, 'n21'), (22, 'n22'), (23, 'n23')",
    'DELETE FROM src WHERE id IN (4, 5)',
  )
  const stopped = await s.run(live, { batchRows: 2, ...stopAt('batch:after-commit') })
  expect(stopped).toMatchObject({ state: 'cancelled' })
  const second = await s.w.resume(stopped.id, stopAt('batch:after-commit'))
  expect(second).toMatchObject({ state: 'cancelled' })
  expect(await ids(s)).toEqual(expect.arrayContaining(['20', '21']))
  for (const suffix of ['', '.wal']) rmSync(s.w.workPath(stopped.id) + suffix, { force: true })
  // it is gone from the source, and neither the snapshot before nor the one to come knows it
  await s.w.source('DELETE FROM src WHERE id = 20', "UPDATE src SET name = 'x' WHERE id = 21")
  const resumed = await s.w.resume(stopped.id)
  expect(resumed).toMatchObject({ state: 'succeeded' })
  expect(await s.w.targetRows('SELECT id, name FROM dst ORDER BY id')).toEqual(
    await s.w.sourceRows('SELECT id, name FROM src ORDER BY id'),
  )
  expect(await s.run(live)).toMatchObject({ state: 'nothing_to_do' })
})
