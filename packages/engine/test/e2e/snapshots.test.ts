/** `tidemark snapshot`: take, list, show and diff on the real command line, over DuckDB, Parquet and CSV. */
import {
  SnapshotDiffDocument,
  SnapshotDocument,
  SnapshotsDocument,
  SnapshotTakeDocument,
} from '@tidemark/contract/snapshot-documents'
import { expect, test } from 'vitest'
import { emptyProject, PROJECT_YAML, type Project } from './project.ts'

const flowYaml = (more = ''): string => `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: { kind: snapshot, compare: { exclude: [seen] }, normalise: { name: [trim] } }
      scope: { customer: customer }
${more}`

async function ordersProject(): Promise<Project> {
  const p = emptyProject()
  p.write('tidemark.yaml', PROJECT_YAML)
  p.write('modules/m.yaml', flowYaml())
  await p.duckdb(
    'data/a.duckdb',
    "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, i * 1.5 AS price, 'x' AS seen, CASE WHEN i < 3 THEN 'a' ELSE 'b' END AS customer FROM range(6) t(i)",
  )
  return p
}

const CHANGES = [
  "UPDATE src SET name = 'other', price = NULL WHERE id = 1",
  "UPDATE src SET name = ' n2 ', seen = 'y' WHERE id = 2",
  'DELETE FROM src WHERE id = 4',
  "INSERT INTO src VALUES (9, 'n9', 0, 'x', 'b')",
]

test('a value that differs is told whatever its type', async () => {
  await using p = await ordersProject()
  const values = (n: 1 | 2): string =>
    `[${n}] AS l, {'a': ${n}} AS s, MAP {'k': ${n}} AS m, '{"a":${n}}'::JSON AS j, ${n}::HUGEINT AS h, to_days(${n}) AS i, ['x', 'y'][${n}]::ENUM('x', 'y') AS e, '${n}'::BLOB AS b, (${n} / 4)::FLOAT AS f`
  const table = (n: 1 | 2): string =>
    `CREATE OR REPLACE TABLE src AS SELECT 1 AS id, 'n' AS name, 'x' AS seen, 'a' AS customer, ${values(n)} UNION ALL SELECT 2, 'n', 'x', 'a', ${values(1).replaceAll(/ AS \w+(?=,|$)/g, '')}`
  await p.duckdb('data/a.duckdb', table(1))
  await p.ok('snapshot', 'take', 'm.t')
  await p.duckdb('data/a.duckdb', table(2))
  await p.ok('snapshot', 'take', 'm.t')
  const { columns, difference } = await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])
  expect(difference).toMatchObject({ changed: 1, unchanged: 1 })
  expect(columns.map(({ column }) => column).toSorted()).toEqual(['b', 'e', 'f', 'h', 'i', 'j', 'l', 'm', 's'])
})

/** More rows than it is asked first in which columns they differ. */
test('of hundreds of changed rows, one alone that differs in another column is told with it', async () => {
  await using p = await ordersProject()
  await p.duckdb(
    'data/a.duckdb',
    "CREATE OR REPLACE TABLE src AS SELECT i AS id, 'n' || i AS name, i * 1.5 AS price, 'x' AS seen, 'a' AS customer FROM range(900) t(i)",
  )
  await p.ok('snapshot', 'take', 'm.t')
  await p.duckdb('data/a.duckdb', 'UPDATE src SET price = price + 1 WHERE id < 400')
  await p.ok('snapshot', 'take', 'm.t')
  const prices = await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])
  expect(prices.columns).toEqual([{ column: 'price', rows: 400 }])
  await p.duckdb('data/a.duckdb', 'UPDATE src SET price = price + 1', "UPDATE src SET name = 'other' WHERE id = 800")
  await p.ok('snapshot', 'take', 'm.t')
  const both = await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t', '--all'])
  expect(both.columns).toEqual([
    { column: 'price', rows: 900 },
    { column: 'name', rows: 1 },
  ])
  expect(both.changed.find(({ key }) => key[0] === '800')?.values).toEqual([
    { column: 'name', old: 'n800', new: 'other' },
    { column: 'price', old: '1200', new: '1201' },
  ])
})

