import {
  DoctorDocument,
  ErrorDocument,
  MigrateDocument,
  PlanDocument,
  PrepareDocument,
  RunDocument,
} from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject, type Project } from './project.ts'
import { fileInsert, treeProject } from './tree-project.ts'

const NOW = "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)"

/** Two updated, one new, and one that the target has in a newer version. */
async function change(p: Project): Promise<void> {
  await p.duckdb(
    'data/a.duckdb',
    `UPDATE src SET v = 'newer', modified_on = ${NOW} WHERE id = 1`,
    `UPDATE src SET modified_on = ${NOW} WHERE id = 2`,
    `INSERT INTO src VALUES (100, 'new', 'odd', ${NOW})`,
    `UPDATE src SET v = 'late', modified_on = ${NOW} WHERE id = 3`,
  )
  await p.duckdb('data/b.duckdb', `UPDATE dst SET modified_on = TIMESTAMP '2030-01-01' WHERE id = 3`)
}

/** The dry run and the plan first, then the real run: the counts of both. */
async function dryThenReal(p: Project, ...wish: readonly string[]) {
  const before = p.bytes()
  const dry = (await p.json(RunDocument, ['run', 'm.t', '--dry-run', ...wish])).runs[0]
  const plan = (await p.json(PlanDocument, ['plan', 'm.t', ...wish])).plans[0]
  expect(p.bytes()).toEqual(before)
  const real = (await p.json(RunDocument, ['run', 'm.t', ...wish])).runs.at(-1)
  return { dry, plan, real }
}

test('plan and dry run of a deployed project make no file and change no byte where store, target and temp are not there yet', async () => {
  await using p = await flatProject(25)
  const before = p.bytes()
  for (const argv of [
    ['plan', 'm.t'],
    ['run', 'm.t', '--dry-run'],
  ]) {
    const refused = await p.json(ErrorDocument, argv, 2)
    expect(refused.error.code).toBe('TM1018')
    expect(p.bytes()).toEqual(before)
  }
})

test('check, export, doctor and what prints SQL make no store where there is none yet', async () => {
  await using p = await flatProject()
  const before = p.bytes()
  for (const argv of [['check'], ['export'], ['doctor'], ['migrate', '--print-sql'], ['__complete', 'run', '']])
    await p.ok(...argv)
  expect(p.bytes()).toEqual(before)
})

test('plan and dry run leave every byte as it was before the first run, and the run then does what they said', async () => {
  await using p = await flatProject(25)
  await p.ok('deploy')
  const { dry, plan, real } = await dryThenReal(p, '--batch-rows', '10')
  expect(dry).toMatchObject({ status: 'dry_run', rows: { read: 25, inserted: 25 }, batches: 3 })
  expect(plan).toMatchObject({ rows: 25, batches: 3 })
  expect(real).toMatchObject({ status: 'succeeded', rows: dry?.rows, batches: dry?.batches })
})

test('plan and dry run leave every byte as it was before a delta, and count it as the run does', async () => {
  await using p = await flatProject(10)
  await p.ok('run', 'm.t')
  await change(p)
  const { dry, plan, real } = await dryThenReal(p)
  expect(dry?.rows).toMatchObject({ read: 4, inserted: 1, updated: 2, skipped_older: 1, skipped_same: 0 })
  expect(plan?.rows).toBe(4)
  expect(real?.rows).toEqual(dry?.rows)
})

test('a dry run with --full, --after and --up-to, or a scope, counts what such a run does', async () => {
  await using p = await flatProject(10)
  p.edit('modules/m.yaml', 'apply: latest', 'apply: latest\n      scope: { part: part }')
  await p.ok('run', 'm.t')
  await change(p)
  for (const wish of [
    ['--scope', 'part=odd'],
    ['--after', '2020-01-01 00:00:03', '--up-to', '2020-01-01 00:00:06'],
    ['--full'],
  ]) {
    const { dry, real } = await dryThenReal(p, ...wish)
    expect([wish, real?.rows]).toEqual([wish, dry?.rows])
    expect(Number(dry?.rows.read)).toBeGreaterThan(0)
  }
})

