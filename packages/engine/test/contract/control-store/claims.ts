import { expect } from 'vitest'
import type { RunId } from '@tidemark/contract/ids'
import type { Claim, WaveRange } from '../../../src/control/run-workers.ts'
import { batches, counts, expectCode, FLOW, type It, ownerOf, TTL_MS, type World } from './store-world.ts'

const waveOf = (first: number, last: number, step = 1): WaveRange => ({ step, first, last, from: first })

/** Running under the lease of w1, `n` batches planned, both workers at work. */
async function shared(w: World, n: number): Promise<{ readonly id: RunId; readonly token: bigint }> {
  const token = await w.lease()
  const id = await w.running(token, n)
  for (const worker of ['w1', 'w2']) expect(await w.ledger.join(id, token, ownerOf(worker), TTL_MS)).toBe(true)
  return { id, token }
}

const expire = (w: World, worker: string) =>
  w.sql(`update run_worker set expires_at = '2001-01-01T00:00:00.000Z' where worker = '${worker}'`)

const numberOf = (claim: Claim): number | null => claim.batch

export function claimContract(it: It): void {
  it('two workers take turns at the batches of a wave, in order, and are told when none is free', async (w) => {
    const { id, token } = await shared(w, 3)
    const wave = waveOf(1, 3)
    expect(await w.ledger.claimNext(id, wave, token, 'w1')).toEqual({ batch: 1, attempt: 1 })
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'running' }])
    expect(await w.ledger.claimNext(id, wave, token, 'w2')).toEqual({ batch: 2, attempt: 1 })
    expect(await w.ledger.claimNext(id, { ...wave, from: 3 }, token, 'w1')).toEqual({ batch: 3, attempt: 1 })
    expect(await w.ledger.claimNext(id, wave, token, 'w2')).toEqual({ batch: null, open: 3, failed: null })
    await w.ledger.batchDone(id, 1, token, counts(1))
    await w.ledger.batchDone(id, 2, token, counts(1))
    expect(await w.ledger.claimNext(id, wave, token, 'w2')).toEqual({ batch: null, open: 1, failed: null })
    await w.ledger.batchDone(id, 3, token, counts(1))
    expect(await w.ledger.claimNext(id, wave, token, 'w2')).toEqual({ batch: null, open: 0, failed: null })
    expect((await w.ledger.listBatches(id)).map((b) => b.worker)).toEqual(['w1', 'w2', 'w1'])
  })

  it('twenty claims at once give twenty batches, whichever connection they come from', async (w) => {
    const { id, token } = await shared(w, 20)
    await using other = await w.harness.open()
    const ledgers = [w.ledger, other.ledger] as const
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        (ledgers[i % 2] ?? w.ledger).claimNext(id, waveOf(1, 20), token, i % 2 === 0 ? 'w1' : 'w2'),
      ),
    )
    expect(claims.map(numberOf).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
    expect((await w.ledger.listBatches(id)).map((b) => b.attempts)).toEqual(Array.from({ length: 20 }, () => 1))
  })

  it('a claim stays within its wave', async (w) => {
    const token = await w.lease()
    const id = await w.planned()
    await w.ledger.startRun(id, token, 'w1')
    const steps = [1, 2].map((step) => ({ step, name: `step ${step}` }))
    await w.ledger.addBatches(id, token, '{}', steps, [...batches(1, 1), ...batches(2, 2, 2)])
    await w.ledger.join(id, token, ownerOf('w1'), TTL_MS)
    expect(await w.ledger.claimNext(id, waveOf(1, 1), token, 'w1')).toMatchObject({ batch: 1 })
    expect(await w.ledger.claimNext(id, waveOf(1, 1), token, 'w1')).toMatchObject({ batch: null, open: 1 })
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'running' }, { state: 'planned' }])
  })

  it('a claim is good while its worker attends, and is taken over with the next attempt when its time is up', async (w) => {
    const { id, token } = await shared(w, 1)
    const wave = waveOf(1, 1)
    expect(await w.ledger.claimNext(id, wave, token, 'w1')).toEqual({ batch: 1, attempt: 1 })
    expect(await w.ledger.attend(id, token, 'w1', TTL_MS)).toBe(true)
    expect(await w.ledger.claimNext(id, wave, token, 'w2')).toMatchObject({ batch: null, open: 1 })
    await expire(w, 'w1')
    expect(await w.ledger.claimNext(id, wave, token, 'w2')).toEqual({ batch: 1, attempt: 2 })
    expect(await w.ledger.listBatches(id)).toMatchObject([{ worker: 'w2', attempts: 2, state: 'running' }])
  })

  it('a worker whose time was up attends no more under that name', async (w) => {
    const { id, token } = await shared(w, 1)
    await expire(w, 'w2')
    expect(await w.ledger.attend(id, token, 'w2', TTL_MS)).toBe(false)
    expect(await w.ledger.join(id, token, ownerOf('w2'), TTL_MS)).toBe(false)
    expect(await w.ledger.join(id, token, ownerOf('w3'), TTL_MS)).toBe(true)
  })

  it('what a worker leaves is free at once', async (w) => {
    const { id, token } = await shared(w, 1)
    await w.ledger.claimNext(id, waveOf(1, 1), token, 'w2')
    await w.ledger.leave(id, 'w2')
    expect(await w.ledger.claimNext(id, waveOf(1, 1), token, 'w1')).toEqual({ batch: 1, attempt: 2 })
  })

  it('a batch that two workers end counts once', async (w) => {
    const { id, token } = await shared(w, 2)
    await w.ledger.claimNext(id, waveOf(1, 2), token, 'w1')
    await expire(w, 'w1')
    await w.ledger.claimNext(id, waveOf(1, 2), token, 'w2')
    await w.ledger.batchDone(id, 1, token, counts(10))
    await w.ledger.batchDone(id, 1, token, counts(10))
    expect(await w.ledger.getRun(id)).toMatchObject({ batchesDone: 1, rows: counts(10) })
    expect(await w.ledger.listSteps(id)).toMatchObject([{ batchesDone: 1, rows: counts(10) }])
  })

  it('a worker whose claim was taken over cannot fail the batch of the other', async (w) => {
    const { id, token } = await shared(w, 1)
    await w.ledger.claimNext(id, waveOf(1, 1), token, 'w1')
    await expire(w, 'w1')
    await w.ledger.claimNext(id, waveOf(1, 1), token, 'w2')
    expect(await w.ledger.batchFailed(id, 1, token, 'TM5001', 'late', 'w1')).toBe(false)
    expect(await w.ledger.listBatches(id)).toMatchObject([{ state: 'running', error: null }])
    await w.ledger.batchDone(id, 1, token, counts(1))
    expect(await w.ledger.batchFailed(id, 1, token, 'TM5001', 'later', 'w1')).toBe(false)
    expect(await w.ledger.listBatches(id)).toMatchObject([{ state: 'done' }])
  })

  it('a batch that failed is told to whoever claims, and free only under the next token', async (w) => {
    const { id, token } = await shared(w, 2)
    const wave = waveOf(1, 2)
    await w.ledger.claimNext(id, wave, token, 'w2')
    expect(await w.ledger.batchFailed(id, 1, token, 'TM5001', 'duplicate key', 'w2')).toBe(true)
    expect(await w.ledger.claimNext(id, wave, token, 'w1')).toEqual({
      batch: null,
      open: 2,
      failed: { batch: 1, code: 'TM5001', message: 'duplicate key' },
    })
    const next = await w.lease(FLOW, 'w1', token)
    await w.ledger.startRun(id, next, 'w1')
    await w.ledger.join(id, next, ownerOf('w4'), TTL_MS)
    expect(await w.ledger.claimNext(id, wave, next, 'w4')).toEqual({ batch: 1, attempt: 2 })
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'running' }])
  })

  it('what was claimed under an older token is free under the next, and nothing under the older one', async (w) => {
    const { id, token } = await shared(w, 2)
    await w.ledger.claimNext(id, waveOf(1, 2), token, 'w2')
    const next = await w.lease(FLOW, 'w3', token)
    await w.ledger.startRun(id, next, 'w3')
    expect(await w.ledger.attend(id, token, 'w2', TTL_MS)).toBe(false)
    await expectCode(w.ledger.claimNext(id, waveOf(1, 2), token, 'w2'), 'TM3002')
    expect(await w.ledger.join(id, token, ownerOf('w5'), TTL_MS)).toBe(false)
    expect(await w.ledger.join(id, next, ownerOf('w3'), TTL_MS)).toBe(true)
    expect(await w.ledger.claimNext(id, waveOf(1, 2), next, 'w3')).toEqual({ batch: 1, attempt: 2 })
    expect((await w.ledger.listWorkers(id)).map((x) => x.worker)).toEqual(['w3'])
  })

  it('a run is open to others once its owner attends, under the token of its newest attempt', async (w) => {
    const token = await w.lease()
    const planned = await w.planned()
    const nobody = { state: 'planned', token: null, held: false, live: false, open: false }
    expect(await w.ledger.findWork(planned)).toEqual(nobody)
    const id = await w.running(token)
    expect(await w.ledger.findWork(id)).toEqual({ state: 'running', token, held: true, live: true, open: false })
    await w.ledger.join(id, token, ownerOf('w2'), TTL_MS)
    expect(await w.ledger.findWork(id)).toMatchObject({ open: false })
    await w.ledger.join(id, token, ownerOf('w1'), TTL_MS)
    expect(await w.ledger.findWork(id)).toMatchObject({ open: true })
    await w.expireLeases()
    expect(await w.ledger.findWork(id)).toMatchObject({ held: true, live: false, open: true })
    await w.lease(FLOW, 'w3')
    expect(await w.ledger.findWork(id)).toMatchObject({ state: 'running', token, held: false, open: false })
  })

  it('workers are listed with who they are, the owner among them, and the ended run has none to join', async (w) => {
    const { id, token } = await shared(w, 1)
    await expire(w, 'w2')
    const who = { host: 'box', pid: 4711, actor: 'ann', token }
    expect(await w.ledger.listWorkers(id)).toMatchObject([
      { ...who, worker: 'w1', isOwner: true, expired: false },
      { ...who, worker: 'w2', isOwner: false, expired: true },
    ])
    await w.ledger.endRun(id, token, { state: 'failed', reason: null, error: null })
    expect(await w.ledger.attend(id, token, 'w1', TTL_MS)).toBe(false)
    await expectCode(w.ledger.claimNext(id, waveOf(1, 1), token, 'w1'), 'TM3010')
  })
}
