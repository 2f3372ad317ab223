/** `--lane spool`: the rows are taken out by one statement, and everything after that reads the spool. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { refuseNoRoom } from '../../src/dialects/duckdb/refuse-no-room.ts'
import { Cancelled } from '../../src/runtime/app-error.ts'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { ids, rows, TABLE } from '../support/flat.ts'
import { ALL_COLUMNS, flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()
const SPOOL = { lane: 'spool', batchRows: 10, workers: 1 } as const

const at =
  (wanted: string, act: () => void | Promise<void>): Hit =>
  async (point) => {
    if (point === wanted) await act()
  }

const content = (w: World, of: 'source' | 'target') =>
  of === 'source' ? w.sourceRows('SELECT * FROM src ORDER BY id') : w.targetRows('SELECT * FROM dst ORDER BY id')

test('the spool lane brings what pushdown brings: a first load, a delta, a full read', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(95))
  expect(await w.run(flow, SPOOL)).toMatchObject({
    state: 'succeeded',
    lane: 'spool',
    rows: { inserted: 95n },
    batches: 10,
  })
  await w.source("UPDATE src SET name = 'new', modified_on = get_current_timestamp() WHERE id % 10 = 1")
  await w.source("INSERT INTO src VALUES (95, 'n95', get_current_timestamp())")
  expect(await w.run(flow, SPOOL)).toMatchObject({ rows: { read: 11n, inserted: 1n, updated: 10n } })
  expect(await w.run(flow, { ...SPOOL, full: true })).toMatchObject({ rows: { read: 96n, skippedSame: 96n } })
  expect(await content(w, 'target')).toEqual(await content(w, 'source'))
})

test('columns renamed and left out, a filter and a position that no column holds travel by the spool', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(40))
  const shaped = flowSpec({
    columns: { ...ALL_COLUMNS, exclude: ['modified_on'], rename: { name: 'title' } },
    source: {
      ...flow.source,
      where: [{ kind: 'compare', column: { table: null, column: 'id' }, operator: '<', value: '25' }],
    },
  })
  expect(await w.run(shaped, SPOOL)).toMatchObject({ state: 'succeeded', rows: { inserted: 25n } })
  expect(await w.targetRows('SELECT id, title FROM dst ORDER BY id LIMIT 2')).toEqual([
    ['0', 'n0'],
    ['1', 'n1'],
  ])
  await w.source("UPDATE src SET name = 'new', modified_on = get_current_timestamp() WHERE id IN (3, 30)")
  expect(await w.run(shaped, SPOOL)).toMatchObject({ rows: { read: 1n, updated: 1n } })
})

test('a spool holds no clear value of a masked column', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3), "UPDATE src SET name = 'Clearly Readable Name ' || id")
  const masked = flowSpec({ columns: { ...ALL_COLUMNS, mask: { name: { kind: 'redact', text: 'xxx' } } } })
  const looked: string[] = []
  const run = await w
    .run(masked, {
      ...SPOOL,
      hit: at('capture:stored', async () => {
        const [open] = await w.store.ledger.listRuns({ limit: 1 })
        if (!open) throw new TypeError('no run')
        for (const suffix of ['', '.wal'])
          if (existsSync(w.workPath(open.id) + suffix))
            looked.push(readFileSync(w.workPath(open.id) + suffix, 'latin1'))
      }),
    })
    .catch((error: unknown) => error as { readonly code: string })
  // where masks are not built yet, no such run exists
  if ('code' in run) return expect(run.code).toBe('TM1017')
  expect(looked.join('').length).toBeGreaterThan(100)
  expect(looked.join('')).not.toContain('Clearly Readable')
})

test('lanes that are not possible are refused with the reason, before anything is written', async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    rows(3),
    'ALTER TABLE src ADD COLUMN parent BIGINT',
    'CREATE TABLE meta AS SELECT id, modified_on FROM src',
  )
  const detail = (text: string) => expect.objectContaining({ code: 'TM4016', detail: expect.stringContaining(text) })
  await expect(w.run(flow, { lane: 'relay' })).rejects.toThrow(detail('relay passes bytes between two servers'))
  const tree = flowSpec({ shape: { kind: 'tree', locator: 'id', parent: 'parent', orphans: null } })
  await expect(w.run(tree, { lane: 'spool' })).rejects.toThrow(detail('a tree is closed where it lies'))
  const joined = flowSpec({
    source: { ...flow.source, joins: [{ table: ['meta'], as: 'meta', on: { id: 'id' } }] },
    watermark: { position: { table: 'meta', column: 'modified_on' } },
  })
  await expect(w.run(joined, { lane: 'spool' })).rejects.toThrow(detail('the position is in a joined table'))
  expect(existsSync(w.targetPath)).toBe(false)
})

test('a spool that cannot fit is refused with the folder, the need and what is free', () => {
  const free = () => 10n * 1_048_576n
  expect(() => refuseNoRoom('/tmp', 11n * 1_048_576n, free)).toThrow(
    expect.objectContaining({ code: 'TM2004', detail: '/tmp: the spool needs about 11 MiB, free are 10 MiB' }),
  )
  expect(() => refuseNoRoom('/tmp', 10n * 1_048_576n, free)).not.toThrow()
})

test('a resumed run goes on from its spool though the source is another, and extracts again where the spool is gone', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(30))
  const stop = new AbortController()
  const first = await w.run(flow, {
    ...SPOOL,
    hit: at('batch:recorded', () => stop.abort(new Cancelled('enough'))),
    soft: stop.signal,
  })
  expect(first).toMatchObject({ state: 'cancelled', rows: { inserted: 10n } })
  const again = new AbortController()
  await w.source("UPDATE src SET name = 'later'")
  const second = await w.resume(first.id, {
    ...SPOOL,
    hit: at('batch:recorded', () => again.abort(new Cancelled('enough'))),
    soft: again.signal,
  })
  expect(second).toMatchObject({ state: 'cancelled', rows: { inserted: 20n } })
  expect(await w.targetRows("SELECT count(*) FROM dst WHERE name = 'later'")).toEqual([['0']])
  rmSync(w.workPath(first.id))
  expect(await w.resume(first.id, SPOOL)).toMatchObject({ state: 'succeeded' })
  expect(await ids(w)).toEqual(Array.from({ length: 30 }, (_, i) => i))
  expect(await w.targetRows("SELECT count(*) FROM dst WHERE name = 'later'")).toEqual([['30']])
})

test('replace by the spool swaps what was taken out', async () => {
  await using w = await openWorld()
  mkdirSync(w.inbox)
  await w.source(TABLE, rows(30))
  const all = flowSpec({
    capture: { kind: 'backfill', options: {} },
    apply: { kind: 'replace', maxDelete: { percent: 100 } },
  })
  await w.run(all, SPOOL)
  await w.source('DELETE FROM src WHERE id >= 12', "UPDATE src SET name = 'x' WHERE id = 3")
  expect(await w.run(all, SPOOL)).toMatchObject({ state: 'succeeded', rows: { deleted: 18n } })
  expect(await content(w, 'target')).toEqual(await content(w, 'source'))
})
