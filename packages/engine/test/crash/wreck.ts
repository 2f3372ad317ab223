/** What a crash leaves in servers, and what must hold then and after the run that goes on. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { checkLedger } from '../model/ledger-rules.ts'
import { present } from '../support/present.ts'
import { FLOW, type CrashProject } from '../support/process-project.ts'
import type { RunWish } from '../support/run-wish.ts'
import { countsOf, expectWentOn, type Wreck } from './crash-world.ts'

/** Runs in a process of its own that must die there. */
export async function killed(
  p: CrashProject,
  at: string,
  wish: { batchRows: number; parallel: number },
): Promise<void> {
  await using child = p.start({ at, wish })
  const ended = await child.ended
  expect(ended, `${ended.stdout}${ended.stderr}`).toMatchObject({ signal: 'SIGKILL' })
}

/** `before`: rows that the target had, and runs that there were. Null: no run was planned yet. */
export async function wreckOf(
  p: CrashProject,
  before: { readonly rows: number; readonly runs: number },
  how: 'killed' | 'failed' = 'killed',
): Promise<Wreck | null> {
  const lease = await p.store.leases.find(FLOW)
  expect(lease?.owner === null).toBe(how === 'failed')
  const runs = await p.store.ledger.listRuns({ limit: 9 })
  if (runs.length === before.runs) return null
  const run = present(runs[0], 'run')
  const batches = await p.store.ledger.listBatches(run.id)
  const markers = await p.markers(run.id)
  for (const b of batches)
    if (b.state === 'done') expect(markers.get(b.batch), `marker of batch ${b.batch}`).toBe(countsOf(b.rows))
  const landed = [...markers.values()].reduce((sum, counts) => sum + Number(counts.split(' ')[1]), 0)
  if (run.state !== 'succeeded') expect(await p.targetCount()).toBe(before.rows + landed)
  return { run, batches, markers, token: lease?.token ?? 0n }
}

export const watermarkOf = async (p: CrashProject): Promise<string | null> =>
  (await p.store.ledger.getWatermark(FLOW, '{}'))?.position ?? null

/** The run went on as planned and settled; the target is the source, each row once; ledger and lease are at rest. */
export async function expectRecovered(p: CrashProject, wreck: Wreck | null, id: string): Promise<void> {
  const run = present(
    (await p.store.ledger.listRuns({ limit: 9 })).find((r) => r.id === id),
    'run',
  )
  expect(run).toMatchObject({ state: 'succeeded', error: null })
  if (wreck !== null)
    await expectWentOn({ store: p.store, workPath: (r) => join(p.dir, '.tidemark', 'tmp', `${r}.duckdb`) }, wreck, run)
  await expectAtRest(p, wreck?.token ?? 0n)
}

export async function expectAtRest(p: CrashProject, tokenBefore = 0n, wish: RunWish = {}): Promise<void> {
  expect(await p.differences()).toEqual([])
  const settled = present(
    (await p.store.ledger.listRuns({ limit: 9 })).find((r) => r.state === 'succeeded'),
    'run',
  )
  expect(await watermarkOf(p)).toBe(settled.window?.upTo ?? null)
  const done = (await p.store.ledger.listBatches(settled.id)).filter((b) => b.state === 'done')
  expect([...(await p.markers(settled.id)).keys()].sort((x, y) => x - y)).toEqual(done.map((b) => b.batch))
  const lease = await p.store.leases.find(FLOW)
  expect(lease?.owner).toBeNull()
  expect(lease?.token).toBeGreaterThan(tokenBefore)
  expect(await p.run(wish)).toMatchObject({ status: 'nothing_to_do' })
  expect(await p.differences()).toEqual([])
  expect(await p.capturedKeys(), 'captured keys').toEqual([])
  await checkLedger(p.store.ledger, FLOW, await p.store.ledger.listRuns({ limit: 99 }), new Set())
}

export interface Death {
  readonly point: string
  readonly workers: number
  readonly by: 'resume' | 'run'
  readonly batchRows: number
  /** rows that the target had, and runs that there were */
  readonly before: { readonly rows: number; readonly runs: number }
  /** of the run that goes on */
  readonly rows: Readonly<Record<string, number>>
}

/** A run dies there, and another process goes on to the end. `ended`: it died before there was a run, or after its end. */
export async function dieAndGoOn(p: CrashProject, death: Death): Promise<'ended' | 'went on'> {
  const { point, workers, by, batchRows, before, rows } = death
  const wish = { batchRows, parallel: workers }
  const mark = await watermarkOf(p)
  await killed(p, point, wish)
  const wreck = await wreckOf(p, before)
  if (wreck === null || wreck.run.state === 'succeeded') {
    expect(point).toBe(wreck === null ? 'lease:after' : 'settle:after')
    expect(await p.run(wish)).toMatchObject({ status: wreck === null ? 'succeeded' : 'nothing_to_do' })
    expect(await p.differences()).toEqual([])
    return 'ended'
  }
  expect(await watermarkOf(p)).toBe(mark)
  const run = by === 'resume' ? await p.resume(wreck.run.id, wish) : present((await p.runs(wish))[0], 'run')
  expect(run, JSON.stringify(run.error)).toMatchObject({ status: 'succeeded', rows })
  await expectRecovered(p, wreck, wreck.run.id)
  return 'went on'
}
