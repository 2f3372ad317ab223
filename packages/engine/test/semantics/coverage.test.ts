import type { ConditionSpec, FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { ids } from '../support/flat.ts'
import { expectRefused } from '../support/refusals.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const unit = { table: null, column: 'unit' }
const where = (...conditions: readonly ConditionSpec[]): FlowSpec =>
  flowSpec({ source: { ...flowSpec().source, where: conditions } })
const units = (...values: readonly string[]) => where({ kind: 'in-list', column: unit, values, not: false })
const listed = where({ kind: 'in-table', column: unit, table: ['bu'], tableColumn: 'name', not: false })

/** Rows 1 to 4 of units A, B, C, D; `bu` lists A and B. */
async function filled(w: World): Promise<void> {
  await w.source(
    'CREATE TABLE src (id BIGINT, unit VARCHAR, modified_on TIMESTAMP)',
    "INSERT INTO src VALUES (1, 'A', TIMESTAMP '2020-01-01'), (2, 'B', TIMESTAMP '2020-01-01'), (3, 'C', TIMESTAMP '2020-01-01'), (4, 'D', TIMESTAMP '2020-01-01')",
    'CREATE TABLE bu (name VARCHAR)',
    "INSERT INTO bu VALUES ('A'), ('B'), ('B'), (NULL)",
  )
}

test('a widened where stops plan and run with the choice', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(units('A'))
  const error = await expectRefused(w, units('A', 'B'), 'TM4007')
  expect(error.detail).toBe('where added: unit in (A, B); where removed: unit in (A)')
  expect(error.remedy.map((line) => line.split('   ')[0])).toEqual([
    'tidemark run m.t --full',
    'tidemark rewind m.t --to POSITION --reason TEXT',
    'tidemark run m.t --accept-change --reason TEXT',
  ])
})

test('--full reads what a widened where covers, and records the new coverage', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(units('A'))
  expect(await w.run(units('A', 'B'), { full: true })).toMatchObject({
    state: 'succeeded',
    rows: { read: 2n, inserted: 1n },
  })
  expect(await w.run(units('A', 'B'))).toMatchObject({ state: 'nothing_to_do' })
})

test('--accept-change goes on from the watermark, and records that and why', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(units('A'))
  await w.source("INSERT INTO src VALUES (9, 'B', get_current_timestamp())")
  expect(await w.run(units('A', 'B'), { acceptChange: true })).toMatchObject({ state: 'succeeded', rows: { read: 1n } })
  expect(await ids(w)).toEqual([1, 9])
  expect(await w.store.ledger.listAudit(10)).toContainEqual(
    expect.objectContaining({ action: 'accept-change', actor: 'tester', reason: 'because of the test' }),
  )
  expect(await w.run(units('A', 'B'))).toMatchObject({ state: 'nothing_to_do' })
})

test('--accept-change with nothing new to deliver is recorded all the same', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(units('A'))
  const mark = await w.watermark(units('A'))
  expect(await w.run(units('A', 'B'), { acceptChange: true })).toMatchObject({ state: 'nothing_to_do' })
  expect(await w.run(units('A', 'B'))).toMatchObject({ state: 'nothing_to_do' })
  expect(await w.watermark(units('A'))).toBe(mark)
  await expectRefused(w, units('A'), 'TM4007')
})

test('--accept-change of a scope that only copied the unscoped watermark gives it its own', async () => {
  const scoped = (flow: FlowSpec): FlowSpec => ({ ...flow, scope: { unit } })
  await using w = await openWorld()
  await filled(w)
  await w.run(scoped(units('A')))
  const scope = { unit: 'A' }
  await w.run(scoped(units('A', 'B')), { acceptChange: true, scope })
  expect(await w.run(scoped(units('A', 'B')), { scope })).toMatchObject({ state: 'nothing_to_do' })
  await expect(w.run(scoped(units('A', 'B')))).rejects.toMatchObject({ code: 'TM4007' })
})

test('an in table with a new value stops plan and run', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(listed)
  await w.source("INSERT INTO bu VALUES ('C')")
  const error = await expectRefused(w, listed, 'TM4007')
  expect(error.detail).toBe('list of unit in bu.name gained: C')
  expect(error.remedy.at(-1)).toContain('loads the rows of the gained values in full')
})

