import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { captureRows } from '../../src/capture/capture-rows.ts'
import { rows, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

/** Every byte of source and target, and which files there are. The store's own files are judged by its tables elsewhere. */
const bytes = (w: World): readonly string[] =>
  readdirSync(w.dir)
    .filter((name) => statSync(join(w.dir, name)).isFile() && !name.startsWith('control.db'))
    .map((name) => `${name} ${createHash('sha256').update(readFileSync(join(w.dir, name))).digest('hex')}`)

/** Plans, captures in memory, and weighs every batch, as `run --dry-run` does. */
async function dryRun(w: World): Promise<bigint> {
  const flow = flowSpec()
  const plan = await w.planned(flow, { batchRows: 10 })
  await using opened = await w.deps().openBench(flow, null)
  const capture = { relation: plan.relation, selection: plan.selection, orphans: null, batch: plan.batch, epoch: 1, done: [], remembersUnmatched: false }
  let inserted = 0n
  for (const batch of (await captureRows(opened.bench.work, capture)).batches) inserted += (await opened.bench.weigh(plan.relation, batch, 'latest')).inserted
  return inserted
}

test('planning and weighing make no target and leave the source as it is', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  const before = bytes(w)
  expect(await dryRun(w)).toBe(25n)
  expect(bytes(w)).toEqual(before)
  expect(before.map((line) => line.split(' ')[0])).toEqual(['source.duckdb'])
})

test('planning and weighing leave a target that is there as it is', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flowSpec())
  await w.source("INSERT INTO src VALUES (99, 'new', now()::TIMESTAMP)")
  const before = bytes(w)
  expect(await dryRun(w)).toBe(1n)
  expect(bytes(w)).toEqual(before)
})
