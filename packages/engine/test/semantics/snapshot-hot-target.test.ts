/** `hot: target`: the target database has the same snapshots as the hot side, and gives back what that has lost. */
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { Emit, EngineEvents } from '@tidemark/contract/events'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { Cancelled } from '../../src/runtime/app-error.ts'
import type { Failpoint } from '../../src/runtime/failpoint.ts'
import { openSnapshotWorld, SCOPED, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'

const MODES = path.resolve(import.meta.dirname, '../../../../docs/modes.md')

const hotFlow = (options: Partial<SnapshotOptions> = {}, over: Partial<FlowSpec> = {}): FlowSpec =>
  snapshotFlow({ hot: 'target', ...options }, over)
const flow = hotFlow()
const live = hotFlow({}, { apply: { kind: 'live', maxDelete: { percent: 50 } } })

const rowsOf = (n: number, from = 0): string =>
  `CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(${from}, ${from + n}) t(i)`

const byText = (rows: readonly (readonly (string | null)[])[]): readonly string[] =>
  rows.map((row) => row.join('|')).sort()

const HEADER =
  'id, number, scope, run, state, previous, rows, new_rows, changed_rows, deleted_rows, unchanged_rows, schema_change, engine, key, compared, columns, image_bytes'
const ROW = 'snapshot, key, row_hash, CAST(first_hash AS varchar), CAST(second_hash AS varchar), place'

/** Both have the same, to the last value. */
async function expectSame(s: SnapshotWorld): Promise<void> {
  const inTarget = async (what: string, table: string) =>
    byText(await s.w.targetRows(`SELECT ${what} FROM tidemark.${table}`))
  expect(await inTarget(HEADER, 'snapshot')).toEqual(byText(await s.hot(`SELECT ${HEADER} FROM snapshot`)))
  expect(await inTarget(ROW, 'hot_row')).toEqual(byText(await s.hot(`SELECT ${ROW} FROM hot_row`)))
}

const states = (s: SnapshotWorld): Promise<readonly (readonly (string | null)[])[]> =>
  s.w.targetRows('SELECT id, state FROM tidemark.snapshot ORDER BY number')

const at =
  (wanted: Failpoint, act: () => unknown) =>
  async (point: Failpoint): Promise<void> => {
    if (point === wanted) await act()
  }

/** The disk is lost, or another machine takes over. */
const loseHotSide = (s: SnapshotWorld): void => rmSync(s.folder, { recursive: true })

/** As if a newer owner had come. */
const raiseFence = (s: SnapshotWorld, by: number): Promise<void> =>
  s.w.target(`UPDATE tidemark.fence SET token = token + ${by}`)

function remarked(): { readonly codes: string[]; readonly emit: Emit } {
  const codes: string[] = []
  return {
    codes,
    emit: (event, fields) => {
      if (event === 'run:remarked') codes.push((fields as EngineEvents['run:remarked']).code)
    },
  }
}

test('the target has the newest snapshots, with the hashes and places that the hot side has', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(20))
  expect(await s.take(flow)).toEqual([20, 0, 0, 0])
  await expectSame(s)
  await s.w.source("UPDATE src SET name = 'other' WHERE id = 3", 'DELETE FROM src WHERE id = 4')
  expect(await s.take(flow)).toEqual([0, 1, 1, 18])
  await expectSame(s)
  expect(await s.take(flow)).toEqual([0, 0, 0, 19])
  await expectSame(s)
  const [newest] = (await s.snapshots()).slice(-1)
  const [row] = await s.w.targetRows(
    `SELECT flow, snapshot, key, row_hash, scope, run, state, count(*) OVER () FROM tidemark.hot WHERE key = '["3"]' AND snapshot = '${newest?.id}'`,
  )
  const [[hash] = []] = await s.hot("SELECT sha256('1:35:other')")
  expect(row).toEqual([flow.id, newest?.id, '["3"]', hash, '{}', newest?.run, 'kept', '1'])
  const [[taken] = []] = await s.w.targetRows(`SELECT taken_at FROM tidemark.hot WHERE snapshot = '${newest?.id}'`)
  expect(Temporal.Instant.from(taken ?? '').toString({ smallestUnit: 'millisecond' })).toBe(newest?.takenAt)
})

