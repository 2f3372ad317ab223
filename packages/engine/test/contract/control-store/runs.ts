import { parseGroupId, parseRunId } from '@tidemark/contract/ids'
import { expect } from 'vitest'
import { batches, BY, counts, expectCode, FLOW, type It, NORTH, OTHER_FLOW, succeeded, WHOLE } from './store-world.ts'

export function runContract(it: It): void {
  it('a planned run comes back as it was stored', async (w) => {
    const group = await w.ledger.newGroupId()
    await w.ledger.createGroup(group, BY)
    const id = await w.ledger.newRunId()
    const plan = '{"window":{"after":null},"text":"ö \\" \\u0000"}'
    await w.ledger.createRun(
      {
        id,
        group,
        flow: FLOW,
        scope: NORTH,
        lane: 'pushdown',
        window: { after: null, upTo: '2026-11-20 21:57:12.4400001', decidedBy: 'ceiling' },
        waiting: { rows: 9_007_199_254_740_993n, until: null },
        plan,
        by: BY,
      },
      null,
    )
    expect(await w.ledger.getRun(id)).toEqual({
      id,
      group,
      flow: FLOW,
      scope: NORTH,
      state: 'planned',
      reason: null,
      lane: 'pushdown',
      window: { after: null, upTo: '2026-11-20 21:57:12.4400001', decidedBy: 'ceiling' },
      waiting: { rows: 9_007_199_254_740_993n, until: null },
      rows: counts(0),
      batches: 0,
      batchesDone: 0,
      startedAt: null,
      finishedAt: null,
      durationMs: 0,
      error: null,
      actor: BY.actor,
      command: BY.command,
      attempts: 1,
      supersededBy: null,
      plan,
      captured: null,
    })
  })

  it('an unknown run is TM1004, a taken id TM3010', async (w) => {
    const unknown = parseRunId('r-00000')
    const token = await w.lease()
    expect(await w.ledger.findRun(unknown)).toBeNull()
    await expectCode(w.ledger.getRun(unknown), 'TM1004')
    await expectCode(w.ledger.startRun(unknown, token, 'w1'), 'TM1004')
    await expectCode(w.ledger.resetRun(unknown, BY), 'TM1004')
    await expectCode(w.ledger.requestCancel(unknown, BY), 'TM1004')
    await expectCode(w.ledger.isCancelRequested(unknown), 'TM1004')
    const group = parseGroupId('g-00000')
    await w.ledger.createGroup(group, BY)
    await expectCode(w.ledger.createGroup(group, BY), 'TM3010')
    const id = await w.planned()
    const again = {
      id,
      group: null,
      flow: FLOW,
      scope: WHOLE,
      lane: 'x',
      window: null,
      waiting: null,
      plan: '{}',
      by: BY,
    }
    await expectCode(w.ledger.createRun(again, null), 'TM3010')
  })

  it('runs are listed newest first, narrowed by flow, scope, group and state', async (w) => {
    const token = await w.lease()
    const a = await w.planned()
    const b = await w.planned(NORTH)
    const c = await w.planned(WHOLE, OTHER_FLOW)
    await w.ledger.startRun(a, token, 'w1')
    const ids = async (filter: object) => (await w.ledger.listRuns({ limit: 10, ...filter })).map((r) => r.id)
    expect(await ids({})).toEqual([c, b, a])
    expect(await ids({ limit: 2 })).toEqual([c, b])
    expect(await ids({ flow: FLOW })).toEqual([b, a])
    expect(await ids({ flow: FLOW, scope: WHOLE })).toEqual([a])
    expect(await ids({ state: 'running' })).toEqual([a])
    expect(await ids({ group: parseGroupId('g-00000') })).toEqual([])
  })

  it('only the newest run of a flow and scope counts as unfinished', async (w) => {
    const token = await w.lease()
    expect(await w.ledger.findUnfinished(FLOW, WHOLE)).toBeNull()
    const old = await w.planned()
    await w.planned(NORTH)
    expect((await w.ledger.findUnfinished(FLOW, WHOLE))?.id).toBe(old)
    await w.settled(token, '20', null)
    expect(await w.ledger.findUnfinished(FLOW, WHOLE)).toBeNull()
  })

  it('a resume counts as an attempt and starts from a clean error', async (w) => {
    const token = await w.lease()
    const id = await w.planned()
    await w.ledger.startRun(id, token, 'w1')
    const error = { code: 'TM5001', message: 'no room for 7' } as const
    await w.ledger.endRun(id, token, { state: 'failed', reason: 'first', error })
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'failed', reason: 'first', error, attempts: 1 })
    await w.ledger.startRun(id, token, 'w1')
    expect(await w.ledger.getRun(id)).toMatchObject({
      state: 'running',
      reason: null,
      error: null,
      finishedAt: null,
      attempts: 2,
    })
    const second = { code: 'TM2005', message: 'gone' } as const
    await w.ledger.endRun(id, token, { state: 'failed', reason: null, error: second })
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'failed', error: second, attempts: 2 })
  })

  it('a run of a dead worker is taken over by the next owner', async (w) => {
    const dead = await w.lease()
    const id = await w.running(dead, 2)
    await w.ledger.claimBatch(id, 1, dead)
    const token = await w.lease(FLOW, 'w2', dead)
    await w.ledger.startRun(id, token, 'w2')
    await w.finish(id, token, [1, 2])
    expect(await w.ledger.listBatches(id)).toMatchObject([
      { state: 'done', attempts: 2 },
      { state: 'done', attempts: 1 },
    ])
    expect(await w.ledger.getRun(id)).toMatchObject({ attempts: 2, batchesDone: 2 })
  })

  it('ending a run twice changes nothing, ending it otherwise is refused', async (w) => {
    const token = await w.lease()
    const id = await w.running(token)
    await w.ledger.endRun(id, token, { state: 'cancelled', reason: 'asked', error: null })
    const ended = await w.ledger.getRun(id)
    await w.ledger.endRun(id, token, { state: 'cancelled', reason: 'again', error: null })
    expect(await w.ledger.getRun(id)).toEqual(ended)
    await expectCode(w.ledger.endRun(id, token, { state: 'failed', reason: null, error: null }), 'TM3010')
    await expectCode(w.ledger.claimBatch(id, 1, token), 'TM3010')
    await expectCode(w.ledger.addBatches(id, token, '{}', [], batches(2, 3)), 'TM3010')
  })

  it('a planned run ends with nothing to do; one that began is settled instead', async (w) => {
    const token = await w.lease()
    const id = await w.planned()
    await w.ledger.endRun(id, token, { state: 'nothing_to_do', reason: 'no rows', error: null })
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'nothing_to_do', reason: 'no rows' })
    const other = await w.running(token)
    await expectCode(w.ledger.endRun(other, token, { state: 'nothing_to_do', reason: null, error: null }), 'TM3010')
  })

  it('a finished or superseded run cannot be started', async (w) => {
    const token = await w.lease()
    await expectCode(w.ledger.startRun(await w.settled(token, '20', null), token, 'w1'), 'TM3006')
    const old = await w.running(token)
    await w.ledger.supersede(FLOW, WHOLE, 'r-0000n', BY)
    await expectCode(w.ledger.startRun(old, token, 'w1'), 'TM3006')
  })

  it('supersede ends the unfinished runs of a scope, or of all, and says by whom', async (w) => {
    const token = await w.lease()
    const settled = await w.settled(token, '20', null)
    const whole = await w.running(token, 2)
    await w.finish(whole, token, [1])
    const north = await w.planned(NORTH)
    const foreign = await w.planned(WHOLE, OTHER_FLOW)
    const fresh = await w.planned()
    expect(await w.ledger.supersede(FLOW, WHOLE, fresh, BY)).toEqual([whole])
    expect(await w.ledger.getRun(whole)).toMatchObject({ state: 'superseded', supersededBy: fresh })
    expect((await w.ledger.listBatches(whole)).map((b) => b.state)).toEqual(['done', 'superseded'])
    expect((await w.ledger.listSteps(whole)).map((s) => s.state)).toEqual(['superseded'])
    expect(await w.ledger.supersede(FLOW, null, 'rewind-9', BY)).toEqual([north, fresh])
    expect(await w.ledger.getRun(settled)).toMatchObject({ state: 'succeeded', supersededBy: null })
    expect(await w.ledger.getRun(foreign)).toMatchObject({ state: 'planned' })
    expect((await w.ledger.listAudit(10)).map((a) => `${a.action} ${a.subject}`)).toEqual([
      `supersede run ${fresh}`,
      `supersede run ${north}`,
      `supersede run ${whole}`,
    ])
    await expectCode(w.ledger.batchDone(whole, 2, token, counts(1)), 'TM3010')
    await expectCode(w.ledger.settle(whole, token, succeeded('30', 1)), 'TM3010')
  })

  it('reset forgets progress, supersedes the run and is audited', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 3)
    await w.finish(id, token, [1])
    await w.ledger.endRun(id, token, { state: 'failed', reason: null, error: null })
    await w.ledger.resetRun(id, BY)
    expect(await w.ledger.getRun(id)).toMatchObject({
      state: 'superseded',
      supersededBy: 'reset-1',
      captured: null,
      batches: 0,
      batchesDone: 0,
      rows: counts(0),
    })
    expect(await w.ledger.listSteps(id)).toEqual([])
    expect(await w.ledger.listBatches(id)).toEqual([])
    const [entry] = await w.ledger.listAudit(1)
    expect(entry).toMatchObject({ actor: 'ann', action: 'reset', subject: `run ${id}`, reason: 'because' })
    expect(JSON.parse(entry?.before ?? '')).toMatchObject({ state: 'failed', batches: 3, batches_done: 1 })
    await expectCode(w.ledger.resetRun(id, BY), 'TM3010')
    await expectCode(w.ledger.resetRun(await w.settled(token, '20', null), BY), 'TM3010')
  })

  it('a request to cancel is seen, audited, and forgotten by a resume', async (w) => {
    const token = await w.lease()
    const id = await w.planned()
    expect(await w.ledger.isCancelRequested(id)).toBe(false)
    await w.ledger.requestCancel(id, BY)
    await w.ledger.startRun(id, token, 'w1') // asked before its first start: still asked
    expect(await w.ledger.isCancelRequested(id)).toBe(true)
    expect((await w.ledger.listAudit(1))[0]).toMatchObject({ action: 'cancel', subject: `run ${id}` })
    await w.ledger.endRun(id, token, { state: 'cancelled', reason: null, error: null })
    await expectCode(w.ledger.requestCancel(id, BY), 'TM3010')
    await w.ledger.startRun(id, token, 'w1')
    expect(await w.ledger.isCancelRequested(id)).toBe(false)
  })
}
