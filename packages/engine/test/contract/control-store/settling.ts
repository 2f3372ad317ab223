import { expect } from 'vitest'
import { BY, counts, expectCode, FLOW, type It, NORTH, OTHER_FLOW, succeeded, WHOLE } from './store-world.ts'

const TO = { position: '5', coverage: '{"c":2}', source: '{"s":2}' }

export function settleContract(it: It): void {
  it('settle ends the run and sets the watermark in one step', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 2)
    await w.finish(id, token, [1, 2])
    await w.ledger.settle(id, token, succeeded('20', null, { rows: counts(20), reason: 'fine' }))
    expect(await w.ledger.getRun(id)).toMatchObject({
      state: 'succeeded',
      reason: 'fine',
      rows: counts(20),
      error: null,
    })
    const watermark = await w.ledger.getWatermark(FLOW, WHOLE)
    expect(watermark).toMatchObject({
      flow: FLOW,
      scope: WHOLE,
      position: '20',
      run: id,
      version: 1,
      coverage: '{"c":1}',
      source: '{"s":1}',
    })
    expect(await w.ledger.listWatermarks()).toEqual([watermark])
  })

  it('settle again changes nothing', async (w) => {
    const token = await w.lease()
    const id = await w.settled(token, '20', null)
    await w.ledger.settle(id, token, succeeded('99', 1))
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toMatchObject({ position: '20', version: 1 })
    await expectCode(w.ledger.settle(id, token, succeeded('99', 1, { state: 'nothing_to_do' })), 'TM3010')
  })

  it('settle refuses unfinished batches and leaves everything', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 3)
    await w.finish(id, token, [1])
    await w.ledger.claimBatch(id, 2, token)
    await expectCode(w.ledger.settle(id, token, succeeded('20', null)), 'TM3010')
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'running', finishedAt: null })
    expect(await w.ledger.listWatermarks()).toEqual([])
  })

  it('settle refuses a watermark that moved, and writes nothing', async (w) => {
    const token = await w.lease()
    await w.settled(token, '20', null)
    const id = await w.running(token)
    await w.finish(id, token, [1])
    const reject = { key: '["1"]', code: 'TM5001', message: 'no' } as const
    const settlement = succeeded('30', 1, { look: '7', rejects: { open: [reject], delivered: [] } })
    await w.ledger.rewind(FLOW, NORTH, { version: null }, TO, BY) // another scope does not matter
    await w.sql(`update watermark set version = 2 where scope = '{}'`)
    await expectCode(w.ledger.settle(id, token, settlement), 'TM3003')
    await expectCode(w.ledger.settle(id, token, succeeded('30', null)), 'TM3003')
    await expectCode(w.ledger.settle(id, token, succeeded('30', 3)), 'TM3003')
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'running' })
    expect(await w.ledger.listSteps(id)).toMatchObject([{ state: 'done' }])
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toMatchObject({ position: '20' })
    expect(await w.ledger.listRejects(FLOW)).toEqual([])
    expect(await w.ledger.getLook(FLOW, WHOLE)).toBeNull()
    await w.ledger.settle(id, token, succeeded('30', 2))
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toMatchObject({ position: '30', version: 3 })
  })

  it('a run settled without a watermark leaves the one there is', async (w) => {
    const token = await w.lease()
    const first = await w.settled(token, '20', null)
    const id = await w.running(token)
    await w.finish(id, token, [1])
    await w.ledger.settle(id, token, succeeded(null, null, { watermark: null, state: 'succeeded_with_rejects' }))
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'succeeded_with_rejects' })
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toMatchObject({ position: '20', run: first, version: 1 })
  })

  it('a planned run that finds nothing may move the watermark, a planned run cannot succeed', async (w) => {
    const token = await w.lease()
    const id = await w.planned()
    await expectCode(w.ledger.settle(id, token, succeeded('20', null)), 'TM3010')
    await w.ledger.settle(id, token, succeeded(null, null, { state: 'nothing_to_do', reason: 'no rows' }))
    expect(await w.ledger.getRun(id)).toMatchObject({ state: 'nothing_to_do', reason: 'no rows' })
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toMatchObject({ position: null, version: 1 })
  })

  it('a step without batches is done when the run settles', async (w) => {
    const token = await w.lease()
    const id = await w.running(token, 1)
    await w.ledger.addBatches(id, token, '{}', [{ step: 2, name: 'none' }], [])
    await w.ledger.settle(id, token, succeeded('20', null))
    expect((await w.ledger.listSteps(id)).map((s) => s.state)).toEqual(['done', 'done'])
  })

  it('watermarks of scopes are independent', async (w) => {
    const token = await w.lease()
    await w.settled(token, '20', null)
    await w.settled(token, '15', null, NORTH)
    await w.settled(token, '25', 1, NORTH)
    expect((await w.ledger.listWatermarks()).map((m) => `${m.scope} ${m.position} ${m.version}`)).toEqual([
      '{"unit":"north"} 25 2',
      '{} 20 1',
    ])
  })

  it('rewind sets the watermark back, supersedes the unfinished run and is audited', async (w) => {
    const token = await w.lease()
    const first = await w.settled(token, '20', null)
    const unfinished = await w.running(token)
    const north = await w.planned(NORTH)
    await expectCode(w.ledger.rewind(FLOW, WHOLE, { version: null }, TO, BY), 'TM3003')
    await expectCode(w.ledger.rewind(FLOW, WHOLE, { version: 2 }, TO, BY), 'TM3003')
    expect(await w.ledger.listAudit(10)).toEqual([])
    expect(await w.ledger.rewind(FLOW, WHOLE, { version: 1 }, TO, BY)).toEqual([unfinished])
    const watermark = await w.ledger.getWatermark(FLOW, WHOLE)
    expect(watermark).toMatchObject({ ...TO, version: 2 })
    expect(watermark?.run).toMatch(/^rewind-\d+$/)
    expect(await w.ledger.getRun(unfinished)).toMatchObject({ state: 'superseded', supersededBy: watermark?.run })
    expect(await w.ledger.getRun(north)).toMatchObject({ state: 'planned' })
    const entry = (await w.ledger.listAudit(10)).find((a) => a.action === 'rewind')
    expect(entry).toMatchObject({ actor: 'ann', subject: `watermark ${FLOW} {}`, reason: 'because' })
    expect(JSON.parse(entry?.before ?? '')).toEqual({
      run: first,
      position: '20',
      coverage: { c: 1 },
      source: { s: 1 },
    })
    expect(JSON.parse(entry?.after ?? '')).toEqual({ position: '5', coverage: { c: 2 }, source: { s: 2 } })
    await expectCode(w.ledger.settle(unfinished, token, succeeded('30', 2)), 'TM3010')
  })

  it('rewind adopts a scope that has no watermark', async (w) => {
    expect(await w.ledger.rewind(FLOW, NORTH, { version: null }, TO, BY)).toEqual([])
    expect(await w.ledger.getWatermark(FLOW, NORTH)).toMatchObject({ position: '5', version: 1 })
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toBeNull()
    expect((await w.ledger.listAudit(1))[0]).toMatchObject({ action: 'rewind', before: null })
  })

  it('an accepted change keeps the position and supersedes the unfinished run', async (w) => {
    const token = await w.lease()
    const first = await w.settled(token, '20', null)
    const unfinished = await w.running(token)
    const change = { coverage: '{"c":7}', source: '{"s":7}' }
    await expectCode(w.ledger.acceptChange(FLOW, WHOLE, { version: 4 }, change, BY), 'TM3003')
    await w.ledger.acceptChange(FLOW, WHOLE, { version: 1 }, change, BY)
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toMatchObject({
      position: '20',
      run: first,
      version: 2,
      ...change,
    })
    expect((await w.ledger.getRun(unfinished)).supersededBy).toMatch(/^accept-change-\d+$/)
    const entry = (await w.ledger.listAudit(10)).find((a) => a.action === 'accept-change')
    expect(JSON.parse(entry?.after ?? '')).toEqual({ position: '20', coverage: { c: 7 }, source: { s: 7 } })
  })

  it('a scope that accepts a change before its first run takes its copy of the unscoped watermark', async (w) => {
    const change = { coverage: '{"c":7}', source: '{"s":7}' }
    await expectCode(w.ledger.acceptChange(FLOW, NORTH, { version: null }, change, BY), 'TM3003')
    await w.settled(await w.lease(), '20', null)
    await w.ledger.acceptChange(FLOW, NORTH, { version: null }, change, BY)
    expect(await w.ledger.getWatermark(FLOW, NORTH)).toMatchObject({ position: '20', version: 1, ...change })
    expect(await w.ledger.getWatermark(FLOW, WHOLE)).toMatchObject({ position: '20', version: 1, coverage: '{"c":1}' })
  })

  it('unmatched keys stay open until found or given up, and may open again', async (w) => {
    const token = await w.lease()
    const settleWith = async (version: number | null, unmatched: object): Promise<void> => {
      const id = await w.running(token, 1)
      await w.finish(id, token, [1])
      await w.ledger.settle(
        id,
        token,
        succeeded('20', version, { unmatched: { open: [], found: [], givenUp: [], ...unmatched } }),
      )
    }
    const key = (n: number, position: string | null) => ({ key: `["${n}"]`, alias: 'meta', position })
    await settleWith(null, { open: [key(1, '11'), key(2, null), key(3, '13')] })
    const seen = (await w.ledger.listUnmatched(FLOW)).find((u) => u.key === '["1"]')?.firstSeenAt
    await settleWith(1, { open: [key(1, '14')], found: ['["2"]'], givenUp: ['["3"]'] })
    const now = new Map((await w.ledger.listUnmatched(FLOW)).map((u) => [u.key, u]))
    expect(now.get('["1"]')).toMatchObject({ state: 'open', position: '14', alias: 'meta', firstSeenAt: seen })
    expect(now.get('["2"]')).toMatchObject({ state: 'found', position: null })
    expect(now.get('["3"]')).toMatchObject({ state: 'given_up' })
    await settleWith(2, { open: [key(2, '15')] })
    expect((await w.ledger.listUnmatched(FLOW)).filter((u) => u.state === 'open')).toHaveLength(2)
    expect(await w.ledger.listUnmatched(OTHER_FLOW)).toEqual([])
  })

  it('a rejected key stays open, once, until a run delivers it', async (w) => {
    const token = await w.lease()
    const settleWith = async (version: number | null, open: readonly string[], delivered: readonly string[]) => {
      const id = await w.running(token, 1)
      await w.finish(id, token, [1])
      const rejects = { open: open.map((key) => ({ key, code: 'TM5001' as const, message: `v${version}` })), delivered }
      await w.ledger.settle(id, token, succeeded('20', version, { state: 'succeeded_with_rejects', rejects }))
      return id
    }
    await settleWith(null, ['["a"]', '["b"]'], [])
    const second = await settleWith(1, ['["b"]'], ['["a"]'])
    const open = await w.ledger.listRejects(FLOW)
    expect(open).toMatchObject([
      { flow: FLOW, run: second, key: '["b"]', code: 'TM5001', message: 'v1', state: 'open' },
    ])
    await settleWith(2, ['["a"]'], ['["b"]'])
    expect((await w.ledger.listRejects(FLOW)).map((r) => r.key)).toEqual(['["a"]'])
    expect(await w.sql(`select count(*) as n from reject`)).toEqual([{ n: 3 }])
  })

  it('the look is kept per flow and scope', async (w) => {
    const token = await w.lease()
    const id = await w.planned(NORTH)
    await w.ledger.settle(
      id,
      token,
      succeeded(null, null, { state: 'nothing_to_do', watermark: null, look: '18446744073709551615' }),
    )
    expect(await w.ledger.getLook(FLOW, NORTH)).toBe('18446744073709551615')
    expect(await w.ledger.getLook(FLOW, WHOLE)).toBeNull()
    const next = await w.planned(NORTH)
    await w.ledger.settle(next, token, succeeded(null, null, { state: 'nothing_to_do', watermark: null }))
    expect(await w.ledger.getLook(FLOW, NORTH)).toBe('18446744073709551615')
  })

  it('a run that found nothing leaves its look too', async (w) => {
    const token = await w.lease()
    const nothing = { state: 'nothing_to_do', reason: 'held back by 7', error: null } as const
    await w.ledger.endRun(await w.planned(), token, { ...nothing, look: '{"clock":"2026-01-01 00:00:00+00"}' })
    await w.ledger.endRun(await w.planned(), token, nothing)
    expect(await w.ledger.getLook(FLOW, WHOLE)).toBe('{"clock":"2026-01-01 00:00:00+00"}')
    expect(await w.ledger.getLook(FLOW, NORTH)).toBeNull()
  })
}
