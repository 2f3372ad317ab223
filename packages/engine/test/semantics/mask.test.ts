/** A masked value leaves the source as its mask: nothing that a run writes or says holds the clear one, nor the key. */
import { createHmac } from 'node:crypto'
import type { ColumnsSpec, FlowSpec, MaskSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { columnsOf, fromColumn, joinedTo } from '../support/columns.ts'
import { at } from '../support/flat.ts'
import { expectFailed, expectRefused } from '../support/refusals.ts'
import { searchDisk } from '../support/search-disk.ts'
import { ALL_COLUMNS, flowSpec, openWorld, type RunWish, type World } from '../support/world.ts'

const CLEAR = 'Clearvalue'
const HASH: MaskSpec = { kind: 'hash', key: 'env:MASK_KEY' }
/** what the test world opens that reference to */
const SECRET = 'value of env:MASK_KEY'
const hmac = (text: string): string => createHmac('sha256', SECRET).update(text).digest('hex')

const TABLE = 'CREATE TABLE src (id VARCHAR, name VARCHAR, note VARCHAR, city VARCHAR, modified_on TIMESTAMP)'
const people = (count: number, stamp = "TIMESTAMP '2020-01-01'"): string =>
  `INSERT INTO src SELECT 'key-${CLEAR}-' || i, 'name-${CLEAR}-' || i, 'note-${CLEAR}-' || i, 'city-${CLEAR}-' || i, ${stamp} + to_seconds(i) FROM range(${count}) t(i)`
const MASKS: Partial<ColumnsSpec> = {
  mask: { id: HASH, name: HASH, note: { kind: 'null' }, city: { kind: 'redact', text: '[gone]' } },
}

/** Runs, and keeps all that was said meanwhile. */
async function listening(w: World, flow: FlowSpec, wish: RunWish = {}) {
  const said: unknown[] = []
  const run = await w.run(flow, { ...wish, emit: (...event) => void said.push(event) })
  return { run, said: JSON.stringify([said, run], (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)) }
}

async function expectNowhere(w: World, said: string): Promise<void> {
  for (const text of [CLEAR, SECRET]) {
    expect(await searchDisk(w, text)).toEqual([])
    expect(said).not.toContain(text)
  }
}

test('the search finds a clear value where there is one', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(3))
  await w.run(flowSpec())
  expect(await searchDisk(w, CLEAR)).toContain('target.duckdb:main.dst')
})

test('hash is the HMAC-SHA-256 of the value, null is NULL, redact is its text, and NULL stays NULL', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, name VARCHAR, amount DECIMAL(10,2), born DATE, city VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src VALUES (1, 'Zoë', 1.50, DATE '1999-12-31', 'Rome', TIMESTAMP '${at(1)}'), (2, NULL, NULL, NULL, NULL, TIMESTAMP '${at(1)}')`,
  )
  const mask: ColumnsSpec['mask'] = {
    id: HASH,
    name: HASH,
    amount: HASH,
    born: { kind: 'null' },
    city: { kind: 'redact', text: 'x' },
  }
  expect((await w.run(columnsOf({ mask }))).error).toBeNull()
  expect(await w.targetRows('SELECT id, name, amount, born, city FROM dst ORDER BY city')).toEqual([
    [hmac('1'), hmac('Zoë'), hmac('1.5'), null, 'x'],
    [hmac('2'), null, null, null, null],
  ])
  expect((await w.targetRows('SELECT column_type FROM (DESCRIBE dst)')).flat()).toEqual([
    'VARCHAR',
    'VARCHAR',
    'VARCHAR',
    'DATE',
    'VARCHAR',
    'TIMESTAMP',
  ])
})

test('a long key is hashed first, as HMAC has it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(1))
  const reference = `env:${'K'.repeat(80)}`
  await w.run(columnsOf({ mask: { name: { kind: 'hash', key: reference } } }))
  const wanted = createHmac('sha256', `value of ${reference}`).update(`name-${CLEAR}-0`).digest('hex')
  expect(await w.targetRows('SELECT name FROM dst')).toEqual([[wanted]])
})

test('a value is cast first and then masked', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, v VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src VALUES (1, '1.50', TIMESTAMP '${at(1)}')`,
  )
  await w.run(columnsOf({ cast: { v: 'decimal(10,2)' }, mask: { v: HASH } }))
  expect(await w.targetRows('SELECT v FROM dst')).toEqual([[hmac('1.5')]])
})