test('a dry run of insert-missing and of a backfill counts what such a run does', async () => {
  await using p = await flatProject(10)
  p.edit('modules/m.yaml', 'apply: latest', 'apply: insert-missing')
  await p.ok('run', 'm.t')
  await change(p)
  const missing = await dryThenReal(p)
  expect(missing.real?.rows).toEqual(missing.dry?.rows)
  expect(missing.dry?.rows).toMatchObject({ inserted: 1, updated: 0 })
  await using q = await flatProject(10)
  q.edit('modules/m.yaml', '{ kind: watermark, position: modified_on, clock: utc, buffer: 0s }', 'backfill')
  q.edit('modules/m.yaml', 'apply: latest', 'apply: insert-missing')
  await q.ok('run', 'm.t')
  await change(q)
  const back = await dryThenReal(q)
  expect(back.real?.rows).toEqual(back.dry?.rows)
  expect(back.dry?.rows).toMatchObject({ inserted: 1 })
})

test('plan and dry run of a tree leave every byte as it was, and count moved subtrees and new files as the run does', async () => {
  await using p = await treeProject()
  await p.ok('deploy')
  const first = await dryThenReal(p)
  expect(first.real?.rows).toEqual(first.dry?.rows)
  await p.duckdb(
    'data/a.duckdb',
    fileInsert('d', '/a/d/', '/a/').replace("TIMESTAMP '2020-01-01'", NOW),
    `UPDATE files SET loc = '/z/', modified_on = ${NOW} WHERE id = 'a'`,
    `UPDATE files SET loc = replace(loc, '/a/', '/z/'), parent = replace(parent, '/a/', '/z/') WHERE id <> 'a'`,
  )
  const second = await dryThenReal(p)
  expect(second.dry?.rows).toMatchObject({ read: 4, inserted: 1, updated: 3 })
  expect(second.real?.rows).toEqual(second.dry?.rows)
})

test('a dry run after a crash leaves the unfinished run, its work file and its lease as they are', async () => {
  await using p = await flatProject(6)
  await p.ok('deploy')
  const crashed = await p.child(['run', 'm.t', '--batch-rows', '2', '--parallel', '1'], {
    TIDEMARK_FAILPOINT: 'batch:before-commit:2',
  }).ended
  expect(crashed.signal).toBe('SIGKILL')
  await p.rows('data/b.duckdb', 'SELECT 1')
  const before = p.bytes()
  await p.json(RunDocument, ['run', 'm.t', '--dry-run'])
  await p.json(PlanDocument, ['plan', 'm.t'])
  expect(p.bytes()).toEqual(before)
})

test('doctor leaves every byte of store, target and temp as it is, also after a crash', async () => {
  await using p = await flatProject(6)
  await p.ok('run', 'm.t')
  const ran = p.bytes()
  await p.json(DoctorDocument, ['doctor'])
  expect(p.bytes()).toEqual(ran)
  await change(p)
  const crashed = await p.child(['run', 'm.t', '--batch-rows', '1', '--parallel', '1'], {
    TIDEMARK_FAILPOINT: 'batch:after-commit:2',
  }).ended
  expect(crashed.signal).toBe('SIGKILL')
  const before = p.bytes()
  expect(Object.keys(before).filter((file) => file.endsWith('.wal')).length).toBeGreaterThan(0)
  await p.json(DoctorDocument, ['doctor'])
  await p.ok('__complete', 'show', '')
  await p.json(MigrateDocument, ['migrate', '--print-sql'])
  expect(p.bytes()).toEqual(before)
})

test('prepare --print-sql opens nothing, and an answer other than yes makes nothing', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  const before = p.bytes()
  await p.json(PrepareDocument, ['prepare', 'b', '--print-sql'])
  expect((await p.json(ErrorDocument, ['prepare', 'b'], 2)).error.code).toBe('TM1020')
  expect(p.bytes()).toEqual(before)
})
