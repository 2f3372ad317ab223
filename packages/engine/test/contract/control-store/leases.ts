import { NO_ROWS } from '@tidemark/contract/row-counts'
import { expect } from 'vitest'
import { expectCode, FLOW, type It, OTHER_FLOW, ownerOf, succeeded, TTL_MS } from './store-world.ts'

const SETTLED = succeeded('20', null)

export function leaseContract(it: It): void {
  it('two workers never hold one flow', async (w) => {
    const second = await w.harness.open()
    const both = await Promise.all([
      w.store.leases.acquire(FLOW, ownerOf('w1'), TTL_MS, null),
      second.leases.acquire(FLOW, ownerOf('w2'), TTL_MS, null),
    ])
    expect(both.filter((lease) => lease !== null)).toHaveLength(1)
    expect(await w.store.leases.acquire(OTHER_FLOW, ownerOf('w2'), TTL_MS, null)).not.toBeNull()
    await second[Symbol.asyncDispose]()
  })

  it('a held lease says who holds it and until when', async (w) => {
    expect(await w.store.leases.find(FLOW)).toBeNull()
    const lease = await w.store.leases.acquire(FLOW, ownerOf('w1'), TTL_MS, null)
    expect(await w.store.leases.find(FLOW)).toEqual({
      flow: FLOW,
      token: 1n,
      owner: ownerOf('w1'),
      expiresAt: lease?.expiresAt,
      expired: false,
    })
    expect(lease?.expiresAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect((lease?.expiresAt ?? '') > (await w.store.now())).toBe(true)
  })

  it('a released flow is free, and its next token is greater', async (w) => {
    const token = await w.lease()
    expect(await w.store.leases.release(FLOW, token)).toBe(true)
    expect(await w.store.leases.find(FLOW)).toMatchObject({ token, owner: null, expiresAt: null, expired: false })
    expect(await w.lease(FLOW, 'w2')).toBe(token + 1n)
  })

  it('an expired lease can be taken, with a greater token', async (w) => {
    const token = await w.lease()
    await w.expireLeases()
    expect(await w.store.leases.find(FLOW)).toMatchObject({ expired: true, owner: ownerOf('w1') })
    expect(await w.lease(FLOW, 'w2')).toBe(token + 1n)
    expect(await w.store.leases.find(FLOW)).toMatchObject({ expired: false, owner: ownerOf('w2') })
  })

  it('a lease of a holder known to be dead is taken under its token, and under no other', async (w) => {
    const dead = await w.lease()
    expect(await w.store.leases.acquire(FLOW, ownerOf('w2'), TTL_MS, dead - 1n)).toBeNull()
    const token = await w.lease(FLOW, 'w2', dead)
    expect(token).toBe(dead + 1n)
    expect(await w.store.leases.acquire(FLOW, ownerOf('w3'), TTL_MS, dead)).toBeNull()
  })

  it('renewing and releasing need the present token', async (w) => {
    const old = await w.lease()
    await w.expireLeases()
    expect(await w.store.leases.renew(FLOW, old, TTL_MS)).toBe(true) // late, but nobody took it
    expect(await w.store.leases.find(FLOW)).toMatchObject({ expired: false })
    const token = await w.lease(FLOW, 'w2', old)
    expect(await w.store.leases.renew(FLOW, old, TTL_MS)).toBe(false)
    expect(await w.store.leases.release(FLOW, old)).toBe(false)
    expect(await w.store.leases.renew(FLOW, token, TTL_MS)).toBe(true)
    expect(await w.store.leases.release(FLOW, token)).toBe(true)
    expect(await w.store.leases.renew(FLOW, token, TTL_MS)).toBe(false)
    expect(await w.store.leases.release(FLOW, token)).toBe(false)
  })

  it('a lease row outlives its holder, by plain SQL too', async (w) => {
    const token = await w.lease()
    await w.store.leases.release(FLOW, token)
    await expect(w.sql('delete from lease')).rejects.toThrow('never deleted')
    await expect(w.sql('update lease set token = 0')).rejects.toThrow('only grows')
    expect(await w.store.leases.list()).toHaveLength(1)
  })

  it('a token beyond 2^53 stays exact', async (w) => {
    await w.lease()
    await w.sql(`update lease set token = 9007199254740993`)
    expect(await w.lease(FLOW, 'w2', 9007199254740993n)).toBe(9007199254740994n)
  })

  it('a stale token can write nothing', async (w) => {
    const stale = await w.lease()
    const id = await w.running(stale, 2)
    const idle = await w.planned(undefined, OTHER_FLOW)
    await w.ledger.claimBatch(id, 1, stale)
    const everything = () => Promise.all(['run', 'step', 'batch', 'watermark'].map((t) => w.sql(`select * from ${t}`)))
    const before = await everything()
    const refused = async (token: bigint): Promise<void> => {
      await expectCode(w.ledger.startRun(id, token, 'w1'), 'TM3002')
      await expectCode(w.ledger.addBatches(id, token, '{}', [], []), 'TM3002')
      await expectCode(w.ledger.claimBatch(id, 2, token), 'TM3002')
      await expectCode(w.ledger.batchDone(id, 1, token, NO_ROWS), 'TM3002')
      await expectCode(w.ledger.batchFailed(id, 1, token, 'TM5001', 'no'), 'TM3002')
      await expectCode(w.ledger.settle(id, token, SETTLED), 'TM3002')
      await expectCode(w.ledger.endRun(id, token, { state: 'failed', reason: null, error: null }), 'TM3002')
      expect(await everything()).toEqual(before)
    }
    await expectCode(w.ledger.startRun(idle, stale, 'w1'), 'TM3002') // the token of another flow
    const token = await w.lease(FLOW, 'w2', stale)
    await refused(stale)
    await w.store.leases.release(FLOW, token)
    await refused(token)
    await refused(token + 1n)
  })

  it('settle needs a lease that has not expired, though nobody took it', async (w) => {
    const token = await w.lease()
    const id = await w.running(token)
    await w.finish(id, token, [1])
    await w.expireLeases()
    await expectCode(w.ledger.settle(id, token, SETTLED), 'TM3002')
    expect(await w.ledger.getWatermark(FLOW, '{}')).toBeNull()
    await w.store.leases.renew(FLOW, token, TTL_MS)
    await w.ledger.settle(id, token, SETTLED)
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'succeeded' })
  })
}
