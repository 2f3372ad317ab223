import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Cancelled } from '../../src/runtime/app-error.ts'
import type { Failpoint } from '../../src/runtime/failpoint.ts'
import { gateAt } from '../support/gate.ts'
import { openSnapshotWorld, snapshotFlow } from '../support/snapshot-world.ts'
import { ALL_COLUMNS } from '../support/world.ts'

const flow = snapshotFlow()
const at =
  (wanted: Failpoint, act: () => void | Promise<void>) =>
  async (point: Failpoint): Promise<void> => {
    if (point === wanted) await act()
  }

test('two snapshots of one flow at once: one is taken, the other is told who takes it', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
  using gate = gateAt('snapshot:built')
  const first = s.run(flow, { hit: gate.hit })
  await gate.reached
  await expect(s.run(flow)).rejects.toThrow(expect.objectContaining({ code: 'TM3001' }))
  gate.open()
  expect(await first).toMatchObject({ state: 'succeeded', rows: { inserted: 4n } })
  expect(await s.snapshots()).toHaveLength(1)
})

test('the extraction is one state of the source, whatever is written meanwhile', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
  await using writer = await s.w.counted()
  const run = await s.run(flow, {
    hit: at('snapshot:image', async () => {
      await writer.session.run("UPDATE src SET name = 'later'")
      await writer.session.run('DELETE FROM src WHERE id = 0')
      await writer.session.run("INSERT INTO src VALUES (9, 'n9')")
    }),
  })
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 4n } })
  expect(await s.w.targetRows("SELECT id, name FROM dst WHERE name = 'later' OR id = 9")).toEqual([])
  expect(await s.take(flow)).toEqual([1, 3, 1, 0])
})

test('a resumed run delivers the stored difference, and compares nothing again', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(30) t(i)")
  const stop = new AbortController()
  const first = await s.run(flow, {
    batchRows: 10,
    workers: 1,
    hit: at('batch:recorded', () => stop.abort(new Cancelled('enough'))),
    soft: stop.signal,
  })
  expect(first).toMatchObject({ state: 'cancelled', rows: { inserted: 10n } })
  const [building] = await s.snapshots()
  expect(building).toMatchObject({ state: 'building', run: first.id })
  await s.w.source("UPDATE src SET name = 'later'")
  expect(await s.w.resume(first.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 30n } })
  expect(await s.snapshots()).toEqual([{ ...building, state: 'kept' }])
  expect(await s.w.targetRows("SELECT count(*) FROM dst WHERE name = 'later'")).toEqual([['0']])
  expect(await s.take(flow)).toEqual([0, 30, 0, 0])
})

test('a row in quarantine comes again with every snapshot until it lands', async () => {
  await using s = await openSnapshotWorld()
  const kept = snapshotFlow({}, { onReject: { kind: 'quarantine', max: 10 } })
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(4) t(i)")
  await s.w.target('CREATE TABLE dst (id BIGINT, name VARCHAR NOT NULL)')
  await s.run(kept)
  // known and changed: it is not what the target lacks
  await s.w.source('UPDATE src SET name = NULL WHERE id = 2')
  expect(await s.run(kept)).toMatchObject({ state: 'succeeded_with_rejects', rows: { rejected: 1n } })
  expect(await s.run(kept)).toMatchObject({ state: 'succeeded_with_rejects', rows: { read: 1n, rejected: 1n } })
  await s.w.target('ALTER TABLE dst ALTER COLUMN name DROP NOT NULL')
  expect(await s.run(kept)).toMatchObject({ state: 'succeeded', rows: { read: 1n, updated: 1n } })
  expect(await s.w.store.ledger.listRejects(kept.id)).toEqual([])
  expect(await s.run(kept)).toMatchObject({ state: 'nothing_to_do' })
})

test('an image holds no clear value of a masked column', async () => {
  await using s = await openSnapshotWorld()
  const masked = snapshotFlow(
    {},
    {
      columns: {
        ...ALL_COLUMNS,
        mask: { name: { kind: 'redact', text: 'xxx' }, secret: { kind: 'hash', key: 'env:KEY' } },
      },
    },
  )
  await s.w.source("CREATE TABLE src AS SELECT 1 AS id, 'Clearly Readable' AS name, 'Open Secret' AS secret")
  expect(await s.take(masked)).toEqual([1, 0, 0, 0])
  const [{ id } = { id: '' }] = await s.snapshots()
  const image = join(s.folder, masked.id, `${id}.parquet`)
  expect(existsSync(image)).toBe(true)
  for (const file of [image, join(s.folder, `${masked.id}.duckdb`)]) {
    const bytes = readFileSync(file, 'latin1')
    expect(bytes).not.toContain('Clearly Readable')
    expect(bytes).not.toContain('Open Secret')
  }
  await s.w.source("UPDATE src SET name = 'Another Name'")
  expect(await s.take(masked)).toEqual([0, 0, 0, 1])
  await s.w.source("UPDATE src SET secret = 'Another Secret'")
  expect(await s.take(masked)).toEqual([0, 1, 0, 0])
})

