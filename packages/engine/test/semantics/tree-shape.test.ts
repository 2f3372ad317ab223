import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { fileFlow, openFiles, ONE_BY_ONE } from '../support/tree-world.ts'
import { ALL_COLUMNS, flowSpec, openWorld, type World } from '../support/world.ts'

const files = fileFlow()

/** An adjacency list: the locator is the key, so a move changes the parent alone. */
const TABLE = 'CREATE TABLE src (id BIGINT, parent BIGINT, name VARCHAR, modified_on TIMESTAMP)'
const list = (over: Partial<FlowSpec> = {}): FlowSpec =>
  flowSpec({ shape: { kind: 'tree', locator: 'id', parent: 'parent', orphans: null }, ...over })
const NOW = "CAST(get_current_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP)"
const OLD = "TIMESTAMP '2020-01-01'"
const order = async (w: World) =>
  (await w.targetRows(`SELECT id FROM dst ORDER BY ${w.place}`)).map(([id]) => id).join(' ')

test('an adjacency list: a move changes the parent of one row, and a new parent comes first', async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    `INSERT INTO src VALUES (1, NULL, 'a', ${OLD}), (2, 1, 'b', ${OLD}), (3, 2, 'c', ${OLD}), (4, 3, 'd', ${OLD})`,
  )
  await w.run(list())
  await w.source(
    `INSERT INTO src VALUES (9, NULL, 'new', ${OLD})`,
    `UPDATE src SET parent = 9, modified_on = ${NOW} WHERE id = 2`,
  )
  const run = await w.run(list(), ONE_BY_ONE)
  expect(run).toMatchObject({ state: 'succeeded', rows: { read: 2n, inserted: 1n, updated: 1n } })
  expect(await order(w)).toBe('1 3 4 9 2')
})

test('an adjacency list: a new parent put above existing rows lands before they hang below it', async () => {
  await using w = await openWorld()
  await w.source(TABLE, `INSERT INTO src VALUES (1, NULL, 'a', ${OLD}), (2, 1, 'b', ${OLD}), (3, 1, 'c', ${OLD})`)
  await w.run(list())
  await w.source(
    `INSERT INTO src VALUES (9, 1, 'above', ${NOW})`,
    `UPDATE src SET parent = 9, modified_on = ${NOW} WHERE id IN (2, 3)`,
  )
  expect(await w.run(list(), ONE_BY_ONE)).toMatchObject({ rows: { inserted: 1n, updated: 2n } })
  expect(await order(w)).toBe('1 9 2 3')
})

test('a chain of 150 levels arrives from its deepest row alone', { timeout: 120_000 }, async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    `INSERT INTO src SELECT i, nullif(i - 1, 0), 'n', ${OLD} FROM range(1, 151) t(i)`,
    `INSERT INTO src VALUES (5000, NULL, 'seed', ${OLD})`,
  )
  const narrow = list({
    source: {
      ...list().source,
      where: [{ kind: 'compare', column: { table: null, column: 'id' }, operator: '>=', value: '150' }],
    },
  })
  const run = await w.run(narrow)
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 151n } })
  expect(await w.targetRows('SELECT count(*) FROM dst AS c JOIN dst AS p ON p.id = c.parent')).toEqual([['149']])
})

test('a folder moved above a chain of 30 levels takes all of them along', { timeout: 60_000 }, async () => {
  await using f = await openFiles()
  const path = (to: string) => `(SELECT string_agg('n' || j, '/' ORDER BY j) FROM range(1, ${to}) u(j))`
  await f.world.source(
    `INSERT INTO files SELECT 'n' || i, 'n' || i, '/' || ${path('i + 1')} || '/', CASE WHEN i > 1 THEN '/' || ${path('i')} || '/' END, true, '' FROM range(1, 31) t(i)`,
    `INSERT INTO meta SELECT stream_id, ${OLD}, 'N' FROM files`,
  )
  await f.add({ home: {} })
  await f.world.run(files)
  await f.move('n1', 'home')
  expect(await f.world.run(files)).toMatchObject({ state: 'succeeded', rows: { updated: 30n } })
  expect(await f.parentless()).toEqual([])
})

test('50 000 children of one folder arrive behind it', { timeout: 60_000 }, async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    `INSERT INTO src VALUES (0, NULL, 'folder', ${OLD})`,
    `INSERT INTO src SELECT i, 0, 'n', ${NOW} FROM range(1, 50001) t(i)`,
  )
  const run = await w.run(list(), { batchRows: 10_000 })
  expect(run).toMatchObject({ state: 'succeeded', batches: 6, rows: { inserted: 50_001n } })
  expect((await order(w)).startsWith('0 ')).toBe(true)
})

test('two rows with one locator are refused', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: {} })
  await f.world.source("UPDATE files SET path_locator = '/a/' WHERE stream_id = 'b'")
  const run = await f.world.run(files)
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4017' } })
  expect(run.error?.message).toContain('/a/')
})

test('a new row with the locator of a row outside the window is refused', async () => {
  await using f = await openFiles()
  await f.add({ a: { at: 'old' }, child: { under: 'a', at: 'old' } })
  await f.world.run(files)
  await f.add({ b: {} })
  await f.world.source("UPDATE files SET path_locator = '/a/' WHERE stream_id = 'b'")
  expect(await f.world.run(files)).toMatchObject({ state: 'failed', error: { code: 'TM4017' } })
})

