import { expect } from 'vitest'
import { BY, counts, expectCode, FLOW, type It, OTHER_FLOW, succeeded, type World } from './store-world.ts'

const reject = (n: number, message = 'no') => ({ key: `["${n}"]`, code: 'TM5001' as const, message })
const openKeys = async (w: World): Promise<readonly string[]> => (await w.ledger.listRejects(FLOW)).map((r) => r.key)
const everyState = async (w: World) =>
  (await w.ledger.listRejects(null, { state: 'all', limit: null })).map((r) => `${r.key} ${r.state}`)

/** A run whose one batch leaves these rows out; not settled yet. */
async function rejecting(w: World, token: bigint, rejects: readonly ReturnType<typeof reject>[]) {
  const id = await w.running(token, 1)
  await w.ledger.claimBatch(id, 1, token)
  await w.ledger.batchDone(id, 1, token, { ...counts(10), rejected: BigInt(rejects.length) }, rejects)
  return id
}

export function rejectContract(it: It): void {
  it('a quarantined row is open with the commit of its batch, and stays so when the run fails', async (w) => {
    const token = await w.lease()
    const id = await rejecting(w, token, [reject(1), reject(2)])
    await w.ledger.endRun(id, token, { state: 'failed', reason: null, error: { code: 'TM5001', message: 'later' } })
    expect(await w.ledger.listRejects(FLOW)).toMatchObject([
      { key: '["1"]', run: id, batch: 1, state: 'open', times: 1, closedAt: null, closedBy: null, closedReason: null },
      { key: '["2"]', run: id, batch: 1, state: 'open' },
    ])
    expect((await w.ledger.getRun(id)).rows.rejected).toBe(2n)
    expect(await w.ledger.listRejects(OTHER_FLOW)).toEqual([])
  })

  it('what is put in quarantine before a batch commits is not lost with the worker', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 1)
    await expectCode(w.ledger.quarantine(id, 1, token + 1n, [reject(1)]), 'TM3002')
    await w.ledger.claimBatch(id, 1, token)
    await w.ledger.quarantine(id, 1, token, [reject(1), reject(2)])
    expect(await openKeys(w)).toEqual(['["1"]', '["2"]'])
    // the worker died; the next one learns from the marker that the batch is in
    await w.ledger.claimBatch(id, 1, token)
    await w.ledger.batchDone(id, 1, token, counts(10))
    expect(await openKeys(w)).toEqual(['["1"]', '["2"]'])
  })

  it('of a batch that is tried again the rejects of the last attempt count', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 1)
    await w.ledger.claimBatch(id, 1, token)
    await w.ledger.quarantine(id, 1, token, [reject(1), reject(2)])
    await w.ledger.quarantine(id, 1, token, [reject(2, 'still not')])
    await w.ledger.batchDone(id, 1, token, counts(10), [reject(2, 'still not')])
    expect(await w.ledger.listRejects(FLOW)).toMatchObject([{ key: '["2"]', message: 'still not', times: 1 }])
  })

  it('a key that is rejected again is open once, with the newest run and how often', async (w) => {
    const token = await w.lease()
    const first = await rejecting(w, token, [reject(1, 'first')])
    await w.ledger.settle(first, token, succeeded('20', null, { state: 'succeeded_with_rejects' }))
    const second = await rejecting(w, token, [reject(1, 'second')])
    // the run looked at the key again, and its batch left it out again
    const rejects = { open: [], delivered: ['["1"]'] }
    await w.ledger.settle(second, token, succeeded('30', 1, { state: 'succeeded_with_rejects', rejects }))
    expect(await w.ledger.listRejects(FLOW)).toMatchObject([
      { run: second, message: 'second', times: 2, state: 'open' },
    ])
    expect(await everyState(w)).toHaveLength(1)
  })

  it('a key that the source has no more is closed as dismissed, and says so', async (w) => {
    const token = await w.lease()
    const first = await rejecting(w, token, [reject(1), reject(2)])
    await w.ledger.settle(first, token, succeeded('20', null, { state: 'succeeded_with_rejects' }))
    const second = await rejecting(w, token, [])
    const rejects = { open: [], delivered: ['["1"]'], gone: ['["2"]'] }
    await w.ledger.settle(second, token, succeeded('30', 1, { rejects }))
    expect(await w.ledger.listRejects(null, { state: 'all', limit: null })).toMatchObject([
      { key: '["1"]', state: 'delivered', closedBy: second, closedReason: null },
      { key: '["2"]', state: 'dismissed', closedBy: second, closedReason: expect.stringContaining('no such row') },
    ])
  })

  it('rejects are dismissed with a reason, by a person, on record', async (w) => {
    await rejecting(w, await w.lease(), [reject(1), reject(2), reject(3)])
    const [one, two] = await w.ledger.listRejects(FLOW)
    const closed = await w.ledger.dismissRejects(FLOW, [one?.id ?? 0, two?.id ?? 0], BY)
    const [entry] = await w.ledger.listAudit(1)
    expect(entry).toMatchObject({ action: 'dismiss-rejects', actor: 'ann', reason: 'because' })
    expect(JSON.parse(entry?.before ?? '')).toMatchObject([{ key: '["1"]' }, { key: '["2"]' }])
    expect(closed).toMatchObject([
      { key: '["1"]', state: 'dismissed', closedReason: 'because', closedBy: expect.stringMatching(/^dismiss-\d+$/) },
      { key: '["2"]', state: 'dismissed' },
    ])
    expect(await openKeys(w)).toEqual(['["3"]'])
  })

  it('a reject that is not open any more is not dismissed, and none of those beside it', async (w) => {
    await rejecting(w, await w.lease(), [reject(1), reject(2)])
    const ids = (await w.ledger.listRejects(FLOW)).map((r) => r.id)
    await expectCode(w.ledger.dismissRejects(OTHER_FLOW, ids, BY), 'TM3013')
    await w.ledger.dismissRejects(FLOW, ids.slice(0, 1), BY)
    const before = await everyState(w)
    await expectCode(w.ledger.dismissRejects(FLOW, ids, BY), 'TM3013')
    await expectCode(w.ledger.dismissRejects(FLOW, [4711], BY), 'TM3013')
    expect(await everyState(w)).toEqual(before)
    expect((await w.ledger.listAudit(10)).filter((a) => a.action === 'dismiss-rejects')).toHaveLength(1)
  })

  it('a dismissed key opens again when a later batch rejects it', async (w) => {
    const token = await w.lease()
    const first = await rejecting(w, token, [reject(1)])
    await w.ledger.settle(first, token, succeeded('20', null, { state: 'succeeded_with_rejects' }))
    const ids = (await w.ledger.listRejects(FLOW)).map((r) => r.id)
    await w.ledger.dismissRejects(FLOW, ids, BY)
    await rejecting(w, token, [reject(1)])
    expect(await everyState(w)).toEqual(['["1"] dismissed', '["1"] open'])
    expect(await w.ledger.listRejects(FLOW, { state: 'all', limit: 1 })).toMatchObject([{ state: 'open' }])
  })
}
