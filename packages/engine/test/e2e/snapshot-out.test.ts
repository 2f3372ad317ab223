/** `tidemark snapshot diff --out` and `--columns`: every difference as a file, and the page for people. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { SnapshotDiffDocument } from '@tidemark/contract/snapshot-documents'
import { expect, test } from 'vitest'
import { childEnvironment } from '../../src/runtime/config.ts'
import { emptyProject, PROJECT_YAML, type Project } from './project.ts'

const flowYaml = (more = ''): string => `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id, line]
      capture: snapshot
${more}`

const WEIRD = '"a""; drop"'

/** Two snapshots: rows 1 to 4 changed, 5 gone, 7 and 8 new, 6 as it was. */
async function twoSnapshots(yaml = flowYaml()): Promise<Project> {
  const p = emptyProject({ 'tidemark.yaml': PROJECT_YAML, 'modules/m.yaml': yaml })
  await p.duckdb(
    'data/a.duckdb',
    `CREATE TABLE src (id BIGINT, line INTEGER, name VARCHAR, ${WEIRD} VARCHAR, price DECIMAL(38,10), n BIGINT, seen TIMESTAMP)`,
    `INSERT INTO src SELECT i, 1, 'n' || i, '', 1.5, 9007199254740993 + i, TIMESTAMP '2026-01-02 03:04:05.678901' FROM range(1, 7) t(i)`,
  )
  await p.ok('snapshot', 'take', 'm.t', '--deploy')
  await p.duckdb(
    'data/a.duckdb',
    `UPDATE src SET name = '<script>alert("x")</script>', ${WEIRD} = NULL WHERE id = 1`,
    `UPDATE src SET name = E'two\\nlines, "quoted"', price = -12345678901234567890.0123456789 WHERE id = 2`,
    "UPDATE src SET name = ' ', n = 9223372036854775807, seen = seen + INTERVAL 1 MICROSECOND WHERE id = 3",
    "UPDATE src SET name = 'NULL' WHERE id = 4",
    'DELETE FROM src WHERE id = 5',
    `INSERT INTO src VALUES (7, 2, 'n7', '</table>', 0, 0, NULL), (8, 2, NULL, '', 0, 0, NULL)`,
  )
  await p.ok('snapshot', 'take', 'm.t')
  return p
}

const LINES = [
  ['["1","1"]', 'changed', 'a"; drop', '', null],
  ['["1","1"]', 'changed', 'name', 'n1', '<script>alert("x")</script>'],
  ['["2","1"]', 'changed', 'name', 'n2', 'two\nlines, "quoted"'],
  ['["2","1"]', 'changed', 'price', '1.5', '-12345678901234567890.0123456789'],
  ['["3","1"]', 'changed', 'n', '9007199254740996', '9223372036854775807'],
  ['["3","1"]', 'changed', 'name', 'n3', ' '],
  ['["3","1"]', 'changed', 'seen', '2026-01-02T03:04:05.678901', '2026-01-02T03:04:05.678902'],
  ['["4","1"]', 'changed', 'name', 'n4', 'NULL'],
  ['["5","1"]', 'deleted', null, null, null],
  ['["7","2"]', 'new', null, null, null],
  ['["8","2"]', 'new', null, null, null],
]

const READ: Readonly<Record<string, (file: string) => string>> = {
  csv: (file) => `SELECT * FROM read_csv('${file}', all_varchar = true, header = true, allow_quoted_nulls = false)`,
  json: (file) =>
    `SELECT CAST(key AS VARCHAR), kind, "column", old, new FROM read_json('${file}', columns = {key: 'JSON', kind: 'VARCHAR', "column": 'VARCHAR', old: 'VARCHAR', new: 'VARCHAR'})`,
  parquet: (file) => `SELECT CAST(to_json(key) AS VARCHAR), kind, "column", old, new FROM read_parquet('${file}')`,
}