test('a snapshot is taken, listed, shown and compared down to old and new values', async () => {
  await using p = await ordersProject()
  const first = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
  expect(first.snapshots).toMatchObject([
    { flow: 'm.t', scope: {}, status: 'current', previous: null, rows: 6, difference: { new: 6, unchanged: 0 } },
  ])
  await p.duckdb('data/a.duckdb', ...CHANGES)
  const second = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
  const [taken] = second.snapshots
  expect(taken).toMatchObject({
    previous: first.snapshots[0]?.snapshot,
    difference: { new: 1, changed: 1, deleted: 1, unchanged: 4 },
  })
  expect(second.runs).toMatchObject([{ rows: { read: 2, inserted: 1, updated: 1, deleted: 0 } }])

  const listed = await p.json(SnapshotsDocument, ['snapshot', 'list'])
  expect(listed.snapshots.map(({ status }) => status)).toEqual(['current', 'kept'])
  expect(await p.json(SnapshotsDocument, ['snapshot', 'list', 'm.t'])).toEqual(listed)

  const shown = await p.json(SnapshotDocument, ['snapshot', 'show', taken?.snapshot ?? ''])
  expect(shown).toMatchObject({
    key: ['id'],
    keys: { new: [['9']], changed: [['1']], deleted: [['4']] },
    compared: [
      { column: 'id' },
      { column: 'name', type: 'VARCHAR', normalised: ['trim'] },
      { column: 'price' },
      { column: 'customer' },
    ],
  })

  const diff = await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])
  expect(diff).toMatchObject({
    difference: { new: 1, changed: 1, deleted: 1, unchanged: 4 },
    columns: [
      { column: 'name', rows: 1 },
      { column: 'price', rows: 1 },
    ],
    new: [['9']],
    deleted: [['4']],
    changed: [
      {
        key: ['1'],
        values: [
          { column: 'name', old: 'n1', new: 'other' },
          { column: 'price', old: '1.5', new: null },
        ],
      },
    ],
  })
  const ids = [diff.before.snapshot, diff.after.snapshot]
  // the other way round what is new is deleted
  expect(await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t', ...ids.toReversed()])).toMatchObject({
    new: [['4']],
    deleted: [['9']],
    changed: [
      {
        values: [
          { old: 'other', new: 'n1' },
          { old: null, new: '1.5' },
        ],
      },
    ],
  })
})

test('people read aligned tables, and what to do where there is nothing', async () => {
  await using p = await ordersProject()
  expect((await p.ok('snapshot', 'list')).out).toBe('No snapshot yet: tidemark snapshot take FLOW\n')
  await p.ok('deploy')
  const none = await p.cli(['snapshot', 'diff', 'm.t'])
  expect([none.exit, none.err]).toEqual([2, expect.stringContaining('TM1005 unknown snapshot: m.t has none')])
  await p.ok('snapshot', 'take', 'm.t', '--scope', 'customer=a')
  const alone = await p.cli(['snapshot', 'diff', 'm.t', '--scope', 'customer=a'])
  expect(alone.err).toContain('is the only one of customer=a: there is none to compare it with')
  await p.duckdb('data/a.duckdb', ...CHANGES)
  const taken = await p.ok('snapshot', 'take', 'm.t', '--scope', 'customer=a')
  expect(taken.out).toMatch(
    /\ns-.{8} +0 new · 1 changed · 0 deleted · 2 unchanged since s-.{8} +tidemark snapshot diff m\.t s-.{8} s-.{8}\n$/,
  )
  const list = (await p.ok('snapshot', 'list')).out
  expect(list).toMatch(/^SNAPSHOT +FLOW +TAKEN .* ROWS +NEW +CHANGED +DELETED +IMAGE +STATUS\n/)
  expect(list).toMatch(/\ns-.{8} +m\.t customer=a +.* 3 +0 +1 +0 .* current\n/)
  const diff = (await p.ok('snapshot', 'diff', 'm.t', '--scope', 'customer=a')).out
  expect(diff).toMatch(/difference +0 new · 1 changed · 0 deleted · 2 unchanged\n/)
  expect(diff).toMatch(/changes in +name 1 · price 1\n/)
  expect(diff).toMatch(/\n1 +changed +name +n1 +other\n +price +1\.5 +NULL\n$/)
  const id = /s-[0-9a-z]{8}/.exec(list)?.[0] ?? ''
  expect((await p.ok('snapshot', 'show', id)).out).toMatch(/compared +name \(trim\), price, customer\n/)
  const unknown = await p.cli(['snapshot', 'show', 's-00000'])
  expect([unknown.exit, unknown.err]).toEqual([2, expect.stringContaining('TM1005 unknown snapshot: s-00000')])
})