test('flat, with a hashed key: clear values and the key of the mask are nowhere, and rows are still recognised', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(25))
  const flow = columnsOf(MASKS)
  const first = await listening(w, flow, { batchRows: 10 })
  expect(first.run.error).toBeNull()
  expect(first.run).toMatchObject({ state: 'succeeded', rows: { inserted: 25n } })
  await w.source(
    "UPDATE src SET city = NULL, modified_on = CAST(get_current_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP) WHERE id LIKE '%-7'",
  )
  const second = await listening(w, flow)
  expect(second.run).toMatchObject({ rows: { read: 1n, updated: 1n } })
  expect(await w.targetRows(`SELECT city FROM dst WHERE id = '${hmac(`key-${CLEAR}-7`)}'`)).toEqual([[null]])
  await expectNowhere(w, first.said + second.said)
})

test('in plan, its SQL and its stored form the key of a mask is its reference', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(2))
  const flow = columnsOf(MASKS)
  const plan = await w.planned(flow)
  await using opened = await w.deps().openBench(flow, null)
  const text = JSON.stringify([plan, opened.bench.explain(plan.relation, plan.selection, 'latest', plan.lane)])
  expect(text).toContain('env:MASK_KEY')
  expect(text).toContain('from_hex([secret])')
  expect(text).not.toContain(SECRET)
  expect(text).not.toContain(Buffer.from(SECRET).toString('hex'))
  expect(process.title).not.toContain(SECRET)
})

const POSITION = { position: { table: 'meta', column: 'changed' } }

test('joined by a hashed key: a position without its main row is remembered without its clear value, and found later', async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    people(3),
    'CREATE TABLE meta (id VARCHAR, changed TIMESTAMP, extra VARCHAR)',
    `INSERT INTO meta SELECT 'key-${CLEAR}-' || i, TIMESTAMP '2020-01-01', 'extra-${CLEAR}-' || i FROM range(5) t(i)`,
  )
  const { capture } = flowSpec({ watermark: POSITION })
  const flow = columnsOf(
    { ...MASKS, add: { extra: fromColumn('extra', 'meta') }, mask: { ...MASKS.mask, extra: HASH } },
    { ...joinedTo(), capture },
  )
  const first = await listening(w, flow)
  expect(first.run).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
  expect((await w.store.ledger.listUnmatched(flow.id)).map((u) => u.key).sort()).toEqual(
    [3, 4].map((i) => JSON.stringify([hmac(`key-${CLEAR}-${i}`)])).sort(),
  )
  await w.source(`INSERT INTO src VALUES ('key-${CLEAR}-3', 'late', NULL, NULL, TIMESTAMP '2020-01-01')`)
  const second = await listening(w, flow)
  expect(second.run).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  await expectNowhere(w, first.said + second.said)
})

const TREE = { kind: 'tree', locator: 'loc', parent: 'par', orphans: 'quarantine' } as const
const treeFlow = (): FlowSpec => ({
  ...flowSpec(),
  shape: TREE,
  columns: { ...ALL_COLUMNS, mask: { id: HASH, name: { kind: 'redact', text: 'x' } } },
})
const node = (id: number, par: string | null): string =>
  `INSERT INTO src VALUES ('key-${CLEAR}-${id}', 'name-${CLEAR}', '/${id}/', ${par === null ? 'NULL' : `'${par}'`}, TIMESTAMP '2020-01-01')`

test('a tree with a hashed key: rejects of orphans, and what is found of them later, hold the hash', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id VARCHAR, name VARCHAR, loc VARCHAR, par VARCHAR, modified_on TIMESTAMP)',
    node(1, null),
    node(2, '/1/'),
    node(3, '/9/'),
  )
  const first = await listening(w, treeFlow(), { batchRows: 1 })
  expect(first.run).toMatchObject({ state: 'succeeded_with_rejects', rows: { inserted: 2n, rejected: 1n } })
  expect((await w.store.ledger.listRejects(treeFlow().id)).map((r) => r.key)).toEqual([
    JSON.stringify([hmac(`key-${CLEAR}-3`)]),
  ])
  await expectNowhere(w, first.said)
  await w.source(node(9, '/1/'))
  const second = await listening(w, treeFlow())
  expect(second.run).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
  expect(await w.store.ledger.listRejects(treeFlow().id)).toEqual([])
  await expectNowhere(w, second.said)
})

