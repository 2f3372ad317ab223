/** A process dies while it fills or reads a spool: what is half is never read, what is whole is not taken out again. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { FAILPOINTS } from '../../src/runtime/failpoint.ts'
import { startChild } from '../support/child-process.ts'
import { fromInbox } from '../support/inbox.ts'
import { present } from '../support/present.ts'
import { flowSpec, openWorld } from '../support/world.ts'
import { crash, expectWentOn, expectWhole, flowOf, Sources, wreckOf } from './crash-world.ts'

const sources = new Sources()
afterAll(() => sources[Symbol.asyncDispose]())

const IN_TWOS = { batchRows: 2, workers: 1 }
const POINTS = FAILPOINTS.filter((p) => p !== 'lease:after' && p !== 'settle:after' && p !== 'settle:swapped').flatMap(
  (p) => (p.startsWith('batch:') ? [p, `${p}:3`] : [p]),
)

describe.concurrent('crashes by the spool lane', () => {
  test.for(POINTS)('a run by the spool lane that dies at %s goes on, and the target is whole', async (point) => {
    await using w = await sources.world('flat')
    const flow = flowOf('flat', 'latest')
    await crash(w, { flow, lane: 'spool', dieAt: point })
    const wreck = present(await wreckOf(w, flow), 'run that was planned')
    const run = await w.resume(wreck.run.id, IN_TWOS)
    await expectWentOn(w, wreck, run)
    await expectWhole(w, 'flat', flow, run, wreck.token)
  })
})

test('a spool cut by SIGKILL is never half-read: the resume takes all rows out again, and leaves no file behind', async () => {
  const count = 400_000
  await using w = await openWorld()
  mkdirSync(w.inbox)
  writeFileSync(
    join(w.inbox, 'big.csv'),
    `id,name\n${Array.from({ length: count }, (_, i) => `${i},a name that takes some room ${i}`).join('\n')}\n`,
  )
  const flow = fromInbox(['big', 'csv'])
  {
    await using child = startChild(w, { flow, batchRows: 1_000_000, holdAt: 'plan:stored' })
    await child.said('held')
  }
  const [planned] = await w.store.ledger.listRuns({ limit: 1 })
  const { id } = present(planned, 'planned run')
  {
    await using child = startChild(w, { flow, resume: id, batchRows: 1_000_000, dieAt: 'spool:extracted' })
    // the extraction has begun when its file is there; it ends seldom within the next moment, and then at the failpoint
    while (!existsSync(w.workPath(id))) await sleep(5)
    await sleep(150)
    child.kill('SIGKILL')
    expect(await child.ended).toMatchObject({ signal: 'SIGKILL' })
  }
  expect(await w.store.ledger.getRun(id)).toMatchObject({ captured: null, batches: 0 })
  expect(await w.resume(id)).toMatchObject({ state: 'succeeded', rows: { inserted: BigInt(count) } })
  expect(await w.targetRows('SELECT count(*), count(DISTINCT id), min(id), max(id) FROM dst')).toEqual([
    [`${count}`, `${count}`, '0', `${count - 1}`],
  ])
  expect(existsSync(w.workPath(id)), 'work file').toBe(false)
})

test('a run from CSV files that died with its spool whole does not look at the files again', async () => {
  await using w = await openWorld()
  mkdirSync(w.inbox)
  const path = join(w.inbox, 'a.csv')
  writeFileSync(path, `id,name\n${Array.from({ length: 9 }, (_, i) => `${i},old`).join('\n')}\n`)
  const flow = { ...fromInbox(['a', 'csv']), id: flowSpec().id }
  await crash(w, { flow, dieAt: 'batch:before-commit:2' })
  writeFileSync(path, 'id,name\n100,new\n')
  const [wreck] = await w.store.ledger.listRuns({ limit: 1 })
  expect(await w.resume(present(wreck, 'run').id, IN_TWOS)).toMatchObject({
    state: 'succeeded',
    rows: { inserted: 9n },
  })
  expect(await w.targetRows('SELECT DISTINCT name FROM dst')).toEqual([['old']])
})
