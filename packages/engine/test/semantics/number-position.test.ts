import { expect, test } from 'vitest'
import { ids } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const serial = (over: Parameters<typeof flowSpec>[0] = {}) =>
  flowSpec({ ...over, watermark: { position: { table: null, column: 'seq' }, buffer: null, ...over.watermark } })
const flow = serial()
const TABLE = 'CREATE TABLE src (id BIGINT, seq BIGINT)'
const upTo = (n: number) => `INSERT INTO src SELECT i, i FROM range(1, ${n + 1}) t(i)`

test('a number as position: the look is upTo, and the next window begins after it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, upTo(4))
  expect(await w.run(flow)).toMatchObject({
    window: { after: null, upTo: '4', decidedBy: 'look' },
    rows: { inserted: 4n },
  })
  await w.source('INSERT INTO src VALUES (5, 5)')
  expect(await w.run(flow)).toMatchObject({ window: { after: '4', upTo: '5' }, rows: { read: 1n } })
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do', reason: 'no rows after 5' })
})

test('a number as position: an open transaction holds back the look, so a smaller number that commits later arrives', async () => {
  await using w = await openWorld()
  await w.source(TABLE, upTo(4))
  await w.run(flow)
  await using late = await w.counted()
  await late.session.begin()
  await late.session.run('INSERT INTO src VALUES (5, 5)')
  await w.source('INSERT INTO src VALUES (6, 6)')
  expect(await w.run(flow)).toMatchObject({
    state: 'nothing_to_do',
    reason: expect.stringContaining('held back by transaction'),
  })
  await late.session.commit()
  expect(await w.run(flow)).toMatchObject({ window: { after: '4', upTo: '6' }, rows: { inserted: 2n } })
  expect(await ids(w)).toEqual([1, 2, 3, 4, 5, 6])
})

test('a number as position: a transaction that begins while looking loses no row', async () => {
  let between: (() => Promise<void>) | null = null
  await using w = await openWorld({ hooks: { betweenClockAndCeiling: async () => between?.() } })
  await w.source(TABLE, upTo(4))
  await w.run(flow)
  await using late = await w.counted()
  between = async () => {
    between = null
    await late.session.begin()
    await late.session.run('INSERT INTO src VALUES (5, 5)')
    await w.source('INSERT INTO src VALUES (6, 6)')
  }
  await w.run(flow)
  await late.session.commit()
  await w.run(flow)
  expect(await ids(w)).toEqual([1, 2, 3, 4, 5, 6])
})

test('a number as position: the first run while a transaction is open delivers nothing and says why', async () => {
  await using w = await openWorld()
  await w.source(TABLE, upTo(4))
  await using late = await w.counted()
  await late.session.begin()
  expect(await w.run(flow)).toMatchObject({
    state: 'nothing_to_do',
    reason: expect.stringContaining('held back by transaction'),
  })
  await late.session.rollback()
  expect(await w.run(flow)).toMatchObject({ rows: { inserted: 4n } })
})

test('a number as position: the buffer is a count by which windows overlap', async () => {
  const overlapping = serial({ watermark: { buffer: { count: 2n } } })
  await using w = await openWorld()
  await w.source(TABLE, 'INSERT INTO src VALUES (1, 1), (2, 2), (3, 3), (5, 5), (6, 6)')
  await w.run(overlapping)
  await w.source('INSERT INTO src VALUES (7, 5)')
  expect(await w.run(overlapping)).toMatchObject({
    window: { after: '4', upTo: '6' },
    rows: { read: 3n, inserted: 1n, skippedSame: 2n },
  })
  expect(await w.watermark(overlapping)).toBe('6')
})

test('a number as position: a duration as its buffer is refused', async () => {
  await using w = await openWorld()
  await w.source(TABLE, upTo(1))
  await expect(w.run(flow, { buffer: '15m' })).rejects.toMatchObject({ code: 'TM1002' })
  await expect(w.run(serial({ watermark: { buffer: { ms: 1000 } } }))).rejects.toMatchObject({ code: 'TM1019' })
})

test.each(['TINYINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DECIMAL(38,0)'])(
  'a position of type %s is read by its own order',
  async (type) => {
    await using w = await openWorld()
    await w.source(`CREATE TABLE src (id BIGINT, seq ${type})`, 'INSERT INTO src VALUES (1, 9), (2, 10), (3, 100)')
    expect(await w.run(flow)).toMatchObject({ window: { upTo: '100' }, rows: { inserted: 3n } })
    await w.source('INSERT INTO src VALUES (4, 101)')
    expect(await w.run(flow)).toMatchObject({ window: { after: '100', upTo: '101' }, rows: { read: 1n } })
  },
)

test('a position beyond 2^53 is compared exactly', async () => {
  await using w = await openWorld()
  await w.source(TABLE, 'INSERT INTO src VALUES (1, 9007199254740992), (2, 9007199254740993)')
  expect(await w.run(flow)).toMatchObject({ window: { upTo: '9007199254740993' } })
  await w.source('INSERT INTO src VALUES (3, 9007199254740994)')
  expect(await w.run(flow)).toMatchObject({
    window: { after: '9007199254740993', upTo: '9007199254740994' },
    rows: { read: 1n },
  })
})
