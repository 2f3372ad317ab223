import { expect, test } from 'vitest'
import { at, delivered, ids, row, rows, TABLE } from '../support/flat.ts'
import { keyOf } from '../support/open-rejects.ts'
import { expectFailed } from '../support/refusals.ts'
import { keptInTarget, quarantining, rejected } from '../support/rejected.ts'
import { ALL_COLUMNS, flowSpec, openWorld } from '../support/world.ts'

const NOT_NULL = 'CREATE TABLE dst (id BIGINT, name VARCHAR NOT NULL, modified_on TIMESTAMP)'
const CHECKED = "CREATE TABLE dst (id BIGINT, name VARCHAR CHECK (name NOT LIKE 'bad%'), modified_on TIMESTAMP)"
const KEEPS_OUT = { quarantines: () => true, skipsConflicts: false, refused: [], most: 9n }
const nameless = (...keys: readonly number[]) => `UPDATE src SET name = NULL WHERE id IN (${keys.join(', ')})`
const bad = (...keys: readonly number[]) => `UPDATE src SET name = 'bad' || id WHERE id IN (${keys.join(', ')})`
const backfill = {
  capture: { kind: 'backfill', options: {} },
  apply: { kind: 'insert-missing', maxDelete: null },
} as const

test('on_reject fail names key, column and reason of the first rows, and nothing of the batch lands', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(6), nameless(1, 2, 4, 5))
  const run = await expectFailed(w, flowSpec(), 'TM5009')
  expect(run.error?.message).toContain(
    `dst: ["1"] name: NULL, and the target's column takes none; ["2"] name: NULL, and the target's column takes none; ["4"]`,
  )
  expect(run.error?.message).toContain('4 rows in this batch')
  expect(await ids(w)).toEqual([])
  expect(await rejected(w)).toEqual([])
})

test.for([
  ['a fresh target', {}],
  ['a backfill', backfill],
] as const)('quarantine keeps NULLs out and lets the rest land: %s', async ([, over]) => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(6), nameless(2, 5))
  const flow = quarantining(over)
  const run = await w.run(flow)
  expect(run).toMatchObject({ state: 'succeeded_with_rejects', rows: { read: 6n, inserted: 4n, rejected: 2n } })
  expect(await ids(w)).toEqual([0, 1, 3, 4])
  expect(await rejected(w)).toEqual(['["2"] TM5009 open', '["5"] TM5009 open'])
  // the ledger has them: the target may forget
  expect(await keptInTarget(w)).toEqual([])
})

test('quarantine among rows that are inserted, updated and the same', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(4))
  const flow = quarantining()
  await w.run(flow)
  await w.source(
    "UPDATE src SET modified_on = TIMESTAMP '2020-01-02', name = CASE WHEN id = 1 THEN NULL ELSE 'new' END WHERE id IN (1, 2)",
    row(9, 'nine', '2020-01-02'),
  )
  await w.source("INSERT INTO src VALUES (8, NULL, TIMESTAMP '2020-01-02')")
  const run = await w.run(flow, { full: true })
  expect(run).toMatchObject({
    state: 'succeeded_with_rejects',
    rows: { read: 6n, inserted: 1n, updated: 1n, skippedSame: 2n, rejected: 2n },
  })
  expect(await delivered(w)).toEqual([
    ['0', 'n0'],
    ['1', 'n1'],
    ['2', 'new'],
    ['3', 'n3'],
    ['9', 'nine'],
  ])
  expect(await rejected(w)).toEqual(['["1"] TM5009 open', '["8"] TM5009 open'])
})

test('a quarantined row shows as open until a newer state of it lands', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(3), nameless(1))
  const flow = quarantining()
  await w.run(flow)
  expect(await rejected(w)).toEqual(['["1"] TM5009 open'])
  // looked at again, and still not fit to land
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded_with_rejects', rows: { rejected: 1n } })
  expect(await w.store.ledger.listRejects(null)).toMatchObject([{ key: keyOf(1), times: 2 }])
  await w.source("UPDATE src SET name = 'mended' WHERE id = 1")
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await rejected(w)).toEqual(['["1"] TM5009 delivered'])
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
})

test('a retry of a row in quarantine delivers it, and no other row', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(3), nameless(0, 1))
  const flow = quarantining()
  await w.run(flow)
  await w.source("UPDATE src SET name = 'mended'")
  expect(await w.run(flow, { onlyAgain: [keyOf(1)] })).toMatchObject({ rows: { read: 1n, inserted: 1n } })
  expect(await rejected(w)).toEqual(['["0"] TM5009 open', '["1"] TM5009 delivered'])
  expect(await keptInTarget(w)).toEqual([])
})

