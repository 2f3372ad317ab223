import { expect, test } from 'vitest'
import { ids } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()

/** type, and the tick by which `upTo` lies below a floored ceiling */
const TYPES = [
  ['TIMESTAMP', 'microsecond', 'to_microseconds(1)'],
  ['TIMESTAMP WITH TIME ZONE', 'microsecond', 'to_microseconds(1)'],
  ['TIMESTAMP_NS', 'microsecond', 'to_microseconds(1)'],
  ['TIMESTAMP_MS', 'millisecond', 'to_milliseconds(1)'],
  ['TIMESTAMP_S', 'second', 'to_seconds(1)'],
  ['DATE', 'day', 'to_days(1)'],
] as const

test.each(TYPES)(
  'upTo of a %s is floored to its own precision and lies one tick below the ceiling',
  async (type, unit, tick) => {
    await using w = await openWorld()
    await w.source(`CREATE TABLE src (id BIGINT, modified_on ${type})`)
    await using late = await w.counted()
    await late.session.begin()
    const floored = `date_trunc('${unit}', TIMESTAMP '${late.session.openSince}')`
    await w.source(`INSERT INTO src VALUES (1, ${floored} - ${tick}), (2, ${floored})`)
    const run = await w.run(flow)
    expect(await w.sourceRows(`SELECT id FROM src WHERE modified_on = CAST('${run.window?.upTo}' AS ${type})`)).toEqual(
      [['1']],
    )
    expect(await ids(w)).toEqual([1])
    expect(run.waiting).toMatchObject({ rows: 1n })
  },
)

test.each(TYPES)('a late commit stamped into a %s is not lost to its coarseness', async (type) => {
  await using w = await openWorld()
  await w.source(
    `CREATE TABLE src (id BIGINT, modified_on ${type})`,
    "INSERT INTO src VALUES (1, TIMESTAMP '2020-01-01')",
  )
  await using late = await w.counted()
  await late.session.begin()
  await late.session.run('INSERT INTO src VALUES (2, now())')
  const held = await w.run(flow)
  await late.session.commit()
  const [after] = await w.sourceRows(
    `SELECT modified_on > CAST('${held.window?.upTo}' AS ${type}) FROM src WHERE id = 2`,
  )
  expect(after).toEqual(['true'])
})

test('a TIMESTAMP_NS arrives with its last digit, and a row some nanoseconds younger is the newer one', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, modified_on TIMESTAMP_NS)',
    "INSERT INTO src VALUES (1, '2020-01-01 00:00:00.123456789'::TIMESTAMP_NS)",
  )
  await w.run(flow)
  expect(await w.targetRows('SELECT modified_on::VARCHAR FROM dst')).toEqual([['2020-01-01 00:00:00.123456789']])
  await w.source("UPDATE src SET modified_on = '2020-01-01 00:00:00.123456790'::TIMESTAMP_NS")
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 1n } })
})

test('today’s rows of a DATE wait until the day is over', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, modified_on DATE)',
    "INSERT INTO src VALUES (1, DATE '2020-01-01'), (2, (get_current_timestamp() AT TIME ZONE 'UTC')::DATE)",
  )
  const [[tomorrow] = []] = await w.sourceRows("SELECT (modified_on + INTERVAL '1 DAY')::VARCHAR FROM src WHERE id = 2")
  expect(await w.run(flow)).toMatchObject({ rows: { inserted: 1n }, waiting: { rows: 1n, until: tomorrow } })
})

test('a TIMESTAMPTZ position is told in UTC, whatever the offset it was written with', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, modified_on TIMESTAMPTZ)',
    "INSERT INTO src VALUES (1, '2020-06-01 12:00:00+05:30'), (2, '2020-06-01 06:30:00.000001+00')",
  )
  await w.run(flow, { period: { after: '2020-06-01 06:29:59+00', upTo: '2020-06-01 06:30:00+00' } })
  expect(await ids(w)).toEqual([1])
})

test('clock: local without a buffer of its largest backward step is refused', async () => {
  const local = (ms: number) => flowSpec({ watermark: { clock: 'local', zone: 'Europe/London', buffer: { ms } } })
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, modified_on TIMESTAMP)',
    "INSERT INTO src VALUES (1, TIMESTAMP '2020-01-01')",
  )
  await expect(w.run(local(1_800_000))).rejects.toMatchObject({ code: 'TM1019' })
  await expect(w.run(local(3_600_000), { buffer: '10m' })).rejects.toMatchObject({ code: 'TM1019' })
  expect(await w.run(local(3_600_000))).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
})

test('clock: local reads the clock in the column’s zone', async () => {
  const local = flowSpec({ watermark: { clock: 'local', zone: 'Asia/Kolkata', buffer: { ms: 0 } } })
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, modified_on TIMESTAMP)',
    "INSERT INTO src VALUES (1, get_current_timestamp() AT TIME ZONE 'Asia/Kolkata' - INTERVAL '1 HOUR')",
  )
  expect(await w.run(local)).toMatchObject({ rows: { inserted: 1n }, waiting: null })
})
