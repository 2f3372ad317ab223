import { expect, test } from 'vitest'
import { Cancelled } from '../../src/runtime/app-error.ts'
import { fileFlow, openFiles, ONE_BY_ONE } from '../support/tree-world.ts'

const flow = fileFlow()

test('a tree lands by depth, in steps of roots and children', async () => {
  await using f = await openFiles()
  await f.add({ z: {}, y: { under: 'z' }, x: { under: 'y' }, b: {}, w: { under: 'b' }, v: { under: 'y' } })
  const run = await f.world.run(flow, { workers: 1 })
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 6n } })
  expect(await f.batches(run)).toBe('roots 2 | children 2 2')
  expect(await f.landed()).toBe('z b y w x v')
})

test('batches of one depth are cut by rows and are independent, the next depth is another wave', async () => {
  await using f = await openFiles()
  await f.add({ r: {} })
  await f.world.source(
    "INSERT INTO files SELECT 'c' || i, 'c' || i, '/r/c' || i || '/', '/r/', false, '' FROM range(25) t(i)",
    "INSERT INTO meta SELECT 'c' || i, TIMESTAMP '2020-01-01', 'N' FROM range(25) t(i)",
  )
  await f.add({ below: { under: 'c3' } })
  const run = await f.world.run(flow, { batchRows: 10 })
  expect(await f.batches(run)).toBe('roots 1 | children 10+10+5 1')
})

test('missing ancestors over four levels arrive before the row that needs them: outside the window, without position, without metadata', async () => {
  await using f = await openFiles()
  await f.add({ seed: {} })
  await f.world.run(flow)
  await f.add({
    top: { at: 'old' },
    second: { under: 'top', bare: true },
    third: { under: 'second', at: 'young' },
    fourth: { under: 'third', at: 'old' },
    leaf: { under: 'fourth' },
  })
  const run = await f.world.run(flow, ONE_BY_ONE)
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 5n }, waiting: { rows: 1n } })
  expect(await f.batches(run)).toBe('ancestors 1 1 1 1 | children 1')
  expect(await f.landed()).toBe('seed top second third fourth leaf')
})

test('an ancestor with a NULL position arrives, though rows without one are refused in the window', async () => {
  await using f = await openFiles()
  const narrow = fileFlow({
    over: {
      source: {
        ...flow.source,
        where: [{ kind: 'compare', column: { table: null, column: 'name' }, operator: '<>', value: 'top' }],
      },
    },
  })
  await f.add({ top: { at: null }, leaf: { under: 'top' } })
  expect(await f.world.run(narrow, ONE_BY_ONE)).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
  expect(await f.landed()).toBe('top leaf')
  expect(Object.keys(await f.positions())).toEqual(['leaf'])
})

test('an ancestor outside scope and where arrives, and only as an ancestor', async () => {
  await using f = await openFiles()
  const narrow = fileFlow({
    over: {
      source: {
        ...flow.source,
        where: [{ kind: 'compare', column: { table: null, column: 'name' }, operator: '<>', value: 'hidden' }],
      },
    },
  })
  await f.add({
    other: { unit: 'S' },
    hidden: { under: 'other' },
    beside: { under: 'other', unit: 'S' },
    leaf: { under: 'hidden' },
  })
  const run = await f.world.run(narrow, { scope: { unit: 'N' }, ...ONE_BY_ONE })
  expect(await f.batches(run)).toBe('ancestors 1 1 | children 1')
  expect(await f.landed()).toBe('other hidden leaf')
})

test('an ancestor that is itself below a captured new row lands after that row', async () => {
  await using f = await openFiles()
  await f.add({ seed: {} })
  await f.world.run(flow)
  await f.add({
    root: { at: 'old' },
    fresh: { under: 'root' },
    between: { under: 'fresh', at: 'old' },
    leaf: { under: 'between' },
    beside: { under: 'root' },
  })
  const run = await f.world.run(flow, ONE_BY_ONE)
  expect(run.state).toBe('succeeded')
  expect(await f.batches(run)).toBe('ancestors 1 1 1 | children 1 1')
  expect(await f.landed()).toBe('seed root fresh between beside leaf')
})