test('columns renamed, cast and added are compared as the target has them', async () => {
  await using s = await openSnapshotWorld()
  const shaped = snapshotFlow(
    { exclude: ['stamp'] },
    {
      columns: {
        ...ALL_COLUMNS,
        exclude: ['unused'],
        rename: { name: 'title' },
        cast: { price: 'decimal(10,2)' },
      },
    },
  )
  await s.w.source(
    "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, CAST(i AS VARCHAR) AS price, 1 AS unused, now() AS stamp FROM range(3) t(i)",
  )
  expect(await s.take(shaped)).toEqual([3, 0, 0, 0])
  await s.w.source("UPDATE src SET unused = 2, stamp = now(), price = '1.00' WHERE id = 1")
  expect(await s.take(shaped)).toEqual([0, 0, 0, 3])
  await s.w.source("UPDATE src SET price = '1.001' WHERE id = 1")
  expect(await s.run(shaped)).toMatchObject({ state: 'failed', error: { code: 'TM4031' } })
})

test('a period and a buffer are refused, and a lane that reads rows where they lie', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source('CREATE TABLE src AS SELECT 1 AS id')
  const code = (wanted: string) => expect.objectContaining({ code: wanted })
  await expect(s.run(flow, { period: { after: '1', upTo: '2' } })).rejects.toThrow(code('TM1019'))
  await expect(s.run(flow, { buffer: '5m' })).rejects.toThrow(code('TM1019'))
  await expect(s.run(flow, { lane: 'pushdown' })).rejects.toThrow(code('TM4016'))
  expect(existsSync(s.w.targetPath)).toBe(false)
})

test('a snapshot of a flow that reads its own target stands still while the target is written', async () => {
  await using s = await openSnapshotWorld()
  const own = snapshotFlow({}, { target: { ...flow.target, connection: flow.source.connection } })
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(25) t(i)")
  expect(await s.run(own, { batchRows: 10 })).toMatchObject({ state: 'succeeded', rows: { inserted: 25n } })
  await s.w.source("UPDATE src SET name = 'x' WHERE id < 5")
  expect(await s.take(own)).toEqual([0, 5, 0, 20])
  expect(await s.w.sourceRows("SELECT count(*) FROM dst WHERE name = 'x'")).toEqual([['5']])
})

test('a target that is emptied on purpose gets what changed, and not all of it again', async () => {
  await using s = await openSnapshotWorld()
  const handed = snapshotFlow({}, { target: { ...flow.target, emptied: 'expected' } })
  await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(5) t(i)")
  await s.run(handed)
  await s.w.target('DELETE FROM dst')
  await s.w.source("UPDATE src SET name = 'x' WHERE id = 2")
  expect(await s.take(handed)).toEqual([0, 1, 0, 4])
  expect(await s.w.targetRows('SELECT id, name FROM dst')).toEqual([['2', 'x']])
})

test('joins, filters and excluded keys decide what a snapshot has', async () => {
  await using s = await openSnapshotWorld()
  const narrowed = snapshotFlow(
    {},
    {
      source: {
        ...flow.source,
        joins: [{ table: ['meta'], as: 'meta', on: { id: 'id' } }],
        where: [{ kind: 'compare', column: { table: 'meta', column: 'unit' }, operator: '=', value: 'N' }],
      },
      excludeKeys: { id: ['3'] },
      columns: { ...ALL_COLUMNS, add: { unit: { kind: 'column', column: { table: 'meta', column: 'unit' } } } },
    },
  )
  await s.w.source(
    "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(6) t(i)",
    "CREATE TABLE meta AS SELECT i AS id, CASE WHEN i < 4 THEN 'N' ELSE 'S' END AS unit FROM range(6) t(i)",
  )
  expect(await s.take(narrowed)).toEqual([3, 0, 0, 0])
  await s.w.source("UPDATE meta SET unit = 'S' WHERE id = 0", "UPDATE meta SET unit = 'N' WHERE id = 5")
  expect(await s.take(narrowed)).toEqual([1, 0, 1, 2])
  expect(await s.w.targetRows('SELECT id, unit FROM dst ORDER BY id')).toEqual([
    ['0', 'N'],
    ['1', 'N'],
    ['2', 'N'],
    ['5', 'N'],
  ])
  await s.w.source('INSERT INTO meta SELECT * FROM meta WHERE id = 1')
  expect(await s.run(narrowed)).toMatchObject({ error: { code: 'TM4005' } })
})
