import { expect, test } from 'vitest'
import { failAt, fileFlow, type FileWorld, openFiles, ONE_BY_ONE } from '../support/tree-world.ts'
import type { RunRow } from '../../src/control/control-store.ts'

const flow = fileFlow()

/** A run that dies before its n-th batch commits. */
const dies = (f: FileWorld, nth: number, spec = flow): Promise<RunRow> =>
  f.world.run(spec, { ...ONE_BY_ONE, hit: failAt('batch:before-commit', nth) })

const numbers = async (f: FileWorld, run: RunRow) =>
  (await f.ledger.listBatches(run.id)).map((b) => `${b.batch} ${b.state}`)

test('a resumed tree run whose source did not change goes on with its batches', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' } })
  const failed = await dies(f, 2)
  expect(failed).toMatchObject({ state: 'failed', batchesDone: 1 })
  const resumed = await f.world.resume(failed.id, ONE_BY_ONE)
  expect(resumed).toMatchObject({
    id: failed.id,
    window: failed.window,
    state: 'succeeded',
    rows: { read: 3n, inserted: 3n },
  })
  expect(await numbers(f, resumed)).toEqual(['1 done', '2 done', '3 done'])
})

test('a resumed tree run whose source changed checks its chains again: done rows stay done, numbers continue', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' } })
  const failed = await dies(f, 2)
  await f.add({ other: { at: 'old' } })
  const resumed = await f.world.resume(failed.id, ONE_BY_ONE)
  expect(resumed).toMatchObject({ state: 'succeeded', rows: { read: 4n, inserted: 4n, skippedSame: 0n } })
  expect(await numbers(f, resumed)).toEqual(['1 done', '2 superseded', '3 superseded', '4 done', '5 done', '6 done'])
  expect(await f.parentless()).toEqual([])
})

test('a row that hangs below a new ancestor when the run is resumed gets it first', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' } })
  const failed = await dies(f, 3)
  expect(await f.landed()).toBe('a b')
  await f.add({ late: { under: 'a', at: 'young' }, later: { under: 'late', at: 'young' } })
  await f.move('c', 'later', null)
  const resumed = await f.world.resume(failed.id, ONE_BY_ONE)
  expect(resumed).toMatchObject({ state: 'succeeded', error: null })
  expect(await f.landed()).toBe('a b late later c')
})

test('a root that arrives late in a resumed run lands although the roots were done', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' } })
  const failed = await dies(f, 3)
  await f.add({ root: { at: 'old' } })
  expect(await f.world.resume(failed.id, ONE_BY_ONE)).toMatchObject({ state: 'succeeded', rows: { inserted: 4n } })
  expect((await f.landed()).split(' ').sort()).toEqual(['a', 'b', 'c', 'root'])
})

test('the rest of a moved subtree comes along when the folder landed before the run died and the source changed', async () => {
  await using f = await openFiles()
  await f.add({
    home: { at: 'old' },
    folder: { at: 'old' },
    one: { under: 'folder', at: 'old' },
    two: { under: 'one', at: 'old' },
    three: { under: 'two', at: 'old' },
  })
  await f.world.run(flow)
  await f.move('folder', 'home')
  const failed = await dies(f, 2)
  expect(failed).toMatchObject({ state: 'failed', batchesDone: 1 })
  await f.add({ other: { at: 'old' } })
  const resumed = await f.world.resume(failed.id, ONE_BY_ONE)
  expect(resumed).toMatchObject({ state: 'succeeded', rows: { updated: 4n } })
  expect(await f.locators()).toMatchObject({ three: '/home/folder/one/two/three/' })
  expect(await f.parentless()).toEqual([])
})

test('what was never delivered below a folder that left an excluded one still comes after a crash', async () => {
  await using f = await openFiles()
  const without = fileFlow({ over: { excludeKeys: { stream_id: ['secret'] } } })
  await f.add({
    secret: { at: 'old' },
    folder: { under: 'secret', at: 'old' },
    file: { under: 'folder', at: 'old' },
    deep: { under: 'file', at: 'old' },
    home: { at: 'old' },
  })
  await f.world.run(without)
  await f.move('folder', 'home')
  const failed = await dies(f, 2, without)
  expect(await f.landed()).toBe('home folder')
  await f.add({ other: { at: 'young' } })
  expect(await f.world.resume(failed.id, ONE_BY_ONE)).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
  expect(await f.landed()).toBe('home folder file deep')
})

