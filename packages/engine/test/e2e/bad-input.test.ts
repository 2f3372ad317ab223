import { ErrorDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { type Answer, emptyProject, flatProject, type Project, PROJECT_YAML } from './project.ts'

/** Refused with this exit code and these words; no run, no lease, and not a byte of source and target changed. */
async function expectRefused(
  p: Project,
  argv: readonly string[],
  exit: number,
  ...words: readonly (string | RegExp)[]
): Promise<Answer> {
  const data = dataOf(p)
  const answer = await p.cli(argv)
  expect({ argv, exit: answer.exit, out: answer.out }).toEqual({ argv, exit, out: '' })
  for (const word of words)
    expect(answer.err).toEqual(expect.stringMatching(typeof word === 'string' ? RegExp.escape(word) : word))
  const code = /TM\d{4}/.exec(answer.err)?.[0]
  expect(answer.err).toContain(`More: tidemark explain ${code}`)
  expect(dataOf(p)).toEqual(data)
  return answer
}

const dataOf = (p: Project) => Object.fromEntries(Object.entries(p.bytes()).filter(([file]) => file.startsWith('data')))

function expectNoRun(p: Project): void {
  expect(p.store('select id from run')).toEqual([])
  p.expectFree()
}

/** Typed at `m.t`, whose definition was changed so. */
async function withFlow(from: string, to: string): Promise<Project> {
  const p = await flatProject()
  p.edit('modules/m.yaml', from, to)
  return p
}

// ── definitions

test('no project: it is said where it was looked for', async () => {
  await using p = await flatProject()
  await expectRefused(
    p,
    ['run', '--project', p.path('modules')],
    2,
    'TM1001 no project here: no tidemark.yaml in',
    'tidemark init DIR',
  )
})

test('a missing source file is named with its connection, and no target is made', async () => {
  await using p = await flatProject()
  p.edit('tidemark.yaml', 'data/a.duckdb', 'data/nowhere.duckdb')
  await expectRefused(
    p,
    ['run', 'm.t'],
    2,
    'TM2001 cannot open: ',
    'data/nowhere.duckdb (connection a) does not exist',
    'tidemark connections shows it',
  )
  await expectRefused(p, ['plan', 'm.t'], 2, 'TM2001')
  expectNoRun(p)
  const { out, exit } = await p.cli(['connections'])
  expect(exit).toBe(0)
  expect(out).toMatch(/a +duckdb +.*nowhere\.duckdb +not reached: TM2001/)
})

test('wrong YAML is shown with its line, column and frame', async () => {
  await using p = await withFlow('key: [id]', 'key: [id')
  await expectRefused(p, ['run', 'm.t'], 2, /TM1010 YAML cannot be read: .*modules\/m\.yaml:8:\d+/, '| ', '^')
})

test('an unknown key is shown with its line, column and frame, and with the key that was meant', async () => {
  await using p = await withFlow('buffer: 0s', 'buffr: 0s')
  const { err } = await expectRefused(
    p,
    ['run', 'm.t'],
    2,
    /TM1012 unknown key: .*"buffr" in modules\/m\.yaml:8:\d+ {3}did you mean "buffer"\?/,
    '^^^^^',
  )
  expect(err).toContain('capture: { kind: watermark')
})

test('a literal password is refused at its place, and its value is never said', async () => {
  await using p = await flatProject()
  p.edit('tidemark.yaml', 'data/b.duckdb }', 'data/b.duckdb, password: hunter2 }')
  for (const argv of [['run', '--all'], ['check'], ['deploy'], ['plan', '--all', '--json'], ['export']]) {
    const { exit, out, err } = await p.cli(argv)
    expect([argv, exit]).toEqual([argv, 2])
    expect(out + err).toMatch(/TM1015 literal secret: .*tidemark\.yaml:5:\d+/)
    expect(out + err).toContain('env:NAME')
    expect(out + err).not.toContain('hunter2')
  }
})

test('a literal password in a control table is refused as well, by table and field, and its value is never said', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  p.store(`update connection set options = json_object('path', 'data/b.duckdb', 'password', 'hunter2') where id = 'b'`)
  for (const argv of [
    ['run', 'm.t'],
    ['status'],
    ['plan', 'm.t', '--json'],
    ['run', 'm.t', '--deploy'],
    ['connections'],
    ['deploy'],
  ]) {
    const { exit, out, err } = await p.cli(argv)
    expect([argv, exit]).toEqual([argv, 2])
    expect(out + err).toMatch(
      /TM1015 literal secret: the value of \\?"password\\?", in the control tables: connection b, options\.password/,
    )
    expect(out + err).not.toContain('hunter2')
  }
  const mended = await p.cli(['deploy', '--overwrite', '--yes'])
  expect(mended.exit).toBe(0)
  expect(mended.out + mended.err).not.toContain('hunter2')
})