test.each(Object.entries(READ))('--out differences.%s holds every difference, in exact texts', async (format, read) => {
  await using p = await twoSnapshots()
  const file = p.path(`out/of/differences.${format}`)
  const diff = await p.json(SnapshotDiffDocument, [
    'snapshot',
    'diff',
    'm.t',
    '--limit',
    '1',
    '--out',
    `out/of/differences.${format}`,
  ])
  expect(diff.out).toEqual({
    file,
    format,
    lines: LINES.length,
    bytes: p.bytesOf(`out/of/differences.${format}`).length,
  })
  expect(diff.changed).toHaveLength(1)
  expect(await p.rows('data/a.duckdb', read(file))).toEqual(LINES)
  expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)])
  // without a changed row, and without any
  await p.ok('snapshot', 'take', 'm.t')
  const none = await p.ok('snapshot', 'diff', 'm.t', '--out', `out/none.${format}`)
  expect(none.out).toMatch(new RegExp(`0 changed · 0 deleted · 7 unchanged\\nwritten to .*none.${format}   0 lines`))
  expect(p.exists(`out/none.${format}`)).toBe(true)
})

test('--columns looks at some columns alone, on the screen and in files', async () => {
  await using p = await twoSnapshots()
  const asked = ['snapshot', 'diff', 'm.t', '--columns', 'PRICE,n']
  const diff = await p.json(SnapshotDiffDocument, asked)
  expect(diff).toMatchObject({
    only: ['price', 'n'],
    difference: { new: 2, changed: 2, deleted: 1, unchanged: 3 },
    columns: [
      { column: 'n', rows: 1 },
      { column: 'price', rows: 1 },
    ],
    changed: [{ key: ['2', '1'] }, { key: ['3', '1'], values: [{ column: 'n' }] }],
  })
  await p.ok(...asked, '--out', 'd.csv')
  expect(p.read('d.csv').split('\n').slice(1, 3)).toEqual([
    '"[""2"",""1""]",changed,price,1.5,-12345678901234567890.0123456789',
    '"[""3"",""1""]",changed,n,9007199254740996,9223372036854775807',
  ])
  await p.ok(...asked, '--out', 'd.html')
  expect(p.read('d.html')).toContain('Only these columns are looked at: <bdi>price, n</bdi>')
  const comma = await p.json(SnapshotDiffDocument, [
    'snapshot',
    'diff',
    'm.t',
    '--columns',
    'a"; drop',
    '--columns',
    'seen',
  ])
  expect(comma).toMatchObject({ only: ['a"; drop', 'seen'], difference: { changed: 2 } })
  const none = await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t', '--columns', 'line'])
  expect(none).toMatchObject({ difference: { changed: 0, unchanged: 5 }, columns: [], changed: [] })
  const unknown = await p.cli(['snapshot', 'diff', 'm.t', '--columns', 'price,pirce'])
  expect([unknown.exit, unknown.err]).toEqual([
    2,
    expect.stringMatching(
      /TM4002 .*--columns names pirce, which neither snapshot compares\n +compared in both: id, line, /,
    ),
  ])
})

test('a column that only one of the two compares cannot be chosen', async () => {
  await using p = await twoSnapshots(flowYaml('      drift: add\n'))
  await p.duckdb('data/a.duckdb', 'ALTER TABLE src ADD COLUMN later VARCHAR')
  await p.ok('snapshot', 'take', 'm.t', '--full')
  const [, latest] = /after +(s-.{8})/.exec((await p.ok('snapshot', 'diff', 'm.t')).out) ?? []
  const alone = await p.cli(['snapshot', 'diff', 'm.t', '--columns', 'later'])
  expect([alone.exit, alone.err]).toEqual([2, expect.stringContaining(`names later, which ${latest} alone compares`)])
  await p.ok('snapshot', 'diff', 'm.t', '--out', 'd.html')
  expect(p.read('d.html')).toContain('<li>Added: <bdi>later</bdi></li>')
})

const tagsOf = (page: string): ReadonlySet<string> =>
  new Set([...page.matchAll(/<\/?([a-z!][a-z0-9]*)/gi)].map((m) => m[1] ?? ''))

