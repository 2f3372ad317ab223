/**
 * Trees in a target that refers from row to row by their locators, as a FileTable does: what refers to a row that moves is
 * moved by the same statement. Run where the database looks at such a reference when a statement ends.
 */
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { rejected } from '../support/rejected.ts'
import { failAt, fileFlow, type FileWorld, type NewFile, ONE_BY_ONE, openFiles } from '../support/tree-world.ts'
import { ALL_COLUMNS } from '../support/world.ts'

const flow = fileFlow()

const TARGET = `CREATE TABLE dst (stream_id VARCHAR PRIMARY KEY, name VARCHAR, path_locator VARCHAR NOT NULL UNIQUE,
  parent_path_locator VARCHAR CONSTRAINT above REFERENCES dst (path_locator), is_directory BOOLEAN, file_stream VARCHAR)`

/** root / folder / one / two / three, and elsewhere. */
const DEEP: Readonly<Record<string, NewFile>> = {
  root: { at: 'old' },
  folder: { under: 'root', at: 'old' },
  one: { under: 'folder', at: 'old' },
  two: { under: 'one', at: 'old' },
  three: { under: 'two', at: 'old' },
  elsewhere: { at: 'old' },
}

async function delivered(files = DEEP, target = TARGET, by: FlowSpec = flow): Promise<FileWorld> {
  const f = await openFiles()
  await f.world.target(target)
  await f.add(files)
  expect(await f.world.run(by)).toMatchObject({ state: 'succeeded', error: null })
  return f
}

/** Where everything lies in the source. */
async function places(f: FileWorld): Promise<Readonly<Record<string, string>>> {
  const rows = await f.world.sourceRows('SELECT stream_id, path_locator FROM files ORDER BY 1')
  return Object.fromEntries(rows.map(([id, loc]) => [id ?? '', loc ?? '']))
}

async function expectAsSource(f: FileWorld): Promise<void> {
  expect(await f.locators()).toEqual(await places(f))
  expect(await f.parentless()).toEqual([])
}

/** Paths that begin in one way begin in another; the rows named are touched. */
async function replant(
  f: FileWorld,
  steps: readonly (readonly [from: string, to: string])[],
  ...touched: readonly string[]
) {
  for (const [from, to] of steps)
    for (const column of ['parent_path_locator', 'path_locator'])
      await f.world.source(
        `UPDATE files SET ${column} = '${to}' || substr(${column}, ${from.length + 1}) WHERE starts_with(${column}, '${from}')`,
      )
  for (const id of touched) await f.touch(id)
}

