import { DoctorDocument, MigrateDocument, RunDocument, StatusDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject, PROJECT_YAML, type Project } from '../e2e/project.ts'
import { PostgresStoreHarness } from './postgres-store-harness.ts'

const PASSWORD = 'p@ss:/w#rd%41'

/** A flow between two DuckDB files whose ledger is in PostgreSQL, with a password that no URL could hold as it is. */
async function projectAt(harness: PostgresStoreHarness): Promise<Project> {
  const url = harness.url.replace('postgres@', `postgres:\${env:CONTROL_PW}@`)
  return await flatProject(25, {
    'tidemark.yaml': PROJECT_YAML.replace('sqlite:.tidemark/control.db', url),
    '.env': `CONTROL_PW='${PASSWORD}'\n`,
  })
}

const schemas = (harness: PostgresStoreHarness) =>
  harness.sql(`select count(*) as n from pg_namespace where nspname = 'tidemark'`)

test('plan, dry run and all that looks make no schema, and change nothing', async () => {
  await using harness = await PostgresStoreHarness.empty('18')
  await using p = await projectAt(harness)
  const before = p.bytes()
  for (const argv of [
    ['check'],
    ['export'],
    ['status'],
    ['runs'],
    ['migrate', '--print-sql'],
    ['doctor'],
    ['__complete', 'run', ''],
  ])
    await p.ok(...argv)
  for (const argv of [
    ['plan', 'm.t'],
    ['run', 'm.t', '--dry-run'],
  ])
    expect((await p.cli(argv)).exit).toBe(2)
  expect(await schemas(harness)).toEqual([{ n: 0 }])
  expect(p.bytes()).toEqual(before)
})

test('a project whose ledger is in PostgreSQL deploys, plans, runs and tells of it, and its password is nowhere', async () => {
  await using harness = await PostgresStoreHarness.empty('18')
  await using p = await projectAt(harness)
  const said = [await p.ok('deploy'), await p.ok('plan', 'm.t'), await p.ok('run', 'm.t', '--dry-run')]
  expect(await harness.sql('select count(*) as n from run')).toEqual([{ n: 0 }])
  const { runs } = await p.json(RunDocument, ['run', 'm.t', '--batch-rows', '10'])
  expect(runs).toMatchObject([{ flow: 'm.t', status: 'succeeded', rows: { read: 25, inserted: 25 }, batches: 3 }])
  said.push(
    await p.ok('status'),
    await p.ok('runs'),
    await p.ok('watermarks'),
    await p.ok('doctor'),
    await p.ok('export'),
  )
  expect((await p.json(StatusDocument, ['status'])).flows).toMatchObject([{ flow: 'm.t' }])
  expect(await harness.sql('select state, batches_done from run')).toEqual([{ state: 'succeeded', batches_done: 3 }])
  expect(await harness.sql('select worker from lease')).toEqual([{ worker: null }])
  expect(JSON.stringify(said)).not.toContain(PASSWORD)
  expect(JSON.stringify(said)).not.toContain(encodeURIComponent(PASSWORD))
})

test('doctor finds what is missing in the schema, and what migrate prints puts it back', async () => {
  await using harness = await PostgresStoreHarness.empty('15')
  await using p = await projectAt(harness)
  const printed = await p.json(MigrateDocument, ['migrate', '--print-sql'])
  expect(printed).toMatchObject({ version: 0, known: 5, pending: expect.arrayContaining(['0001-catalog']) })
  await p.ok('migrate')
  expect((await p.ok('migrate', '--print-sql')).out).toContain('is up to date')
  await using session = await harness.connect()
  await session.script('drop trigger task_updated on task; alter table module drop column schedule')
  const { checks } = await p.json(DoctorDocument, ['doctor'], 1)
  const found = checks.find(({ id }) => id === 'store-integrity')
  expect(found?.status).toBe('fail')
  expect(found?.detail).toContain(
    'column module.schedule is missing; constraint module.module_schedule_check is missing; trigger task.task_updated is missing',
  )
  expect(found?.remedy[0]).toContain('tidemark migrate --print-sql')
  expect(checks.some(({ id }) => id === 'lease')).toBe(false) // the tables cannot be read without that column
  const { out } = await p.ok('migrate', '--print-sql')
  await session.script(out)
  await session.script('alter table module add column schedule json')
  expect((await p.ok('migrate', '--print-sql')).out).not.toContain('trigger')
})