test('the query of the docs finds the rows that differ from the snapshot before', async () => {
  const [, query = ''] = /```sql\n(-- keys whose row [^]*?);\n```/.exec(readFileSync(MODES, 'utf8')) ?? []
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(9))
  await s.take(flow)
  await s.w.source("UPDATE src SET name = 'other' WHERE id IN (3, 4)", "INSERT INTO src VALUES (20, 'n20')")
  await s.take(flow)
  const id = (await s.snapshots()).at(-1)?.id ?? ''
  const found = await s.w.targetRows(query.replace('partner.orders', flow.id).replace('s-7k3f1', id))
  expect(byText(found.map(([key = '', before]) => [key, before === null ? 'new' : 'changed']))).toEqual([
    '["20"]|new',
    '["3"]|changed',
    '["4"]|changed',
  ])
})

test.each([1, 3])('keep: %i keeps exactly so many in the target', async (keep) => {
  await using s = await openSnapshotWorld()
  const kept = hotFlow({ keep })
  await s.w.source('CREATE TABLE src AS SELECT 1 AS id, 0 AS n')
  for (let n = 1; n <= 4; n++) {
    await s.w.source(`UPDATE src SET n = ${n}`)
    await s.take(kept)
    expect(await states(s)).toEqual((await s.snapshots()).map(({ id }) => [id, 'kept']))
    expect(await states(s)).toHaveLength(Math.min(n, keep))
  }
  await expectSame(s)
})

test('a snapshot is building before the first batch, and kept when its run has settled', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(6))
  const seen: unknown[] = []
  const look = async () => seen.push((await states(s)).map(([, state]) => state))
  await s.run(flow, { hit: at('batch:begun', look), workers: 1 })
  await look()
  expect(seen).toEqual([['building'], ['kept']])
})

test('of two scopes each keeps its own, and a snapshot of the whole flow is a third', async () => {
  await using s = await openSnapshotWorld()
  const scoped = hotFlow({ keep: 1 }, SCOPED)
  await s.w.source(
    "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, CASE WHEN i < 3 THEN 'a' ELSE 'b' END AS customer FROM range(7) t(i)",
  )
  for (let n = 0; n < 2; n++) {
    await s.take(scoped, { scope: { customer: 'a' } })
    await s.take(scoped, { scope: { customer: 'b' } })
    await s.take(scoped)
  }
  expect(byText(await s.w.targetRows('SELECT scope, rows, unchanged_rows, state FROM tidemark.snapshot'))).toEqual([
    '{"customer":"a"}|3|3|kept',
    '{"customer":"b"}|4|4|kept',
    '{}|7|7|kept',
  ])
  await expectSame(s)
})

test('two flows take their snapshots into one target at once, and leave those of another project alone', async () => {
  await using s = await openSnapshotWorld()
  const one = hotFlow({ keep: 1 })
  const other = hotFlow({ keep: 1 }, { id: 'm.other' as FlowSpec['id'], target: { ...flow.target, table: ['dst2'] } })
  await s.w.source(rowsOf(9))
  /** the second begins when the first has its file open */
  const both = async (): Promise<void> => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const second = begun.then(() => s.take(other))
    await Promise.all([s.take(one, { hit: at('snapshot:image', begin) }), second])
  }
  await both()
  await s.w.target(
    "INSERT INTO tidemark.snapshot SELECT 'foreign', flow, id, number, scope, 'r-other', taken_at, 'building', previous, rows, new_rows, changed_rows, deleted_rows, unchanged_rows, schema_change, engine, key, compared, columns, image_bytes FROM tidemark.snapshot",
    "INSERT INTO tidemark.hot_row SELECT 'foreign', flow, snapshot, key, row_hash, first_hash, second_hash, place FROM tidemark.hot_row",
  )
  await s.w.source("UPDATE src SET name = 'x' WHERE id = 1")
  await both()
  expect(
    byText(
      await s.w.targetRows(
        "SELECT flow, CASE store WHEN 'foreign' THEN store ELSE 'ours' END, state, count(*) FROM tidemark.hot GROUP BY 1, 2, 3",
      ),
    ),
  ).toEqual([one.id, other.id].flatMap((id) => [`${id}|foreign|building|9`, `${id}|ours|kept|9`]).sort())
})

