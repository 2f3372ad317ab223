import { expect, test } from 'vitest'
import { ids } from '../support/flat.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec({ scope: { unit: { table: null, column: 'unit' } } })
const N = { unit: 'N' }
const S = { unit: 'S' }
const NOW = 'get_current_timestamp()'

async function filled(w: World): Promise<void> {
  await w.source(
    'CREATE TABLE src (id BIGINT, unit VARCHAR, modified_on TIMESTAMP)',
    "INSERT INTO src VALUES (1, 'N', TIMESTAMP '2020-01-01'), (2, 'S', TIMESTAMP '2020-01-02')",
  )
}

test('a scoped run delivers its scope and moves only its own watermark', async () => {
  await using w = await openWorld()
  await filled(w)
  const run = await w.run(flow, { scope: N })
  expect(await ids(w)).toEqual([1])
  expect(await w.watermark(flow, N)).toBe(run.window?.upTo)
  expect(await w.watermark(flow)).toBeNull()
  expect(await w.watermark(flow, S)).toBeNull()
})

test('a scope without a watermark starts from a copy of the unscoped one, then goes its own way', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(flow)
  const whole = await w.watermark(flow)
  await w.source(`INSERT INTO src VALUES (3, 'N', ${NOW}), (4, 'S', ${NOW})`)
  const scoped = await w.run(flow, { scope: N })
  expect(scoped).toMatchObject({ window: { after: whole }, rows: { read: 1n, inserted: 1n } })
  expect((await w.watermark(flow, N)) ?? '').toBe(scoped.window?.upTo)
  expect(await w.watermark(flow)).toBe(whole)
  expect((await w.planned(flow, { scope: S })).notes.join()).toContain('copy of the watermark of the whole flow')
})

test('an unscoped run after a scoped one still sees the other rows', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(flow)
  await w.source(`INSERT INTO src VALUES (3, 'N', ${NOW}), (4, 'S', ${NOW})`)
  await w.run(flow, { scope: N })
  expect(await w.run(flow)).toMatchObject({ rows: { read: 2n, inserted: 1n, skippedSame: 1n } })
  expect(await ids(w)).toEqual([1, 2, 3, 4])
})

test('a rewind of one scope re-delivers that scope alone', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(flow, { scope: N })
  await w.run(flow, { scope: S })
  const south = await w.watermark(flow, S)
  const mark = await w.store.ledger.getWatermark(flow.id, '{"unit":"N"}')
  await w.store.ledger.rewind(
    flow.id,
    '{"unit":"N"}',
    { version: mark?.version ?? null },
    { position: '2019-01-01 00:00:00', coverage: mark?.coverage ?? '', source: mark?.source ?? '' },
    { actor: 'tester', command: 'rewind', reason: 'test' },
  )
  expect(await w.run(flow, { scope: N })).toMatchObject({
    window: { after: '2019-01-01 00:00:00' },
    rows: { read: 1n, skippedSame: 1n },
  })
  expect(await w.watermark(flow, S)).toBe(south)
  expect(await w.run(flow, { scope: S })).toMatchObject({ state: 'nothing_to_do' })
})

test.each([
  [N, S],
  [S, N],
])(
  'a row that moves from one scope to another is not lost, whichever runs first: %o then %o',
  async (first, second) => {
    await using w = await openWorld()
    await filled(w)
    await w.run(flow, { scope: N })
    await w.run(flow, { scope: S })
    await w.source(`UPDATE src SET unit = 'S', modified_on = ${NOW} WHERE id = 1`)
    await w.run(flow, { scope: first })
    await w.run(flow, { scope: second })
    expect(await w.targetRows('SELECT id, unit FROM dst ORDER BY id')).toEqual([
      ['1', 'S'],
      ['2', 'S'],
    ])
  },
)

test('a row that moves to a scope that never ran arrives with its first run', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(flow)
  await w.run(flow, { scope: N })
  await w.source(`UPDATE src SET unit = 'W', modified_on = ${NOW} WHERE id = 1`)
  await w.run(flow, { scope: N })
  expect(await w.run(flow, { scope: { unit: 'W' } })).toMatchObject({ rows: { updated: 1n } })
})

test('an unfinished run of one scope leaves the other scopes free to run', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.target("CREATE TABLE dst (id BIGINT, unit VARCHAR CHECK (unit <> 'S'), modified_on TIMESTAMP)")
  expect(await w.run(flow, { scope: S })).toMatchObject({ state: 'failed' })
  expect(await w.runs(flow, { scope: N })).toMatchObject([{ state: 'succeeded', rows: { inserted: 1n } }])
})

test('an unknown scope, or a value that its column cannot have, is refused', async () => {
  const numbered = flowSpec({ scope: { id: { table: null, column: 'id' } } })
  await using w = await openWorld()
  await filled(w)
  await expect(w.run(flow, { scope: { region: 'N' } })).rejects.toMatchObject({
    code: 'TM4013',
    detail: 'm.t has no scope region; it has unit',
  })
  await expect(w.run(numbered, { scope: { id: 'seven' } })).rejects.toMatchObject({ code: 'TM4015' })
})
