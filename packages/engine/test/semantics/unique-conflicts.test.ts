import { expect, test } from 'vitest'
import { at, delivered, row, TABLE } from '../support/flat.ts'
import { expectFailed } from '../support/refusals.ts'
import { quarantining, rejected } from '../support/rejected.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const UNIQUE = 'CREATE TABLE dst (id BIGINT, name VARCHAR UNIQUE, modified_on TIMESTAMP)'
const change = (id: number, name: string) =>
  `UPDATE src SET name = '${name}', modified_on = TIMESTAMP '2020-01-02' WHERE id = ${id}`
const held = quarantining({ onConflict: 'quarantine' })

test('two unique values swapped in one batch land', async () => {
  await using w = await openWorld()
  await w.target(UNIQUE)
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)), row(3, 'c', at(3)))
  await w.run(flowSpec())
  await w.source(change(1, 'b'), change(2, 'a'))
  expect(await w.run(flowSpec(), { full: true })).toMatchObject({ state: 'succeeded', rows: { updated: 2n } })
  expect(await delivered(w)).toEqual([
    ['1', 'b'],
    ['2', 'a'],
    ['3', 'c'],
  ])
})

test('on_conflict fail names the row whose unique value another row holds', async () => {
  await using w = await openWorld()
  await w.target(UNIQUE, "INSERT INTO dst VALUES (9, 'a', TIMESTAMP '2020-01-01')")
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)))
  const run = await expectFailed(w, quarantining(), 'TM5010')
  expect(run.error?.message).toContain('dst: ["1"] name ["a"] is held by another row')
  expect(await delivered(w)).toEqual([['9', 'a']])
})

test('on_conflict quarantine keeps the row out until its value is free', async () => {
  await using w = await openWorld()
  await w.target(UNIQUE, "INSERT INTO dst VALUES (9, 'a', TIMESTAMP '2020-01-01')")
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)))
  expect(await w.run(held)).toMatchObject({
    state: 'succeeded_with_rejects',
    rows: { read: 2n, inserted: 1n, rejected: 1n },
  })
  expect(await delivered(w)).toEqual([
    ['2', 'b'],
    ['9', 'a'],
  ])
  await w.target('DELETE FROM dst WHERE id = 9')
  expect(await w.run(held)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await rejected(w)).toEqual(['["1"] TM5010 delivered'])
})

test('on_conflict skip leaves the row out, counts it, and keeps no reject', async () => {
  await using w = await openWorld()
  await w.target(UNIQUE, "INSERT INTO dst VALUES (9, 'a', TIMESTAMP '2020-01-01')")
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)))
  expect(await w.run(flowSpec({ onConflict: 'skip' }))).toMatchObject({
    state: 'succeeded',
    rows: { read: 2n, inserted: 1n, skippedOlder: 1n, rejected: 0n },
  })
  expect(await rejected(w)).toEqual([])
})

test('of two rows of one batch with the same unique value the first lands', async () => {
  await using w = await openWorld()
  await w.target(UNIQUE)
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'a', at(2)), row(3, 'a', at(3)), row(4, 'd', at(4)))
  expect(await w.run(held)).toMatchObject({ rows: { inserted: 2n, rejected: 2n } })
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['4', 'd'],
  ])
})

test('of two rows of one batch with the same unique value the one that has it already keeps it', async () => {
  await using w = await openWorld()
  await w.target(UNIQUE)
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)))
  await w.run(held)
  await w.source(change(1, 'b'), "UPDATE src SET modified_on = TIMESTAMP '2020-01-02' WHERE id = 2")
  expect(await w.run(held, { full: true })).toMatchObject({ rows: { updated: 1n, rejected: 1n } })
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
  ])
  expect(await rejected(w)).toEqual(['["1"] TM5010 open'])
})

