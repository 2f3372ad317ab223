import { join } from 'node:path'
import { classify } from '../../src/dialects/duckdb/errors.ts'
import { files } from '../../src/dialects/files/index.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { rows, TABLE } from '../support/flat.ts'
import { flowSpec, INBOX, openWorld } from '../support/world.ts'
import { targetContract } from './target-contract.ts'

const flow = flowSpec({
  target: { ...flowSpec().target, connection: INBOX },
  apply: { kind: 'insert-missing', maxDelete: null },
})

targetContract(
  'folder of Parquet files',
  async () => {
    const world = await openWorld()
    await world.source(TABLE, ...[rows(1)].flat())
    const { relation } = await world.planned(flow)
    await world.source('DELETE FROM src')
    let opened = 0
    return {
      relation,
      source: (...statements) => world.source(...statements),
      open: () =>
        files.openBench({
          source: { id: flow.source.connection, kind: 'duckdb', options: { path: world.sourcePath } },
          target: { id: INBOX, kind: 'files', options: { path: world.inbox } },
          mode: 'write',
          workPath: join(world.dir, 'tmp', `work-${(opened += 1)}.duckdb`),
          limits: { memoryBytes: null, threads: 2, tempDir: join(world.dir, 'tmp') },
          secret: (reference) => new Secret(reference),
        }),
      rows: async () => {
        const found = await world.sourceRows(`SELECT count(*) FROM glob('${world.inbox}/dst/*.parquet')`)
        return found[0]?.[0] === '0'
          ? []
          : await world.sourceRows(`SELECT id, name FROM read_parquet('${world.inbox}/dst/*.parquet') ORDER BY id`)
      },
      classify,
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
  },
  { updates: false },
)
