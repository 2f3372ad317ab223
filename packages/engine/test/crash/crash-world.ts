/** Worlds to crash in, and what must hold after a crash and after the run that goes on. */
import { copyFileSync, existsSync } from 'node:fs'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect } from 'vitest'
import type { BatchRow, RunRow } from '../../src/control/control-store.ts'
import { checkLedger } from '../model/ledger-rules.ts'
import { type Order, startChild } from '../support/child-process.ts'
import { rows, TABLE } from '../support/flat.ts'
import { present } from '../support/present.ts'
import { fileFlow, openFiles } from '../support/tree-world.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

/** `view`: a flat table behind a view, which has no row numbers, so that its keys are captured */
export type Shape = 'flat' | 'tree' | 'view'

const TABLES: Readonly<Record<Shape, { readonly source: string; readonly columns: string }>> = {
  flat: { source: 'src', columns: 'id, name, CAST(modified_on AS VARCHAR)' },
  view: { source: 'seen', columns: 'id, name, CAST(modified_on AS VARCHAR)' },
  tree: { source: 'files', columns: 'stream_id, name, path_locator, parent_path_locator' },
}

export function flowOf(shape: Shape, kind: 'latest' | 'insert-missing'): FlowSpec {
  const apply = { kind, maxDelete: null }
  if (shape === 'tree') return fileFlow({ over: { apply } })
  const flow = flowSpec({ apply })
  return shape === 'flat' ? flow : { ...flow, source: { ...flow.source, table: ['seen'] } }
}

/** Source files made once; each case copies one. */
export class Sources implements AsyncDisposable {
  readonly #made = new AsyncDisposableStack()
  readonly #worlds = new Map<Shape, Promise<World>>()

  async world(shape: Shape): Promise<World> {
    const made = this.#worlds.get(shape) ?? this.#make(shape)
    this.#worlds.set(shape, made)
    const world = await openWorld()
    copyFileSync((await made).sourcePath, world.sourcePath)
    return world
  }

  async #make(shape: Shape): Promise<World> {
    if (shape !== 'tree') {
      const w = this.#made.use(await openWorld())
      await w.source(TABLE, rows(10), 'CREATE VIEW seen AS FROM src')
      return w
    }
    const f = this.#made.use(await openFiles())
    // two roots, an ancestor that no metadata row names, and two levels below
    await f.add({ r1: {}, r2: {}, mid: { under: 'r1', bare: true }, deep: { under: 'mid', bare: true } })
    await f.add({
      a: { under: 'deep' },
      b: { under: 'deep' },
      c: { under: 'r2' },
      d: { under: 'r2' },
      e: { under: 'r1' },
    })
    await f.add({ aa: { under: 'a' }, cc: { under: 'c' } })
    return f.world
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#made.disposeAsync()
  }
}

/** Runs the flow in a process of its own that must die. */
export async function crash(w: World, order: Order): Promise<void> {
  await using child = startChild(w, order)
  const ended = await child.ended
  expect(ended, `${ended.stdout}${ended.stderr}`).toMatchObject({ signal: 'SIGKILL' })
}

export interface Wreck {
  readonly run: RunRow
  readonly batches: readonly BatchRow[]
  /** batch → what its marker in the target says */
  readonly markers: ReadonlyMap<number, string>
  readonly token: bigint
}

export const countsOf = ({
  read,
  inserted,
  updated,
  deleted,
  skippedSame,
  skippedOlder,
  rejected,
}: BatchRow['rows']): string => [read, inserted, updated, deleted, skippedSame, skippedOlder, rejected].join(' ')

async function markersOf(w: World, run: RunRow): Promise<ReadonlyMap<number, string>> {
  if (!existsSync(w.targetPath)) return new Map()
  const [there] = await w.targetRows(
    "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'tidemark' AND table_name = 'marker'",
  )
  if (there?.[0] === '0') return new Map()
  const all = await w.targetRows(
    `SELECT batch, concat_ws(' ', rows_read, inserted, updated, deleted, skipped_same, skipped_older, rejected) FROM tidemark.marker WHERE run = '${run.id}'`,
  )
  return new Map(all.map(([batch, counts]) => [Number(batch), counts ?? '']))
}