test('a secret that is not set is named, never guessed', async () => {
  await using p = await flatProject()
  p.edit('tidemark.yaml', 'path: data/b.duckdb', 'path: env:NOT_SET_ANYWHERE')
  await expectRefused(p, ['run', 'm.t'], 2, 'TM1016 secret not found: environment variable NOT_SET_ANYWHERE is not set')
})

test('a connection that is not defined is named at its place', async () => {
  await using p = await withFlow('connection: a', 'connection: aa')
  await expectRefused(p, ['run', 'm.t'], 2, /TM1013 .*aa.* modules\/m\.yaml:5:\d+/, 'did you mean "a"?')
})

// ── tables and columns

test('a missing table is named with the file it was looked for in', async () => {
  await using p = await withFlow('table: src', 'table: scr')
  await expectRefused(p, ['run', 'm.t'], 2, /TM4001 source table not found: scr on .*a\.duckdb/)
  expectNoRun(p)
})

test.each([
  ['position', 'modified_on', 'modified_at'],
  ['key', 'key: [id]', 'key: [ident]'],
])('a missing %s column is named, with those there are', async (_what, from, to) => {
  await using p = await withFlow(from, to)
  await expectRefused(p, ['run', 'm.t'], 2, 'TM4002 column not found: ', /id, v, part, modified_on/)
  expectNoRun(p)
})

test('a column that an existing target cannot hold is refused before the first row, with both types', async () => {
  await using p = await flatProject()
  await p.duckdb('data/b.duckdb', 'CREATE TABLE dst (id SMALLINT, v VARCHAR, part VARCHAR, modified_on TIMESTAMP)')
  await expectRefused(
    p,
    ['run', 'm.t'],
    2,
    'TM4107 column cannot be held exactly: ',
    /id/,
    /BIGINT/,
    /SMALLINT/,
    'columns: { exclude: [id] }',
  )
  expectNoRun(p)
})

test('a target without a column that the flow delivers is drift, and is said', async () => {
  await using p = await flatProject()
  await p.duckdb('data/b.duckdb', 'CREATE TABLE dst (id BIGINT, part VARCHAR, modified_on TIMESTAMP)')
  await expectRefused(p, ['run', 'm.t'], 2, 'TM4108 table drifted: ', /\bv\b/)
  expectNoRun(p)
})

test.each([
  ['NULL', "INSERT INTO src VALUES (NULL, 'x', 'odd', TIMESTAMP '2020-01-01')", 'TM4004 NULL in the key: '],
  [
    'duplicate',
    "INSERT INTO src VALUES (2, 'x', 'odd', TIMESTAMP '2020-01-01')",
    'TM4005 key is not unique in the source: ',
  ],
])(
  'a %s key fails the run, names the rows, writes nothing and leaves the lease free',
  async (_what, insert, message) => {
    await using p = await flatProject()
    await p.duckdb('data/a.duckdb', insert)
    const data = dataOf(p)
    const { exit, err } = await p.cli(['run', 'm.t'])
    expect(exit).toBe(1)
    expect(err).toContain(message)
    expect(dataOf(p)).toEqual(data)
    p.expectFree()
    // and once mended, the same run goes on
    await p.duckdb('data/a.duckdb', "DELETE FROM src WHERE v = 'x'")
    await p.ok('run', 'm.t')
    expect(await p.rows('data/b.duckdb', 'SELECT count(*) FROM dst')).toEqual([['3']])
  },
)

test('names with quotes, spaces, semicolons and dots travel from YAML to both databases', async () => {
  await using p = emptyProject({ 'tidemark.yaml': PROJECT_YAML })
  p.write(
    'modules/m.yaml',
    `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: '"odd ""schema"""."my; DROP TABLE x; --"' }
      target: { connection: b, table: '"it''s. a table"' }
      key: ['the "key"']
      capture: { kind: watermark, position: '"mod on;"', clock: utc, buffer: 0s }
      scope: { part: '"pa.rt"' }
      columns: { rename: { 'a;b': 'c"d e' } }
`,
  )
  await p.duckdb(
    'data/a.duckdb',
    'CREATE SCHEMA "odd ""schema"""',
    'CREATE TABLE "odd ""schema"""."my; DROP TABLE x; --" ("the ""key""" BIGINT, "a;b" VARCHAR, "pa.rt" VARCHAR, "mod on;" TIMESTAMP)',
    `INSERT INTO "odd ""schema"""."my; DROP TABLE x; --" VALUES (1, ''';--', 'o"dd', TIMESTAMP '2020-01-01'), (2, 'b', 'even', TIMESTAMP '2020-01-01')`,
  )
  await p.ok('run', 'm.t', '--scope', `part=o"dd`)
  await p.ok('plan', 'm.t', '--sql')
  await p.ok('run', 'm.t')
  expect(
    await p.rows('data/b.duckdb', `SELECT "the ""key""", "c""d e", "pa.rt" FROM "it's. a table" ORDER BY 1`),
  ).toEqual([
    ['1', "';--", 'o"dd'],
    ['2', 'b', 'even'],
  ])
})

