/** PostgreSQL as a target: what every target keeps, on real servers. */
import { join } from 'node:path'
import { parseRunId } from '@tidemark/contract/ids'
import { classify } from '../../src/dialects/postgres/errors.ts'
import { openPostgresBench } from '../../src/dialects/postgres/bench.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { targetContract } from '../contract/target-contract.ts'
import { TABLE } from '../support/flat.ts'
import { connectionTo, postgresEnds } from '../support/postgres-ends.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { openWorldsWith } from '../support/world-ends.ts'
import { flowSpec, openWorld } from '../support/world.ts'

for (const version of VERSIONS)
  targetContract(`PostgreSQL ${version}`, async () => {
    const ends = await postgresEnds(version)
    openWorldsWith(() => Promise.resolve(ends))
    const world = await openWorld()
    await world.source(TABLE, "INSERT INTO src VALUES (0, 'to be planned', TIMESTAMP '2020-01-01 00:00:00')")
    const { relation } = await world.planned(flowSpec())
    await world.source('DELETE FROM src')
    let opened = 0
    return {
      relation,
      source: (...statements) => world.source(...statements),
      open: () =>
        openPostgresBench({
          source: { id: flowSpec().source.connection, options: connectionTo(ends.db, 'source') },
          target: { id: flowSpec().target.connection, options: connectionTo(ends.db, 'target') },
          mode: 'write',
          workPath: join(world.dir, `${parseRunId(`r-0000${(opened += 1)}`)}.duckdb`),
          limits: { memoryBytes: null, threads: 2, tempDir: world.dir },
          secret: (reference) => new Secret(reference),
        }),
      rows: async () => await world.targetRows('SELECT id, name FROM dst ORDER BY id'),
      classify,
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
  })
