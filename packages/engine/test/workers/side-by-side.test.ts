/** Several flows of one command: what they share, what they wait for, and what one may do to another. */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Failpoint } from '../../src/runtime/failpoint.ts'
import { expect, test } from 'vitest'
import { ends, openFlows, recorder } from '../support/flows.ts'
import { gateAt } from '../support/gate.ts'

const source = (rows: number, table = 'src'): string =>
  `CREATE TABLE ${table} AS SELECT i AS id, 'n' || i AS name FROM range(${rows}) t(i)`

const six = (of: (task: string) => { readonly from: string; readonly to: string }) =>
  ['a', 'b', 'c', 'd', 'e', 'f'].map((task) => ({ id: `m.${task}`, ...of(task) }))

test('six flows into one file that is not there yet all arrive, side by side', async () => {
  using flows = openFlows(...six((task) => ({ from: 'shop.src', to: `lake.${task}` })))
  await flows.sql('shop', source(50))
  const document = await flows.run({ parallel: 6, batchRows: 10 })
  expect(document.runs.map((r) => [r.status, r.rows.inserted])).toEqual(Array(6).fill(['succeeded', 50]))
  for (const task of ['a', 'f']) expect(await flows.count('lake', task)).toBe(50)
})

test('six flows that bring the same keys to one table deliver each key once', async () => {
  using flows = openFlows(...six((task) => ({ from: `shop.${task}`, to: 'lake.together' })))
  for (const task of ['a', 'b', 'c', 'd', 'e', 'f']) await flows.sql('shop', source(40, task))
  const document = await flows.run({ parallel: 6, batchRows: 5 })
  // those that come later find every key in
  expect(document.runs.map((r) => [r.status, r.rows.inserted])).toEqual([
    ['succeeded', 40],
    ...Array(5).fill(['nothing_to_do', 0]),
  ])
  expect(await flows.count('lake', 'together')).toBe(40)
})

test('two flows that bring other keys to one table both land', async () => {
  using flows = openFlows(
    { id: 'm.a', from: 'shop.a', to: 'lake.together', more: 'apply: latest' },
    { id: 'm.b', from: 'shop.b', to: 'lake.together', more: 'apply: latest' },
  )
  await flows.sql('shop', source(20, 'a'), 'CREATE TABLE b AS SELECT id + 20 AS id, name FROM a')
  expect(ends(await flows.run({ parallel: 2, batchRows: 3 }))).toEqual(['m.a succeeded', 'm.b succeeded'])
  expect(await flows.count('lake', 'together')).toBe(40)
})

test('a chain of files in one order runs side by side: a file that one flow reads and another writes is no conflict', async () => {
  using flows = openFlows(
    { id: 'm.one', from: 'a.src', to: 'b.src' },
    { id: 'm.two', from: 'b.other', to: 'c.src' },
    { id: 'm.three', from: 'c.other', to: 'd.src' },
    { id: 'm.back', from: 'd.other', to: 'a.back' },
  )
  await flows.sql('a', source(40))
  for (const file of ['b', 'c', 'd']) await flows.sql(file, source(40, 'other'))
  expect(ends(await flows.run({ parallel: 4, batchRows: 4 }))).toEqual([
    'm.back succeeded',
    'm.one succeeded',
    'm.three succeeded',
    'm.two succeeded',
  ])
  expect(await flows.count('a', 'back')).toBe(40)
})

test('a chain A to B to C by order carries a row through in one command', async () => {
  using flows = openFlows(
    { id: 'm.two', order: 2, from: 'b.t', to: 'c.t' },
    { id: 'm.one', order: 1, from: 'a.src', to: 'b.t' },
  )
  await flows.sql('a', source(7))
  expect(ends(await flows.run({ parallel: 2 }))).toEqual(['m.one succeeded', 'm.two succeeded'])
  expect(await flows.count('c', 't')).toBe(7)
})

