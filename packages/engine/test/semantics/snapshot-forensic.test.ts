/** `apply: forensic`: every state of a row is a version, from the batch that brought it to the one before that which ended it. */
import { expect, test } from 'vitest'
import { openSnapshotWorld, SCOPED, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'
import { ALL_COLUMNS } from '../support/world.ts'

const forensic = snapshotFlow({}, { apply: { kind: 'forensic', maxDelete: { percent: 100 } } })
const FOREVER = '2147483647'
const VERSIONS = 'SELECT id, name, batch_in, batch_out FROM dst ORDER BY id, batch_in'

async function three(): Promise<SnapshotWorld> {
  const s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(3) t(i)")
  return s
}

test('a change closes a version and opens one, a deletion closes one, and what did not change stays', async () => {
  await using s = await three()
  expect(await s.run(forensic)).toMatchObject({ rows: { inserted: 3n } })
  await s.w.source(
    "UPDATE src SET name = 'x' WHERE id = 1",
    'DELETE FROM src WHERE id = 2',
    "INSERT INTO src VALUES (3, 'n3')",
  )
  expect(await s.run(forensic)).toMatchObject({
    state: 'succeeded',
    rows: { read: 2n, inserted: 1n, updated: 1n, deleted: 1n },
  })
  expect(await s.run(forensic)).toMatchObject({ state: 'nothing_to_do' })
  await s.w.source("INSERT INTO src VALUES (2, 'back')", "UPDATE src SET name = 'n1' WHERE id = 1")
  await s.run(forensic)
  expect(await s.w.targetRows(VERSIONS)).toEqual([
    ['0', 'n0', '1', FOREVER],
    ['1', 'n1', '1', '1'],
    ['1', 'x', '2', '3'],
    ['1', 'n1', '4', FOREVER],
    ['2', 'n2', '1', '1'],
    ['2', 'back', '4', FOREVER],
    ['3', 'n3', '2', FOREVER],
  ])
  // as of each batch, both ends included
  for (const [batch, rows] of [
    [
      '1',
      [
        ['0', 'n0'],
        ['1', 'n1'],
        ['2', 'n2'],
      ],
    ],
    [
      '3',
      [
        ['0', 'n0'],
        ['1', 'x'],
        ['3', 'n3'],
      ],
    ],
    [
      '4',
      [
        ['0', 'n0'],
        ['1', 'n1'],
        ['2', 'back'],
        ['3', 'n3'],
      ],
    ],
  ] as const)
    expect(
      await s.w.targetRows(`SELECT id, name FROM dst WHERE batch_in <= ${batch} AND batch_out >= ${batch} ORDER BY id`),
    ).toEqual(rows)
})

test('a version that the live one is equal to is not opened, whatever the snapshots say', async () => {
  await using s = await three()
  await s.run(forensic)
  const before = await s.w.targetRows(VERSIONS)
  expect(await s.run(forensic, { full: true })).toMatchObject({ rows: { skippedSame: 3n, inserted: 0n, updated: 0n } })
  expect(await s.w.targetRows(VERSIONS)).toEqual(before)
})

test('a deletion closes the live version alone, and a key that comes back opens another', async () => {
  await using s = await three()
  await s.run(forensic)
  await s.w.source("UPDATE src SET name = 'x' WHERE id = 1")
  await s.run(forensic)
  await s.w.source('DELETE FROM src WHERE id = 1')
  expect(await s.run(forensic)).toMatchObject({ rows: { deleted: 1n } })
  await s.w.source("INSERT INTO src VALUES (1, 'x')")
  expect(await s.run(forensic)).toMatchObject({ rows: { inserted: 1n } })
  expect(await s.w.targetRows(VERSIONS.replace('ORDER', 'WHERE id = 1 ORDER'))).toEqual([
    ['1', 'n1', '1', '1'],
    ['1', 'x', '2', '2'],
    ['1', 'x', '4', FOREVER],
  ])
})

test('a live version deleted by hand comes back as new, though closed ones of its key are there', async () => {
  await using s = await three()
  await s.run(forensic)
  await s.w.source("UPDATE src SET name = 'x' WHERE id = 1")
  await s.run(forensic)
  await s.w.target(`DELETE FROM dst WHERE id = 1 AND batch_out = ${FOREVER}`)
  expect(await s.run(forensic)).toMatchObject({ rows: { inserted: 1n } })
  expect(await s.w.targetRows(`${VERSIONS.replace('ORDER', 'WHERE id = 1 ORDER')}`)).toEqual([
    ['1', 'n1', '1', '1'],
    ['1', 'x', '3', FOREVER],
  ])
})

test('a number is never given twice, though the hot side was lost', async () => {
  await using s = await three()
  await s.run(forensic)
  await s.w.source("UPDATE src SET name = 'x' WHERE id = 1")
  await s.run(forensic)
  await s.w.source('DELETE FROM src WHERE id = 0')
  await s.change('DELETE FROM snapshot', 'DELETE FROM hot_row')
  expect((await s.run(forensic)).error).toMatchObject({ code: 'TM4041' })
  expect(await s.run(forensic, { full: true, fresh: true })).toMatchObject({
    state: 'succeeded',
    rows: { deleted: 1n },
  })
  expect(await s.w.targetRows(VERSIONS)).toEqual([
    ['0', 'n0', '1', '2'],
    ['1', 'n1', '1', '1'],
    ['1', 'x', '2', FOREVER],
    ['2', 'n2', '1', FOREVER],
  ])
})

test('−0.0 over 0.0, a blank at the end and NULL over nothing are versions of their own', async () => {
  await using s = await openSnapshotWorld()
  const states = ["0.0, 'a'", "'-0.0', 'a'", "'-0.0', 'a '", "'-0.0', ''", "'-0.0', NULL", "'-0.0', 'NULL'"]
  for (const [i, state] of states.entries()) {
    await s.w.source(
      'CREATE OR REPLACE TABLE src (id INTEGER, f DOUBLE, name VARCHAR)',
      `INSERT INTO src VALUES (1, ${state})`,
    )
    expect((await s.run(forensic)).rows).toMatchObject(i === 0 ? { inserted: 1n } : { updated: 1n })
  }
  expect(
    await s.w.targetRows(`SELECT count(*), sum(CASE WHEN batch_out = ${FOREVER} THEN 1 ELSE 0 END) FROM dst`),
  ).toEqual([[String(states.length), '1']])
})

test.each([
  ['the former', 'a', 'b'],
  ['the latter', 'b', 'a'],
])('a row that moves between two scopes, %s run first, has one live version', async (_, first, second) => {
  await using s = await openSnapshotWorld()
  const flow = { ...forensic, ...SCOPED }
  await s.w.source(
    'CREATE TABLE src (id INTEGER, customer VARCHAR)',
    "INSERT INTO src VALUES (1, 'a'), (2, 'a'), (3, 'b')",
  )
  for (const customer of ['a', 'b']) await s.run(flow, { scope: { customer } })
  await s.w.source("UPDATE src SET customer = 'b' WHERE id = 2")
  for (const customer of [first, second]) await s.run(flow, { scope: { customer } })
  expect(await s.w.targetRows(`SELECT id, customer FROM dst WHERE batch_out = ${FOREVER} ORDER BY id`)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'b'],
  ])
  const unsound = 'SELECT count(*) FROM dst WHERE batch_out < batch_in'
  expect(await s.w.targetRows(unsound)).toEqual([['0']])
})

