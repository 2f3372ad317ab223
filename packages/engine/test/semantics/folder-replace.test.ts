/** `apply: replace` into a folder of Parquet files: loaded beside, one commit, then two renames, with a brake. */
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { DeleteLimit, FlowSpec } from '@tidemark/contract/flow'
import { bringIn, type FolderSwap } from '../../src/dialects/files/folder-swap.ts'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { rows, TABLE } from '../support/flat.ts'
import { parquet } from '../support/inbox.ts'
import { expectFailed } from '../support/refusals.ts'
import { flowSpec, INBOX, openWorld, type World } from '../support/world.ts'

const TO_FOLDER = { connection: INBOX, table: ['out/orders'], create: 'if_missing', emptied: 'refused' } as const
const replacing = (maxDelete: DeleteLimit | null = null): FlowSpec =>
  flowSpec({
    capture: { kind: 'backfill', options: {} },
    apply: { kind: 'replace', maxDelete },
    target: TO_FOLDER,
  })
const flow = replacing()
const TEN = { batchRows: 10, workers: 1 }

const files = (w: World): readonly string[] => globSync('*.parquet', { cwd: join(w.inbox, 'out/orders') }).sort()
const landed = (w: World): Promise<readonly (readonly (string | null)[])[]> =>
  w.sourceRows(`SELECT id, name FROM read_parquet('${w.inbox}/out/orders/*.parquet') ORDER BY id, name`)
const source = (w: World) => w.sourceRows('SELECT id, name FROM src ORDER BY id, name')
const leftOver = (w: World): readonly string[] => globSync('.tidemark/swap/**/r-*', { cwd: w.inbox })

const cutAt =
  (wanted: string): Hit =>
  (point) =>
    point === wanted ? Promise.reject(new Error('cut')) : undefined

test('replace makes a folder what the source is: one new file takes the place of all that were there', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  expect(await w.run(flow, TEN)).toMatchObject({ state: 'succeeded', rows: { inserted: 25n, deleted: 0n }, batches: 3 })
  const before = files(w)
  await w.source('DELETE FROM src WHERE id < 5', "UPDATE src SET name = 'new' WHERE id = 9")
  expect(await w.run(flow, TEN)).toMatchObject({ state: 'succeeded', rows: { inserted: 20n, deleted: 5n } })
  expect(await landed(w)).toEqual(await source(w))
  expect(files(w)).toHaveLength(1)
  expect(files(w)).not.toEqual(before)
  expect(leftOver(w)).toEqual([])
})

test('until the swap a folder is as it was, and after it as the source is', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await parquet(
    w,
    'out/orders/theirs.parquet',
    "SELECT CAST(100 AS BIGINT) AS id, 'before' AS name, TIMESTAMP '2020-01-01' AS modified_on",
  )
  const seen: unknown[] = []
  const hit: Hit = async (point) => {
    if (point === 'batch:recorded' || point === 'settle:swapped') seen.push((await landed(w)).length)
  }
  await w.run(replacing({ percent: 100 }), { ...TEN, hit })
  expect(seen).toEqual([1, 1, 1, 25])
  expect(files(w)).not.toContain('theirs.parquet')
})

test('what else lies in a folder that is replaced stays there', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5))
  const folder = join(w.inbox, 'out/orders')
  mkdirSync(join(folder, 'notes'), { recursive: true })
  writeFileSync(join(folder, 'README'), 'read me')
  await w.run(flow, TEN)
  expect(readFileSync(join(folder, 'README'), 'utf8')).toBe('read me')
  expect(existsSync(join(folder, 'notes'))).toBe(true)
  expect(await landed(w)).toEqual(await source(w))
})

test('an empty source does not empty a folder, unless the flow allows it, and then leaves a file without rows', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  await w.source('DELETE FROM src')
  await expectFailed(w, flow, 'TM5007', TEN)
  expect(await landed(w)).toHaveLength(25)
  expect(await w.run(replacing({ percent: 100 }), { ...TEN, fresh: true })).toMatchObject({ rows: { deleted: 25n } })
  expect(await landed(w)).toEqual([])
  expect(files(w)).toHaveLength(1)
})

test('max_delete stops the replacement of a folder that would take away more, and no file changes', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  const before = files(w)
  await w.source('DELETE FROM src WHERE id < 5')
  const run = await expectFailed(w, replacing({ percent: 19.9 }), 'TM5007', TEN)
  expect(run.error?.message).toContain('5 of 25 rows')
  await expectFailed(w, replacing({ rows: 4n }), 'TM5007', { ...TEN, fresh: true })
  expect(files(w)).toEqual(before)
  expect(await w.run(replacing({ percent: 20 }), { ...TEN, fresh: true })).toMatchObject({ rows: { deleted: 5n } })
  expect(await landed(w)).toEqual(await source(w))
})