test('keys with quotes, commas, lines, backslashes and letters of every kind are the same in both', async () => {
  await using s = await openSnapshotWorld()
  const odd = hotFlow({}, { key: ['id', 'part'] })
  await s.w.source('CREATE TABLE src (id varchar, part varchar, n integer)')
  await s.w.source(
    `INSERT INTO src VALUES ('a"b', 'c''d', 1), ('a,b', 'x' || chr(10) || 'y', 2), ('\\.', '', 3), ('ключ 鍵 🔑', 'NULL', 4), ('', chr(13), 5), ('; DROP TABLE x --', '\\N', 6)`,
  )
  expect(await s.take(odd)).toEqual([6, 0, 0, 0])
  await expectSame(s)
  loseHotSide(s)
  expect(await s.take(odd)).toEqual([0, 0, 0, 6])
  await expectSame(s)
})

test('where the hot side is lost, the snapshot before comes back from the target, and no change is reported', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(30))
  await s.take(flow)
  await s.w.source("UPDATE src SET name = 'x' WHERE id < 3")
  await s.take(flow)
  loseHotSide(s)
  expect(await s.run(flow)).toMatchObject({ state: 'nothing_to_do' })
  await expectSame(s)
  loseHotSide(s)
  await s.w.source("UPDATE src SET name = 'y' WHERE id = 7", 'DELETE FROM src WHERE id = 8')
  expect(await s.take(flow)).toEqual([0, 1, 1, 28])
  await expectSame(s)
})

test('a run that begins anew where the hot side is lost has the newest snapshot all the same', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(4))
  for (let n = 0; n < 3; n++) await s.take(flow)
  loseHotSide(s)
  expect(await s.take(flow, { full: true })).toEqual([4, 0, 0, 0])
  expect((await states(s)).at(-1)).toEqual([await s.w.watermark(flow), 'kept'])
  expect(await s.take(flow)).toEqual([0, 0, 0, 4])
})

test('one that came back of which the engine is another is compared by row hashes', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(12))
  s.engine = 'v0.0.1'
  await s.take(flow)
  loseHotSide(s)
  s.engine = 'v0.0.2'
  await s.w.source("UPDATE src SET name = 'x' WHERE id = 3")
  expect(await s.take(flow)).toEqual([0, 1, 0, 11])
})

test('one that came back has no image: what needs it is refused, and begins anew when asked', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(3))
  await s.take(flow)
  loseHotSide(s)
  const exact = hotFlow({ exact: true })
  const run = await s.run(exact)
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4041' } })
  expect(run.error?.message).toContain('the image of s-')
  expect(await s.run(exact, { full: true, fresh: true })).toMatchObject({ state: 'succeeded' })
})

test('its image comes from the archive, which nothing here knows of any more', async () => {
  await using s = await openSnapshotWorld()
  const archived = hotFlow({ exact: true, archive: { connection: null, retainMs: null } })
  await s.w.source(rowsOf(5))
  await s.take(archived)
  loseHotSide(s)
  await s.w.source("UPDATE src SET name = 'x' WHERE id = 3")
  expect(await s.take(archived)).toEqual([0, 1, 0, 4])
})

test('rows that somebody took away in the target are not taken for those of the source', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(5))
  await s.take(flow)
  await s.w.target(`DELETE FROM tidemark.hot_row WHERE key = '["2"]'`)
  loseHotSide(s)
  expect(await s.run(flow)).toMatchObject({ state: 'failed', error: { code: 'TM4041' } })
})

test('a refused brake leaves none, and neither does a key that is there twice', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(40))
  await s.take(live)
  const before = await states(s)
  await s.w.source('DELETE FROM src WHERE id >= 10')
  expect(await s.run(live)).toMatchObject({ state: 'failed', error: { code: 'TM5007' } })
  expect(await states(s)).toEqual(before)
  await s.w.source('INSERT INTO src SELECT * FROM src WHERE id = 1')
  expect(await s.run(live, { fresh: true })).toMatchObject({ state: 'failed', error: { code: 'TM4005' } })
  expect(await states(s)).toEqual(before)
})