test('a run that fails and resumes leaves clear values nowhere, also not in the keys it captured', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(25), 'CREATE VIEW v AS SELECT * FROM src')
  const flow = columnsOf(MASKS, { source: { ...flowSpec().source, table: ['v'] } })
  let batch = 0
  const hit: Hit = (point) => {
    if (point === 'batch:before-commit' && (batch += 1) === 2) throw new Error('cut')
  }
  const failed = await listening(w, flow, { batchRows: 10, workers: 1, hit })
  expect(failed.run.state).toBe('failed')
  await expectNowhere(w, failed.said)
  expect(await w.resume(failed.run.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 25n } })
  await expectNowhere(w, '')
})

test('what the database says of a clear value it cannot read reaches neither message nor ledger', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(3), 'CREATE VIEW v AS SELECT id, CAST(name AS INTEGER) AS name, modified_on FROM src')
  const over = { source: { ...flowSpec().source, table: ['v'] } }
  const shown = await expectFailed(w, columnsOf({}, over), 'TM5001')
  expect(shown.error?.message, 'without a mask it is quoted').toContain(CLEAR)
  await using other = await openWorld()
  await other.source(
    TABLE,
    people(3),
    'CREATE VIEW v AS SELECT id, CAST(name AS INTEGER) AS name, modified_on FROM src',
  )
  const { run, said } = await listening(other, columnsOf({ mask: { name: HASH, id: HASH } }, over))
  expect(run.error?.message).toContain('Conversion Error: its words are left out')
  await expectNowhere(other, said)
})

test('values that do not fit their cast, and keys that occur twice, are told without clear values', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(2))
  const cast = await listening(w, columnsOf({ ...MASKS, cast: { name: 'integer' } }))
  expect(cast.run.error?.message).toContain('TM4031')
  expect(cast.run.error?.message).toContain(hmac(`key-${CLEAR}-0`))
  await w.source(people(1))
  const twice = await listening(w, columnsOf(MASKS), { fresh: true })
  expect(twice.run).toMatchObject({ state: 'failed', error: { code: 'TM4005' } })
  await expectNowhere(w, cast.said + twice.said)
})

test.each<[string, MaskSpec, string]>([
  ['INTEGER', HASH, 'dst.name is INTEGER, and hash makes a text of 64 characters'],
  ['INTEGER', { kind: 'redact', text: 'x' }, 'dst.name is INTEGER, and redact makes a text of 1 characters'],
  ['VARCHAR NOT NULL', { kind: 'null' }, 'dst.name is NOT NULL, and the mask makes it NULL'],
])('a target column of type %s that does not hold its mask is refused: %j', async (type, mask, why) => {
  await using w = await openWorld()
  await w.source(TABLE, people(1))
  await w.target(`CREATE TABLE dst (id VARCHAR, name ${type}, note VARCHAR, city VARCHAR, modified_on TIMESTAMP)`)
  expect((await expectRefused(w, columnsOf({ mask: { name: mask } }), 'TM4032')).detail).toBe(`mask of name: ${why}`)
})

test('a mask under another case of the name masks', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(1))
  await w.run(columnsOf({ mask: { ID: HASH, NAME: HASH, Note: { kind: 'null' }, CITY: { kind: 'null' } } }))
  expect(await searchDisk(w, CLEAR)).toEqual([])
})

test('a step with SQL of its own is masked too, after its cast', async () => {
  await using w = await openWorld()
  await w.source(TABLE, people(3))
  const batch =
    'SELECT id, upper(name) AS name, length(note) AS note, city, modified_on FROM {source} JOIN {batch} AS b USING (id)'
  const flow = columnsOf(
    { cast: { note: 'bigint' }, mask: { name: HASH, note: HASH, city: { kind: 'redact', text: 'x' } } },
    { steps: { rows: { queue: null, batch, maxDop: null } } },
  )
  const { run, said } = await listening(w, flow)
  expect(run.error).toBeNull()
  expect(await w.targetRows("SELECT name, note, city FROM dst WHERE id LIKE '%-1'")).toEqual([
    [hmac(`NAME-${CLEAR.toUpperCase()}-1`), hmac('17'), 'x'],
  ])
  expect(said).not.toContain(`name-${CLEAR}`)
  expect(await searchDisk(w, `name-${CLEAR}`)).toEqual([])
  expect(await searchDisk(w, `NAME-${CLEAR.toUpperCase()}`)).toEqual([])
})