test('a moved subtree comes along though the captured keys were lost with the temporary folder', async () => {
  await using f = await openFiles()
  await f.add({
    home: { at: 'old' },
    folder: { at: 'old' },
    one: { under: 'folder', at: 'old' },
    two: { under: 'one', at: 'old' },
  })
  await f.world.run(flow)
  await f.move('folder', 'home')
  const failed = await dies(f, 2)
  f.world.deps().removeWork(failed.id)
  expect(await f.world.resume(failed.id, ONE_BY_ONE)).toMatchObject({ state: 'succeeded', rows: { updated: 3n } })
  expect(await f.locators()).toMatchObject({ two: '/home/folder/one/two/' })
})

test('a batch whose parent is not there any more fails, and a resume looks for the parents again', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' } })
  await f.world.run(flow)
  await f.add({ d: { under: 'c' }, e: { under: 'd' } })
  const failed = await movedMeanwhile(f)
  expect(failed).toMatchObject({ state: 'failed', batchesDone: 1, error: { code: 'TM5004' } })
  expect(failed.error?.message).toContain('/a/b/d/e/ needs /a/b/d/')
  const resumed = await f.world.resume(failed.id, ONE_BY_ONE)
  expect(resumed).toMatchObject({ id: failed.id, state: 'succeeded', error: null })
  expect(await f.locators()).toMatchObject({ d: '/a/b/d/', e: '/a/b/d/e/' })
  expect(await f.parentless()).toEqual([])
})

/** After the first batch somebody moves `d` from `c` to `b`. */
async function movedMeanwhile(f: FileWorld): Promise<RunRow> {
  await using writer = await f.world.counted()
  let commits = 0
  return await f.world.run(flow, {
    ...ONE_BY_ONE,
    hit: async (point) => {
      if (point !== 'batch:after-commit' || ++commits > 1) return
      await writer.session.run(
        "UPDATE files SET path_locator = '/a/b/d/', parent_path_locator = '/a/b/' WHERE stream_id = 'd'",
      )
      await writer.session.run(
        "UPDATE files SET path_locator = '/a/b/d/e/', parent_path_locator = '/a/b/d/' WHERE stream_id = 'e'",
      )
    },
  })
}

test('a second crash while the chains are checked again loses nothing', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' }, d: { under: 'c' } })
  const failed = await dies(f, 3)
  await f.add({ aa: { at: 'old' }, ab: { under: 'aa', at: 'old' } })
  const again = await f.world.resume(failed.id, { ...ONE_BY_ONE, hit: failAt('capture:before-stored', 1) })
  expect(again).toMatchObject({ state: 'failed', batchesDone: 2 })
  await f.add({ ac: { under: 'ab', at: 'old' } })
  const third = await f.world.resume(failed.id, { ...ONE_BY_ONE, hit: failAt('batch:before-commit', 2) })
  expect(third).toMatchObject({ state: 'failed', batchesDone: 3 })
  const last = await f.world.resume(failed.id, ONE_BY_ONE)
  expect(last).toMatchObject({ state: 'succeeded', attempts: 4, rows: { inserted: 7n, skippedSame: 0n } })
  expect((await f.landed()).split(' ').sort()).toEqual(['a', 'aa', 'ab', 'ac', 'b', 'c', 'd'])
})

test('a row deleted in the source before the resume is left out, and one put below it becomes an orphan', async () => {
  await using f = await openFiles()
  const skip = fileFlow({ orphans: 'skip' })
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' } })
  const failed = await dies(f, 2, skip)
  await f.remove('b')
  const resumed = await f.world.resume(failed.id, ONE_BY_ONE)
  expect(resumed).toMatchObject({ state: 'succeeded', reason: '1 orphans left out, looked at again by later runs' })
  expect(await f.landed()).toBe('a')
})

test('a quarantined row that a crashed run had delivered counts as delivered after the resume', async () => {
  await using f = await openFiles()
  const quarantine = fileFlow({ orphans: 'quarantine' })
  await f.add({ lost: {}, child: { under: 'lost' }, below: { under: 'child' } })
  await f.remove('lost')
  await f.world.run(quarantine)
  expect(await f.ledger.listRejects(flow.id)).toHaveLength(2)
  await f.add({ lost: { at: 'old' } })
  const failed = await dies(f, 3, quarantine)
  expect(failed).toMatchObject({ state: 'failed', batchesDone: 2 })
  await f.add({ other: { at: 'old' } })
  expect(await f.world.resume(failed.id, ONE_BY_ONE)).toMatchObject({ state: 'succeeded' })
  expect(await f.ledger.listRejects(flow.id)).toEqual([])
})