test('a run that is given up leaves its snapshot to the next one, which takes it away', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(8))
  const stop = new AbortController()
  const soft = stop.signal
  const first = await s.run(flow, { hit: at('hot:written', () => stop.abort(new Cancelled('enough'))), soft })
  expect(first).toMatchObject({ state: 'cancelled' })
  const [[id, state] = []] = await states(s)
  expect(state).toBe('building')
  await s.take(flow, { fresh: true })
  expect(await states(s)).toEqual([[await s.w.watermark(flow), 'kept']])
  expect(await s.w.watermark(flow)).not.toBe(id)
  await expectSame(s)
})

test('a run that goes on elsewhere takes its own snapshot back, and what it had brought to the target goes', async () => {
  await using s = await openSnapshotWorld()
  const mirror = hotFlow({}, { apply: { kind: 'live', maxDelete: { percent: 100 } } })
  await s.w.source(rowsOf(4))
  await s.take(mirror)
  await s.w.source("INSERT INTO src SELECT i, 'n' || i FROM range(20, 30) t(i)")
  const stop = new AbortController()
  const wish = { hit: at('batch:recorded', () => stop.abort(new Cancelled('enough'))), soft: stop.signal }
  const stopped = await s.run(mirror, { ...wish, batchRows: 4, workers: 1 })
  expect(stopped).toMatchObject({ state: 'cancelled' })
  for (const suffix of ['', '.wal']) rmSync(s.w.workPath(stopped.id) + suffix, { force: true })
  loseHotSide(s)
  await s.w.source('DELETE FROM src WHERE id IN (20, 21)')
  expect(await s.w.resume(stopped.id)).toMatchObject({ state: 'succeeded' })
  expect(await s.w.targetRows('SELECT id, name FROM dst ORDER BY id')).toEqual(
    await s.w.sourceRows('SELECT id, name FROM src ORDER BY id'),
  )
  expect((await states(s)).at(-1)).toEqual([await s.w.watermark(mirror), 'kept'])
  expect(await s.run(mirror)).toMatchObject({ state: 'nothing_to_do' })
})

test('an owner that is not the newest brings nothing', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(3))
  await s.take(flow)
  const before = await states(s)
  const run = await s.run(flow, { hit: at('hot:before', () => raiseFence(s, 1)) })
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM5002' } })
  expect(await states(s)).toEqual(before)
})

test('a target that cannot be told that the run has settled is a remark, and the next run tells it', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(3))
  await s.take(flow)
  await s.take(flow)
  const heard = remarked()
  const run = await s.run(flow, { hit: at('snapshot:kept', () => raiseFence(s, 1)), emit: heard.emit })
  expect([run.state, heard.codes]).toEqual(['nothing_to_do', ['TM6208']])
  expect((await states(s)).map(([, state]) => state)).toEqual(['kept', 'kept', 'building'])
  const next = remarked()
  await s.run(flow, { emit: next.emit })
  expect(next.codes).toEqual([])
  expect(await states(s)).toEqual((await s.snapshots()).map(({ id }) => [id, 'kept']))
  await expectSame(s)
})

test('a flow that reports only keeps its snapshots in the target, and nothing else there', async () => {
  await using s = await openSnapshotWorld()
  const report = hotFlow({}, { apply: { kind: 'none', maxDelete: null } })
  await s.w.source(rowsOf(4))
  await s.take(report)
  loseHotSide(s)
  await s.w.source('DELETE FROM src WHERE id = 0')
  expect(await s.take(report)).toEqual([0, 0, 1, 3])
  await expectSame(s)
})

test('a flow that is told later to keep its snapshots in the target begins with the next one', async () => {
  await using s = await openSnapshotWorld()
  await s.w.source(rowsOf(4))
  await s.take(snapshotFlow())
  expect(await s.take(flow)).toEqual([0, 0, 0, 4])
  expect(await states(s)).toEqual([[await s.w.watermark(flow), 'kept']])
  expect(await s.take(flow)).toEqual([0, 0, 0, 4])
  await expectSame(s)
})
