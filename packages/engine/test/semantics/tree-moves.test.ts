import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { type FileWorld, fileFlow, openFiles, ONE_BY_ONE } from '../support/tree-world.ts'

const flow = fileFlow()

/** root / folder / one / two / three, and elsewhere / target. */
async function delivered(f: FileWorld, units: { readonly deep?: string } = {}, by: FlowSpec = flow): Promise<void> {
  await f.add({
    root: { at: 'old' },
    folder: { under: 'root', at: 'old' },
    one: { under: 'folder', at: 'old' },
    two: { under: 'one', at: 'old', unit: units.deep ?? 'N' },
    three: { under: 'two', at: 'old', unit: units.deep ?? 'N' },
    elsewhere: { at: 'old' },
  })
  expect((await f.world.run(by)).state).toBe('succeeded')
}

const MOVED = {
  root: '/root/',
  elsewhere: '/elsewhere/',
  folder: '/elsewhere/folder/',
  one: '/elsewhere/folder/one/',
  two: '/elsewhere/folder/one/two/',
  three: '/elsewhere/folder/one/two/three/',
}

test('a moved folder takes three levels along though only the folder was touched, and their positions stay', async () => {
  await using f = await openFiles()
  await delivered(f)
  const before = await f.positions()
  await f.move('folder', 'elsewhere')
  const run = await f.world.run(flow, ONE_BY_ONE)
  expect(run).toMatchObject({ state: 'succeeded', rows: { read: 4n, updated: 4n, inserted: 0n } })
  expect(await f.batches(run)).toBe('children 1 1 1 1')
  expect(await f.locators()).toEqual(MOVED)
  expect(await f.landed()).toBe('root elsewhere folder one two three')
  const { folder, ...rest } = await f.positions()
  expect({ ...rest, folder: before['folder'] }).toEqual(before)
  expect(folder).not.toBe(before['folder'])
})

test('a touched folder that did not move takes nothing along', async () => {
  await using f = await openFiles()
  await delivered(f)
  await f.touch('folder')
  expect((await f.world.run(flow)).rows).toMatchObject({ read: 1n, updated: 1n })
})

test('a moved subtree comes along when it belongs to another scope', async () => {
  await using f = await openFiles()
  await delivered(f, { deep: 'S' })
  await f.move('folder', 'elsewhere')
  expect((await f.world.run(flow, { scope: { unit: 'N' } })).rows).toMatchObject({ updated: 4n })
  expect(await f.locators()).toEqual(MOVED)
})

test('a moved subtree comes along when where no longer takes it, if the target holds it', async () => {
  await using f = await openFiles()
  const open = {
    kind: 'compare',
    column: { table: null, column: 'file_stream' },
    operator: '<>',
    value: 'private',
  } as const
  const narrow = fileFlow({ over: { source: { ...flow.source, where: [open] } } })
  await delivered(f, {}, narrow)
  await f.add({ unseen: { under: 'one', at: 'old' } })
  await f.world.source("UPDATE files SET file_stream = 'private' WHERE stream_id IN ('two', 'three', 'unseen')")
  await f.move('folder', 'elsewhere')
  expect((await f.world.run(narrow)).rows).toMatchObject({ updated: 4n, inserted: 0n })
  expect(await f.locators()).toEqual(MOVED)
})

test('a moved folder that is younger than upTo is moved as the ancestor of a row that is due, with its whole subtree', async () => {
  await using f = await openFiles()
  await delivered(f)
  await f.add({ aside: { under: 'folder', at: 'old' } })
  await f.world.run(flow, { full: true })
  await f.move('folder', 'elsewhere', 'young')
  expect(await f.world.run(flow)).toMatchObject({ state: 'nothing_to_do', waiting: { rows: 1n } })
  await f.touch('two')
  const run = await f.world.run(flow, ONE_BY_ONE)
  expect(run).toMatchObject({ state: 'succeeded', rows: { updated: 5n } })
  expect(await f.locators()).toEqual({ ...MOVED, aside: '/elsewhere/folder/aside/' })
  expect(await f.landed()).toBe('root elsewhere folder one aside two three')
})

test('new rows below a moved folder wait while they are young, and what hangs below them waits too', async () => {
  await using f = await openFiles()
  await delivered(f)
  await f.move('folder', 'elsewhere')
  await f.add({ young: { under: 'folder', at: 'young' }, baby: { under: 'young', at: 'young' } })
  const run = await f.world.run(flow)
  expect(run).toMatchObject({ rows: { updated: 4n, inserted: 0n }, waiting: { rows: 2n } })
  expect(await f.locators()).toEqual(MOVED)
})

