/** `apply: live` and `forensic` on the real command line: what is deleted is said, and the brake is lifted by name. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RunDocument } from '@tidemark/contract/api'
import { SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { expect, test } from 'vitest'
import { emptyProject, PROJECT_YAML, type Project } from './project.ts'

async function project(apply: string, more = ''): Promise<Project> {
  const p = emptyProject()
  p.write('tidemark.yaml', PROJECT_YAML)
  p.write(
    'modules/m.yaml',
    `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: snapshot
      apply: ${apply}
${more}`,
  )
  await p.duckdb(
    'data/a.duckdb',
    "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name, 'a' AS customer FROM range(20) t(i)",
  )
  return p
}

test('what a mirror deletes is counted and said, and the brake is lifted by --allow-deletes', async () => {
  await using p = await project('live')
  await p.ok('run', 'm.t', '--deploy')
  await p.duckdb('data/a.duckdb', 'DELETE FROM src WHERE id IN (3, 4)')
  const taken = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
  expect(taken.runs).toMatchObject([{ status: 'succeeded', rows: { read: 0, deleted: 2 } }])
  expect(taken.runs[0]?.reason).toMatch(/^s-.{8}: 2 deleted, 18 unchanged since s-.{8}$/)
  expect(taken.snapshots).toMatchObject([{ difference: { deleted: 2 } }])

  await p.duckdb('data/a.duckdb', 'DELETE FROM src WHERE id > 6')
  const plan = await p.ok('plan', 'm.t')
  expect(plan.out).toContain(
    'rows that the source no longer has are deleted: at most 20%, and 10 rows whatever their share',
  )
  const refused = await p.cli(['run', 'm.t'])
  expect(refused.exit).toBe(1)
  expect(refused.err).toContain('TM5007')
  expect(refused.err).toContain('dst would lose 13 of 18 rows, and max_delete is 20%')
  expect(refused.err).toContain('tidemark run m.t --allow-deletes')
  expect(await p.rows('data/b.duckdb', 'SELECT count(*) FROM dst')).toEqual([['18']])

  const lifted = await p.ok('run', 'm.t', '--allow-deletes', '--reason', 'the partner closed these accounts')
  expect(lifted.out).toMatch(/13 deleted/)
  expect(await p.rows('data/b.duckdb', 'SELECT id FROM dst ORDER BY id')).toEqual([['0'], ['1'], ['2'], ['5'], ['6']])
  const { runs } = await p.json(RunDocument, ['run', 'm.t'])
  expect(runs).toMatchObject([{ status: 'nothing_to_do' }])
})

test('forensic makes its table with the columns of versions, and plan shows it', async () => {
  await using p = await project('forensic')
  await p.ok('deploy')
  expect((await p.ok('plan', 'm.t')).out).toMatch(/batch_in"? int NOT NULL, "?batch_out"? int NOT NULL/)
  await p.ok('run', 'm.t')
  await p.duckdb('data/a.duckdb', 'DELETE FROM src WHERE id = 3', "UPDATE src SET name = 'x' WHERE id = 4")
  const { runs } = await p.json(RunDocument, ['run', 'm.t'])
  expect(runs).toMatchObject([{ rows: { read: 1, inserted: 0, updated: 1, deleted: 1 } }])
  expect(
    await p.rows(
      'data/b.duckdb',
      'SELECT id, name, batch_in, batch_out FROM dst WHERE id IN (3, 4) ORDER BY id, batch_in',
    ),
  ).toEqual([
    ['3', 'n3', '1', '1'],
    ['4', 'n4', '1', '1'],
    ['4', 'x', '2', '2147483647'],
  ])
})

test('a scope that the target does not hold is refused by plan and run, with what to do', async () => {
  await using p = await project('live', '      scope: { customer: customer }\n      columns: { exclude: [customer] }\n')
  await p.ok('deploy')
  for (const command of ['plan', 'run']) {
    const { exit, err } = await p.cli([command, 'm.t', '--scope', 'customer=a'])
    expect([exit, err]).toEqual([2, expect.stringContaining('the target does not get customer')])
  }
  expect(p.exists('data/b.duckdb')).toBe(false)
})

/** Every file with its digest, but for what the control store's journal does. */
const filesOf = (p: Project): readonly (readonly [string, string])[] =>
  readdirSync(p.path('.'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/control\.db-(?:wal|shm)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, createHash('sha256').update(readFileSync(path)).digest('hex')] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

test.each(['latest', 'live', 'forensic', 'none'])(
  'a dry run of apply: %s counts what the run does, and writes nothing',
  async (apply) => {
    await using p = await project(apply)
    await p.ok('run', 'm.t', '--deploy')
    await p.duckdb(
      'data/a.duckdb',
      'DELETE FROM src WHERE id IN (3, 4)',
      "UPDATE src SET name = 'x' WHERE id < 2",
      "INSERT INTO src VALUES (40, 'n', 'b')",
    )
    const before = filesOf(p)
    const weighed = (await p.json(RunDocument, ['run', 'm.t', '--dry-run'])).runs[0]
    expect(filesOf(p)).toEqual(before)
    expect(weighed?.status).toBe('dry_run')
    const { runs } = await p.json(RunDocument, ['run', 'm.t'])
    expect(weighed?.rows).toEqual(runs[0]?.rows)
    expect(weighed?.reason).toBe(`nothing was written; ${runs[0]?.reason?.replace(/^s-.{8}: /, '') ?? ''}`)
  },
)

test('a dry run stops at the brake as the run would, and --allow-deletes lifts it', async () => {
  await using p = await project('live')
  await p.ok('run', 'm.t', '--deploy')
  await p.duckdb('data/a.duckdb', 'DELETE FROM src WHERE id > 4')
  const refused = await p.cli(['run', 'm.t', '--dry-run'])
  expect([refused.exit, refused.err]).toEqual([1, expect.stringContaining('TM5007')])
  const { runs } = await p.json(RunDocument, ['run', 'm.t', '--dry-run', '--allow-deletes'])
  expect(runs).toMatchObject([{ rows: { deleted: 15 } }])
})