test('one file as source and target of several flows', async () => {
  using flows = openFlows(...six((task) => ({ from: 'shop.src', to: `shop.${task}` })))
  await flows.sql('shop', source(30))
  expect(ends(await flows.run({ parallel: 3, batchRows: 10 }))).toEqual(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((task) => `m.${task} succeeded`),
  )
  expect(await flows.count('shop', 'f')).toBe(30)
})

test('a flow that reads a file while another begins to write it does not stop it', async () => {
  using flows = openFlows({ id: 'm.reads', from: 'b.src', to: 'c.dst' }, { id: 'm.writes', from: 'a.src', to: 'b.dst' })
  await flows.sql('a', source(4))
  await flows.sql('b', source(4))
  using gate = gateAt('batch:staged') // the reader is in the middle of its batch
  const { emit, events } = recorder()
  const running = flows.run({ parallel: 2, hit: gate.hit, emit })
  await gate.reached
  while (!events.some((e) => e.event === 'run:ended')) await sleep(5)
  gate.open()
  expect(ends(await running)).toEqual(['m.reads succeeded', 'm.writes succeeded'])
})

test('a flow that fails before it wrote leaves the file that another made beside it', async () => {
  using flows = openFlows(
    { id: 'm.bad', from: 'shop.bad', to: 'lake.bad' },
    { id: 'm.good', from: 'shop.src', to: 'lake.good' },
  )
  // a duplicate key is found by the capture: the file was made by then
  await flows.sql('shop', source(3), 'CREATE TABLE bad AS SELECT 1 AS id FROM range(2)')
  expect(ends(await flows.run({ parallel: 2 }))).toEqual(['m.bad failed TM4005', 'm.good succeeded'])
  expect(await flows.count('lake', 'good')).toBe(3)
})

test('where every flow fails before it wrote, the file that was made for them is gone', async () => {
  using flows = openFlows({ id: 'm.a', from: 'shop.bad', to: 'lake.a' }, { id: 'm.b', from: 'shop.bad', to: 'lake.b' })
  await flows.sql('shop', 'CREATE TABLE bad AS SELECT 1 AS id FROM range(2)')
  expect(ends(await flows.run({ parallel: 2 }))).toEqual(['m.a failed TM4005', 'm.b failed TM4005'])
  expect(existsSync(flows.path('lake'))).toBe(false)
})

test('a failed flow stops only what waits for it in its module, and that is said', async () => {
  using flows = openFlows(
    { id: 'm.bad', from: 'shop.missing', to: 'lake.bad' },
    { id: 'm.beside', from: 'shop.src', to: 'lake.beside' },
    { id: 'm.after', order: 2, from: 'shop.src', to: 'lake.after' },
    { id: 'm.last', order: 7, from: 'shop.src', to: 'lake.last' },
    { id: 'n.first', from: 'shop.src', to: 'lake.first' },
    { id: 'n.second', order: 2, from: 'shop.src', to: 'lake.second' },
  )
  await flows.sql('shop', source(3))
  const { emit, events } = recorder()
  const document = await flows.run({ parallel: 2, emit })
  expect(ends(document)).toEqual([
    'm.bad failed TM4001',
    'm.beside succeeded',
    'm.after skipped',
    'm.last skipped',
    'n.first succeeded',
    'n.second succeeded',
  ])
  expect(document.runs[3]).toMatchObject({ run: null, reason: 'waits for m.bad, which did not end well', error: null })
  expect(events).toContainEqual(
    expect.objectContaining({ event: 'run:ended', flow: 'm.after', run: null, status: 'skipped' }),
  )
})

test('a number of workers is that of the command: batches of several flows share it', async () => {
  using flows = openFlows(...six((task) => ({ from: 'shop.src', to: `lake.${task}` })))
  await flows.sql('shop', source(20))
  let open = 0
  let most = 0
  const hit = async (point: Failpoint): Promise<void> => {
    if (point === 'batch:begun') {
      most = Math.max(most, (open += 1))
      await sleep(2)
    }
    if (point === 'batch:after-commit') open -= 1
  }
  await flows.run({ parallel: 3, batchRows: 4, hit })
  expect(most).toBe(3)
})

