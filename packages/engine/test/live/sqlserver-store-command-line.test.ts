import { DoctorDocument, MigrateDocument, RunDocument, StatusDocument } from '@tidemark/contract/api'
import { describe, expect, test } from 'vitest'
import { flatProject, PROJECT_YAML, type Project } from '../e2e/project.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { serverAbilities, SqlServerStoreHarness } from './sqlserver-store-harness.ts'

const { definitions } = await serverAbilities()

/** A flow between two DuckDB files whose ledger is in SQL Server, its password in the environment. */
async function projectAt(harness: SqlServerStoreHarness): Promise<Project> {
  const url = new URL(harness.url)
  const password = decodeURIComponent(url.password)
  url.password = 'PW'
  return await flatProject(25, {
    'tidemark.yaml': PROJECT_YAML.replace(
      'sqlite:.tidemark/control.db',
      url.href.replace(':PW@', ':${env:CONTROL_PW}@'),
    ),
    '.env': `CONTROL_PW='${password}'\n`,
  })
}

const schemas = (harness: SqlServerStoreHarness) =>
  harness.sql(`select count(*) as n from sys.schemas where name = 'tidemark'`)

describe.skipIf(TEST_SERVER === null)('the command line with its ledger on SQL Server', () => {
  test('makes no schema by what only looks, plan and dry run among it', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await using p = await projectAt(harness)
    const before = p.bytes()
    for (const argv of [['check'], ['export'], ['status'], ['runs'], ['migrate', '--print-sql'], ['doctor']])
      await p.ok(...argv)
    for (const argv of [
      ['plan', 'm.t'],
      ['run', 'm.t', '--dry-run'],
    ])
      expect((await p.cli(argv)).exit).toBe(2)
    expect(await schemas(harness)).toEqual([{ n: 0 }])
    expect(p.bytes()).toEqual(before)
  })

  test('deploys, plans, runs and tells of it', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await using p = await projectAt(harness)
    await p.ok('migrate')
    await harness.open() // which looks to what the server lacks
    await p.ok('deploy')
    await p.ok('plan', 'm.t')
    await p.ok('run', 'm.t', '--dry-run')
    expect(await harness.sql('select count(*) as n from run')).toEqual([{ n: 0 }])
    const { runs } = await p.json(RunDocument, ['run', 'm.t', '--batch-rows', '10'])
    expect(runs).toMatchObject([{ flow: 'm.t', status: 'succeeded', rows: { read: 25, inserted: 25 }, batches: 3 }])
    for (const command of ['status', 'runs', 'watermarks', 'doctor', 'export']) await p.ok(command)
    expect((await p.json(StatusDocument, ['status'])).flows).toMatchObject([{ flow: 'm.t' }])
    expect(await harness.sql('select state, batches_done from run')).toEqual([{ state: 'succeeded', batches_done: 3 }])
    expect(await harness.sql('select worker from lease')).toEqual([{ worker: null }])
  })

  test('prints one script that makes the store, and what doctor finds missing in it', async () => {
    await using harness = await SqlServerStoreHarness.empty()
    await using p = await projectAt(harness)
    const printed = await p.json(MigrateDocument, ['migrate', '--print-sql'])
    expect(printed).toMatchObject({ version: 0, known: 5, pending: expect.arrayContaining(['0001-catalog']) })
    const { out: script } = await p.ok('migrate', '--print-sql')
    for (const _ of [1, 2]) await harness.script(script)
    expect((await p.ok('migrate', '--print-sql')).out).toContain('is up to date')
    await harness.script('drop trigger tidemark.task_updated\ngo\nalter table tidemark.reject drop column last_at')
    const { checks } = await p.json(DoctorDocument, ['doctor'], 1)
    const found = checks.find(({ id }) => id === 'store-integrity')
    expect(found?.status).toBe('fail')
    expect(found?.detail).toContain('column reject.last_at is missing')
    if (!definitions) return // a server that does not show them
    expect(found?.detail).toContain('trigger task.task_updated is missing')
    expect(found?.remedy[0]).toContain('tidemark migrate --print-sql')
    await harness.script((await p.ok('migrate', '--print-sql')).out)
    await harness.script('alter table tidemark.reject add last_at nvarchar(30) collate Latin1_General_100_BIN2')
    expect((await p.ok('migrate', '--print-sql')).out).not.toContain('trigger')
  })
})