test('--accept-change loads the rows of a value that an in table gained, though the watermark has passed them', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(listed)
  await w.source(
    "INSERT INTO bu VALUES ('C')",
    "INSERT INTO src VALUES (8, 'A', get_current_timestamp()), (9, 'C', get_current_timestamp())",
  )
  expect(await w.run(listed, { acceptChange: true })).toMatchObject({
    state: 'succeeded',
    rows: { read: 3n, inserted: 3n },
  })
  expect(await ids(w)).toEqual([1, 2, 3, 8, 9])
  expect(await w.run(listed)).toMatchObject({ state: 'nothing_to_do' })
})

test('--accept-change loads a gained value while the window is held back, and is recorded', async () => {
  await using w = await openWorld()
  await filled(w)
  await using late = await w.counted()
  await late.session.begin()
  await w.run(listed)
  const mark = await w.watermark(listed)
  await w.source("INSERT INTO bu VALUES ('C')")
  expect(await w.run(listed, { acceptChange: true })).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect(await w.watermark(listed)).toBe(mark)
  expect(await w.run(listed)).toMatchObject({ state: 'nothing_to_do' })
})

test('a gained value without rows is accepted', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(listed)
  await w.source("INSERT INTO bu VALUES ('Z')")
  expect(await w.run(listed, { acceptChange: true })).toMatchObject({ state: 'nothing_to_do' })
  expect(await w.run(listed)).toMatchObject({ state: 'nothing_to_do' })
})

test('an in table that lost a value stops plan and run, and nothing is loaded for it', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(listed)
  await w.source("DELETE FROM bu WHERE name = 'B'")
  expect((await expectRefused(w, listed, 'TM4007')).detail).toContain('lost: B')
  expect(await w.run(listed, { acceptChange: true })).toMatchObject({ state: 'nothing_to_do' })
})

test('a removed exclusion stops plan and run; --full delivers the key', async () => {
  const excluding = flowSpec({ excludeKeys: { id: ['3', '04'] } })
  await using w = await openWorld()
  await filled(w)
  await w.run(excluding)
  expect(await ids(w)).toEqual([1, 2])
  expect((await expectRefused(w, flowSpec({ excludeKeys: { id: ['3'] } }), 'TM4007')).detail).toBe(
    'excluded key removed: id=4',
  )
  await w.run(flowSpec({ excludeKeys: { id: ['3'] } }), { full: true })
  expect(await ids(w)).toEqual([1, 2, 4])
})

test('an added column stops plan and run; --full fills it, --accept-change from now on', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(flowSpec())
  await w.source("ALTER TABLE src ADD COLUMN colour VARCHAR DEFAULT 'red'")
  await expectRefused(w, flowSpec(), 'TM4108')
  await w.target('ALTER TABLE dst ADD COLUMN colour VARCHAR')
  expect((await expectRefused(w, flowSpec(), 'TM4007')).detail).toBe('column added: colour')
  await w.run(flowSpec(), { acceptChange: true })
  expect(await w.targetRows('SELECT count(colour) FROM dst')).toEqual([['0']])
  await w.run(flowSpec(), { full: true })
  expect(await w.targetRows('SELECT count(colour) FROM dst')).toEqual([['4']])
})

test('another key or another position stops plan and run', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, other BIGINT, modified_on TIMESTAMP, created TIMESTAMP)',
    "INSERT INTO src VALUES (1, 1, TIMESTAMP '2020-01-01', TIMESTAMP '2020-01-01')",
  )
  await w.run(flowSpec())
  expect((await expectRefused(w, flowSpec({ key: ['other'] }), 'TM4007')).detail).toBe('key: id → other')
  expect(
    (await expectRefused(w, flowSpec({ watermark: { position: { table: null, column: 'created' } } }), 'TM4007'))
      .detail,
  ).toBe('position: modified_on → created')
})

test('the same conditions in another order or notation are the same coverage', async () => {
  const column = { table: null, column: 'ID' }
  const flow = (...v: readonly string[]) =>
    where({ kind: 'in-list', column, values: v, not: false }, { kind: 'null', column: unit, not: true })
  const turned = where(
    { kind: 'null', column: unit, not: true },
    { kind: 'in-list', column: { table: null, column: 'id' }, values: ['2', '01'], not: false },
  )
  await using w = await openWorld()
  await filled(w)
  await w.run(flow('1', '2'))
  expect(await w.run(turned)).toMatchObject({ state: 'nothing_to_do' })
})

test('--full of a flow that now covers no row settles, so the next run does not stop again', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(units('A'))
  expect(await w.run(units('Z'), { full: true })).toMatchObject({
    state: 'nothing_to_do',
    reason: 'the source has no rows that are due',
  })
  expect(await w.run(units('Z'))).toMatchObject({ state: 'nothing_to_do' })
  expect(await ids(w)).toEqual([1])
})
