import { addCounts } from '@tidemark/contract/row-counts'
import { expect } from 'vitest'
import { batches, counts, expectCode, type It, succeeded } from './store-world.ts'

const STEPS = [
  { step: 1, name: 'roots' },
  { step: 2, name: 'children' },
]

export function batchContract(it: It): void {
  it('steps and batches come back as the capture stored them', async (w) => {
    const token = await w.lease()
    const id = await w.planned()
    await w.ledger.startRun(id, token, 'w1')
    await w.ledger.addBatches(id, token, '{"rows":25}', STEPS, [...batches(1, 1), ...batches(2, 3, 2)])
    expect(await w.ledger.getRun(id)).toMatchObject({ captured: '{"rows":25}', batches: 3, batchesDone: 0 })
    expect(await w.ledger.listSteps(id)).toEqual([
      { run: id, step: 1, name: 'roots', state: 'planned', batches: 1, batchesDone: 0, rows: counts(0) },
      { run: id, step: 2, name: 'children', state: 'planned', batches: 2, batchesDone: 0, rows: counts(0) },
    ])
    expect((await w.ledger.listBatches(id))[2]).toEqual({
      run: id,
      step: 2,
      batch: 3,
      state: 'planned',
      split: '{"n":3}',
      wave: 1,
      attempts: 0,
      worker: null,
      claimedAt: null,
      rows: counts(0),
      error: null,
    })
  })

  it('batches move their step and add up in step and run', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 2)
    await w.ledger.claimBatch(id, 1, token)
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'running', batchesDone: 0 }])
    const huge = { ...counts(3), read: 9_007_199_254_740_993n, skippedOlder: 2n }
    await w.ledger.batchDone(id, 1, token, huge)
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'running', batchesDone: 1, rows: huge }])
    await w.finish(id, token, [2])
    const sum = addCounts(huge, counts(10))
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'done', batchesDone: 2, rows: sum }])
    expect(await w.ledger.getRun(id)).toMatchObject({ batches: 2, batchesDone: 2, rows: sum })
  })

  it('a batch reported done twice counts once', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 2)
    await w.finish(id, token, [1])
    await w.ledger.batchDone(id, 1, token, counts(99))
    expect(await w.ledger.getRun(id)).toMatchObject({ batchesDone: 1, rows: counts(10) })
    await expectCode(w.ledger.claimBatch(id, 1, token), 'TM3010')
    await expectCode(w.ledger.batchFailed(id, 1, token, 'TM5001', 'late'), 'TM3010')
  })

  it('a batch that was never claimed cannot be done, one that does not exist not claimed', async (w) => {
    const token = await w.lease()
    const id = await w.running(token)
    await expectCode(w.ledger.batchDone(id, 1, token, counts(1)), 'TM3010')
    await expectCode(w.ledger.claimBatch(id, 2, token), 'TM3010')
  })

  it('a failed batch fails its step until it is claimed again', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 2)
    await w.ledger.claimBatch(id, 1, token)
    await w.ledger.claimBatch(id, 2, token)
    await w.ledger.batchFailed(id, 1, token, 'TM5001', 'duplicate key')
    await w.ledger.batchDone(id, 2, token, counts(1))
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'failed', batchesDone: 1 }])
    expect((await w.ledger.listBatches(id))[0]).toMatchObject({
      state: 'failed',
      error: { code: 'TM5001', message: 'duplicate key' },
    })
    await w.finish(id, token, [1])
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'done', batchesDone: 2 }])
    expect((await w.ledger.listBatches(id))[0]).toMatchObject({ state: 'done', attempts: 2, error: null })
  })

  it('a new capture replaces what is open, keeps what is done and goes on counting', async (w) => {
    const token = await w.lease()
    const id = await w.planned()
    await w.ledger.startRun(id, token, 'w1')
    await w.ledger.addBatches(id, token, '{"n":1}', STEPS, [...batches(1, 1), ...batches(2, 4, 2)])
    await w.finish(id, token, [1, 2])
    await w.ledger.claimBatch(id, 3, token)
    await expectCode(w.ledger.addBatches(id, token, '{}', [], batches(4, 6, 2)), 'TM3010')
    await w.ledger.addBatches(
      id,
      token,
      '{"n":2}',
      [
        { step: 2, name: 'renamed' },
        { step: 3, name: 'again' },
      ],
      [...batches(5, 5, 2), ...batches(6, 6, 3)],
    )
    expect((await w.ledger.listBatches(id)).map((b) => `${b.step}.${b.batch} ${b.state}`)).toEqual([
      '1.1 done',
      '2.2 done',
      '2.3 superseded',
      '2.4 superseded',
      '2.5 planned',
      '3.6 planned',
    ])
    expect(await w.ledger.listSteps(id)).toMatchObject([
      { name: 'roots', state: 'done', batches: 1 },
      { name: 'children', state: 'running', batches: 2, batchesDone: 1 },
      { name: 'again', state: 'planned', batches: 1 },
    ])
    await w.finish(id, token, [5, 6])
    await w.ledger.settle(id, token, succeeded('20', null))
    expect(await w.ledger.getRun(id)).toMatchObject({
      state: 'succeeded',
      batches: 4,
      batchesDone: 4,
      captured: '{"n":2}',
    })
  })

  it('a finished step takes no new batches', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 1)
    await w.finish(id, token, [1])
    await expectCode(w.ledger.addBatches(id, token, '{}', [], batches(2, 2)), 'TM3010')
    expect(await w.ledger.listBatches(id)).toHaveLength(1)
  })

  it('a step whose open batches are gone after a new capture is done', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 2)
    await w.finish(id, token, [1])
    await w.ledger.addBatches(id, token, '{}', [{ step: 2, name: 'rest' }], batches(3, 3, 2))
    expect(await w.ledger.listSteps(id)).toMatchObject([
      { state: 'done', batches: 1 },
      { state: 'planned', batches: 1 },
    ])
  })

  it('ten thousand batches are added in one go', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 10_000)
    expect(await w.ledger.getRun(id)).toMatchObject({ batches: 10_000 })
    expect((await w.ledger.listBatches(id)).at(-1)).toMatchObject({ batch: 10_000, split: '{"n":10000}' })
  })
}
