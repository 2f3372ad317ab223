/** Snapshots into PostgreSQL on the real command line, from a DuckDB file, files, and the same database. */
import { readdirSync } from 'node:fs'
import { RunDocument } from '@tidemark/contract/api'
import { SnapshotDiffDocument, SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { expect, test } from 'vitest'
import { emptyProject, type Project } from '../e2e/project.ts'
import { TestDatabase } from '../support/postgres-database.ts'

interface Ends {
  readonly apply: string
  readonly source?: string
  readonly more?: string
}

function projectInto(db: TestDatabase, { apply, source = 'connection: a, table: src', more = '' }: Ends): Project {
  const p = emptyProject()
  p.write(
    'tidemark.yaml',
    `project: test
connections:
  a: { kind: duckdb, path: data/a.duckdb }
  inbox: { kind: files, path: data/inbox }
  b: { kind: postgres, url: "${db.url}" }
`,
  )
  p.write(
    'modules/m.yaml',
    `module: m
tasks:
  - id: t
    flow:
      source: { ${source} }
      target: { connection: b, table: dst }
      key: [id]
      capture: snapshot
      apply: ${apply}
${more}`,
  )
  return p
}

const SOURCE = "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, 'a' AS customer FROM range(20) t(i)"
const CHANGES = [
  'DELETE FROM src WHERE id IN (3, 4)',
  "UPDATE src SET name = 'x' WHERE id < 2",
  "INSERT INTO src VALUES (40, 'n', 'b')",
]

/** Every row of every table of the database, as text. */
async function everything(db: TestDatabase): Promise<readonly unknown[]> {
  const tables = await db.rows(
    "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1",
  )
  const rows: unknown[] = []
  for (const [table] of tables)
    rows.push([table, await db.rows(`SELECT CAST(t AS text) FROM ${table} AS t ORDER BY 1`)])
  return rows
}

test.each(['latest', 'live', 'forensic', 'none'])(
  'a dry run of apply: %s into PostgreSQL counts what the run does, and writes nothing there',
  async (apply) => {
    await using db = await TestDatabase.create('18')
    await using p = projectInto(db, { apply })
    await p.duckdb('data/a.duckdb', SOURCE)
    await p.ok('deploy')
    const first = (await p.json(RunDocument, ['run', 'm.t', '--dry-run'])).runs[0]
    expect(await everything(db)).toEqual([])
    expect(first?.rows).toEqual((await p.json(RunDocument, ['run', 'm.t'])).runs[0]?.rows)
    await p.duckdb('data/a.duckdb', ...CHANGES)
    const before = await everything(db)
    const weighed = (await p.json(RunDocument, ['run', 'm.t', '--dry-run'])).runs[0]
    expect(await everything(db)).toEqual(before)
    const { runs } = await p.json(RunDocument, ['run', 'm.t'])
    expect(weighed?.rows).toEqual(runs[0]?.rows)
    expect(weighed?.reason).toBe(`nothing was written; ${runs[0]?.reason?.replace(/^s-.{8}: /, '') ?? ''}`)
  },
)

test.each(['live', 'forensic'])('the plan of apply: %s into PostgreSQL has its statements', async (apply) => {
  await using db = await TestDatabase.create('18')
  await using p = projectInto(db, { apply })
  await p.duckdb('data/a.duckdb', SOURCE)
  await p.ok('deploy')
  // a table that is not there has no keys to bring
  expect((await p.ok('plan', 'm.t', '--sql')).out).not.toContain('keys that the target holds')
  await p.ok('run', 'm.t')
  await p.duckdb('data/a.duckdb', ...CHANGES)
  const before = await everything(db)
  const { out } = await p.ok('plan', 'm.t', '--sql')
  expect(await everything(db)).toEqual(before)
  expect(out).toContain('keys that the target holds')
  const at = [
    /COPY \(SELECT .*src/s,
    /COPY \(SELECT .*dst/s,
    /work\.held/,
    apply === 'live' ? /DELETE FROM .*dst/ : /UPDATE .*dst/,
  ]
  for (const statement of at) expect(out).toMatch(statement)
})

test.each(['parquet', 'csv'])('a folder of %s files is mirrored into PostgreSQL', async (format) => {
  await using db = await TestDatabase.create('18')
  await using p = projectInto(db, {
    apply: '{ kind: live, max_delete: 50% }',
    source: `connection: inbox, table: "orders.${format}"`,
  })
  p.write('data/inbox/keep', '')
  const write = (query: string): Promise<void> =>
    p.duckdb('data/other.duckdb', `COPY (${query}) TO '${p.path(`data/inbox/orders.${format}`)}' (FORMAT ${format})`)
  await write("SELECT i AS id, 'n' || i AS name, CAST(i / 4 AS DECIMAL(9,2)) AS amount FROM range(10) t(i)")
  expect((await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t', '--deploy'])).runs).toMatchObject([
    { status: 'succeeded', lane: 'spool', rows: { inserted: 10 } },
  ])
  await write("SELECT i AS id, 'n' || i AS name, CAST(i / 2 AS DECIMAL(9,2)) AS amount FROM range(8) t(i)")
  expect((await p.json(RunDocument, ['run', 'm.t'])).runs).toMatchObject([
    { status: 'succeeded', rows: { deleted: 2, updated: 7 } },
  ])
  expect(await db.rows('SELECT count(*), sum(amount) FROM dst')).toEqual([['8', '14.00']])
  expect((await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])).difference).toMatchObject({
    changed: 7,
    deleted: 2,
  })
  expect(readdirSync(p.path('.tidemark/tmp'))).toEqual([])
})

test('a table is mirrored within one database of PostgreSQL, under the brake', async () => {
  await using db = await TestDatabase.create('18')
  await db.exec("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM generate_series(0, 19) AS t(i)")
  await using p = projectInto(db, { apply: 'live', source: 'connection: b, table: src' })
  expect((await p.json(RunDocument, ['run', 'm.t', '--deploy'])).runs).toMatchObject([{ rows: { inserted: 20 } }])
  await db.exec('DELETE FROM src WHERE id > 4')
  const before = await everything(db)
  const refused = await p.cli(['run', 'm.t'])
  expect([refused.exit, refused.err]).toEqual([1, expect.stringContaining('dst would lose 15 of 20 rows')])
  expect(await db.rows('SELECT count(*) FROM dst')).toEqual([['20']])
  expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toHaveLength(1)
  expect((await everything(db)).filter((row) => String(row).startsWith('public.'))).toEqual(
    before.filter((row) => String(row).startsWith('public.')),
  )
  const lifted = await p.ok('run', 'm.t', '--allow-deletes', '--reason', 'they are gone')
  expect(lifted.out).toContain('15 deleted')
  expect(await db.rows('SELECT id FROM dst ORDER BY id')).toEqual(await db.rows('SELECT id FROM src ORDER BY id'))
})

test('a row that PostgreSQL does not take is a reject until it lands, and a retry is told to run instead', async () => {
  await using db = await TestDatabase.create('18')
  await db.exec('CREATE TABLE dst (id bigint PRIMARY KEY, name text CHECK (name <> $$bad$$), customer text NOT NULL)')
  await using p = projectInto(db, { apply: 'live', more: '      on_reject: quarantine\n' })
  await p.duckdb(
    'data/a.duckdb',
    SOURCE,
    "UPDATE src SET name = 'bad' WHERE id = 7",
    'UPDATE src SET customer = NULL WHERE id = 8',
  )
  expect((await p.json(RunDocument, ['run', 'm.t', '--deploy'], 4)).runs).toMatchObject([
    { status: 'succeeded_with_rejects', rows: { inserted: 18, rejected: 2 } },
  ])
  const retry = await p.cli(['rejects', 'retry', 'm.t'])
  expect([retry.exit, retry.err]).toEqual([2, expect.stringContaining('TM1017')])
  await p.duckdb('data/a.duckdb', "UPDATE src SET name = 'good', customer = 'a' WHERE id IN (7, 8)")
  expect((await p.json(RunDocument, ['run', 'm.t'])).runs).toMatchObject([
    { status: 'succeeded', rows: { inserted: 2 } },
  ])
  expect(await db.rows('SELECT count(*) FROM dst')).toEqual([['20']])
})
