import { join } from 'node:path'
import { openDuckdbBench } from '../../src/dialects/duckdb/bench.ts'
import { classify } from '../../src/dialects/duckdb/errors.ts'
import { TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'
import { targetContract } from './target-contract.ts'

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
      }),
    rows: async () => await world.targetRows('SELECT id, name FROM dst ORDER BY id'),
    classify,
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
})