test('a row that stays out keeps its former value, and whoever counted on it stays out too', async () => {
  await using w = await openWorld()
  await w.target(UNIQUE, "INSERT INTO dst VALUES (9, 'z', TIMESTAMP '2020-01-01')")
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)), row(3, 'c', at(3)))
  await w.run(held)
  // 1 wants what 9 holds, so 2 cannot have a, so 3 cannot have b
  await w.source(change(1, 'z'), change(2, 'a'), change(3, 'b'))
  expect(await w.run(held, { full: true })).toMatchObject({ rows: { updated: 0n, rejected: 3n } })
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'c'],
    ['9', 'z'],
  ])
  expect((await rejected(w)).toSorted()).toEqual(['["1"]', '["2"]', '["3"]'].map((key) => `${key} TM5010 open`))
  // known before they land: none was refused by the target, which costs a batch tried again for each
  for (const { message } of await w.store.ledger.listRejects(null)) expect(message).toMatch(/is held by another row$/)
})

test('a unique index counts as a constraint, several columns together, and NULL is held by nobody', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT, name VARCHAR, modified_on TIMESTAMP)')
  await w.target('CREATE UNIQUE INDEX one ON dst (name, modified_on)')
  await w.source(
    TABLE,
    row(1, 'a', at(1)),
    row(2, 'a', at(1)),
    row(3, 'a', at(2)),
    "INSERT INTO src SELECT i, NULL, TIMESTAMP '2020-01-01' FROM range(4, 6) t(i)",
  )
  expect(await w.run(held)).toMatchObject({ rows: { inserted: 4n, rejected: 1n } })
  expect((await w.store.ledger.listRejects(null))[0]?.message).toBe(
    'name, modified_on ["a","2020-01-01 00:00:01"] is held by another row',
  )
})

/** Of that constraint the flow fills one column: no row can be asked about before it lands. */
const HALF_FILLED =
  "CREATE TABLE dst (id BIGINT, name VARCHAR, modified_on TIMESTAMP, kind VARCHAR DEFAULT 'x', UNIQUE (name, kind))"
const HOLDER = "INSERT INTO dst (id, name, modified_on) VALUES (9, 'a', TIMESTAMP '2020-01-01')"
const NAMES = ['n1', 'a', 'n3', 'n4', 'n5'].map((name, i) => row(i + 1, name, at(i + 1)))
const OTHERS = [
  ['1', 'n1'],
  ['3', 'n3'],
  ['4', 'n4'],
  ['5', 'n5'],
  ['9', 'a'],
]

test('a value that is held under a column which the flow does not fill is a conflict that names its row, and no trouble that passes', async () => {
  await using w = await openWorld()
  await w.target(HALF_FILLED, HOLDER)
  await w.source(TABLE, ...NAMES)
  const told: string[] = []
  const emit = (event: string): void => void told.push(event)
  const run = await expectFailed(w, quarantining(), 'TM5010', { emit })
  expect(run.error?.message).toMatch(/dst: \["2"\] .*unique/i)
  // once, for somebody else might have taken the value in the meantime
  expect(told.filter((event) => event === 'batch:retry')).toHaveLength(1)
  expect(await delivered(w)).toEqual([['9', 'a']])
})

test('on_conflict quarantine finds the row among those of its batch, and delivers it when its value is free', async () => {
  await using w = await openWorld()
  await w.target(HALF_FILLED, HOLDER)
  await w.source(TABLE, ...NAMES)
  expect(await w.run(held)).toMatchObject({ state: 'succeeded_with_rejects', rows: { inserted: 4n, rejected: 1n } })
  expect(await delivered(w)).toEqual(OTHERS)
  expect(await rejected(w)).toEqual(['["2"] TM5010 open'])
  await w.target('DELETE FROM dst WHERE id = 9')
  expect(await w.run(held)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await rejected(w)).toEqual(['["2"] TM5010 delivered'])
})