test('a large flow does not keep a small one waiting until it is through', async () => {
  using flows = openFlows(
    { id: 'm.large', from: 'shop.src', to: 'lake.large' },
    { id: 'm.small', from: 'shop.few', to: 'lake.small' },
  )
  await flows.sql('shop', source(60), source(2, 'few'))
  const { emit, events } = recorder()
  await flows.run({ parallel: 2, batchRows: 1, emit })
  const last = events.findLastIndex((e) => e.event === 'batch:committed' && e.flow === 'm.large')
  expect(events.findIndex((e) => e.event === 'run:ended' && e.flow === 'm.small')).toBeLessThan(last - 20)
})

test('--parallel 1 is one flow after the other, in their order, each to its end', async () => {
  using flows = openFlows(
    { id: 'n.x', from: 'shop.src', to: 'lake.x' },
    { id: 'm.b', order: 2, from: 'shop.src', to: 'lake.b' },
    { id: 'm.a', order: 1, from: 'shop.src', to: 'lake.a' },
  )
  await flows.sql('shop', source(4))
  const { emit, events } = recorder()
  await flows.run({ parallel: 1, batchRows: 2, emit })
  expect(events.flatMap((e) => ('flow' in e ? [e.flow] : [])).filter((f, i, all) => f !== all[i - 1])).toEqual([
    'm.a',
    'm.b',
    'n.x',
  ])
})

test('a stop ends all flows at work after their batches, and begins no other', async () => {
  using flows = openFlows(...six((task) => ({ from: 'shop.src', to: `lake.${task}` })))
  await flows.sql('shop', source(10))
  const stop = new AbortController()
  const hit = async (point: Failpoint): Promise<void> => {
    if (point === 'batch:after-commit') stop.abort(new Error('asked'))
  }
  const document = await flows.run({ parallel: 2, batchRows: 1, hit, soft: stop.signal })
  expect(document.runs.filter((r) => r.run !== null && r.batches < 10).map((r) => r.flow)).toEqual(['m.a', 'm.b'])
  expect(document.runs.slice(2)).toEqual(
    Array(4).fill(expect.objectContaining({ run: null, status: 'cancelled', reason: 'not begun' })),
  )
})

test('a flow named twice runs once', async () => {
  using flows = openFlows({ id: 'm.a', from: 'shop.src', to: 'lake.a' })
  await flows.sql('shop', source(2))
  expect(ends(await flows.run({ all: false, flows: ['m.a', 'm.a'] }))).toEqual(['m.a succeeded'])
})

test('rows that a batch of another flow stamps, and commits late, are not lost to a flow that reads them by time', async () => {
  using flows = openFlows(
    { id: 'm.fills', from: 'a.src', to: 'b.landed', more: 'columns: { include: [id, name] }' },
    {
      id: 'n.reads',
      from: 'b.landed',
      to: 'c.dst',
      capture: '{ kind: watermark, position: landed_at, clock: utc, buffer: 0s }',
    },
  )
  await flows.sql('a', source(3))
  await flows.sql(
    'b',
    `CREATE TABLE landed (id BIGINT, name VARCHAR, landed_at TIMESTAMP DEFAULT CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP))`,
    "INSERT INTO landed VALUES (99, 'old', TIMESTAMP '2020-01-01')",
  )
  using gate = gateAt('batch:before-commit') // the rows are stamped, and not committed
  const filling = flows.run({ all: false, flows: ['m.fills'], hit: gate.hit })
  await gate.reached
  const reading = await flows.run({ all: false, flows: ['n.reads'] })
  expect(reading.runs[0]).toMatchObject({ status: 'succeeded', window: { decided_by: 'ceiling' }, rows: { read: 1 } })
  gate.open()
  expect(ends(await filling)).toEqual(['m.fills succeeded'])
  await flows.run({ all: false, flows: ['n.reads'] })
  expect(await flows.count('c', 'dst')).toBe(4)
})
