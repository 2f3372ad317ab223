/** A run that is resumed while its source or target was exchanged: what it had delivered must not be taken for there. */
import { renameSync, rmSync } from 'node:fs'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const SOURCE = `CREATE TABLE src AS SELECT i AS id, 'v' || i AS v, TIMESTAMP '2026-01-01' + to_seconds(i) AS modified_on FROM range(30) r(i)`

/** Two of three batches are in, then the run fails. */
async function halfDone(w: World, flow: FlowSpec): Promise<void> {
  await w.source(SOURCE)
  let commits = 0
  const run = await w.run(flow, {
    batchRows: 10,
    workers: 1,
    hit: (point) => {
      if (point === 'batch:before-commit' && ++commits === 3) throw new Error('power cut')
    },
  })
  expect([run.state, run.batchesDone]).toEqual(['failed', 2])
}

const drop = (path: string): void => {
  for (const suffix of ['', '.wal']) rmSync(path + suffix, { force: true })
}

const count = async (w: World): Promise<string | null | undefined> =>
  (await w.targetRows('SELECT count(*) FROM dst'))[0]?.[0]

/** The run fails with that code, stays resumable, moves no watermark; given up, so many rows arrive. */
async function refusedThenFresh(w: World, flow: FlowSpec, code: string): Promise<string | null | undefined> {
  const [run, ...more] = await w.runs(flow)
  expect(more).toEqual([])
  expect([run?.state, run?.error?.code, run?.error?.message]).toEqual([
    'failed',
    code,
    expect.stringContaining('--fresh'),
  ])
  expect(await w.watermark(flow)).toBeNull()
  expect((await w.run(flow, { fresh: true })).state).toBe('succeeded')
  return await count(w)
}

test('a resume into a target that was replaced stops, and --fresh delivers everything', async () => {
  await using w = await openWorld()
  await halfDone(w, flowSpec())
  drop(w.targetPath)
  expect(await refusedThenFresh(w, flowSpec(), 'TM3007')).toBe('30')
})

test('a resume into a target that was emptied stops, and --fresh delivers everything', async () => {
  await using w = await openWorld()
  await halfDone(w, flowSpec())
  await w.target('DELETE FROM dst')
  expect(await refusedThenFresh(w, flowSpec(), 'TM3007')).toBe('30')
})

test('a resume into a target whose markers are of an older state stops', async () => {
  await using w = await openWorld()
  await halfDone(w, flowSpec())
  await w.target('DELETE FROM tidemark.marker WHERE batch = 2', 'DELETE FROM dst WHERE id BETWEEN 10 AND 19')
  expect(await refusedThenFresh(w, flowSpec(), 'TM3007')).toBe('30')
})

test('a resume into a target that is emptied on purpose goes on', async () => {
  await using w = await openWorld()
  const plain = flowSpec()
  const flow = flowSpec({ target: { ...plain.target, emptied: 'expected' } })
  await halfDone(w, flow)
  await w.target('DELETE FROM dst')
  expect((await w.runs(flow))[0]?.state).toBe('succeeded')
  expect(await count(w)).toBe('10')
})

test('a resume that would read another source stops, and --fresh delivers everything', async () => {
  await using w = await openWorld()
  await halfDone(w, flowSpec())
  renameSync(w.sourcePath, `${w.sourcePath}.old`) // not deleted: its inode must not be given out again
  await w.source(SOURCE.replace("'v'", "'other'"))
  expect(await refusedThenFresh(w, flowSpec(), 'TM4008')).toBe('30')
  expect(await w.targetRows("SELECT count(*) FROM dst WHERE v LIKE 'other%'")).toEqual([['30']])
})