test('the report is one page that asks for nothing else, with every value as text', async () => {
  await using p = await twoSnapshots()
  const { out } = await p.ok('snapshot', 'diff', 'm.t', '--out', 'report.HTML')
  expect(out).toMatch(/\nwritten to .*report\.HTML   \d+ KiB\n$/)
  const page = p.read('report.HTML')
  // what a row says is text, and what the page is made of is ours
  expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;')
  expect(page).toContain('a&quot;; drop')
  expect(page).toContain('&lt;/table&gt;')
  expect([...tagsOf(page)].sort()).toEqual(
    'bdi body caption code dd del div dl doctype dt footer h1 h2 head header html ins link main meta p section span style table tbody td th thead time title tr'
      .split(' ')
      .map((tag) => (tag === 'doctype' ? '!doctype' : tag))
      .sort(),
  )
  expect(page).not.toMatch(/\b(?:src|action|onload|onerror)=|href="(?!data:,")|url\(|@import|https?:/)
  expect(page).toContain("default-src 'none'")
  for (const [label, n] of Object.entries({ New: 2, Changed: 4, Deleted: 1, Unchanged: 1 }))
    expect(page).toContain(`<dt>${label}</dt><dd>${n}</dd>`)
  // NULL, the empty text, the text NULL and a blank are told apart
  expect(page).toContain(
    '<del><span class="absent">empty text</span></del></td><td><ins><span class="absent">NULL</span></ins>',
  )
  expect(page).toContain('<ins>“<bdi>NULL</bdi>”</ins>')
  expect(page).toContain('<ins>“<bdi> </bdi>”</ins>')
  expect(page).toContain('All 4 of them.')
  // tables have headers, sections have headings
  for (const table of page.match(/<table[^]*?<\/table>/g) ?? [])
    expect(table).toMatch(/<th scope="col">[^]*<th scope="row">/)
  for (const [, id] of page.matchAll(/<section aria-labelledby="(\w+)"/g)) expect(page).toContain(`<h2 id="${id}">`)
})

test('a long table ends somewhere and says what was left out', async () => {
  await using p = await twoSnapshots()
  await p.duckdb(
    'data/a.duckdb',
    `INSERT INTO src SELECT i, 3, repeat('x', 1000), '', 0, 0, NULL FROM range(1000, 2500) t(i)`,
    'UPDATE src SET price = 7 WHERE id < 5',
  )
  await p.ok('snapshot', 'take', 'm.t')
  await p.ok('snapshot', 'diff', 'm.t', '--out', 'd.html')
  const page = p.read('d.html')
  expect(page).toContain('The first 20 of 1 500, by key: 1 480 more are not shown.')
  expect(page.match(/… \(1000 characters in all\)/g)).toHaveLength(20)
  expect(page).not.toContain('x'.repeat(301))
  await p.ok('snapshot', 'diff', 'm.t', '--out', 'd.html', '--yes', '--limit', '3')
  expect(p.read('d.html')).toContain('The first 3 of 1 500, by key: 1 497 more are not shown.')
  for (const more of [['--all'], ['--limit', '501']]) {
    const refused = await p.cli(['snapshot', 'diff', 'm.t', '--out', 'other.html', ...more])
    expect([refused.exit, refused.err]).toEqual([
      2,
      expect.stringContaining('a report shows at most 500 rows of each kind'),
    ])
  }
})

test('a masked value is in no report and in no file', async () => {
  await using p = await twoSnapshots(flowYaml('      columns: { mask: { name: { redact: hidden } } }\n'))
  for (const format of ['html', 'csv', 'json', 'parquet']) {
    await p.ok('snapshot', 'diff', 'm.t', '--out', `d.${format}`)
    const bytes = p.bytesOf(`d.${format}`).toString('latin1')
    expect(bytes).not.toMatch(/n[1-8]\b|script|quoted/)
  }
  expect(p.read('d.html')).toContain('<bdi>hidden</bdi>')
})

