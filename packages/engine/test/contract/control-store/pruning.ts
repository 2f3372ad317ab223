import { expect } from 'vitest'
import { BY, counts, FLOW, type It, NORTH, OTHER_FLOW, succeeded, WHOLE, type World } from './store-world.ts'

const DAY_MS = 86_400_000

/** Everything so far happened a year ago. */
async function aYearAgo(w: World): Promise<void> {
  const old = "'2025-01-01T00:00:00.000Z'"
  await w.sql(`update run set created_at = ${old}, started_at = case when started_at is not null then ${old} end,
                              finished_at = case when finished_at is not null then ${old} end`)
  await w.sql(`update run_group set created_at = ${old}`)
}
const idsOf = async (w: World) => new Set((await w.ledger.listRuns({ limit: 100 })).map((r) => r.id))

export function pruneContract(it: It): void {
  it('pruning deletes old runs with their batches, and what the present refers to stays', async (w) => {
    const token = await w.lease()
    const reject = { key: '["1"]', code: 'TM5001', message: 'no' } as const
    const withReject = await w.running(token, 2)
    await w.finish(withReject, token, [1])
    await w.ledger.claimBatch(withReject, 2, token)
    await w.ledger.batchDone(withReject, 2, token, counts(1), [reject])
    await w.ledger.settle(withReject, token, succeeded('10', null, { state: 'succeeded_with_rejects' }))
    const withUnmatched = await w.running(token, 1)
    await w.finish(withUnmatched, token, [1])
    const unmatched = { open: [{ key: '["2"]', alias: 'meta', position: null }], found: [], givenUp: [] }
    await w.ledger.settle(withUnmatched, token, succeeded('11', 1, { unmatched, look: '7' }))
    const gone = [await w.settled(token, '12', 2), await w.settled(token, '13', 3)]
    const withWatermark = await w.settled(token, '14', 4)
    const held = await w.planned()
    await w.ledger.endRun(held, token, { state: 'nothing_to_do', reason: 'held back by 7', error: null })
    const north = await w.settled(token, '1', null, NORTH)
    const otherToken = await w.lease(OTHER_FLOW)
    const unfinished = await w.running(otherToken, 1, WHOLE, OTHER_FLOW)
    await w.ledger.endRun(unfinished, otherToken, { state: 'cancelled', reason: null, error: null })
    const newest = await w.planned(WHOLE, OTHER_FLOW)
    await w.ledger.endRun(newest, otherToken, { state: 'nothing_to_do', reason: 'no rows', error: null })
    await aYearAgo(w)
    const audited = (await w.ledger.listAudit(100)).length

    const preview = await w.ledger.previewPrune(90 * DAY_MS)
    expect(preview).toMatchObject({ runs: 2, batches: 2, kept: 6 })
    expect(await idsOf(w)).toContain(gone[0])
    expect(await w.ledger.pruneRuns(90 * DAY_MS, BY)).toMatchObject({ runs: 2, batches: 2, kept: 6 })
    expect(await idsOf(w)).toEqual(new Set([withReject, withUnmatched, withWatermark, held, north, unfinished, newest]))
    const rest = await w.sql(`select count(*) as n from batch where run not in (select id from run)`)
    expect(rest).toEqual([{ n: 0 }])
    expect(await w.ledger.listBatches(withReject)).toHaveLength(2)
    const [entry] = await w.ledger.listAudit(1)
    expect(entry).toMatchObject({ action: 'prune-runs', actor: 'ann', reason: 'because' })
    expect(JSON.parse(entry?.after ?? '')).toMatchObject({ runs: 2, batches: 2 })
    expect(await w.ledger.listAudit(100)).toHaveLength(audited + 1)
    expect(await w.ledger.pruneRuns(90 * DAY_MS, BY)).toMatchObject({ runs: 0, batches: 0, groups: 0 })
  })

  it('pruning takes closed rejects of its runs along, and empty groups', async (w) => {
    const token = await w.lease()
    const group = await w.ledger.newGroupId()
    await w.ledger.createGroup(group, BY)
    const id = await w.running(token, 1)
    await w.sql(`update run set run_group = '${group}' where id = '${id}'`)
    await w.ledger.claimBatch(id, 1, token)
    await w.ledger.batchDone(id, 1, token, counts(1), [{ key: '["1"]', code: 'TM5001', message: 'no' }])
    await w.ledger.settle(id, token, succeeded('10', null, { state: 'succeeded_with_rejects' }))
    const [open] = await w.ledger.listRejects(FLOW)
    await w.ledger.dismissRejects(FLOW, [open?.id ?? 0], BY)
    await w.settled(token, '11', 1)
    await aYearAgo(w)
    const young = await w.ledger.newGroupId()
    await w.ledger.createGroup(young, BY)
    expect(await w.ledger.previewPrune(DAY_MS)).toMatchObject({ runs: 1, groups: 1 })
    expect(await w.ledger.pruneRuns(DAY_MS, BY)).toMatchObject({ runs: 1, groups: 1 })
    expect(await w.ledger.listRejects(null, { state: 'all', limit: null })).toEqual([])
    expect(await w.sql('select id from run_group')).toEqual([{ id: young }])
  })

  it('runs that are younger than what is kept stay', async (w) => {
    const token = await w.lease()
    await w.settled(token, '10', null)
    await w.settled(token, '11', 1)
    expect(await w.ledger.pruneRuns(DAY_MS, BY)).toMatchObject({ runs: 0, kept: 0 })
    expect(await idsOf(w)).toHaveLength(2)
    await aYearAgo(w)
    expect(await w.ledger.pruneRuns(10_000 * DAY_MS, BY)).toMatchObject({ runs: 0 })
    expect(await w.ledger.pruneRuns(DAY_MS, BY)).toMatchObject({ runs: 1 })
  })
}