test('on_conflict skip leaves out what only the target can tell, without a reject and without a limit', async () => {
  await using w = await openWorld()
  await w.target(HALF_FILLED, HOLDER)
  await w.source(TABLE, ...NAMES, row(6, 'a', at(6)))
  expect(await w.run(quarantining({ onConflict: 'skip' }, 1))).toMatchObject({
    state: 'succeeded',
    rows: { read: 6n, inserted: 4n, skippedOlder: 2n, rejected: 0n },
  })
  expect(await delivered(w)).toEqual(OTHERS)
  expect(await rejected(w)).toEqual([])
})

test('a policy for conflicts answers where only the target can tell', async () => {
  await using w = await openWorld()
  await w.target(HALF_FILLED, HOLDER)
  await w.source(TABLE, ...NAMES)
  const policy = (what: 'fatal' | 'quarantine') =>
    quarantining({ onConflict: 'skip', onError: [{ code: 'TM5010', do: what, step: null, attempts: null }] })
  await expectFailed(w, policy('fatal'), 'TM5010')
  expect(await w.run(policy('quarantine'), { fresh: true })).toMatchObject({ rows: { inserted: 4n, rejected: 1n } })
  expect(await rejected(w)).toEqual(['["2"] TM5010 open'])
})

test('of two rows of a batch of which only the target can tell that they clash one lands', async () => {
  await using w = await openWorld()
  await w.target(HALF_FILLED)
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)), row(3, 'a', at(3)), row(4, 'd', at(4)))
  expect(await w.run(held)).toMatchObject({ rows: { inserted: 3n, rejected: 1n } })
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
    ['4', 'd'],
  ])
})

test('a row that is updated to a value which another holds is found like one that is new', async () => {
  await using w = await openWorld()
  await w.target(HALF_FILLED)
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(2)), row(3, 'c', at(3)))
  await w.run(held)
  await w.target("INSERT INTO dst (id, name, modified_on) VALUES (9, 'z', TIMESTAMP '2020-01-01')")
  await w.source(change(1, 'z'), change(3, 'd'))
  expect(await w.run(held, { full: true })).toMatchObject({ rows: { updated: 1n, rejected: 1n } })
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
    ['3', 'd'],
    ['9', 'z'],
  ])
})

async function expectNotMerged(batchRows: number): Promise<void> {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id VARCHAR COLLATE nocase, name VARCHAR, modified_on TIMESTAMP)')
  await w.source('CREATE TABLE src (id VARCHAR, name VARCHAR, modified_on TIMESTAMP)')
  await w.source(
    "INSERT INTO src VALUES ('k', 'small', TIMESTAMP '2020-01-01'), ('K', 'large', TIMESTAMP '2020-01-02')",
  )
  await expectFailed(w, flowSpec(), 'TM5011', { batchRows, workers: 1 })
  expect(await w.run(quarantining(), { batchRows, workers: 1, fresh: true })).toMatchObject({
    state: 'succeeded_with_rejects',
    rows: { read: 2n, rejected: 1n },
  })
  expect(await delivered(w)).toEqual([['k', 'small']])
  expect(await rejected(w)).toEqual(['["K"] TM5011 open'])
}

test('keys that the collation of the target holds equal are rejects, never merged', () => expectNotMerged(2))

test('keys that the collation of the target holds equal are not merged either when they come in two batches', () =>
  expectNotMerged(1))

test('a replacement of a table with a unique column keeps out what another row of it holds', async () => {
  await using w = await openWorld()
  await w.target(UNIQUE)
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'a', at(2)), row(3, 'c', at(3)))
  const replace = quarantining({
    onConflict: 'quarantine',
    capture: { kind: 'backfill', options: {} },
    apply: { kind: 'replace', maxDelete: null },
  })
  expect(await w.run(replace)).toMatchObject({
    state: 'succeeded_with_rejects',
    rows: { inserted: 2n, rejected: 1n },
  })
  expect(await delivered(w)).toEqual([
    ['1', 'a'],
    ['3', 'c'],
  ])
})