export function treeReferencesContract(): void {
  test('a moved folder and three levels below it are moved by one batch, however small batches are', async () => {
    await using f = await delivered()
    await f.move('folder', 'elsewhere')
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { read: 4n, updated: 4n, inserted: 0n } })
    expect(await f.batches(run)).toBe('children 4')
    await expectAsSource(f)
    expect(await f.world.run(flow)).toMatchObject({ state: 'nothing_to_do' })
  })

  test('a folder that is renamed and moved, and touched rows within it, land in one batch', async () => {
    await using f = await delivered()
    await replant(f, [['/root/folder/', '/elsewhere/renamed/']], 'folder', 'two')
    await f.world.source(
      "UPDATE files SET parent_path_locator = '/elsewhere/', name = 'renamed' WHERE stream_id = 'folder'",
    )
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { updated: 4n } })
    expect(await f.batches(run)).toBe('children 4')
    await expectAsSource(f)
  })

  test('a folder that moves below a new one lands after it', async () => {
    await using f = await delivered()
    await f.add({ above: { under: 'root' } })
    await f.move('folder', 'above')
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { inserted: 1n, updated: 4n } })
    expect(await f.batches(run)).toBe('children 1 4')
    await expectAsSource(f)
  })

  test('new rows below a moved folder land after it, and another folder that moves below them after those', async () => {
    await using f = await delivered({ ...DEEP, other: { at: 'old' }, leaf: { under: 'other', at: 'old' } })
    await f.move('folder', 'elsewhere')
    await f.add({ fresh: { under: 'folder' } })
    await f.move('other', 'fresh')
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { inserted: 1n, updated: 6n } })
    expect(await f.batches(run)).toBe('children 4 1 2')
    await expectAsSource(f)
  })

  test('two folders that change places move in one batch, with all that is below both', async () => {
    await using f = await delivered({ a: {}, b: {}, x: { under: 'a' }, xx: { under: 'x' }, y: { under: 'b' } })
    await replant(
      f,
      [
        ['/a/', '/-/'],
        ['/b/', '/a/'],
        ['/-/', '/b/'],
      ],
      'a',
      'b',
    )
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { updated: 5n } })
    expect(await f.batches(run)).toBe('children 5')
    await expectAsSource(f)
  })

  test('subfolders that two moved folders exchange move with both', async () => {
    await using f = await delivered({
      a: {},
      b: {},
      x: { under: 'a' },
      xx: { under: 'x' },
      y: { under: 'b' },
      home: {},
    })
    await f.move('x', 'b')
    await f.move('y', 'a')
    await f.move('a', 'home')
    await f.move('b', 'home')
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { updated: 5n } })
    expect(await f.batches(run)).toBe('children 5')
    await expectAsSource(f)
  })

  test('a folder turned upside down, the child becoming the parent, lands', async () => {
    await using f = await delivered()
    await f.move('one', 'root')
    await f.move('folder', 'one')
    expect(await f.world.run(flow, ONE_BY_ONE)).toMatchObject({
      state: 'succeeded',
      error: null,
      rows: { updated: 4n },
    })
    await expectAsSource(f)
  })

  test('a new folder where one was that was moved away lands after the move', async () => {
    await using f = await delivered()
    await replant(f, [['/root/folder/', '/root/former/']], 'folder')
    await f.world.source(
      "INSERT INTO files SELECT 'new', 'folder', '/root/folder/', '/root/', true, 'v1'",
      "INSERT INTO files SELECT 'leaf', 'leaf', '/root/folder/leaf/', '/root/folder/', true, 'v1'",
    )
    await f.meta('new')
    await f.meta('leaf')
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { inserted: 2n, updated: 4n } })
    expect(await f.batches(run)).toBe('children 4 1 1')
    await expectAsSource(f)
  })

  test('a row that left a moved folder comes with it, though it is too young for the window', async () => {
    await using f = await delivered()
    await f.move('two', 'elsewhere', 'young')
    await f.move('folder', 'elsewhere')
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { updated: 4n }, waiting: { rows: 1n } })
    await f.move('one', 'root')
    expect(await f.world.run(flow, ONE_BY_ONE)).toMatchObject({
      state: 'succeeded',
      error: null,
      rows: { updated: 1n },
    })
    await expectAsSource(f)
  })

  test('small folders that move are moved several to a batch, and none is cut', async () => {
    const folders = ['a', 'b', 'c', 'd', 'e'].map((id): [string, NewFile][] => [
      [id, {}],
      [`${id}1`, { under: id }],
      [`${id}2`, { under: `${id}1` }],
    ])
    await using f = await delivered({ home: {}, ...Object.fromEntries(folders.flat()) })
    for (const id of ['a', 'b', 'c', 'd', 'e']) await f.move(id, 'home')
    const run = await f.world.run(flow, { batchRows: 4, workers: 2 })
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { updated: 15n } })
    expect(await f.batches(run)).toBe('children 6+3+3+3')
    await expectAsSource(f)
  })

  test('a parent that the target computes is the reference all the same', async () => {
    const byItself = fileFlow({ over: { columns: { ...ALL_COLUMNS, exclude: ['parent_path_locator'] } } })
    const target = TARGET.replace(
      'parent_path_locator VARCHAR CONSTRAINT above REFERENCES',
      () =>
        "parent_path_locator VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/')) STORED CONSTRAINT above REFERENCES",
    )
    await using f = await delivered(DEEP, target, byItself)
    await f.move('folder', 'elsewhere')
    const run = await f.world.run(byItself, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { updated: 4n } })
    expect(await f.batches(run)).toBe('children 4')
    await expectAsSource(f)
  })

  test('a move that a crash cut short, before it committed or after, is whole when the run goes on', async () => {
    await using f = await delivered({ ...DEEP, other: { at: 'old' }, leaf: { under: 'other', at: 'old' } })
    await f.move('folder', 'elsewhere')
    await f.move('other', 'elsewhere')
    const failed = await f.world.run(flow, { ...ONE_BY_ONE, hit: failAt('batch:before-commit', 2) })
    expect(failed).toMatchObject({ state: 'failed', batchesDone: 1 })
    expect(await f.parentless()).toEqual([])
    await f.add({ fresh: { under: 'two', at: 'old' } })
    const resumed = await f.world.resume(failed.id, ONE_BY_ONE)
    expect(resumed).toMatchObject({ state: 'succeeded', error: null, rows: { updated: 6n } })
    expect(await f.world.run(flow, { full: true })).toMatchObject({ state: 'succeeded', error: null })
    await expectAsSource(f)
  })

  test('a move whose captured keys are lost is captured again as a whole', async () => {
    await using f = await delivered()
    await f.move('folder', 'elsewhere')
    await f.add({ fresh: { under: 'folder' } })
    const failed = await f.world.run(flow, { ...ONE_BY_ONE, hit: failAt('batch:before-commit', 2) })
    expect(failed).toMatchObject({ state: 'failed', batchesDone: 1 })
    const fresh = await f.world.run(flow, { ...ONE_BY_ONE, fresh: true })
    expect(fresh).toMatchObject({ state: 'succeeded', error: null, rows: { inserted: 1n, updated: 0n } })
    await expectAsSource(f)
  })

  test('a row that the source deleted below a moved folder stops the run before it writes, until the target loses it too', async () => {
    await using f = await delivered()
    await f.remove('three')
    await f.move('folder', 'elsewhere')
    await f.add({ beside: {} })
    const failed = await f.world.run(flow, ONE_BY_ONE)
    expect(failed).toMatchObject({ state: 'failed', batchesDone: 0, error: { code: 'TM4042' } })
    expect(failed.error?.message).toContain('["three"] below ["two"]')
    await f.world.target("DELETE FROM dst WHERE stream_id = 'three'")
    expect(await f.world.resume(failed.id)).toMatchObject({
      state: 'succeeded',
      error: null,
      rows: { inserted: 1n, updated: 3n },
    })
    await expectAsSource(f)
  })

  test('a new row between a moved folder and one that was below it stops the run before it writes, and lands without the reference', async () => {
    await using f = await delivered()
    await f.move('folder', 'elsewhere')
    await f.add({ between: { under: 'folder' }, beside: {} })
    await f.move('one', 'between')
    const failed = await f.world.run(flow)
    expect(failed).toMatchObject({ state: 'failed', batchesDone: 0, error: { code: 'TM4043' } })
    expect(failed.error?.message).toContain('["between"]')
    expect(await f.locators()).not.toHaveProperty('beside')
    await f.world.target('ALTER TABLE dst DROP CONSTRAINT above')
    expect(await f.world.run(flow, { fresh: true })).toMatchObject({
      state: 'succeeded',
      error: null,
      rows: { inserted: 2n, updated: 4n },
    })
    await f.world.target(
      'ALTER TABLE dst ADD CONSTRAINT above FOREIGN KEY (parent_path_locator) REFERENCES dst (path_locator)',
    )
    await expectAsSource(f)
  })

  test('a row of a moved folder that cannot land keeps the folder where it was, and other rows land', async () => {
    const target = TARGET.replace('file_stream VARCHAR', "file_stream VARCHAR CHECK (file_stream <> 'bad')")
    const quarantine = fileFlow({ orphans: 'quarantine', over: { onReject: { kind: 'quarantine', max: 100 } } })
    await using f = await delivered(DEEP, target, quarantine)
    await f.touch('two', 'now', 'bad')
    await f.move('folder', 'elsewhere')
    await f.add({ beside: {} })
    const run = await f.world.run(quarantine)
    expect(run).toMatchObject({
      state: 'succeeded_with_rejects',
      error: null,
      rows: { inserted: 1n, updated: 0n, rejected: 4n },
    })
    expect(await rejected(f.world)).toEqual([
      '["folder"] TM5001 open',
      '["one"] TM5004 open',
      '["three"] TM5004 open',
      '["two"] TM5004 open',
    ])
    expect(await f.locators()).toMatchObject({ two: '/root/folder/one/two/', beside: '/beside/' })
    await f.touch('two', 'now', 'good')
    expect(await f.world.run(quarantine)).toMatchObject({ state: 'succeeded', error: null, rows: { updated: 4n } })
    await expectAsSource(f)
  })

  test('a reference changes nothing about rows that do not move', async () => {
    await using f = await delivered()
    await f.touch('folder')
    await f.add({ four: { under: 'three' }, five: { under: 'four' } })
    const run = await f.world.run(flow, ONE_BY_ONE)
    expect(run).toMatchObject({ state: 'succeeded', error: null, rows: { inserted: 2n, updated: 1n } })
    expect(await f.batches(run)).toBe('children 1 1 1')
  })
}
