import { existsSync } from 'node:fs'
import type { OrphanPolicy } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { type FileWorld, fileFlow, openFiles, type Touch } from '../support/tree-world.ts'

const flow = fileFlow()

/** A root with a leaf, and a child and grandchild whose parent is not in the source. */
async function withOrphans(f: FileWorld, at: Touch = 'now'): Promise<void> {
  await f.add({
    root: {},
    leaf: { under: 'root' },
    lost: {},
    child: { under: 'lost', at },
    grandchild: { under: 'child', at },
  })
  await f.remove('lost')
}

const without = (orphans?: OrphanPolicy) =>
  fileFlow({ ...(orphans ? { orphans } : {}), over: { excludeKeys: { stream_id: ['secret'] } } })

async function belowExcluded(f: FileWorld): Promise<void> {
  await f.add({ root: {}, secret: {}, child: { under: 'secret' }, grandchild: { under: 'child' } })
}

const remembered = async (f: FileWorld) =>
  (await f.ledger.listUnmatched(flow.id)).map(({ key, alias, state }) => ({ key, alias, state }))

test('orphans fail the run by default when their parent is gone, and nothing is written', async () => {
  await using f = await openFiles()
  await withOrphans(f)
  const run = await f.world.run(flow)
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4012' } })
  expect(run.error?.message).toContain('/lost/child/ (below a parent that is not in the source)')
  expect(run.error?.message).toContain('2 rows')
  expect(existsSync(f.world.targetPath)).toBe(false)
})

test('orphans below an excluded key are skipped by default, and counted', async () => {
  await using f = await openFiles()
  await belowExcluded(f)
  const run = await f.world.run(without())
  expect(run).toMatchObject({
    state: 'succeeded',
    reason: '2 rows below an excluded key left out',
    rows: { inserted: 1n },
  })
  expect(await f.locators()).toEqual({ root: '/root/' })
  expect(await remembered(f)).toEqual([])
})

test('orphans below an excluded key fail the run where orphans: fail says so', async () => {
  await using f = await openFiles()
  await belowExcluded(f)
  const run = await f.world.run(without('fail'))
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4012' } })
  expect(run.error?.message).toContain('/secret/child/ (below an excluded key)')
})

test('orphans: skip leaves them out, counts them, and delivers them when the parent appears', async () => {
  await using f = await openFiles()
  const skip = fileFlow({ orphans: 'skip' })
  await withOrphans(f)
  const run = await f.world.run(skip)
  expect(run).toMatchObject({
    state: 'succeeded',
    reason: '2 orphans left out, looked at again by later runs',
    rows: { inserted: 2n },
  })
  expect(await remembered(f)).toEqual([
    { key: '["child"]', alias: '~orphan', state: 'open' },
    { key: '["grandchild"]', alias: '~orphan', state: 'open' },
  ])
  expect((await f.world.run(skip)).reason).toBe('2 orphans left out, looked at again by later runs')
  await f.add({ lost: { at: 'old' } })
  expect(await f.world.run(skip)).toMatchObject({ state: 'succeeded', reason: null, rows: { inserted: 3n } })
  expect(await f.locators()).toMatchObject({ lost: '/lost/', grandchild: '/lost/child/grandchild/' })
  expect((await remembered(f)).map((u) => u.state)).toEqual(['found', 'found'])
  expect((await f.world.run(skip)).state).toBe('nothing_to_do')
})

test('orphans: quarantine opens rejects, the run succeeds with rejects, and they close when the parent appears', async () => {
  await using f = await openFiles()
  const quarantine = fileFlow({ orphans: 'quarantine' })
  await withOrphans(f)
  const run = await f.world.run(quarantine)
  expect(run).toMatchObject({ state: 'succeeded_with_rejects', rows: { inserted: 2n, rejected: 2n } })
  expect(await f.ledger.listRejects(flow.id)).toMatchObject([
    { key: '["child"]', code: 'TM4012', message: '/lost/child/ is below a parent that is not in the source' },
    { key: '["grandchild"]', code: 'TM4012' },
  ])
  expect(await f.world.run(quarantine)).toMatchObject({ state: 'succeeded_with_rejects' })
  expect(await f.ledger.listRejects(flow.id)).toHaveLength(2)
  await f.add({ lost: { at: 'old' } })
  expect(await f.world.run(quarantine)).toMatchObject({ state: 'succeeded', rows: { inserted: 3n, rejected: 0n } })
  expect(await f.ledger.listRejects(flow.id)).toEqual([])
  expect(await f.parentless()).toEqual([])
})

test('orphans: quarantine holds for rows below an excluded key too', async () => {
  await using f = await openFiles()
  await belowExcluded(f)
  expect(await f.world.run(without('quarantine'))).toMatchObject({
    state: 'succeeded_with_rejects',
    rows: { inserted: 1n, rejected: 2n },
  })
  expect((await f.ledger.listRejects(flow.id)).map((r) => r.message)).toContain(
    '/secret/child/ is below an excluded key',
  )
})