/** What a crash left, and what must hold in it already. Null: no run was planned yet. */
export async function wreckOf(w: World, flow: FlowSpec): Promise<Wreck | null> {
  const lease = await w.store.leases.find(flow.id)
  expect(lease?.owner).not.toBeNull()
  const [run] = await w.store.ledger.listRuns({ limit: 1 })
  if (run === undefined) return null
  const batches = await w.store.ledger.listBatches(run.id)
  const markers = await markersOf(w, run)
  for (const b of batches)
    if (b.state === 'done') expect(markers.get(b.batch), `marker of batch ${b.batch}`).toBe(countsOf(b.rows))
  const landed = [...markers.values()].reduce((sum, counts) => sum + Number(counts.split(' ')[1]), 0)
  if (markers.size > 0) expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([[String(landed)]])
  return { run, batches, markers, token: lease?.token ?? 0n }
}

/** The run went on as it was planned: same id and window, what was in was not done again, and it settled. */
export async function expectWentOn(w: Pick<World, 'store' | 'workPath'>, wreck: Wreck, run: RunRow): Promise<void> {
  expect(run).toMatchObject({
    id: wreck.run.id,
    window: wreck.run.window,
    plan: wreck.run.plan,
    state: 'succeeded',
    error: null,
  })
  const batches = new Map((await w.store.ledger.listBatches(run.id)).map((b) => [b.batch, b]))
  const greatest = Math.max(0, ...wreck.batches.map((b) => b.batch))
  for (const before of wreck.batches) {
    const after = batches.get(before.batch)
    const marker = wreck.markers.get(before.batch)
    expect(after, `batch ${before.batch}`).toMatchObject({ step: before.step, split: before.split })
    if (before.state === 'done') expect(after).toEqual(before)
    else if (marker !== undefined) expect(countsOf(present(after, `batch ${before.batch}`).rows)).toBe(marker)
    else
      expect(after?.state === 'superseded' || (after?.state === 'done' && after.attempts === before.attempts + 1)).toBe(
        true,
      )
  }
  for (const number of batches.keys())
    expect(wreck.batches.length === 0 || number <= greatest || batches.has(number - 1)).toBe(true)
  expect(existsSync(w.workPath(run.id)), 'work file').toBe(false)
}

/** The target is the source, each row once; ledger and lease are at rest; and nothing is left to do. */
export async function expectWhole(
  w: World,
  shape: Shape,
  flow: FlowSpec,
  settled: RunRow,
  tokenBefore: bigint,
): Promise<void> {
  const { source, columns } = TABLES[shape]
  const there = await w.sourceRows(`SELECT ${columns} FROM ${source} ORDER BY ALL`)
  expect(await w.targetRows(`SELECT ${columns} FROM dst ORDER BY ALL`)).toEqual(there)
  expect(settled.rows).toMatchObject({ inserted: BigInt(there.length), updated: 0n, skippedOlder: 0n })
  const mark = await w.store.ledger.getWatermark(flow.id, '{}')
  expect(mark).toMatchObject({ position: settled.window?.upTo, run: settled.id })
  const done = (await w.store.ledger.listBatches(settled.id)).filter((b) => b.state === 'done')
  expect([...(await markersOf(w, settled)).keys()].sort((a, b) => a - b)).toEqual(done.map((b) => b.batch))
  const lease = await w.store.leases.find(flow.id)
  expect(lease?.owner).toBeNull()
  expect(lease?.token).toBeGreaterThan(tokenBefore)
  expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
  expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([[String(there.length)]])
  await checkLedger(w.store.ledger, flow.id, await w.store.ledger.listRuns({ limit: 99 }), new Set())
}
