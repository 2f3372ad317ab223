/** Tables whose columns change: between two runs, and under a run. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { columnsOf, joinedTo } from '../support/columns.ts'
import { at, row, rows, TABLE } from '../support/flat.ts'
import { expectFailed, expectRefused } from '../support/refusals.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const NOW = "CAST(get_current_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP)"
const flow = flowSpec()
const adding = flowSpec({ drift: 'add' })
const ignoring = flowSpec({ drift: 'ignore' })

/** Three rows delivered; then the source has a column more, filled in all rows, and one row is touched. */
async function withNewColumn(w: World, of: FlowSpec): Promise<void> {
  await w.source(TABLE, rows(3))
  await w.run(of)
  await w.source(
    'ALTER TABLE src ADD COLUMN extra INTEGER',
    'UPDATE src SET extra = id + 100',
    `UPDATE src SET modified_on = ${NOW} WHERE id = 1`,
  )
}

test('drift: fail stops plan and run where the source has a column that the target lacks', async () => {
  await using w = await openWorld()
  await withNewColumn(w, flow)
  const error = await expectRefused(w, flow, 'TM4108')
  expect(error.detail).toBe('the target dst lacks extra INTEGER')
  expect(error.remedy[0]).toBe('alter table dst add column extra INTEGER')
})

test('drift: add gives the target the column before the first batch, says so, and goes on without a choice', async () => {
  await using w = await openWorld()
  await withNewColumn(w, adding)
  expect((await w.planned(adding)).notes.join()).toContain(
    'drift: add   ALTER TABLE "dst" ADD COLUMN IF NOT EXISTS "extra" INTEGER',
  )
  expect(await w.run(adding)).toMatchObject({ state: 'succeeded', rows: { read: 1n, updated: 1n } })
  expect(await w.targetRows('SELECT id, extra FROM dst ORDER BY id')).toEqual([
    ['0', null],
    ['1', '101'],
    ['2', null],
  ])
  expect(await w.run(adding)).toMatchObject({ state: 'nothing_to_do' })
  expect(await w.run(adding, { full: true })).toMatchObject({ rows: { updated: 2n, skippedSame: 1n } })
  expect(await w.targetRows('SELECT sum(extra) FROM dst')).toEqual([['303']])
})

test('drift: add accepts the column also when the run that added it was given up', async () => {
  await using w = await openWorld()
  await withNewColumn(w, adding)
  const hit: Hit = (point) => {
    if (point === 'batch:begun') throw new Error('cut')
  }
  await expectFailed(w, adding, 'TM5001', { hit })
  expect(
    await w.targetRows("SELECT count(*) FROM duckdb_columns() WHERE table_name = 'dst' AND column_name = 'extra'"),
  ).toEqual([['1']])
  expect(await w.run(adding, { fresh: true })).toMatchObject({ state: 'succeeded', rows: { updated: 1n } })
})

test('drift: add does not take up a column that the flow had left out', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(columnsOf({ exclude: ['name'] }, { drift: 'add' }))
  expect((await expectRefused(w, adding, 'TM4007')).detail).toBe('column added: name')
})

test('drift: add counts a dry run without the column it would add', async () => {
  await using w = await openWorld()
  await withNewColumn(w, adding)
  const { relation, selection } = await w.planned(adding, { full: true })
  await using opened = await w.deps().openBench(adding, null)
  const capture = await opened.bench.work.ranges({
    relation,
    selection,
    size: { rows: 10, bytes: 1_000_000 },
    left: null,
  })
  const [split] = capture?.batches ?? []
  if (!split) throw new TypeError('one batch was to be captured')
  expect(await opened.bench.weigh(relation, selection, split, 'latest')).toMatchObject({ read: 3n, updated: 3n })
})

test('drift: ignore leaves a new column out, with a note', async () => {
  await using w = await openWorld()
  await withNewColumn(w, ignoring)
  expect((await w.planned(ignoring)).notes).toContain(
    'drift: ignore   not moved, since the target lacks it: extra INTEGER',
  )
  expect(await w.run(ignoring)).toMatchObject({ state: 'succeeded', rows: { updated: 1n } })
  expect(await w.targetRows("SELECT column_name FROM duckdb_columns() WHERE table_name = 'dst'")).toHaveLength(3)
  const named = columnsOf({ include: ['id', 'modified_on', 'extra'] }, { drift: 'ignore' })
  await expectRefused(w, named, 'TM4108')
})

test('a column that vanished stops the run; drift: ignore goes on without it and leaves what the target has', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(2))
  await w.run(flow)
  await w.source(
    'ALTER TABLE src DROP COLUMN name',
    `UPDATE src SET modified_on = ${NOW} WHERE id = 1`,
    `INSERT INTO src VALUES (9, ${NOW})`,
  )
  const error = await expectRefused(w, flow, 'TM4108')
  expect(error.detail).toBe('the source src no longer has name, delivered by earlier runs')
  await expectRefused(w, adding, 'TM4108')
  await expectRefused(w, columnsOf({ include: ['id', 'name', 'modified_on'] }, { drift: 'ignore' }), 'TM4002')
  expect((await w.planned(ignoring)).notes).toContain(
    'drift: ignore   gone from the source, left as it is in the target: name',
  )
  expect(await w.run(ignoring)).toMatchObject({ state: 'succeeded', rows: { updated: 1n, inserted: 1n } })
  expect(await w.targetRows('SELECT id, name FROM dst ORDER BY id')).toEqual([
    ['0', 'n0'],
    ['1', 'n1'],
    ['9', null],
  ])
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
})