test('a target that is there needs both columns, and no unique key without batch_in', async () => {
  await using s = await three()
  const refusal = (code: string, how: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(how) as string })
  await s.w.target('CREATE TABLE dst (id BIGINT, name VARCHAR)')
  await expect(s.run(forensic)).rejects.toThrow(refusal('TM4002', /dst has no batch_in, which apply: forensic/))
  await s.w.target('DROP TABLE dst', 'CREATE TABLE dst (id BIGINT, name VARCHAR, batch_in INTEGER, batch_out SMALLINT)')
  await expect(s.run(forensic)).rejects.toThrow(refusal('TM4003', /batch_out is SMALLINT/i))
  await s.w.target(
    'DROP TABLE dst',
    'CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR, batch_in INTEGER, batch_out INTEGER)',
  )
  await expect(s.run(forensic)).rejects.toThrow(refusal('TM1019', /unique over id, so it cannot hold a second version/))
  expect(await s.snapshots()).toEqual([])
  await s.w.target(
    'DROP TABLE dst',
    'CREATE TABLE dst (batch_out BIGINT, id BIGINT, name VARCHAR, batch_in INTEGER, PRIMARY KEY (id, batch_in))',
  )
  expect(await s.run(forensic)).toMatchObject({ state: 'succeeded' })
})

test('a column that is called as ours are is refused, and may be renamed', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source('CREATE TABLE src AS SELECT 1 AS id, 2 AS Batch_In')
  await expect(s.run(forensic)).rejects.toThrow(
    expect.objectContaining({ code: 'TM1019', message: expect.stringContaining('brings Batch_In') as string }),
  )
  const renamed = { ...forensic, columns: { ...ALL_COLUMNS, rename: { Batch_In: 'theirs' } } }
  expect(await s.run(renamed)).toMatchObject({ state: 'succeeded' })
})

test('a row in quarantine has no version until it lands', async () => {
  await using s = await three()
  const kept = { ...forensic, onReject: { kind: 'quarantine' as const, max: 10 } }
  await s.w.target('CREATE TABLE dst (id BIGINT, name VARCHAR NOT NULL, batch_in INTEGER, batch_out INTEGER)')
  await s.run(kept)
  await s.w.source('UPDATE src SET name = NULL WHERE id = 2')
  expect(await s.run(kept)).toMatchObject({ state: 'succeeded_with_rejects', rows: { rejected: 1n } })
  await s.w.source("UPDATE src SET name = 'x' WHERE id = 2")
  expect(await s.run(kept)).toMatchObject({ state: 'succeeded', rows: { updated: 1n } })
  expect(await s.w.targetRows(VERSIONS.replace('ORDER', 'WHERE id = 2 ORDER'))).toEqual([
    ['2', 'n2', '1', '2'],
    ['2', 'x', '3', FOREVER],
  ])
})
