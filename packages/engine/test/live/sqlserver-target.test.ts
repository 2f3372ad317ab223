/** SQL Server as a target: what every target keeps, on the server that TIDEMARK_TEST_SQLSERVER names. */
import { parseRunId } from '@tidemark/contract/ids'
import { afterAll, describe } from 'vitest'
import { openSqlServerBench } from '../../src/dialects/sqlserver/bench.ts'
import { classify } from '../../src/dialects/sqlserver/errors.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { type TargetHarness, targetContract } from '../contract/target-contract.ts'
import { TABLE } from '../support/flat.ts'
import { present } from '../support/present.ts'
import { dropShared, sqlserverEnds } from '../support/sqlserver-ends.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { serverAbilities } from './sqlserver-store-harness.ts'
import { openWorldsWith } from '../support/world-ends.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const { rowLocks } = await serverAbilities()
const lockless = rowLocks ? null : 'this server knows no lock hints'

describe.skipIf(TEST_SERVER === null)('on a live SQL Server', { timeout: 120_000 }, () => {
  afterAll(() => dropShared())
  const make = async (): Promise<TargetHarness> => {
    const ends = await sqlserverEnds()
    openWorldsWith(() => Promise.resolve(ends))
    const world = await openWorld()
    await world.source(TABLE, "INSERT INTO src VALUES (0, 'to be planned', TIMESTAMP '2020-01-01 00:00:00')")
    const { relation } = await world.planned(flowSpec())
    await world.source('DELETE FROM src')
    let opened = 0
    return {
      relation,
      source: (...statements) => world.source(...statements),
      open: async () =>
        present(
          await openSqlServerBench({
            source: { id: flowSpec().source.connection, options: ends.db.options },
            target: { id: flowSpec().target.connection, options: ends.db.options },
            mode: 'write',
            workPath: `${parseRunId(`r-0000${(opened += 1)}`)}.duckdb`,
            limits: { memoryBytes: null, threads: 2, tempDir: world.dir },
            secret: (reference) => new Secret(reference),
          }),
          'bench',
        ),
      rows: async () => await world.targetRows('SELECT id, name FROM dst ORDER BY id'),
      classify,
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
  }
  targetContract('SQL Server', make, { lockless })
})