test('more rows than are listed are counted, and --all lists them', async () => {
  await using p = await ordersProject()
  await p.ok('snapshot', 'take', 'm.t')
  await p.duckdb('data/a.duckdb', "INSERT INTO src SELECT i, 'n', 0, 'x', 'a' FROM range(100, 130) t(i)")
  await p.ok('snapshot', 'take', 'm.t')
  expect((await p.ok('snapshot', 'diff', 'm.t')).out).toMatch(/10 more new: --limit N, or --all\n$/)
  expect((await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t', '--limit', '3'])).new).toHaveLength(3)
  expect((await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t', '--all'])).new).toHaveLength(30)
})

test('a flow of another capture takes no snapshot', async () => {
  await using p = await ordersProject()
  await p.ok('deploy')
  p.write('modules/m.yaml', flowYaml().replace(/capture: .*/, 'capture: backfill'))
  await p.ok('deploy', '--overwrite', '--yes')
  const taken = await p.cli(['snapshot', 'take', 'm.t'])
  expect([taken.exit, taken.err]).toEqual([2, expect.stringContaining('TM1019')])
})

test('plan --sql shows the statements of a run, from the extraction to what lands', async () => {
  await using p = await ordersProject()
  await p.ok('deploy')
  const namesOf = (out: string): readonly string[] => [
    ...new Set([...out.matchAll(/^-- (.*)$/gm)].map((m) => m[1] ?? '')),
  ]
  const first = (await p.ok('plan', 'm.t', '--sql')).out
  expect(namesOf(first).slice(0, 5)).toEqual([
    'extraction',
    'keys that are NULL',
    'fingerprints',
    'keys that are there twice',
    'comparison',
  ])
  expect(namesOf(first).at(-1)).toBe('apply')
  expect(first).toMatch(
    /\nCOPY \(SELECT .*\nFROM "source"\."main"\."src" AS m\n.* TO 's-.{8}\.parquet' \(FORMAT parquet/,
  )
  expect((await p.ok('plan', 'm.t')).out).toMatch(/\nSQL +tidemark plan m\.t --sql\n/)
  expect(p.exists('.tidemark/snapshots')).toBe(false)
  expect(p.exists('data/b.duckdb')).toBe(false)
  await p.ok('run', 'm.t')
  const [id = ''] = (await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots.map(({ snapshot }) => snapshot)
  const next = (await p.ok('plan', 'm.t', '--sql')).out
  expect(namesOf(next)).toContain('rows that the target lacks')
  expect(next).toContain(`"hot_row" WHERE snapshot = '${id}'`)
  expect(next).toMatch(/FULL JOIN .*\n/)
})

test('plan says what is compared, and writes nothing', async () => {
  await using p = await ordersProject()
  await p.ok('deploy')
  expect((await p.ok('plan', 'm.t')).out).toContain('there is no snapshot to compare with: every row counts as new')
  expect(p.exists('.tidemark/snapshots')).toBe(false)
  await p.ok('run', 'm.t')
  expect((await p.ok('plan', 'm.t')).out).toMatch(/compared with snapshot s-.{8}: what differs is delivered/)
  await p.ok('status')
  await p.ok('watermarks')
  const [id] = (await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots.map(({ snapshot }) => snapshot)
  const rewound = await p.cli(['rewind', 'm.t', '--to', id ?? '', '--reason', 'no way', '--yes'])
  expect([rewound.exit, rewound.err]).toEqual([
    2,
    expect.stringContaining('TM3008 not a position to rewind to: m.t has no position'),
  ])
  expect((await p.cli(['doctor'])).out).not.toMatch(/TM9|unexpected/)
})

test.each(['csv', 'parquet'])('a folder of %s files is compared with what it was', async (format) => {
  await using p = emptyProject()
  p.write(
    'tidemark.yaml',
    PROJECT_YAML.replace('a: { kind: duckdb, path: data/a.duckdb }', 'a: { kind: files, path: inbox }'),
  )
  p.write('modules/m.yaml', flowYaml().replace('table: src', `table: orders.${format}`))
  p.write('inbox/.keep', '')
  const rows = (changed: string): string =>
    `SELECT i AS id, CASE WHEN i = 3 THEN '${changed}' ELSE 'n' || i END AS name, 1 AS price, 'x' AS seen, 'a' AS customer FROM range(5) t(i)`
  const copy = (query: string) => p.duckdb('data/b.duckdb', `COPY (${query}) TO '${p.path(`inbox/orders.${format}`)}'`)
  await copy(rows('before'))
  await p.ok('snapshot', 'take', 'm.t')
  await copy(`${rows('after')} WHERE i <> 0`)
  const taken = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
  expect(taken.snapshots[0]?.difference).toEqual({ new: 0, changed: 1, deleted: 1, unchanged: 3 })
  expect((await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])).changed).toEqual([
    { key: ['3'], values: [{ column: 'name', old: 'before', new: 'after' }] },
  ])
})

test('columns may be called as our own names are', async () => {
  await using p = emptyProject()
  p.write('tidemark.yaml', PROJECT_YAML)
  p.write(
    'modules/m.yaml',
    flowYaml()
      .replace(/capture: .*/, 'capture: snapshot')
      .replace(/ +scope: .*\n/, ''),
  )
  const names = [
    'i',
    'o',
    'n',
    'j',
    'p',
    'f',
    'h',
    't',
    'm',
    's',
    'q',
    'c',
    'col',
    'name',
    'key',
    'place',
    'kind',
    'x',
    'we"ird',
    'row',
    'snapshot',
    'first_hash',
    'row_hash',
    'old_place',
    'differs',
    'new',
    'old',
    'tidemark key',
    'Tidemark First',
    'tidemark second',
    'tidemark same',
    'tidemark place',
    'tidemark value',
  ]
  const columns = names.map((name, n) => `${n} AS "${name.replaceAll('"', '""')}"`)
  await p.duckdb('data/a.duckdb', `CREATE TABLE src AS SELECT i AS id, ${columns.join(', ')} FROM range(4) g(i)`)
  for (const exact of ['false', 'true']) {
    p.edit(
      'modules/m.yaml',
      /capture: .*/.exec(p.read('modules/m.yaml'))?.[0] ?? '',
      `capture: { kind: snapshot, exact: ${exact} }`,
    )
    await p.ok('snapshot', 'take', 'm.t', '--deploy')
    await p.duckdb(
      'data/a.duckdb',
      `UPDATE src SET ${names.map((name) => `"${name.replaceAll('"', '""')}" = 99 + "id" + "new"`).join(', ')} WHERE id = 1`,
    )
    const taken = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
    expect(taken.snapshots[0]?.difference).toEqual({ new: 0, changed: 1, deleted: 0, unchanged: 3 })
    const diff = await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])
    expect(diff.changed[0]?.values.map(({ column }) => column).sort()).toEqual(names.toSorted())
    expect(diff.columns).toHaveLength(names.length)
  }
  await p.duckdb('data/a.duckdb', 'CREATE OR REPLACE TABLE src AS SELECT 1 AS id, 2 AS file_row_number')
  const hidden = await p.cli(['snapshot', 'take', 'm.t', '--full', '--fresh'])
  expect([hidden.exit, hidden.err]).toEqual([expect.any(Number), expect.stringMatching(/TM2007|TM4108/)])
})
