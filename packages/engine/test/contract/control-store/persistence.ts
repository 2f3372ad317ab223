import { expect } from 'vitest'
import { BY, counts, expectCode, FLOW, type It, succeeded, WHOLE } from './store-world.ts'

export function persistenceContract(it: It): void {
  it('a store keeps its identity, and its clock is UTC with milliseconds', async (w) => {
    const again = await w.harness.open()
    expect(again.id).toBe(w.store.id)
    expect(again.id).toMatch(/^[0-9a-f]{16}$/)
    expect(again.location).toBe(w.store.location)
    expect(await again.now()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    await again[Symbol.asyncDispose]()
  })

  it('what one connection commits, another sees as committed', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 2)
    await w.finish(id, token, [1])
    const other = await w.harness.open()
    expect(await other.ledger.listBatches(id)).toMatchObject([{ state: 'done' }, { state: 'planned' }])
    await other.ledger.claimBatch(id, 2, token)
    await other.ledger.batchDone(id, 2, token, counts(4))
    await other[Symbol.asyncDispose]()
    await w.ledger.settle(id, token, succeeded('20', null))
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toMatchObject({ run: id })
  })

  it('many callers of one store do not disturb each other', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 50)
    const one = async (n: number): Promise<void> => {
      await w.ledger.claimBatch(id, n, token)
      if (n % 10 === 0) await expectCode(w.ledger.claimBatch(id, 999, token), 'TM3010') // rolls back in the middle of the others
      await w.ledger.batchDone(id, n, token, counts(1))
    }
    await Promise.all(Array.from({ length: 50 }, (_, i) => one(i + 1)))
    expect(await w.ledger.getRun(id)).toMatchObject({ batchesDone: 50, rows: counts(50) })
  })

  it('an audit row says who, when, why, before and after', async (w) => {
    await w.ledger.audit('drill', 'the whole store', BY, '{"a":1}', null)
    const [entry] = await w.ledger.listAudit(1)
    expect(entry).toMatchObject({
      actor: 'ann',
      action: 'drill',
      subject: 'the whole store',
      reason: 'because',
      before: '{"a":1}',
      after: null,
    })
    expect((entry?.at ?? '') <= (await w.store.now())).toBe(true)
  })
}
