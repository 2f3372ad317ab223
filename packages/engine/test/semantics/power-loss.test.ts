import { copyFileSync, existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ids, rows, TABLE } from '../support/flat.ts'
import { removeDatabase, withStoreClosed } from '../support/store-files.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()

test('the newest batches of the ledger lost with the power: the markers of the target tell them, and nothing is done twice', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(50))
  const path = `${w.dir}/control.db`
  let recorded = 0
  const hit = async (point: string): Promise<void> => {
    // what the disk has: everything up to the last commit that waited for it
    if (point === 'capture:stored')
      for (const suffix of ['', '-wal'])
        if (existsSync(path + suffix)) copyFileSync(path + suffix, `${path}.disk${suffix}`)
    if (point === 'batch:recorded' && ++recorded === 3) throw new Error('the power fails')
  }
  const dead = await w.run(flow, { batchRows: 10, workers: 1, hit })
  expect(dead).toMatchObject({ state: 'failed', batchesDone: 3 })
  await withStoreClosed(w, (store) => {
    removeDatabase(store)
    for (const suffix of ['', '-wal'])
      if (existsSync(`${path}.disk${suffix}`)) copyFileSync(`${path}.disk${suffix}`, store + suffix)
  })
  const lost = await w.store.ledger.getRun(dead.id)
  expect(lost).toMatchObject({ state: 'running', batches: 5, batchesDone: 0 })
  await w.store.leases.release(flow.id, 1n)
  const resumed = await w.resume(dead.id)
  expect(resumed).toMatchObject({ state: 'succeeded', batchesDone: 5, rows: { read: 50n, inserted: 50n } })
  expect(await ids(w)).toEqual(Array.from({ length: 50 }, (_, i) => i))
})
