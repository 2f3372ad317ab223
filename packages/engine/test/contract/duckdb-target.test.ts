import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parseRunId } from '@tidemark/contract/ids'
import { captureRows } from '../../src/capture/capture-rows.ts'
import { openDuckdbBench } from '../../src/dialects/duckdb/bench.ts'
import { classify } from '../../src/dialects/duckdb/errors.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { rows, TABLE } from '../support/flat.ts'
import { errorOf } from '../support/sleeper.ts'
import { present } from '../support/present.ts'
import { flowSpec, openWorld } from '../support/world.ts'
import { fenceOf, targetContract } from './target-contract.ts'

targetContract('duckdb', async () => {
  const world = await openWorld()
  await world.source(TABLE, "INSERT INTO src VALUES (0, 'to be planned', TIMESTAMP '2020-01-01 00:00:00')")
  const { relation } = await world.planned(flowSpec())
  await world.source('DELETE FROM src')
  let opened = 0
  return {
    relation,
    source: (...statements) => world.source(...statements),
    open: () =>
      openDuckdbBench({
        source: { id: flowSpec().source.connection, options: { path: world.sourcePath } },
        target: { id: flowSpec().target.connection, options: { path: world.targetPath } },
        mode: 'write',
        workPath: join(world.dir, 'tmp', `work-${(opened += 1)}.duckdb`),
        limits: { memoryBytes: null, threads: 2, tempDir: join(world.dir, 'tmp') },
        secret: (reference) => new Secret(reference),
      }),
    rows: async () => await world.targetRows('SELECT id, name FROM dst ORDER BY id'),
    classify,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
})

test('past its bound a raise also ends a batch in the middle of a statement', async () => {
  await using world = await openWorld()
  const slowly = 'list_sum(list_transform(range(3000), lambda x: (x * id) % 1000003))'
  await world.source(TABLE, rows(200_000), `CREATE VIEW slow AS SELECT *, ${slowly} AS work FROM src`)
  const flow = flowSpec({ source: { ...flowSpec().source, table: ['slow'] } })
  const { relation, selection } = await world.planned(flow)
  const [one, two] = [
    await world.deps().openBench(flow, parseRunId('r-00001')),
    await world.deps().openBench(flow, parseRunId('r-00002')),
  ]
  await using older = one
  await using newer = two
  await older.bench.target.prepare(relation, true, fenceOf(1n))
  await older.bench.target.raiseFence(fenceOf(1n), 1_000, new AbortController().signal)
  const batch = { rows: 1_000_000, bytes: 1_000_000_000 }
  const wish = { relation, selection, orphans: null, batch, epoch: 1, done: [], left: null, remembersUnmatched: false }
  const [split] = (await captureRows(older.bench.work, wish)).batches
  await using tx = await older.bench.begin(relation, fenceOf(1n), { run: 'r-00001', step: 1, batch: 1 }, 0)
  const staging = errorOf(older.bench.stage(tx, relation, selection, present(split, 'batch')))
  await sleep(100)
  await newer.bench.target.raiseFence(fenceOf(2n), 100, new AbortController().signal)
  expect(String(await staging)).toContain('Interrupted')
  expect(await newer.bench.target.markers(fenceOf(2n), 'r-00001')).toEqual([])
})