test('excluded keys arrive in no role: not from the window, not as an ancestor, not with a subtree', async () => {
  await using f = await openFiles()
  const without = fileFlow({ over: { excludeKeys: { stream_id: ['secret', 'lone', 'inside'] } } })
  await f.add({
    lone: {},
    home: {},
    folder: { under: 'home' },
    inside: { under: 'folder' },
    plain: { under: 'folder' },
    secret: { at: 'old' },
    child: { under: 'secret' },
  })
  const first = await f.world.run(without)
  expect(first).toMatchObject({ state: 'succeeded', reason: '1 rows below an excluded key left out' })
  await f.move('folder', null)
  expect((await f.world.run(without)).state).toBe('succeeded')
  expect(await f.locators()).toEqual({ home: '/home/', folder: '/folder/', plain: '/folder/plain/' })
})

test('a parent shared by two scopes arrives once', async () => {
  await using f = await openFiles()
  await f.add({ seed: {} })
  await f.world.run(flow)
  await f.add({ shared: { at: 'old', unit: 'X' }, north: { under: 'shared' }, south: { under: 'shared', unit: 'S' } })
  const north = await f.world.run(flow, { scope: { unit: 'N' } })
  expect(await f.batches(north)).toBe('ancestors 1 | children 1')
  const south = await f.world.run(flow, { scope: { unit: 'S' } })
  expect(await f.batches(south)).toBe('children 1')
  expect(south.rows).toMatchObject({ read: 1n, inserted: 1n })
  expect(await f.world.targetRows('SELECT count(*), count(DISTINCT stream_id) FROM dst')).toEqual([['4', '4']])
})

test('a parent that is in both windows is inserted by the first scope and skipped by the second', async () => {
  await using f = await openFiles()
  const both = fileFlow({ over: { scope: { kind: { table: null, column: 'is_directory' } } } })
  await f.add({ shared: {}, a: { under: 'shared' }, b: { under: 'shared' } })
  await f.world.source("UPDATE files SET is_directory = false WHERE stream_id = 'b'")
  expect((await f.world.run(both, { scope: { kind: 'true' } })).rows).toMatchObject({ read: 2n, inserted: 2n })
  expect((await f.world.run(both, { scope: { kind: 'false' } })).rows).toMatchObject({ read: 1n, inserted: 1n })
  expect((await f.world.run(both, { full: true })).rows).toMatchObject({ read: 3n, inserted: 0n, skippedSame: 3n })
})

test('a run that dies in the middle of the ancestors leaves no row without its parent', async () => {
  await using f = await openFiles()
  await f.add({ seed: {} })
  await f.world.run(flow)
  await f.add({
    a: { at: 'old' },
    b: { under: 'a', at: 'old' },
    c: { under: 'b', at: 'old' },
    d: { under: 'c' },
    e: { under: 'd' },
  })
  let commits = 0
  const stop = new AbortController()
  const cancelled = await f.world.run(flow, {
    ...ONE_BY_ONE,
    soft: stop.signal,
    hit: async (point) => {
      if (point !== 'batch:after-commit') return
      expect(await f.parentless()).toEqual([])
      commits += 1
      if (commits === 2) stop.abort(new Cancelled('stopped by the test'))
    },
  })
  expect(cancelled).toMatchObject({ state: 'cancelled', batchesDone: 2 })
  expect(await f.landed()).toBe('seed a b')
  const resumed = await f.world.resume(cancelled.id, ONE_BY_ONE)
  expect(resumed).toMatchObject({ id: cancelled.id, state: 'succeeded', batchesDone: 5 })
  expect(await f.landed()).toBe('seed a b c d e')
})