test('another ending is refused, and what is there is written over only when asked', async () => {
  await using p = await twoSnapshots()
  for (const name of ['d.xlsx', 'd', 'csv', '.csv']) {
    const refused = await p.cli(['snapshot', 'diff', 'm.t', '--out', name])
    expect([refused.exit, refused.err]).toEqual([
      2,
      expect.stringContaining(`TM1002 usage: --out must end with .html, .csv, .parquet or .json, not "${name}"`),
    ])
  }
  p.write('d.csv', 'mine')
  const asked = await p.cli(['snapshot', 'diff', 'm.t', '--out', 'd.csv'])
  expect([asked.exit, asked.err]).toEqual([
    2,
    expect.stringContaining('TM1020 not confirmed: snapshot diff would write over'),
  ])
  const no = await p.cli(['snapshot', 'diff', 'm.t', '--out', 'd.csv'], { tty: true, typed: 'n\n' })
  expect([no.exit, p.read('d.csv')]).toEqual([2, 'mine'])
  expect((await p.cli(['snapshot', 'diff', 'm.t', '--out', 'd.csv'], { tty: true, typed: 'y\n' })).exit).toBe(0)
  expect(p.read('d.csv')).toMatch(/^key,kind,column,old,new\n/)
  p.write('folder.json/x', '')
  const folder = await p.cli(['snapshot', 'diff', 'm.t', '--out', 'folder.json', '--yes'])
  expect([folder.exit, folder.err]).toEqual([1, expect.stringMatching(/TM2020 .*folder\.json is a folder/)])
  const below = await p.cli(['snapshot', 'diff', 'm.t', '--out', 'd.csv/e.csv'])
  expect([below.exit, below.err]).toEqual([1, expect.stringContaining('TM2020 file cannot be written')])
  const alone = await p.cli(['snapshot', 'diff', 'm.t', '--yes'])
  expect([alone.exit, alone.err]).toEqual([2, expect.stringContaining('TM1002')])
  // refused for another reason, it leaves nothing behind and everything as it was
  const whole = p.read('d.csv')
  for (const file of ['never.csv', 'd.csv'])
    expect((await p.cli(['snapshot', 'diff', 'm.t', 's-00000', '--out', file, '--yes'])).exit).toBe(2)
  expect(p.read('d.csv')).toBe(whole)
  expect(readdirSync(p.dir).filter((name) => /never|part/.test(name))).toEqual([])
})

const CHANGED = 30_000

/** Two snapshots in which so many rows differ that the file takes its time. */
async function manyChanges(): Promise<Project> {
  const p = emptyProject({ 'tidemark.yaml': PROJECT_YAML, 'modules/m.yaml': flowYaml('      apply: none\n') })
  const table = (salt: number): string =>
    `CREATE OR REPLACE TABLE src AS SELECT i AS id, 1 AS line, ${Array.from({ length: 8 }, (_, c) => `md5((i + ${c * salt})::VARCHAR) AS c${c}`).join(', ')} FROM range(${CHANGED}) t(i)`
  await p.duckdb('data/a.duckdb', table(1))
  await p.ok('snapshot', 'take', 'm.t', '--deploy')
  await p.duckdb('data/a.duckdb', table(7))
  await p.ok('snapshot', 'take', 'm.t')
  return p
}

const BIN = path.resolve(import.meta.dirname, '../../bin/tidemark.js')

test('a full disk and ^C leave no half file, and one that was there stays as it was', async () => {
  await using p = await manyChanges()
  p.write('out/d.csv', 'mine')
  const argv = ['snapshot', 'diff', 'm.t', '--out', 'out/d.csv', '--yes']

  // a limit on the size of each file is a real full disk to the process that runs into it
  const limited = promisify(execFile)(
    'bash',
    ['-c', 'ulimit -f 8000; exec "$@"', 'bash', process.execPath, BIN, ...argv],
    {
      cwd: p.dir,
      env: childEnvironment({}),
    },
  )
  await expect(limited).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^TM2004 /m) })
  expect([readdirSync(p.path('out')), p.read('out/d.csv')]).toEqual([['d.csv'], 'mine'])

  const child = p.child(argv)
  const part = p.path(`out/.d.csv.${child.process.pid}.part`)
  while (!existsSync(part)) await sleep(5)
  child.process.kill('SIGINT')
  const ended = await child.ended
  expect([ended.exit, ended.out]).toEqual([130, ''])
  expect([readdirSync(p.path('out')), p.read('out/d.csv')]).toEqual([['d.csv'], 'mine'])

  await p.ok(...argv)
  expect(p.read('out/d.csv').split('\n')).toHaveLength(CHANGED * 7 + 2)
})