test('rows that only the target can refuse are found, and the others land', async () => {
  await using w = await openWorld()
  await w.target(CHECKED)
  await w.source(TABLE, rows(40), bad(0, 7, 8, 39))
  const run = await w.run(quarantining(), { batchRows: 20 })
  expect(run).toMatchObject({
    state: 'succeeded_with_rejects',
    rows: { read: 40n, inserted: 36n, rejected: 4n },
    batches: 2,
  })
  expect((await ids(w)).length).toBe(36)
  expect((await rejected(w)).toSorted()).toEqual([0, 39, 7, 8].map((id) => `["${id}"] TM5001 open`))
  const [first] = await w.store.ledger.listRejects(null)
  expect(first?.message).toContain('CHECK constraint failed')
  expect(first?.message).not.toContain(w.dir)
})

test('rows that the target refuses are found among captured keys too, also beside rows that could be told before', async () => {
  await using w = await openWorld()
  await w.target(
    "CREATE TABLE dst (id BIGINT, name VARCHAR NOT NULL CHECK (name NOT LIKE 'bad%'), modified_on TIMESTAMP)",
  )
  await w.source(TABLE, rows(20))
  const flow = quarantining()
  await w.run(flow)
  await w.source(
    "UPDATE src SET name = 'new', modified_on = TIMESTAMP '2020-01-02'",
    bad(3, 11),
    nameless(4),
    'DELETE FROM src WHERE id = 19',
  )
  const sources = { ...flow.source, joins: [{ table: ['meta'], as: 'meta', on: { id: 'id' } }] }
  await w.source('CREATE TABLE meta AS SELECT id FROM src')
  const run = await w.run({ ...flow, source: sources }, { acceptChange: true, full: true })
  expect(run).toMatchObject({ state: 'succeeded_with_rejects', rows: { read: 19n, updated: 16n, rejected: 3n } })
  expect(await rejected(w)).toEqual(['["3"] TM5001 open', '["4"] TM5009 open', '["11"] TM5001 open'].sort())
  expect((await delivered(w)).filter(([, name]) => name !== 'new').map(([id]) => id)).toEqual(['3', '4', '11', '19'])
})

test('on_reject fail does not look for the rows that the target refused', async () => {
  await using w = await openWorld()
  await w.target(CHECKED)
  await w.source(TABLE, rows(4), bad(1))
  await expectFailed(w, flowSpec(), 'TM5001')
  expect(await ids(w)).toEqual([])
})

test.for([
  ['told before', NOT_NULL, nameless(1, 3, 5)],
  ['found by trying', CHECKED, bad(1, 3, 5)],
] as const)(
  'more rejects than max fail the run, which can be resumed when rows are mended: %s',
  async ([, target, spoil]) => {
    await using w = await openWorld()
    await w.target(target)
    await w.source(TABLE, rows(6), spoil)
    const flow = quarantining({}, 2)
    const failed = await expectFailed(w, flow, 'TM5012', { batchRows: 2, workers: 1 })
    expect(failed.error?.message).toContain('3 rows, of at most 2')
    expect(await ids(w)).toEqual([0, 2])
    expect((await rejected(w)).map((x) => x.slice(0, 5))).toEqual(['["1"]', '["3"]'])
    await w.source("UPDATE src SET name = 'mended' WHERE id = 5")
    const resumed = await w.resume(failed.id)
    expect(resumed).toMatchObject({ id: failed.id, state: 'succeeded_with_rejects', rows: { rejected: 2n } })
    expect(await ids(w)).toEqual([0, 2, 4, 5])
    expect((await rejected(w)).map((x) => x.slice(0, 5))).toEqual(['["1"]', '["3"]'])
  },
)

test('as many rejects as max are kept, and batches side by side do not pass it together', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(8), nameless(1, 3, 5, 7))
  expect(await w.run(quarantining({}, 4), { batchRows: 2 })).toMatchObject({ state: 'succeeded_with_rejects' })
  const other = quarantining({}, 3)
  await expectFailed(w, other, 'TM5012', { batchRows: 2, workers: 4, full: true })
})

test('a dry run counts the rows that would not land, and writes none', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(3), nameless(1))
  const plan = await w.planned(quarantining())
  await using opened = await w.deps().openBench(plan.definition, null)
  const { bench } = opened
  const captured = await bench.work.ranges({
    relation: plan.relation,
    selection: plan.selection,
    size: { rows: 100, bytes: 1_000_000 },
    left: null,
  })
  const [split] = captured?.batches ?? []
  expect(split && (await bench.weigh(plan.relation, plan.selection, split, 'latest', KEEPS_OUT))).toMatchObject({
    read: 3n,
    inserted: 2n,
    rejected: 1n,
  })
})

