import type { FlowSpec, StepSpec } from '@tidemark/contract/flow'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { delivered, ids } from '../support/flat.ts'
import type { FlowRelation, SourcePort, TableFacts } from '../../src/dialects/contract.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'
import { withSteps } from '../../src/plan/with-steps.ts'
import { expectFailed, expectRefused } from '../support/refusals.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'
import { keysOf } from '../support/work-area.ts'

const step = (over: Partial<StepSpec>): StepSpec => ({ queue: null, batch: null, maxDop: null, ...over })
const rowsStep = (over: Partial<StepSpec>): Pick<FlowSpec, 'steps'> => ({ steps: { rows: step(over) } })

const WINDOW = '(:after IS NULL OR modified_on > :after) AND modified_on <= :up_to'
const QUEUE = `SELECT id FROM {source} WHERE ${WINDOW} AND status <> 'draft'`
const BATCH = `SELECT id, upper(name) AS name, status, unit, modified_on FROM {source} JOIN {batch} AS b USING (id)`

/** Ids 1 to 4, of which 2 is a draft; units N and S by turns. */
async function filled(w: World): Promise<void> {
  await w.source(
    'CREATE TABLE src (id BIGINT, name VARCHAR, status VARCHAR, unit VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src SELECT i, 'n' || i, CASE i WHEN 2 THEN 'draft' ELSE 'done' END, CASE i % 2 WHEN 0 THEN 'N' ELSE 'S' END,
       TIMESTAMP '2020-01-01' + to_seconds(i) FROM range(1, 5) t(i)`,
  )
}
async function described(source: SourcePort): Promise<TableFacts> {
  const facts = await source.describe(['src'])
  if (facts === null) throw new TypeError('src is there')
  return facts
}
const more = (id: number, status: string): string =>
  `INSERT INTO src VALUES (${id}, 'n${id}', '${status}', 'N', get_current_timestamp() AT TIME ZONE 'UTC')`

// ── a queue ──────────────────────────────────────────────────────────────────────────────────────────────────────

const queued = flowSpec(rowsStep({ queue: QUEUE }))

test('a queue decides which rows a run takes, in the window that is bound into it', async () => {
  await using w = await openWorld()
  await filled(w)
  expect(await w.planned(queued)).toMatchObject({ estimatedRows: '3' })
  const first = await w.run(queued)
  expect(first).toMatchObject({ state: 'succeeded', rows: { read: 3n, inserted: 3n } })
  expect(await ids(w)).toEqual([1, 3, 4])
  expect(await w.watermark(queued)).toBe(first.window?.upTo)

  await w.source(more(5, 'done'), more(6, 'draft'))
  expect(await w.run(queued)).toMatchObject({ window: { after: first.window?.upTo }, rows: { read: 1n, inserted: 1n } })
  expect(await ids(w)).toEqual([1, 3, 4, 5])
  expect((await w.plan(queued)).kind).toBe('nothing')
})

test('where, scope and excluded keys hold on top of a queue', async () => {
  await using w = await openWorld()
  await filled(w)
  const all = { ...rowsStep({ queue: 'SELECT id FROM {source}' }), scope: { unit: { table: null, column: 'unit' } } }
  await w.run(flowSpec({ ...all, excludeKeys: { id: ['1'] } }))
  expect(await ids(w)).toEqual([2, 3, 4])
  await w.target('DELETE FROM dst')
  await w.run(flowSpec({ ...all, excludeKeys: { id: ['1'] } }), { scope: { unit: 'S' }, full: true })
  expect(await ids(w)).toEqual([3])
  const { source } = queued
  const where = [{ kind: 'null', column: { table: null, column: 'name' }, not: false }] as const
  expect((await w.plan(flowSpec({ ...all, source: { ...source, where } }), { full: true })).kind).toBe('run')
  expect(await w.planned(flowSpec({ ...all, source: { ...source, where } }), { full: true })).toMatchObject({
    estimatedRows: '0',
  })
})

test('a queue reads what the flow joins, and what the target has, also where there is none yet', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.source(
    'CREATE TABLE task (src_id BIGINT, due BOOLEAN)',
    'INSERT INTO task VALUES (1, true), (3, false), (4, true)',
  )
  const joined = flowSpec({
    source: { ...queued.source, joins: [{ table: ['task'], as: 'todo', on: { id: 'src_id' } }] },
    capture: { kind: 'backfill', options: {} },
    ...rowsStep({
      queue: 'SELECT src_id AS id FROM {todo} t WHERE due AND NOT EXISTS (FROM {target} x WHERE x.id = t.src_id)',
    }),
  })
  await w.run(joined)
  expect(await ids(w)).toEqual([1, 4])
  await w.source('UPDATE task SET due = true')
  expect(await w.run(joined)).toMatchObject({ rows: { read: 1n, inserted: 1n } })
  expect(await ids(w)).toEqual([1, 3, 4])
})

test.each<[string, string, 'TM4004' | 'TM4005', string]>([
  ['a NULL', 'SELECT id FROM {source} UNION ALL SELECT NULL', 'TM4004', '1 rows of the queue of step rows'],
  ['a key twice', 'SELECT id FROM {source} UNION ALL SELECT 3', 'TM4005', 'id = ["3"]'],
])('a queue that gives %s fails the run, and nothing is written', async (_, queue, code, message) => {
  await using w = await openWorld()
  await filled(w)
  const run = await expectFailed(w, flowSpec(rowsStep({ queue })), code)
  expect(run.error?.message).toContain(message)
  expect(existsSync(w.targetPath)).toBe(false)
})

test('a run that died goes on with the keys that its queue gave', async () => {
  await using w = await openWorld()
  await filled(w)
  let begun = 0
  const hit: Hit = (point) => {
    if (point === 'batch:begun' && ++begun === 2) throw new Error('dies here')
    return Promise.resolve()
  }
  const died = await w.run(queued, { batchRows: 1, workers: 1, hit })
  expect(died).toMatchObject({ state: 'failed' })
  await w.source("UPDATE src SET status = 'draft'")
  expect(await w.resume(died.id)).toMatchObject({ state: 'succeeded', rows: { read: 3n } })
  expect(await ids(w)).toEqual([1, 3, 4])
})

// ── a batch ──────────────────────────────────────────────────────────────────────────────────────────────────────

const batched = flowSpec(rowsStep({ batch: BATCH }))

test('a batch gives the columns of the target for its keys, by name, and the newest wins', async () => {
  await using w = await openWorld()
  await filled(w)
  expect(await w.run(batched, { batchRows: 3 })).toMatchObject({
    batches: 2,
    rows: { read: 4n, inserted: 4n },
  })
  expect((await delivered(w)).map(([, name]) => name)).toEqual(['N1', 'N2', 'N3', 'N4'])
  await w.source(
    "UPDATE src SET name = 'newer', modified_on = get_current_timestamp() AT TIME ZONE 'UTC' WHERE id = 1",
    "UPDATE src SET name = 'older', modified_on = '2019-01-01' WHERE id = 3",
  )
  await w.target("UPDATE dst SET modified_on = '2020-06-01' WHERE id = 4")
  expect(await w.run(batched, { full: true })).toMatchObject({
    rows: { read: 4n, updated: 1n, skippedSame: 1n, skippedOlder: 2n },
  })
  expect((await delivered(w)).map(([, name]) => name)).toEqual(['NEWER', 'N2', 'N3', 'N4'])
})

test('a position that the target cannot hold is kept beside it, whatever the template selects', async () => {
  await using w = await openWorld()
  await filled(w)
  const without = flowSpec({
    columns: { ...batched.columns, exclude: ['modified_on'] },
    ...rowsStep({ batch: 'SELECT b.id, name, status, unit FROM {batch} b JOIN {source} s ON s.id = b.id' }),
  })
  await w.run(without)
  expect(
    await w.targetRows('SELECT id, position FROM tidemark.tidemark_position__main__dst ORDER BY id LIMIT 1'),
  ).toEqual([['1', '2020-01-01 00:00:01']])
  await w.source("UPDATE src SET name = 'older', modified_on = '2019-01-01' WHERE id = 1")
  expect(await w.run(without, { full: true })).toMatchObject({ rows: { skippedSame: 3n, skippedOlder: 1n } })
})

test('types of a template are cast to those of the target', async () => {
  await using w = await openWorld()
  await filled(w)
  const cast = BATCH.replace('SELECT id,', 'SELECT CAST(id AS SMALLINT) AS id,').replace(
    'unit,',
    'CAST(NULL AS VARCHAR) AS unit,',
  )
  await w.run(flowSpec(rowsStep({ batch: cast })))
  expect(await w.targetRows('SELECT DISTINCT typeof(id), typeof(unit), unit FROM dst')).toEqual([
    ['BIGINT', 'VARCHAR', null],
  ])
})

test('a batch that gives rows of other keys is refused before anything of it lands', async () => {
  await using w = await openWorld()
  await filled(w)
  const whole = BATCH.replace('JOIN {batch} AS b USING (id)', 'WHERE (SELECT count(*) FROM {batch} AS b) > 0')
  const run = await expectFailed(w, flowSpec(rowsStep({ batch: whole })), 'TM4039', { batchRows: 3, workers: 1 })
  expect(run.error?.message).toContain('batch of step rows gave rows that are not of the batch: id = 4')
  expect(await ids(w)).toEqual([])
})

test.each<[string, string, string]>([
  ['a key twice', `${BATCH} UNION ALL ${BATCH}`, 'rows too many for one id'],
  ['a key that is NULL', BATCH.replace('SELECT id,', 'SELECT nullif(id, 3) AS id,'), 'id = NULL'],
])('a batch that gives %s is refused before anything of it lands', async (_, batch, message) => {
  await using w = await openWorld()
  await filled(w)
  const run = await expectFailed(w, flowSpec(rowsStep({ batch })), 'TM4039', { batchRows: 3, workers: 1 })
  expect(run.error?.message).toContain(message)
  expect(await ids(w)).toEqual([])
})

test('a batch that the database cannot read fails the run as one of the source', async () => {
  await using w = await openWorld()
  await filled(w)
  const bad = BATCH.replace('unit,', 'CAST(CAST(name AS INTEGER) AS VARCHAR) AS unit,')
  const run = await expectFailed(w, flowSpec(rowsStep({ batch: bad })), 'TM4019')
  expect(run.error?.message).toContain('batch of step rows')
  expect(await ids(w)).toEqual([])
})

test('a mask is put on what a template gives, and a masked key goes with no template', async () => {
  await using w = await openWorld()
  await filled(w)
  const { relation, selection } = await w.planned(batched)
  const redact = { kind: 'redact', text: '[hidden]' } as const
  const mask = (names: readonly string[]): FlowRelation => {
    const masked = (x: PlannedColumn): PlannedColumn => (names.includes(x.target) ? { ...x, mask: redact } : x)
    return { ...relation, columns: relation.columns.map(masked), key: relation.key.map(masked) }
  }
  await using opened = await w.deps().openBench(batched, null)
  const { bench } = opened
  const hidden = mask(['name'])
  await keysOf(bench).start(hidden, 1, [])
  await keysOf(bench).select(selection)
  const [split] = await keysOf(bench).cut(100, 1000)
  if (!split) throw new TypeError('there is a batch')
  expect(await bench.weigh(hidden, selection, split, 'latest')).toMatchObject({ inserted: 4n })
  const text = bench.explain(hidden, selection, 'latest', 'pushdown').find((s) => s.name === 'stage rows')?.text
  expect(text).toContain(`CASE WHEN "j_ batch"."name" IS NULL THEN NULL ELSE CAST('[hidden]' AS VARCHAR) END AS "name"`)
  const position = { ref: { table: null, column: 'modified_on' }, clock: null, zone: null }
  const { source, target } = bench
  const shapes = {
    source: await described(source),
    joins: new Map(),
    lists: new Map(),
    castTypes: new Map(),
    lackedTypes: new Map(),
    target: null,
  }
  const request = { definition: batched, shapes, scope: {}, position, source, target }
  await expect(withSteps(bench, request, { relation: mask(['id']), batchRows: 10 })).rejects.toMatchObject({
    code: 'TM4040',
  })
  await expect(withSteps(bench, request, { relation, batchRows: 10 })).resolves.toEqual(relation)
})

test('a dry run weighs what the template gives', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(batched)
  await w.source("UPDATE src SET name = 'x', modified_on = '2021-01-01' WHERE id = 2")
  const plan = await w.planned(batched, { full: true })
  await using opened = await w.deps().openBench(batched, null)
  const { bench } = opened
  await keysOf(bench).start(plan.relation, 1, [])
  await keysOf(bench).select(plan.selection)
  const [split] = await keysOf(bench).cut(100, 1000)
  if (!split) throw new TypeError('there is a batch')
  expect(await bench.weigh(plan.relation, plan.selection, split, 'latest')).toMatchObject({
    read: 4n,
    updated: 1n,
    skippedSame: 3n,
  })
})

// ── steps of a tree ──────────────────────────────────────────────────────────────────────────────────────────────

test('a step of a tree has a template of its own, and the others are generated', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, path VARCHAR, up VARCHAR, name VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src VALUES (1, '/', NULL, 'root', '2020-01-01'), (2, '/a', '/', 'folder', '2020-01-01'), (3, '/a/b', '/a', 'file', '2020-01-02')`,
  )
  const tree = flowSpec({
    shape: { kind: 'tree', locator: 'path', parent: 'up', orphans: null },
    columns: { ...flowSpec().columns, exclude: ['up', 'modified_on'] },
    steps: {
      children: step({ batch: 'SELECT id, path, upper(name) AS name FROM {source} JOIN {batch} AS b USING (id)' }),
    },
  })
  expect(await w.run(tree)).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
  expect(await delivered(w)).toEqual([
    ['1', 'root'],
    ['2', 'FOLDER'],
    ['3', 'FILE'],
  ])
})