test('a young new folder comes early when a row that the target holds was put below it and moved', async () => {
  await using f = await openFiles()
  await delivered(f)
  await f.add({ young: { under: 'folder', at: 'young' } })
  await f.move('two', 'young', 'young')
  await f.move('folder', 'elsewhere')
  const run = await f.world.run(flow, ONE_BY_ONE)
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 1n, updated: 4n } })
  expect(await f.locators()).toEqual({
    ...MOVED,
    young: '/elsewhere/folder/young/',
    two: '/elsewhere/folder/young/two/',
    three: '/elsewhere/folder/young/two/three/',
  })
})

test('a new parent put above rows that the target holds arrives before they move below it', async () => {
  await using f = await openFiles()
  await delivered(f)
  await f.add({ above: { under: 'root' } })
  await f.move('folder', 'above')
  const run = await f.world.run(flow, ONE_BY_ONE)
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 1n, updated: 4n } })
  expect(await f.landed()).toBe('root elsewhere above folder one two three')
  expect(await f.parentless()).toEqual([])
})

test('a folder that leaves an excluded one brings what was never delivered', async () => {
  await using f = await openFiles()
  const without = fileFlow({ over: { excludeKeys: { stream_id: ['secret'] } } })
  await f.add({
    secret: { at: 'old' },
    folder: { under: 'secret', at: 'old' },
    file: { under: 'folder', at: 'old' },
    home: { at: 'old' },
  })
  expect(await f.world.run(without)).toMatchObject({ rows: { inserted: 1n } })
  await f.move('folder', 'home')
  expect(await f.world.run(without)).toMatchObject({ rows: { inserted: 2n } })
  expect(await f.locators()).toEqual({ home: '/home/', folder: '/home/folder/', file: '/home/folder/file/' })
})

test('a moved row that is younger than upTo waits, though its new folder is looked at for a sibling', async () => {
  await using f = await openFiles()
  await delivered(f)
  await f.move('three', 'root', 'young')
  await f.add({ sibling: { under: 'root' } })
  const run = await f.world.run(flow)
  expect(run).toMatchObject({ rows: { read: 1n, inserted: 1n }, waiting: { rows: 1n } })
  expect((await f.locators())['three']).toBe('/root/folder/one/two/three/')
})

test('two folders that change places land without a row losing its parent', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: {}, x: { under: 'a' }, y: { under: 'b' }, xx: { under: 'x' }, yy: { under: 'y' } })
  await f.world.run(flow)
  await f.move('x', 'b')
  await f.move('y', 'a')
  expect(await f.world.run(flow, ONE_BY_ONE)).toMatchObject({ state: 'succeeded', rows: { updated: 4n } })
  expect(await f.locators()).toMatchObject({ xx: '/b/x/xx/', yy: '/a/y/yy/' })
  expect(await f.parentless()).toEqual([])
})

test('a folder turned upside down, the child becoming the parent, lands in the new order', async () => {
  await using f = await openFiles()
  await delivered(f)
  await f.move('one', 'root')
  await f.move('folder', 'one')
  const run = await f.world.run(flow, ONE_BY_ONE)
  expect(run).toMatchObject({ state: 'succeeded', rows: { updated: 4n } })
  expect(await f.locators()).toMatchObject({
    one: '/root/one/',
    folder: '/root/one/folder/',
    three: '/root/one/two/three/',
  })
})

test('a moved subtree comes along though the run that moved its folder was given up', async () => {
  await using f = await openFiles()
  await delivered(f)
  await f.move('folder', 'elsewhere')
  const failed = await f.world.run(flow, {
    ...ONE_BY_ONE,
    hit: async (point) => {
      if (point === 'batch:begun' && (await f.ledger.listBatches(await newest(f))).some((b) => b.state === 'done'))
        throw new Error('stopped after the folder')
    },
  })
  expect(failed).toMatchObject({ state: 'failed', batchesDone: 1 })
  const fresh = await f.world.run(flow, { fresh: true })
  expect(fresh).toMatchObject({ state: 'succeeded', rows: { skippedSame: 1n, updated: 3n } })
  expect(await f.locators()).toEqual(MOVED)
})

async function newest(f: FileWorld) {
  const [run] = await f.ledger.listRuns({ limit: 1 })
  if (!run) throw new TypeError('no run')
  return run.id
}
