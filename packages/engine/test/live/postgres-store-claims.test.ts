/** Workers on machines of their own share a wave through one store. */
import { describe, expect, test } from 'vitest'
import { counts, ownerOf, TTL_MS, World } from '../contract/control-store/store-world.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { PostgresStoreHarness } from './postgres-store-harness.ts'

const BATCHES = 300
const WAVE = { step: 1, first: 1, last: BATCHES, from: 1 }
const WORKERS = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6']

describe.each(VERSIONS)('workers at one store on PostgreSQL %s', (version) => {
  test('that join while others claim never get a batch that another has, and each batch counts once', async () => {
    const harness = await PostgresStoreHarness.make(version)
    await using w = new World(harness, await harness.open())
    const token = await w.lease()
    const id = await w.running(token, BATCHES)
    const claims: number[] = []
    await Promise.all(
      WORKERS.map(async (worker) => {
        const { ledger } = await harness.open()
        // in the middle of the claims of those before it
        expect(await ledger.join(id, token, ownerOf(worker), TTL_MS)).toBe(true)
        for (;;) {
          const claim = await ledger.claimNext(id, WAVE, token, worker)
          if (claim.batch === null) return
          claims.push(claim.batch)
          expect(claim.attempt).toBe(1)
          await ledger.batchDone(id, claim.batch, token, counts(1))
        }
      }),
    )
    expect(claims.toSorted((a, b) => a - b)).toEqual(Array.from({ length: BATCHES }, (_, i) => i + 1))
    expect(await w.ledger.getRun(id)).toMatchObject({ batchesDone: BATCHES, rows: counts(BATCHES) })
    expect(new Set((await w.ledger.listBatches(id)).map((b) => b.worker)).size).toBeGreaterThan(1)
  })
})