test('rows below an excluded key arrive when the exclusion is taken back and everything is read again', async () => {
  await using f = await openFiles()
  await belowExcluded(f)
  await f.world.run(without())
  await expect(f.world.run(flow)).rejects.toMatchObject({ code: 'TM4007' })
  expect(await f.world.run(flow, { full: true })).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
})

test('a new row below a parent that was deleted in the source is an orphan, though the target still holds the parent', async () => {
  await using f = await openFiles()
  await f.add({ root: {}, folder: { under: 'root' } })
  await f.world.run(flow)
  await f.add({ file: { under: 'folder' } })
  await f.remove('folder')
  expect(await f.world.run(flow)).toMatchObject({ state: 'failed', error: { code: 'TM4012' } })
})

test('an orphan remembered by one scope stays remembered through runs of another scope', async () => {
  await using f = await openFiles()
  const skip = fileFlow({ orphans: 'skip' })
  await withOrphans(f)
  await f.add({ south: { unit: 'S' } })
  await f.world.run(skip, { scope: { unit: 'N' } })
  await f.world.run(skip, { scope: { unit: 'S' } })
  await f.touch('south')
  await f.world.run(skip, { scope: { unit: 'S' } })
  expect((await remembered(f)).map((u) => u.state)).toEqual(['open', 'open'])
  await f.add({ lost: { at: 'old' } })
  expect(await f.world.run(skip, { scope: { unit: 'N' } })).toMatchObject({ rows: { inserted: 3n } })
  expect(await f.parentless()).toEqual([])
})

test('a remembered orphan that is deleted in the source is given up', async () => {
  await using f = await openFiles()
  const skip = fileFlow({ orphans: 'skip' })
  await withOrphans(f)
  await f.world.run(skip)
  await f.remove('child', 'grandchild')
  await f.world.run(skip)
  expect((await remembered(f)).map((u) => u.state)).toEqual(['given_up', 'given_up'])
})

test('an orphan is not given up by the age that gives up unmatched rows', async () => {
  await using f = await openFiles()
  const skip = fileFlow({ orphans: 'skip', watermark: { unmatchedGiveUpMs: 1 } })
  await withOrphans(f)
  await f.add({ south: { unit: 'S' } })
  await f.world.run(skip)
  await f.touch('south')
  await f.world.run(skip, { scope: { unit: 'S' } })
  expect((await remembered(f)).map((u) => u.state)).toEqual(['open', 'open'])
})

test('a cycle is reported with its path', async () => {
  await using f = await openFiles()
  await f.add({ root: {}, a: {}, b: { under: 'a' }, c: { under: 'b' }, below: { under: 'c' } })
  await f.world.source("UPDATE files SET parent_path_locator = '/a/b/c/' WHERE stream_id = 'a'")
  const run = await f.world.run(flow)
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4011' } })
  const path = (run.error?.message ?? '').split(' → ').map((s) => s.replace(/^.*: /, ''))
  expect(path).toHaveLength(4)
  expect(path[0]).toBe(path[3])
  expect(new Set(path)).toEqual(new Set(['/a/', '/a/b/', '/a/b/c/']))
})

test('a row that is its own parent is a cycle of one', async () => {
  await using f = await openFiles()
  await f.add({ root: {}, self: {} })
  await f.world.source("UPDATE files SET parent_path_locator = path_locator WHERE stream_id = 'self'")
  const run = await f.world.run(flow)
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4011' } })
  expect(run.error?.message).toContain('/self/ → /self/')
})

test('a cycle among ancestors outside the window is found from the row below it', async () => {
  await using f = await openFiles()
  await f.add({ seed: {} })
  await f.world.run(flow)
  await f.add({ a: { at: 'old' }, b: { under: 'a', at: 'old' }, leaf: { under: 'b' } })
  await f.world.source("UPDATE files SET parent_path_locator = '/a/b/' WHERE stream_id = 'a'")
  expect(await f.world.run(flow)).toMatchObject({ state: 'failed', error: { code: 'TM4011' } })
})

test('orphans: skip leaves a cycle and what hangs below it out, orphans: quarantine rejects it as a cycle', async () => {
  await using f = await openFiles()
  await f.add({ root: {}, a: {}, b: { under: 'a' }, below: { under: 'b' } })
  await f.world.source("UPDATE files SET parent_path_locator = '/a/b/' WHERE stream_id = 'a'")
  expect(await f.world.run(fileFlow({ orphans: 'skip' }))).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  await f.world.run(fileFlow({ orphans: 'quarantine' }))
  expect((await f.ledger.listRejects(flow.id)).map((r) => r.code)).toEqual(['TM4011', 'TM4011', 'TM4011'])
  await f.world.source("UPDATE files SET parent_path_locator = NULL WHERE stream_id = 'a'")
  expect(await f.world.run(fileFlow({ orphans: 'quarantine' }))).toMatchObject({
    state: 'succeeded',
    rows: { inserted: 3n },
  })
})