// ── max_dop ──────────────────────────────────────────────────────────────────────────────────────────────────────

test.each([
  [1, 1],
  [null, 3],
])('with max_dop %s at most %i batches of a step run side by side', async (maxDop, most) => {
  await using w = await openWorld()
  await filled(w)
  let open = 0
  let seen = 0
  const hit: Hit = async (point) => {
    if (point === 'batch:begun') {
      seen = Math.max(seen, (open += 1))
      await sleep(100)
    }
    if (point === 'batch:after-commit') open -= 1
  }
  await w.run(flowSpec(rowsStep({ queue: QUEUE, maxDop })), { batchRows: 1, workers: 3, hit })
  expect(seen).toBe(most)
  expect(await ids(w)).toEqual([1, 3, 4])
})

// ── values and statements ────────────────────────────────────────────────────────────────────────────────────────

const HOSTILE = "'; drop table src; --"

test("a template with a value containing '; drop binds it", async () => {
  await using w = await openWorld()
  await filled(w)
  await w.source(`UPDATE src SET unit = '${HOSTILE.replaceAll("'", "''")}' WHERE id = 3`)
  const flow = flowSpec({
    scope: { unit: { table: null, column: 'unit' } },
    ...rowsStep({
      queue: `${QUEUE} AND unit = :scope_unit`,
      batch: `${BATCH} WHERE unit = :scope_unit AND ':scope_unit; :after' <> ''`,
    }),
  })
  expect(await w.run(flow, { scope: { unit: HOSTILE } })).toMatchObject({
    state: 'succeeded',
    rows: { inserted: 1n },
  })
  expect(await ids(w)).toEqual([3])
  // a position, as if the ledger had been tampered with
  const { relation, selection } = await w.planned(flow, { scope: { unit: HOSTILE }, full: true })
  await using opened = await w.deps().openBench(flow, null)
  const tampered = { ...selection, window: { after: HOSTILE, upTo: '2999-01-01' } }
  await expect(opened.bench.source.tally(relation, tampered, 0n, true)).rejects.toMatchObject({ code: 'TM4019' })
  expect(opened.bench.explain(relation, tampered, 'latest', 'pushdown')[0]?.text).toContain(
    "CAST('''; drop table src; --' AS TIMESTAMP)",
  )
  expect(await opened.bench.source.describe(['src'])).not.toBeNull()
})