test('another order of the columns, and a wider type that the target holds, are no drift', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, n INTEGER, name VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src VALUES (1, 7, 'a', TIMESTAMP '${at(1)}')`,
  )
  await w.target('CREATE TABLE dst (name VARCHAR, modified_on TIMESTAMP, n BIGINT, id BIGINT)')
  await w.run(flow)
  await w.source(
    'CREATE TABLE other AS SELECT modified_on, name, CAST(n AS BIGINT) AS n, id FROM src',
    'DROP TABLE src',
    'ALTER TABLE other RENAME TO src',
    `INSERT INTO src VALUES (${NOW}, 'b', 5000000000, 2)`,
  )
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await w.targetRows('SELECT id, n, name FROM dst ORDER BY id')).toEqual([
    ['1', '7', 'a'],
    ['2', '5000000000', 'b'],
  ])
  await w.source('ALTER TABLE src ALTER n TYPE HUGEINT')
  await expectRefused(w, flow, 'TM4107')
})

// ── under a run ─────────────────────────────────────────────────────────────────────────────────────────────────

const TEN = { batchRows: 10, workers: 1 }

/** 30 rows in batches of 10; `change` comes to the source when the first batch is in. */
async function changedUnderRun(w: World, of: FlowSpec, ...change: readonly string[]) {
  const writer = await w.counted()
  let done = false
  const hit: Hit = async (point) => {
    if (point !== 'batch:recorded' || done) return
    done = true
    for (const statement of change) await writer.session.run(statement)
  }
  const run = await w.run(of, { ...TEN, hit })
  await writer[Symbol.asyncDispose]()
  return run
}

const VIEW = { ...flow, source: { ...flow.source, table: ['v'] } }
/** A table is read by ranges, a view by its keys. */
const READ = [
  ['a table', flow],
  ['a view', VIEW],
] as const

test.each(READ)(
  'a column dropped from %s under a run fails it as resumable, and it resumes when the column is back',
  async (what, of) => {
    await using w = await openWorld()
    await w.source(TABLE, rows(30), 'CREATE VIEW v AS SELECT id, name, modified_on FROM src')
    const run = await changedUnderRun(
      w,
      of,
      'CREATE TABLE kept AS SELECT id, name FROM src',
      'ALTER TABLE src DROP COLUMN name',
    )
    expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4108' }, rows: { inserted: 10n } })
    expect(run.error?.message).toContain(
      what === 'a table' ? 'source column name is gone' : 'v cannot be read: Binder Error',
    )
    expect(await w.resume(run.id)).toMatchObject({ state: 'failed', error: { code: 'TM4108' } })
    await w.source(
      'ALTER TABLE src ADD COLUMN name VARCHAR',
      'UPDATE src SET name = (SELECT name FROM kept WHERE kept.id = src.id)',
    )
    expect(await w.resume(run.id)).toMatchObject({ id: run.id, state: 'succeeded' })
    expect(
      await w.targetRows("SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE name = 'n' || id) FROM dst"),
    ).toEqual([['30', '30', '30']])
  },
)

test.each(READ)(
  'a type of %s that changes between two batches without any error is noticed, and nothing more lands',
  async (_, of) => {
    await using w = await openWorld()
    await w.source(
      'CREATE TABLE src (id BIGINT, n DOUBLE, name VARCHAR, modified_on TIMESTAMP)',
      "INSERT INTO src SELECT i, i + 0.5, 'n' || i, TIMESTAMP '2020-01-01' + to_seconds(i) FROM range(30) t(i)",
      'CREATE VIEW v AS SELECT * FROM src',
    )
    const run = await changedUnderRun(
      w,
      of,
      'ALTER TABLE src ALTER n TYPE INTEGER',
      'ALTER TABLE src ALTER name TYPE BLOB',
    )
    expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4108' }, rows: { inserted: 10n } })
    expect(run.error?.message).toContain(
      'source column n was DOUBLE, is INTEGER; source column name was VARCHAR, is BLOB',
    )
    expect((await w.store.ledger.listBatches(run.id)).map((b) => [b.state, b.error?.code ?? null])).toContainEqual([
      'failed',
      'TM4108',
    ])
    expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([['10']])
  },
)

test('a column of a joined table that changes under a run is named with its table', async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    rows(30),
    'CREATE TABLE meta (id BIGINT, unit VARCHAR)',
    "INSERT INTO meta SELECT i, 'N' FROM range(30) t(i)",
  )
  const joined = columnsOf({ add: { unit: { kind: 'column', column: { table: 'meta', column: 'unit' } } } }, joinedTo())
  const run = await changedUnderRun(w, joined, 'ALTER TABLE meta RENAME COLUMN unit TO place')
  expect(run.error?.message).toContain('source column meta.unit is gone')
  await w.source('ALTER TABLE meta RENAME COLUMN place TO unit')
  expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 30n } })
})

test('a type of the target that changes between two batches is noticed, and nothing is rounded into it', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, n DOUBLE, modified_on TIMESTAMP)',
    "INSERT INTO src SELECT i, i + 0.5, TIMESTAMP '2020-01-01' + to_seconds(i) FROM range(30) t(i)",
  )
  let done = false
  const hit: Hit = async (point) => {
    if (point !== 'batch:recorded' || done) return
    done = true
    await w.target('ALTER TABLE dst ALTER n TYPE INTEGER')
  }
  const run = await w.run(flow, { ...TEN, hit })
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4108' } })
  expect(run.error?.message).toContain('target column n was DOUBLE, is INTEGER')
  expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([['10']])
})

test('a column that comes to the source under a run is nothing to that run', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(30))
  const run = await changedUnderRun(
    w,
    flow,
    'ALTER TABLE src ADD COLUMN extra INTEGER',
    row(30, 'late', null).replace('NULL)', `${NOW}, 1)`),
  )
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 30n } })
})