// ── rewind

test('a rewind to the future, to nonsense, without a reason or without --yes changes nothing', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  const marks = p.store('select position, version from watermark')
  const to = (position: string, ...more: readonly string[]) => ['rewind', 'm.t', '--to', position, ...more]
  await expectRefused(
    p,
    to('2999-01-01', '--reason', 'x', '--yes'),
    2,
    'TM3008 not a position to rewind to: 2999-01-01',
    'lies beyond the watermark',
    'tidemark watermarks',
  )
  await expectRefused(
    p,
    to('nonsense', '--reason', 'x', '--yes'),
    2,
    'TM3008 not a position to rewind to: "nonsense" is no TIMESTAMP',
  )
  await expectRefused(p, to('2020-01-01', '--yes'), 2, 'TM1002', '--reason')
  await expectRefused(p, to('2020-01-01', '--reason', '  ', '--yes'), 2, 'TM1002 usage: --reason needs a value')
  await expectRefused(p, to('2020-01-01', '--reason', 'x'), 2, 'TM1020 not confirmed: rewind of m.t to 2020-01-01')
  await expectRefused(
    p,
    ['rewind', 'm.u', '--to', '2020-01-01', '--reason', 'x', '--yes'],
    2,
    'TM1003',
    'did you mean m.t?',
  )
  expect(p.store('select position, version from watermark')).toEqual(marks)
  p.expectFree()
})

// ── files

test.each(['a', 'b'])(
  'a corrupt DuckDB file (connection %s) is named, left as it is, and the lease is free',
  async (id) => {
    await using p = await flatProject()
    await p.ok('deploy')
    p.write(`data/${id}.duckdb`, 'this is no database, '.repeat(1_000))
    await expectRefused(
      p,
      ['run', 'm.t'],
      2,
      'TM2003 not a database: ',
      `data/${id}.duckdb`,
      'restore it from a backup',
    )
    await expectRefused(p, ['plan', 'm.t'], 2, 'TM2003')
    expectNoRun(p)
  },
)

test('a corrupt control store is named and left as it is, by every command that opens it', async () => {
  await using p = await flatProject()
  p.write('.tidemark/control.db', 'this is no database, '.repeat(1_000))
  const before = p.bytes()
  for (const argv of [['run', 'm.t'], ['plan', 'm.t'], ['status'], ['deploy'], ['migrate'], ['check']])
    await expectRefused(
      p,
      argv,
      2,
      'TM3005 control store cannot be opened: ',
      '.tidemark/control.db',
      'restore the file',
    )
  expect(p.bytes()).toEqual(before)
})

test('a control store of a newer version is left as it is, and the version is said', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  const table = String(
    p.store("select name from sqlite_master where name like '%migration%' and type = 'table'")[0]?.['name'],
  )
  p.store(`update ${table} set version = 99 where version = (select max(version) from ${table})`)
  const before = p.bytes()
  for (const argv of [['run', 'm.t'], ['plan', 'm.t'], ['status'], ['deploy'], ['migrate']])
    await expectRefused(
      p,
      argv,
      2,
      'TM3004 control store is newer than this program: ',
      '99',
      'install that version or a newer one',
    )
  expect(p.bytes()).toEqual(before)
})

// ── options

