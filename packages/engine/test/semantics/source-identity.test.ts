import { copyFileSync, renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ids, row, rows, TABLE, at } from '../support/flat.ts'
import { expectRefused } from '../support/refusals.ts'
import { removeDatabase } from '../support/store-files.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const replaced = flowSpec({ source: { ...flow.source, replaced: 'expected' } })

/** Another file in the source's place, as a nightly rebuild leaves it. */
async function rebuilt(w: World, ...statements: readonly string[]): Promise<void> {
  const old = `${w.sourcePath}.old`
  renameSync(w.sourcePath, old)
  await w.source(TABLE, ...statements)
  removeDatabase(old)
}

test('a source replaced by another file stops plan and run', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await rebuilt(w, rows(4))
  expect((await expectRefused(w, flow, 'TM4008')).detail).toContain('the watermark was earned on duckdb:')
})

test('a source deleted and made again under the same name is another one, whatever inode it got', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  removeDatabase(w.sourcePath)
  await w.source(TABLE, rows(3), rows(3), 'CHECKPOINT', row(9, 'new', at(9)), 'CHECKPOINT')
  await expectRefused(w, flow, 'TM4008')
})

test('an older copy of the source put back in its place stops plan and run', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  copyFileSync(w.sourcePath, `${w.sourcePath}.copy`)
  await w.source(row(4, 'later', at(4)))
  await w.run(flow)
  copyFileSync(`${w.sourcePath}.copy`, w.sourcePath)
  expect((await expectRefused(w, flow, 'TM4008')).detail).toContain('an older copy was restored')
})

test('--full reads a replaced source, and is at home in it afterwards', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await rebuilt(w, rows(4))
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { read: 4n, inserted: 1n } })
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
})

test('--accept-change goes on in a replaced source that holds the same rows', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await rebuilt(w, rows(3), "INSERT INTO src VALUES (9, 'new', get_current_timestamp())")
  expect(await w.run(flow, { acceptChange: true })).toMatchObject({ rows: { read: 1n, inserted: 1n } })
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
})

test('replaced: expected goes on in a rebuilt source without asking', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(replaced)
  await rebuilt(w, rows(3), "INSERT INTO src VALUES (9, 'new', get_current_timestamp())")
  expect(await w.run(replaced)).toMatchObject({ state: 'succeeded', rows: { read: 1n } })
  expect(await ids(w)).toEqual([0, 1, 2, 9])
})

test('a source that only grew, was moved to another folder entry, or was checkpointed is the same one', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow)
  await w.source('CHECKPOINT', row(4, 'old', at(4)), 'CHECKPOINT')
  renameSync(w.sourcePath, `${w.sourcePath}.away`)
  renameSync(`${w.sourcePath}.away`, w.sourcePath)
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
})