test('a row without a locator is refused', async () => {
  await using f = await openFiles()
  await f.add({ a: {}, b: {}, c: { under: 'a' } })
  await f.world.source("UPDATE files SET path_locator = NULL WHERE stream_id IN ('b', 'c')")
  const run = await f.world.run(files)
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM4018' } })
  expect(run.error?.message).toContain('["b"], ["c"]')
})

test('locator, parent, key and table names with quotes, spaces and semicolons', async () => {
  await using w = await openWorld()
  const table = 'my "files"; DROP'
  const q = (name: string) => `"${name.replaceAll('"', '""')}"`
  const [key, locator, parent] = ['the "key"', 'loc; --', "par'ent"]
  await w.source(
    `CREATE TABLE ${q(table)} (${q(key)} BIGINT, ${q(locator)} VARCHAR, ${q(parent)} VARCHAR, modified_on TIMESTAMP, "k1" VARCHAR, loc VARCHAR, par VARCHAR, rid VARCHAR)`,
    `INSERT INTO ${q(table)} VALUES (1, 'a', NULL, ${OLD}, 'x', 'y', 'z', 'r'), (2, 'b', 'a', ${OLD}, 'x', 'y', 'z', 'r')`,
  )
  const flow = list({
    source: { ...list().source, table: [table] },
    target: { ...list().target, table: [table] },
    key: [key],
    shape: { kind: 'tree', locator, parent, orphans: null },
  })
  await w.run(flow)
  await w.source(
    `UPDATE ${q(table)} SET ${q(locator)} = 'c', modified_on = ${NOW} WHERE ${q(key)} = 1`,
    `UPDATE ${q(table)} SET ${q(parent)} = 'c', ${q(locator)} = 'c/b' WHERE ${q(key)} = 2`,
  )
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { updated: 2n } })
  expect(await w.targetRows(`SELECT ${q(key)}, ${q(locator)}, ${q(parent)}, rid FROM ${q(table)} ORDER BY 1`)).toEqual([
    ['1', 'c', null, 'r'],
    ['2', 'c/b', 'c', 'r'],
  ])
})

test('a tree with a composite key', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (site VARCHAR, nr INTEGER, loc VARCHAR, par VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src VALUES ('x', 1, '/a', NULL, ${OLD}), ('y', 1, '/a/b', '/a', ${OLD}), ('x', 2, '/a/b/c', '/a/b', ${OLD})`,
  )
  const flow = list({
    key: ['site', 'nr'],
    shape: { kind: 'tree', locator: 'loc', parent: 'par', orphans: 'skip' },
    excludeKeys: { nr: ['7'] },
  })
  await w.run(flow)
  await w.source(
    `INSERT INTO src VALUES ('z', 9, '/n', NULL, ${OLD}), ('q', 1, '/lost/q', '/lost', ${NOW})`,
    `UPDATE src SET loc = '/n/b', par = '/n', modified_on = ${NOW} WHERE loc = '/a/b'`,
    "UPDATE src SET loc = '/n/b/c', par = '/n/b' WHERE loc = '/a/b/c'",
  )
  expect(await w.run(flow, ONE_BY_ONE)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n, updated: 2n } })
  expect(await w.targetRows(`SELECT site, nr, loc FROM dst ORDER BY ${w.place}`)).toEqual([
    ['x', '1', '/a'],
    ['z', '9', '/n'],
    ['y', '1', '/n/b'],
    ['x', '2', '/n/b/c'],
  ])
  expect((await w.store.ledger.listUnmatched(flow.id)).map((u) => u.key)).toEqual(['["q","1"]'])
})

test('a parent column that the target computes is left out, and parents still come first', async () => {
  await using f = await openFiles()
  const without = fileFlow({ over: { columns: { ...ALL_COLUMNS, exclude: ['parent_path_locator'] } } })
  await f.world.target(
    `CREATE TABLE dst (stream_id VARCHAR, name VARCHAR, path_locator VARCHAR, is_directory BOOLEAN, file_stream VARCHAR,
      parent_path_locator VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/')))`,
  )
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' } })
  await f.world.run(without, ONE_BY_ONE)
  expect(await f.landed()).toBe('a b c')
  await f.add({ home: {} })
  await f.move('b', 'home')
  await f.world.run(without, ONE_BY_ONE)
  expect(await f.landed()).toBe('a home b c')
  expect(await f.parentless()).toEqual([])
})

test('insert-missing brings a tree in the same order', async () => {
  await using f = await openFiles()
  await f.add({ seed: {} })
  const missing = fileFlow({ over: { apply: { kind: 'insert-missing', maxDelete: null } } })
  await f.world.run(missing)
  await f.add({ top: { at: 'old' }, middle: { under: 'top', at: 'old' }, leaf: { under: 'middle' } })
  expect(await f.world.run(missing, ONE_BY_ONE)).toMatchObject({ rows: { inserted: 3n } })
  expect(await f.landed()).toBe('seed top middle leaf')
})

test('a backfill of a tree brings what the target lacks, parents first', async () => {
  await using f = await openFiles()
  const fill = fileFlow({ over: { capture: { kind: 'backfill', options: {} } } })
  await f.add({ a: {}, b: { under: 'a' }, c: { under: 'b' } })
  expect(await f.world.run(fill, ONE_BY_ONE)).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
  await f.world.target("DELETE FROM dst WHERE stream_id IN ('a', 'c')")
  expect(await f.world.run(fill, ONE_BY_ONE)).toMatchObject({ rows: { read: 2n, inserted: 2n } })
  expect(await f.landed()).toBe('b a c')
})
