import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type FileWorld, fileFlow, JOINED, openFiles } from '../support/tree-world.ts'

const tree = fileFlow()
/** The same join without a tree. */
const flat = fileFlow({ over: { shape: { kind: 'flat' } } })

const states = async (f: FileWorld) =>
  Object.fromEntries((await f.ledger.listUnmatched(flat.id)).map((u) => [u.key, u.state]))
const names = async (f: FileWorld) =>
  (await f.world.targetRows('SELECT stream_id FROM dst ORDER BY 1')).map(([id]) => id)

test('a position in a joined table decides the window, and is kept beside the target', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: { at: 'young' } })
  const run = await f.world.run(flat)
  expect(run).toMatchObject({ rows: { inserted: 1n }, waiting: { rows: 1n } })
  expect(Object.keys(await f.positions())).toEqual(['a'])
  await f.touch('a')
  expect((await f.world.run(flat)).rows).toMatchObject({ read: 1n, updated: 1n })
})

test('a metadata row that is there before its main row is remembered, and delivered when the main row appears though the window has passed', async () => {
  await using f = await openFiles()
  await f.add({ a: {} })
  await f.meta('early')
  const first = await f.world.run(flat)
  expect(first.reason).toBe('1 position rows without a main row are remembered')
  expect(await f.ledger.listUnmatched(flat.id)).toMatchObject([
    { key: '["early"]', alias: 'meta', state: 'open', position: expect.any(String) },
  ])
  await f.touch('a')
  expect((await f.world.run(flat)).rows).toMatchObject({ read: 1n })
  await f.add({ early: { bare: true } })
  const third = await f.world.run(flat)
  expect(third).toMatchObject({ state: 'succeeded', reason: null, rows: { read: 1n, inserted: 1n } })
  expect(await states(f)).toEqual({ '["early"]': 'found' })
  expect(await names(f)).toEqual(['a', 'early'])
  expect((await f.world.run(flat)).state).toBe('nothing_to_do')
})

test('a position row that is changed while it waits for its main row stays remembered once', async () => {
  await using f = await openFiles()
  await f.add({ a: {} })
  await f.meta('early')
  await f.world.run(flat)
  await f.touch('early')
  await f.touch('a')
  await f.world.run(flat)
  expect(await states(f)).toEqual({ '["early"]': 'open' })
  await f.add({ early: { bare: true } })
  expect((await f.world.run(flat)).rows).toMatchObject({ inserted: 1n })
})

test('an unmatched row that is older than its declared age is given up, and the run says so', async () => {
  await using f = await openFiles()
  const impatient = fileFlow({ watermark: { unmatchedGiveUpMs: 20 }, over: { shape: { kind: 'flat' } } })
  await f.add({ a: {} })
  await f.meta('never')
  await f.world.run(impatient)
  await sleep(40)
  await f.touch('a')
  const run = await f.world.run(impatient)
  expect(run).toMatchObject({ state: 'succeeded', reason: '1 position rows were given up: no main row came in time' })
  expect(await states(f)).toEqual({ '["never"]': 'given_up' })
  await f.add({ never: { bare: true } })
  expect((await f.world.run(impatient)).state).toBe('nothing_to_do')
})

test('without a declared age an unmatched row is looked for as long as it takes', async () => {
  await using f = await openFiles()
  await f.add({ a: {} })
  await f.meta('slow')
  for (let i = 0; i < 4; i++) {
    await f.touch('a')
    await f.world.run(flat)
  }
  await f.add({ slow: { bare: true } })
  await f.world.run(flat)
  expect(await names(f)).toEqual(['a', 'slow'])
})

test('a main row without metadata is not delivered until its metadata appears', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, bare: { bare: true } })
  await f.world.run(flat)
  expect(await names(f)).toEqual(['a'])
  await f.meta('bare')
  await f.world.run(flat)
  expect(await names(f)).toEqual(['a', 'bare'])
})