test.each(['DROP TABLE src', 'SELECT 1; DROP TABLE src', "COPY (SELECT 1) TO 'x.csv'", 'SELECT id FROM nowhere', ''])(
  'the database itself refuses the template %j, whatever took it for a SELECT',
  async (text) => {
    await using w = await openWorld()
    await filled(w)
    const { relation } = await w.planned(flowSpec())
    await using opened = await w.deps().openBench(flowSpec(), null)
    await expect(
      opened.bench.describeTemplate(relation, { pieces: [{ kind: 'text', text }] }, false),
    ).rejects.toMatchObject({ code: 'TM4037' })
    expect(await opened.bench.source.describe(['src'])).not.toBeNull()
  },
)

test.each<[string, Partial<StepSpec>, 'TM4037' | 'TM4038', RegExp]>([
  ['a table that is not there', { queue: 'SELECT id FROM nowhere' }, 'TM4037', /m\.t, queue of step rows.*nowhere/],
  ['another key', { queue: 'SELECT name FROM {source}' }, 'TM4038', /id BIGINT is missing, name is not wanted/],
  [
    'a key of another type',
    { queue: "SELECT '7' AS id" },
    'TM4038',
    /id is VARCHAR: a BIGINT does not hold every VARCHAR/,
  ],
  ['a key that is too wide', { queue: 'SELECT CAST(id AS HUGEINT) AS id FROM {source}' }, 'TM4038', /id is HUGEINT/],
  [
    'a column too few',
    { batch: BATCH.replace('status,', '') },
    'TM4038',
    /batch of step rows: status VARCHAR is missing/,
  ],
  ['no position', { batch: BATCH.replace(', modified_on', '') }, 'TM4038', /modified_on TIMESTAMP is missing/],
  ['a column too many', { batch: BATCH.replace('status,', 'status, 1 AS x,') }, 'TM4038', /x is not wanted/],
  ['a column twice', { batch: BATCH.replace('status,', 'status, status,') }, 'TM4038', /status comes twice/],
  [
    'a column that would be rounded',
    { batch: BATCH.replace('SELECT id,', 'SELECT id + 0.5 AS id,') },
    'TM4038',
    /id is DECIMAL/,
  ],
])('a template with %s is refused before a run begins', async (_, change, code, detail) => {
  await using w = await openWorld()
  await filled(w)
  expect((await expectRefused(w, flowSpec(rowsStep(change)), code)).detail).toMatch(detail)
})

test('a template that changed stops plan and run with the choice', async () => {
  await using w = await openWorld()
  await filled(w)
  await w.run(flowSpec())
  const queued = flowSpec(rowsStep({ queue: QUEUE }))
  expect((await expectRefused(w, queued, 'TM4007')).detail).toBe('queue of step rows added')
  await w.run(queued, { acceptChange: true })
  const changed = flowSpec(rowsStep({ queue: `${QUEUE} AND unit = 'N'`, batch: BATCH }))
  expect((await expectRefused(w, changed, 'TM4007')).detail).toBe(
    'queue of step rows changed; batch of step rows added',
  )
  expect(await w.run(changed, { full: true })).toMatchObject({ state: 'succeeded', rows: { read: 1n } })
  expect((await expectRefused(w, flowSpec(), 'TM4007')).detail).toContain('queue of step rows removed')
})