test('a replacement of a folder that is cut between swap and settle is not repeated by its resume', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  await w.source('DELETE FROM src WHERE id < 5')
  const run = await expectFailed(w, flow, 'TM9001', { ...TEN, hit: cutAt('settle:swapped') })
  const swapped = files(w)
  expect(await landed(w)).toHaveLength(20)
  expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 20n, deleted: 5n } })
  expect(files(w)).toEqual(swapped)
  expect(await landed(w)).toEqual(await source(w))
})

test('a committed swap whose files cannot be moved says so, and whoever opens the folder next moves them', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  await w.source('DELETE FROM src WHERE id < 5')
  let obstacle = ''
  const hit: Hit = async (point) => {
    if (point !== 'settle:before') return
    const [run] = await w.store.ledger.listRuns({ limit: 1 })
    obstacle = join(w.inbox, '.tidemark/swap/out/orders', `${run?.id}.old`)
    writeFileSync(obstacle, '')
  }
  const run = await expectFailed(w, flow, 'TM2011', { ...TEN, hit })
  expect(await landed(w)).toHaveLength(25)
  rmSync(obstacle)
  // not what the source is by then: the swap that was committed
  await w.source('DELETE FROM src WHERE id = 7')
  expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 20n, deleted: 5n } })
  expect(await landed(w)).toHaveLength(20)
  expect(leftOver(w)).toEqual([])
})

test.each(['nothing', 'the first rename', 'both renames', 'a removal'])(
  'bringing a replaced folder in goes on after %s',
  async (done) => {
    await using w = await openWorld()
    const swap: FolderSwap = {
      folder: join(w.dir, 'orders'),
      fresh: join(w.dir, 'swap/r-1'),
      old: join(w.dir, 'swap/r-1.old'),
      replaced: ['a.parquet', 'b.parquet'],
    }
    const make = (folder: string, ...names: readonly string[]): void => {
      mkdirSync(folder, { recursive: true })
      for (const name of names) writeFileSync(join(folder, name), name)
    }
    mkdirSync(join(w.dir, 'swap'))
    if (done === 'nothing') make(swap.folder, 'a.parquet', 'b.parquet', 'README')
    else if (done === 'a removal') make(swap.old, 'b.parquet', 'README')
    else make(swap.old, 'a.parquet', 'b.parquet', 'README')
    make(done === 'nothing' || done === 'the first rename' ? swap.fresh : swap.folder, 'new.parquet')
    // somebody else finds no folder, and makes it
    if (done === 'the first rename') make(swap.folder, 'theirs.parquet')
    for (let again = 0; again < 2; again++) {
      bringIn(swap)
      const theirs = done === 'the first rename' ? ['theirs.parquet'] : []
      expect(readdirSync(swap.folder).sort()).toEqual(['README', 'new.parquet', ...theirs])
      expect(readdirSync(join(w.dir, 'swap'))).toEqual([])
    }
  },
)

test('the replacement of a folder whose source changed between two batches has neither stale rows nor rows that are gone', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  let cut = false
  const hit: Hit = (point) => {
    if (point !== 'batch:recorded' || cut) return
    cut = true
    throw new Error('cut')
  }
  const run = await expectFailed(w, flow, 'TM9001', { ...TEN, hit })
  await w.source('DELETE FROM src WHERE id = 3', "UPDATE src SET name = 'new' WHERE id = 4")
  expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded' })
  expect(await landed(w)).toEqual(await source(w))
})

test.each([
  ['a folder', flow],
  ['a table', { ...flow, target: flowSpec().target }],
] as const)(
  'a replacement of %s that is given up leaves nothing to the next one, also when that stops before its first batch',
  async (_, definition) => {
    await using w = await openWorld()
    await w.source(TABLE, rows(25))
    await expectFailed(w, definition, 'TM9001', { ...TEN, hit: cutAt('batch:recorded') })
    await w.source('DELETE FROM src WHERE id < 5')
    const run = await expectFailed(w, definition, 'TM9001', { ...TEN, fresh: true, hit: cutAt('capture:stored') })
    expect(await w.resume(run.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 20n } })
    const there = definition === flow ? await landed(w) : await w.targetRows('SELECT id, name FROM dst ORDER BY ALL')
    expect(there).toEqual(await source(w))
  },
)

test('a folder that could not be renamed is not replaced', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(2))
  mkdirSync(join(w.inbox, 'elsewhere'), { recursive: true })
  symlinkSync(join(w.inbox, 'elsewhere'), join(w.inbox, 'linked'))
  for (const table of ['linked', '.'])
    await expect(w.plan({ ...flow, target: { ...TO_FOLDER, table: [table] } })).rejects.toMatchObject({
      code: 'TM4026',
    })
})

test('a dry run says how many rows the replacement of a folder takes away', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  await w.run(flow, TEN)
  await w.source('DELETE FROM src WHERE id < 5')
  const planned = await w.planned(flow)
  await using opened = await w.deps().openBench(flow, null)
  await opened.bench.source.describe(planned.relation.source.table)
  expect(await opened.bench.weighSwap(planned.relation, planned.selection)).toBe(5n)
})
