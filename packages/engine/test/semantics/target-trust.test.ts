import { copyFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ids, row, rows, TABLE, at } from '../support/flat.ts'
import { expectRefused } from '../support/refusals.ts'
import { removeDatabase, withStoreClosed } from '../support/store-files.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const now = (id: number) => `INSERT INTO src VALUES (${id}, 'n', get_current_timestamp())`
const copyTarget = (w: World) => copyFileSync(w.targetPath, `${w.targetPath}.copy`)
function restoreTarget(w: World): void {
  removeDatabase(w.targetPath)
  copyFileSync(`${w.targetPath}.copy`, w.targetPath)
}

/** The run stops with TM3007 and names both repairs; `--full` is one, after which an ordinary run goes on. */
async function expectRepaired(w: World, says: string, expected: readonly number[], definition = flow): Promise<void> {
  const error = await expectRefused(w, definition, 'TM3007')
  expect(error.detail).toContain(says)
  expect(error.remedy[0]).toContain('tidemark run m.t --full')
  expect(await w.run(definition, { full: true })).toMatchObject({ state: 'succeeded' })
  expect(await ids(w)).toEqual(expected)
  await w.source(now(77))
  expect(await w.run(definition)).toMatchObject({ state: 'succeeded', rows: { read: 1n, inserted: 1n } })
}

test('the store deleted while the target lives: the run stops, names the other store, and --full repairs it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const first = await w.run(flow)
  await withStoreClosed(w, removeDatabase)
  const error = await expectRefused(w, flow, 'TM3007')
  expect(error.remedy[1]).toContain(`tidemark rewind m.t --to '${first.window?.upTo}'`)
  await expectRepaired(w, 'was filled by another control store', [0, 1, 2])
})

test('the store deleted while the target lives: a rewind to what the target remembers adopts it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const first = await w.run(flow)
  const mark = await w.store.ledger.getWatermark(flow.id, '{}')
  await withStoreClosed(w, removeDatabase)
  const by = { actor: 'tester', command: 'rewind', reason: 'adopted' }
  await w.store.ledger.rewind(
    flow.id,
    '{}',
    { version: null },
    { position: first.window?.upTo ?? '', coverage: mark?.coverage ?? '', source: mark?.source ?? '' },
    by,
  )
  await w.source(now(9))
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { read: 1n, inserted: 1n } })
  expect(await ids(w)).toEqual([0, 1, 2, 9])
})

test('the store restored from an older copy: the run stops, and --full repairs it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await withStoreClosed(w, (path) => copyFileSync(path, `${path}.copy`))
  for (const id of [10, 11, 12, 13, 14]) {
    await w.source(now(id))
    await w.run(flow)
  }
  await withStoreClosed(w, (path) => {
    removeDatabase(path)
    copyFileSync(`${path}.copy`, path)
  })
  await expectRepaired(
    w,
    'which this ledger does not know: the control store was restored',
    [0, 1, 2, 10, 11, 12, 13, 14],
  )
})

test('the store restored from before the first run: the run stops, and --full repairs it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await withStoreClosed(w, (path) => copyFileSync(path, `${path}.copy`))
  await w.run(flow)
  await withStoreClosed(w, (path) => {
    removeDatabase(path)
    copyFileSync(`${path}.copy`, path)
  })
  await expectRepaired(w, 'which this ledger does not know', [0, 1, 2])
})

test('the target file deleted: the run stops, and --full repairs it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  removeDatabase(w.targetPath)
  await expectRepaired(w, 'does not remember run', [0, 1, 2])
})

test('the target table emptied: the run stops, says emptied: expected, and --full repairs it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await w.target('DELETE FROM dst')
  expect((await expectRefused(w, flow, 'TM3007')).remedy.at(-1)).toContain('emptied: expected')
  await expectRepaired(w, 'is empty, though run r-', [0, 1, 2])
})

test('the target table dropped: the run stops, and --full makes and fills it again', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await w.target('DROP TABLE dst')
  await expectRepaired(w, 'is empty, though run r-', [0, 1, 2])
})

test('the target restored from an older copy: the run stops, and --full repairs it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  copyTarget(w)
  await w.source(now(9))
  await w.run(flow)
  restoreTarget(w)
  await expectRepaired(w, 'the target was restored', [0, 1, 2, 9])
})

test('the target restored from before the first run: the run stops, and --full repairs it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.target('CREATE TABLE dst (id BIGINT, name VARCHAR, modified_on TIMESTAMP)')
  copyTarget(w)
  await w.run(flow)
  restoreTarget(w)
  await expectRepaired(w, 'does not remember run', [0, 1, 2])
})

test('the target restored between two scopes: the scope that ran since stops, the other goes on', async () => {
  const scoped = flowSpec({ scope: { name: { table: null, column: 'name' } } })
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', at(1)), row(2, 'b', at(1)))
  await w.run(scoped, { scope: { name: 'a' } })
  await w.run(scoped, { scope: { name: 'b' } })
  copyTarget(w)
  await w.source("INSERT INTO src VALUES (3, 'b', get_current_timestamp())")
  await w.run(scoped, { scope: { name: 'b' } })
  restoreTarget(w)
  await expectRefused(w, scoped, 'TM3007', { scope: { name: 'b' } })
  expect(await w.run(scoped, { scope: { name: 'a' } })).toMatchObject({ state: 'nothing_to_do' })
})

test('emptied: expected delivers into an emptied target without asking', async () => {
  const handedOff = flowSpec({ target: { ...flow.target, emptied: 'expected' } })
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(handedOff)
  await w.target('DELETE FROM dst')
  await w.source(now(9))
  expect(await w.run(handedOff)).toMatchObject({ state: 'succeeded', rows: { read: 1n } })
  expect(await ids(w)).toEqual([9])
})

test('a target that was empty when its run settled may be empty', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(1))
  await w.run(flow)
  await w.source('DELETE FROM src')
  await w.target('DELETE FROM dst')
  await w.run(flow, { full: true })
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
})