test('a main row that arrived as an ancestor takes its position when its metadata appears', async () => {
  await using f = await openFiles()
  await f.add({ folder: { bare: true }, file: { under: 'folder' } })
  await f.world.run(tree)
  expect(Object.keys(await f.positions())).toEqual(['file'])
  await f.meta('folder')
  expect((await f.world.run(tree)).rows).toMatchObject({ read: 1n, skippedSame: 1n })
  expect(Object.keys(await f.positions())).toEqual(['file', 'folder'])
})

test('several metadata rows for one main row are refused', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: {} })
  await f.meta('a')
  const run = await f.world.run(flat)
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4005' } })
  expect(run.error?.message).toContain('["a"]')
  expect(run.error?.message).toContain('a joined table with several rows for one')
})

test('several metadata rows for an ancestor are refused too', async () => {
  await using f = await openFiles()
  await f.add({ seed: {} })
  await f.world.run(tree)
  await f.add({ folder: { at: 'old' }, file: { under: 'folder' } })
  await f.meta('folder', 'old')
  expect(await f.world.run(tree)).toMatchObject({ state: 'failed', error: { code: 'TM4005' } })
})

test('scope and where look into the joined table', async () => {
  await using f = await openFiles()
  const narrow = fileFlow({
    over: {
      shape: { kind: 'flat' },
      source: {
        ...flat.source,
        joins: [JOINED],
        where: [
          {
            kind: 'in-list',
            column: { table: 'meta', column: 'owning_business_unit' },
            values: ['N', 'S'],
            not: false,
          },
        ],
      },
    },
  })
  await f.add({ n: {}, s: { unit: 'S' }, w: { unit: 'W' } })
  await f.meta('early', 'now', 'W')
  expect((await f.world.run(narrow, { scope: { unit: 'S' } })).rows).toMatchObject({ inserted: 1n })
  expect((await f.world.run(narrow)).rows).toMatchObject({ inserted: 1n, skippedSame: 1n })
  expect(await names(f)).toEqual(['n', 's'])
  expect(await states(f)).toEqual({})
})

test('an unmatched row remembered by one scope is not lost to a run of another', async () => {
  await using f = await openFiles()
  await f.add({ n: {}, s: { unit: 'S' } })
  await f.meta('early', 'now', 'N')
  await f.world.run(flat, { scope: { unit: 'N' } })
  await f.add({ early: { bare: true } })
  await f.world.run(flat, { scope: { unit: 'S' } })
  expect(await states(f)).toEqual({ '["early"]': 'open' })
  expect((await f.world.run(flat, { scope: { unit: 'N' } })).rows).toMatchObject({ inserted: 1n })
  expect(await states(f)).toEqual({ '["early"]': 'found' })
})

test('a scope remembers only unmatched rows of its own', async () => {
  await using f = await openFiles()
  await f.add({ n: {} })
  await f.meta('early', 'now', 'S')
  await f.world.run(flat, { scope: { unit: 'N' } })
  expect(await states(f)).toEqual({})
  await f.add({ s: { unit: 'S' } })
  await f.world.run(flat, { scope: { unit: 'S' } })
  await f.add({ early: { bare: true } })
  expect((await f.world.run(flat, { scope: { unit: 'S' } })).rows).toMatchObject({ inserted: 1n })
})

test('an unmatched row whose main row comes as an orphan goes on being looked at', async () => {
  await using f = await openFiles()
  const skip = fileFlow({ orphans: 'skip' })
  await f.add({ a: {} })
  await f.meta('file')
  await f.world.run(skip)
  await f.add({ folder: { at: 'old' }, file: { under: 'folder', bare: true } })
  await f.world.source("DELETE FROM files WHERE stream_id = 'folder'")
  await f.world.run(skip)
  expect(await names(f)).toEqual(['a'])
  await f.add({ folder: { bare: true } })
  await f.world.run(skip)
  expect(await names(f)).toEqual(['a', 'file', 'folder'])
})