test('rejects that are mended before a resume that reads everything left again are no rejects of the run any more', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(6), nameless(1, 3, 5))
  const failed = await expectFailed(w, quarantining({}, 2), 'TM5012', { batchRows: 2, workers: 1 })
  await w.source("UPDATE src SET name = 'mended' WHERE name IS NULL")
  expect(await w.resume(failed.id)).toMatchObject({ state: 'succeeded', rows: { rejected: 0n } })
  expect(await ids(w)).toEqual([0, 1, 2, 3, 4, 5])
  expect(await rejected(w)).toEqual(['["1"] TM5009 delivered', '["3"] TM5009 delivered'])
})

test('rejects of a batch that committed and was never recorded are learned from the target', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(6), nameless(1, 4))
  const flow = quarantining({ parallel: 1 }) // the second batch is not open yet
  const hit = async (point: string): Promise<void> => {
    if (point === 'batch:after-commit') throw new Error('cut')
  }
  const cut = await w.run(flow, { hit, batchRows: 3, workers: 1 })
  expect(await rejected(w)).toEqual([])
  expect(await keptInTarget(w)).toEqual([['["1"]', 'TM5009']])
  expect(await w.resume(cut.id)).toMatchObject({
    state: 'succeeded_with_rejects',
    rows: { read: 6n, inserted: 4n, rejected: 2n },
  })
  expect(await rejected(w)).toEqual(['["1"] TM5009 open', '["4"] TM5009 open'])
})

test('a batch that is rolled back leaves no reject behind', async () => {
  await using w = await openWorld()
  await w.target(NOT_NULL)
  await w.source(TABLE, rows(3), nameless(1))
  const hit = async (point: string): Promise<void> => {
    if (point === 'batch:before-commit') throw new Error('cut')
  }
  await w.run(quarantining(), { hit })
  expect(await keptInTarget(w)).toEqual([])
  expect(await rejected(w)).toEqual([])
})

test('where the target can refuse nothing that could be told before, no row is looked at for it', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT PRIMARY KEY, name VARCHAR, modified_on TIMESTAMP)')
  await w.source(TABLE, rows(3))
  const sent = async (flow: ReturnType<typeof flowSpec>): Promise<string> => {
    const plan = await w.planned(flow)
    await using opened = await w.deps().openBench(flow, null)
    return opened.bench
      .explain(plan.relation, plan.selection, 'latest', plan.lane)
      .map((s) => s.text)
      .join('\n')
  }
  expect(await sent(quarantining())).not.toContain('tidemark_bad')
  await w.target('CREATE UNIQUE INDEX one ON dst (name)')
  expect(await sent(quarantining())).toContain('tidemark_bad')
})

test('what a cast cannot hold exactly is a reject that names column, value and type', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT, name INTEGER, modified_on TIMESTAMP)')
  await w.source(TABLE, row(1, '12', at(1)), row(2, 'twelve', at(2)))
  const columns = { ...ALL_COLUMNS, cast: { name: 'INTEGER' } }
  const run = await expectFailed(w, flowSpec({ columns }), 'TM4031')
  expect(run.error?.message).toContain('dst: ["2"] name: "twelve" is not exactly INTEGER')
  expect(await w.run(quarantining({ columns }), { fresh: true })).toMatchObject({
    state: 'succeeded_with_rejects',
    rows: { inserted: 1n, rejected: 1n },
  })
  expect(await w.targetRows('SELECT id, name FROM dst')).toEqual([['1', '12']])
})

test('a masked value is in no reject, no message and no error', async () => {
  await using w = await openWorld()
  await w.target(
    "CREATE TABLE dst (id BIGINT, name VARCHAR UNIQUE, modified_on TIMESTAMP, CHECK (name NOT LIKE '[red%' OR id < 2))",
  )
  await w.source(TABLE, row(1, 'hush', at(1)), row(2, 'hush', at(2)), row(3, 'hush', at(3)))
  const columns = { ...ALL_COLUMNS, mask: { name: { kind: 'redact', text: '[redacted]' } } } as const
  const run = await w.run(quarantining({ columns, onConflict: 'quarantine' }))
  expect(run).toMatchObject({ rows: { inserted: 1n, rejected: 2n } })
  const all = JSON.stringify([await w.store.ledger.listRejects(null), run], (_, v: unknown) =>
    typeof v === 'bigint' ? String(v) : v,
  )
  expect(all).not.toContain('hush')
})
