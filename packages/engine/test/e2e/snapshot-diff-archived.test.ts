/** Snapshots that nothing but their archive is left of, compared as those that are kept. */
import { readdirSync, rmSync } from 'node:fs'
import { SnapshotDiffDocument } from '@tidemark/contract/snapshot-documents'
import { expect, test } from 'vitest'
import { change, fileOf, ordersProject, taken } from './archive-project.ts'
import type { Project } from './project.ts'

const HOT = '.tidemark/snapshots/m.t.duckdb'
const diff = (p: Project, ...args: readonly string[]) =>
  p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t', ...args])

/** Of four snapshots the last one is kept: 1 changed twice, 2 gone, 9 new, 3 changed, and nothing at last. */
async function fourSnapshots() {
  const p = await ordersProject()
  const ids = [await taken(p)]
  await change(p, 'other')
  ids.push(await taken(p))
  await p.duckdb(
    'data/a.duckdb',
    'UPDATE src SET name = NULL, big = big + 1 WHERE id = 1',
    "UPDATE src SET name = '', price = -12345678901234567890.0123456789 WHERE id = 3",
    'DELETE FROM src WHERE id = 2',
    "INSERT INTO src VALUES (9, 'n9', 0, 'x', 0, 'b')",
  )
  ids.push(await taken(p), await taken(p))
  const [first = '', second = '', third = '', fourth = ''] = ids
  return { p, first, second, third, fourth }
}

const CHANGED = [
  {
    key: ['1'],
    values: [
      { column: 'big', old: '9007199254740994', new: '9007199254740995' },
      { column: 'name', old: 'other', new: null },
    ],
  },
  {
    key: ['3'],
    values: [
      { column: 'name', old: 'n3', new: '' },
      { column: 'price', old: '3.75', new: '-12345678901234567890.0123456789' },
    ],
  },
]

test('two archived snapshots, and an archived and a kept one, differ as they did when they were kept', async () => {
  const { p: project, first, second, third, fourth } = await fourSnapshots()
  await using p = project
  const both = await diff(p, second, third)
  expect(both).toMatchObject({
    before: { snapshot: second, status: 'archived', previous: null, rows: 6, difference: null, archive: 'archived' },
    after: { snapshot: third, status: 'archived', schema_change: null },
    difference: { new: 1, changed: 2, deleted: 1, unchanged: 3 },
    schema_change: { added: [], removed: [], retyped: [] },
    new: [['9']],
    deleted: [['2']],
    changed: CHANGED,
  })
  // the later one may be the archived one
  expect(await diff(p, second, fourth)).toMatchObject({ after: { status: 'current' }, changed: CHANGED })
  expect(await diff(p, fourth, second)).toMatchObject({
    difference: { new: 1, changed: 2, deleted: 1 },
    deleted: [['9']],
  })
  // without names: the newest, and that which it was compared with
  expect(await diff(p)).toMatchObject({
    before: { snapshot: third },
    after: { snapshot: fourth, previous: third },
    difference: { changed: 0, unchanged: 6 },
  })
  expect(await diff(p, first)).toMatchObject({ before: { snapshot: first }, difference: { changed: 2 } })
  const shown = (await p.ok('snapshot', 'diff', 'm.t', second, third)).out
  expect(shown).toMatch(new RegExp(`^before +${second} +m\\.t .*6 rows\nafter +${third}`))
  // nothing is left of the copies, and nothing became hot again
  expect(readdirSync(p.path('.tidemark/tmp'))).toEqual([])
  expect(await p.rows(HOT, 'SELECT id FROM snapshot')).toEqual([[fourth]])
})

test('--columns and --out do of archived snapshots what they do of kept ones', async () => {
  const { p: project, second, third } = await fourSnapshots()
  await using p = project
  expect(await diff(p, second, third, '--columns', 'PRICE,customer')).toMatchObject({
    only: ['price', 'customer'],
    difference: { new: 1, changed: 1, deleted: 1, unchanged: 4 },
    changed: [{ key: ['3'] }],
  })
  await p.ok('snapshot', 'diff', 'm.t', second, third, '--out', 'd.csv')
  expect(p.read('d.csv')).toBe(`key,kind,column,old,new
"[""1""]",changed,big,9007199254740994,9007199254740995
"[""1""]",changed,name,other,
"[""3""]",changed,name,n3,""
"[""3""]",changed,price,3.75,-12345678901234567890.0123456789
"[""2""]",deleted,,,
"[""9""]",new,,,
`)
  await p.ok('snapshot', 'diff', 'm.t', second, third, '--out', 'd.html')
  expect(p.read('d.html')).toContain(`<code>${second}</code>`)
  expect(p.read('d.html')).toContain('<del><bdi>other</bdi></del>')
})

test('where the hot side as a whole is gone, two that are named are taken from the archive', async () => {
  const { p: project, second, third } = await fourSnapshots()
  await using p = project
  rmSync(p.path('.tidemark/snapshots'), { recursive: true })
  expect(await diff(p, second, third)).toMatchObject({ before: { status: 'archived' }, changed: CHANGED })
  expect(p.exists('.tidemark/snapshots')).toBe(false)
  const unknown = await p.cli(['snapshot', 'diff', 'm.t', second, 's-00000'])
  expect([unknown.exit, unknown.err]).toEqual([2, expect.stringMatching(/TM1005 .*s-00000 of m\.t/)])
})

test('of a kept snapshot whose image is gone the archive has the values, and of a column that was retyped', async () => {
  const { p: project, third, fourth } = await fourSnapshots()
  await using p = project
  rmSync(p.path(`.tidemark/snapshots/m.t/${fourth}.parquet`))
  expect(await diff(p)).toMatchObject({ after: { snapshot: fourth, status: 'current' }, difference: { unchanged: 6 } })
  await p.duckdb('data/a.duckdb', 'ALTER TABLE src ALTER big TYPE HUGEINT', 'UPDATE src SET big = 7 WHERE id = 4')
  await p.duckdb('data/b.duckdb', 'ALTER TABLE dst ALTER big TYPE HUGEINT')
  const fifth = await taken(p, '--full')
  const retyped = await diff(p, third, fifth)
  expect(retyped).toMatchObject({
    before: { status: 'archived' },
    schema_change: { retyped: ['big BIGINT → HUGEINT'] },
    difference: { new: 0, changed: 1, deleted: 0, unchanged: 5 },
    changed: [{ key: ['4'], values: [{ column: 'big', old: '9007199254740997', new: '7' }] }],
  })
})

test('an archive that is damaged or gone is not compared', async () => {
  const { p: project, first, second } = await fourSnapshots()
  await using p = project
  rmSync(p.path(fileOf(first)))
  const gone = await p.cli(['snapshot', 'diff', 'm.t', first, second, '--out', 'd.csv'])
  expect([gone.exit, gone.err]).toEqual([1, expect.stringContaining('TM6202 archive is gone')])
  p.write(fileOf(first), 'PAR1')
  const damaged = await p.cli(['snapshot', 'diff', 'm.t', first, second, '--out', 'd.csv'])
  expect([damaged.exit, damaged.err]).toEqual([1, expect.stringContaining('TM6203 archive is damaged')])
  expect(p.exists('d.csv')).toBe(false)
})