test.each([
  [['--batch-rows', '0'], '--batch-rows must be a whole number of at least 1, not "0"'],
  [['--batch-rows', '-1'], '--batch-rows must be a whole number of at least 1, not "-1"'],
  [['--batch-rows', '1.5'], 'not "1.5"'],
  [['--parallel', '0'], '--parallel must be a whole number of at least 1'],
  [['--after', '2020-01-01'], '--after and --up-to belong together'],
  [['--up-to', '2020-01-01'], '--after and --up-to belong together'],
  [['--full', '--after', '2020-01-01', '--up-to', '2020-01-02'], 'TM1019'],
  [['--accept-change'], '--accept-change needs --reason TEXT'],
  [['--buffer', 'soon'], '--buffer must be'],
  [['--wait', 'long'], '--wait must be'],
  [['--lane', 'road'], '--lane must be pushdown, relay or spool'],
  [['--scope', 'part'], '--scope must be NAME=VALUE'],
  [['--all'], '--all is every flow'],
  [['--module', 'm'], 'not both'],
  [['--nonsense'], "unknown option '--nonsense'"],
])('tidemark run m.t %j is refused before anything is opened', async (options, words) => {
  await using p = await flatProject()
  const before = p.bytes()
  await expectRefused(
    p,
    ['run', 'm.t', ...options],
    2,
    words,
    /tidemark run --help|tidemark COMMAND --help|leave one of them out/,
  )
  expect(p.bytes()).toEqual(before)
})

test.each(['relay'])('a lane that this version does not have (%s) is refused', async (lane) => {
  await using p = await flatProject()
  await expectRefused(p, ['run', 'm.t', '--lane', lane], 2, 'TM4016 lane is not possible')
  expectNoRun(p)
})

test('a batch size in YAML of 0 or less is refused at its place', async () => {
  for (const rows of ['0', '-1']) {
    await using p = await withFlow('apply: latest', `apply: latest\n      batch: { rows: ${rows} }`)
    await expectRefused(p, ['run', 'm.t'], 2, /TM1011 .*modules\/m\.yaml:10:\d+/)
  }
})

test('a period that is no position, or ends before it begins, is refused', async () => {
  await using p = await flatProject()
  await expectRefused(
    p,
    ['run', 'm.t', '--after', 'yesterday', '--up-to', '2020-01-02'],
    2,
    'TM4014 not a position: ',
    'yesterday',
  )
  await expectRefused(p, ['run', 'm.t', '--after', '2020-01-03', '--up-to', '2020-01-02'], 2, /TM\d{4} .*2020-01-03/)
  expectNoRun(p)
})

test('a buffer of the wrong kind is refused: a count for times', async () => {
  await using p = await flatProject()
  await expectRefused(p, ['run', 'm.t', '--buffer', '5'], 2, /TM\d{4} .*buffer/)
  expectNoRun(p)
})

test('a scope that is not declared is refused with those there are, and so is a value that is none of its type', async () => {
  await using p = await withFlow('apply: latest', 'apply: latest\n      scope: { part: part, number: id }')
  await expectRefused(p, ['run', 'm.t', '--scope', 'prt=odd'], 2, 'TM4013 unknown scope: ', 'prt', /part/)
  await expectRefused(
    p,
    ['run', 'm.t', '--scope', 'number=seven'],
    2,
    'TM4015 value does not fit the column: ',
    '"seven" is no BIGINT',
  )
  await expectRefused(p, ['plan', 'm.t', '--scope', 'prt=odd'], 2, 'TM4013')
  await expectRefused(
    p,
    ['rewind', 'm.t', '--scope', 'prt=odd', '--to', '2020-01-01', '--reason', 'x', '--yes'],
    2,
    'TM4013',
  )
  expectNoRun(p)
})

// ── runs

test('an unknown run is refused by show, resume, cancel and reset', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  for (const command of ['show', 'resume', 'cancel', 'reset'])
    for (const id of ['r-zzzzz', 'nonsense'])
      await expectRefused(p, [command, id], 2, `TM1004 unknown run: ${id}`, 'tidemark runs')
})

test('a finished run can be neither resumed, nor cancelled, nor reset', async () => {
  await using p = await flatProject()
  await p.ok('run', 'm.t')
  const id = String(p.store('select id from run')[0]?.['id'])
  for (const command of ['resume', 'cancel', 'reset'])
    await expectRefused(
      p,
      [command, id],
      2,
      command === 'resume' ? 'TM3006 run cannot be resumed' : 'TM3012 run has ended',
      `${id} is succeeded`,
    )
  await expectRefused(p, ['resume', '--last'], 2, 'TM3006', 'no run is unfinished')
  await expectRefused(p, ['resume'], 2, 'TM1002', 'name a run, or --last')
  p.expectFree()
})

test('an error with --json has the same code and exit', async () => {
  await using p = await withFlow('table: src', 'table: scr')
  const { error } = await p.json(ErrorDocument, ['run', 'm.t'], 2)
  expect(error.code).toBe('TM4001')
  expect(error.remedy).not.toEqual([])
})
