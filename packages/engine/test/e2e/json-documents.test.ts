import {
  CancelDocument,
  CheckDocument,
  CompletionDocument,
  ConnectionsDocument,
  DeployDocument,
  DoctorDocument,
  ErrorDocument,
  ExplainDocument,
  ExportDocument,
  InitDocument,
  MigrateDocument,
  PlanDocument,
  PrepareDocument,
  ResetDocument,
  RewindDocument,
  RunDocument,
  RunsDocument,
  ShowDocument,
  StatusDocument,
  VersionDocument,
  WatermarksDocument,
} from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { emptyProject, flatProject, type Project } from './project.ts'
import { treeProject } from './tree-project.ts'

/** Every document that looks, in this state of the project. */
async function look(p: Project) {
  const runs = await p.json(RunsDocument, ['runs'])
  const id = runs.runs[0]?.run ?? null
  return {
    runs,
    status: await p.json(StatusDocument, ['status']),
    watermarks: await p.json(WatermarksDocument, ['watermarks']),
    plan: await p.json(PlanDocument, ['plan', '--all']),
    show: id === null ? null : await p.json(ShowDocument, ['show', id]),
  }
}

test('the documents of a project that never ran are whole, and empty where nothing is', async () => {
  await using p = await flatProject(3)
  await p.ok('deploy')
  const { runs, status, watermarks, plan } = await look(p)
  expect(runs).toEqual({ runs: [] })
  expect(watermarks).toEqual({ watermarks: [] })
  expect(status.flows).toMatchObject([
    {
      flow: 'm.t',
      scope: {},
      active: true,
      last_run: null,
      watermark: null,
      lag_ms: null,
      state: 'never run',
      holder: null,
    },
  ])
  expect(plan.plans).toMatchObject([
    {
      flow: 'm.t',
      source: 'a:src',
      target: 'b:dst',
      capture: 'watermark (initial load)',
      window: { after: null },
      rows: 3,
      batches: 1,
      resumes: null,
      nothing_to_do: null,
    },
  ])
  expect(plan.plans[0]?.create_table).toContain('CREATE TABLE')
})

test('run, runs, show, watermarks, status and plan print their documents after a success', async () => {
  await using p = await flatProject(25)
  const ran = await p.json(RunDocument, ['run', '--all', '--batch-rows', '10'])
  const zero = { deleted: 0, skipped_same: 0, skipped_older: 0, rejected: 0 }
  expect(ran.runs).toMatchObject([
    {
      flow: 'm.t',
      scope: {},
      status: 'succeeded',
      lane: 'pushdown',
      batches: 3,
      error: null,
      rows: { read: 25, inserted: 25, updated: 0, ...zero },
    },
  ])
  const { runs, status, watermarks, plan, show } = await look(p)
  // what this run left undone is not the ledger's
  const { remarks, ...facts } = ran.runs[0] ?? { remarks: [] }
  expect(remarks).toEqual([])
  expect(runs.runs).toMatchObject([
    {
      ...facts,
      group: ran.group,
      attempts: 1,
      superseded_by: null,
      command: 'tidemark run --all --batch-rows 10 --json',
    },
  ])
  expect(runs.runs[0]?.started_at).not.toBeNull()
  expect(show?.steps).toMatchObject([
    { step: 1, name: 'rows', status: 'done', batches: 3, batches_done: 3, rows: { inserted: 25 } },
  ])
  expect(show?.plan).toMatchObject({ flow: 'm.t' })
  expect(watermarks.watermarks).toMatchObject([
    { flow: 'm.t', scope: {}, position: ran.runs[0]?.window?.up_to, run: ran.runs[0]?.run },
  ])
  expect(status.flows).toMatchObject([
    { state: 'up to date', watermark: ran.runs[0]?.window?.up_to, last_run: { status: 'succeeded', error: null } },
  ])
  expect(plan.plans).toMatchObject([{ rows: 0, batches: 0, steps: [], create_table: null }])
  expect(plan.plans[0]?.nothing_to_do).toContain('no rows after')
})

test('a run that finds nothing says so in every document, with the time it looked', async () => {
  await using p = await flatProject()
  await p.ok('run', '--all')
  const ran = await p.json(RunDocument, ['run', '--all'])
  expect(ran.runs).toMatchObject([{ status: 'nothing_to_do', batches: 0, error: null, rows: { read: 0 } }])
  expect(ran.runs[0]?.reason).toContain('no rows after')
  const { runs, status, show } = await look(p)
  expect(runs.runs).toMatchObject([{ status: 'nothing_to_do' }, { status: 'succeeded' }])
  expect(runs.runs[0]?.started_at).toMatch(/^20/)
  expect(runs.runs[0]?.finished_at).toBe(runs.runs[0]?.started_at)
  expect(show?.steps).toEqual([])
  expect(status.flows).toMatchObject([{ state: 'up to date', last_run: { status: 'nothing_to_do' } }])
})

test('a failed run is told in every document by its code and message', async () => {
  await using p = await flatProject()
  await p.duckdb('data/a.duckdb', "INSERT INTO src VALUES (NULL, 'x', 'odd', TIMESTAMP '2020-01-01')")
  const ran = await p.json(RunDocument, ['run', 'm.t'], 1)
  expect(ran.runs).toMatchObject([{ status: 'failed', error: { code: 'TM4004' }, rows: { inserted: 0 } }])
  const { runs, status, watermarks, plan, show } = await look(p)
  expect(runs.runs).toMatchObject([{ status: 'failed', error: ran.runs[0]?.error }])
  expect(show?.run.error).toEqual(ran.runs[0]?.error)
  expect(show?.remedy.join('\n')).not.toMatch(/\bFLOW\b|\bRUN\b|^$/)
  expect(status.flows).toMatchObject([
    {
      state: `TM4004: tidemark resume ${ran.runs[0]?.run}, or run the flow again`,
      last_run: { error: { code: 'TM4004' } },
    },
  ])
  expect(watermarks.watermarks).toEqual([])
  expect(plan.plans[0]?.resumes).toBe(ran.runs[0]?.run)
})

test('a cancelled run is told in every document, and no error is made of it', async () => {
  await using p = await flatProject()
  const { exit, out } = await p.cli(['run', 'm.t', '--json', '--batch-rows', '1'], { stopAt: /step rows/ })
  expect(exit).toBe(130)
  const ran = RunDocument.parse(JSON.parse(out))
  expect(ran.runs).toMatchObject([{ status: 'cancelled', error: null, reason: 'stopped by the operator' }])
  const { runs, status, plan, show } = await look(p)
  expect(runs.runs).toMatchObject([{ status: 'cancelled', error: null }])
  expect(show?.steps).toMatchObject([{ status: 'planned', batches: 3 }])
  expect(status.flows).toMatchObject([{ state: `resume: tidemark resume ${ran.runs[0]?.run}, or run the flow again` }])
  expect(plan.plans[0]?.resumes).toBe(ran.runs[0]?.run)
})

test('a crashed run is told from a running one, and the next run answers with both its resume and its own', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  const crashed = await p.child(['run', 'm.t', '--batch-rows', '1', '--parallel', '1'], {
    TIDEMARK_FAILPOINT: 'batch:after-commit:2',
  }).ended
  expect(crashed.signal).toBe('SIGKILL')
  const { runs, status, plan, show } = await look(p)
  expect(runs.runs).toMatchObject([{ status: 'running', finished_at: null, batches: 1 }])
  const id = runs.runs[0]?.run ?? ''
  expect(show?.steps).toMatchObject([{ status: 'running', batches: 3, batches_done: 1 }])
  expect(status.flows).toMatchObject([
    { state: `its worker is gone: tidemark resume ${id}, or run the flow again`, holder: null },
  ])
  expect(plan.plans[0]?.resumes).toBe(id)
  const again = await p.json(RunDocument, ['run', 'm.t'])
  expect(again.runs).toMatchObject([
    { run: id, status: 'succeeded', batches: 3, rows: { read: 3, inserted: 3 } },
    { status: 'nothing_to_do' },
  ])
  p.expectFree()
})

test('scopes are objects in every document, each with its own watermark', async () => {
  await using p = await flatProject(4)
  p.edit('modules/m.yaml', 'apply: latest', 'apply: latest\n      scope: { part: part }')
  const odd = await p.json(RunDocument, ['run', 'm.t', '--scope', 'part=odd'])
  expect(odd.runs).toMatchObject([{ scope: { part: 'odd' }, rows: { inserted: 2 } }])
  await p.json(RunDocument, ['run', 'm.t'])
  const { runs, status, watermarks } = await look(p)
  expect(runs.runs.map((r) => r.scope)).toEqual([{}, { part: 'odd' }])
  expect(watermarks.watermarks.map((w) => w.scope)).toEqual([{}, { part: 'odd' }])
  expect(status.flows.map((f) => f.scope)).toEqual([{}, { part: 'odd' }])
  const plan = await p.json(PlanDocument, ['plan', 'm.t', '--scope', 'part=odd'])
  expect(plan.plans).toMatchObject([{ scope: { part: 'odd' } }])
})

test('waiting rows are counted in run, runs and plan, with the time they arrive', async () => {
  await using p = await flatProject()
  p.edit('modules/m.yaml', 'buffer: 0s', 'buffer: 4h')
  await p.duckdb(
    'data/a.duckdb',
    "INSERT INTO src SELECT 9, 'young', 'odd', CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)",
  )
  const ran = await p.json(RunDocument, ['run', 'm.t'])
  expect(ran.runs).toMatchObject([{ status: 'succeeded', waiting: { rows: 1 }, rows: { read: 3 } }])
  expect(ran.runs[0]?.waiting?.until).toMatch(/^20/)
  const { runs, plan } = await look(p)
  expect(runs.runs[0]?.waiting).toEqual(ran.runs[0]?.waiting)
  expect(plan.plans[0]?.waiting).toEqual(ran.runs[0]?.waiting)
})

test('a dry run answers with the document of a run, without an id and without a group', async () => {
  await using p = await flatProject()
  const dry = await p.json(RunDocument, ['run', 'm.t', '--dry-run', '--deploy'])
  expect(dry).toMatchObject({
    group: null,
    runs: [{ run: null, status: 'dry_run', reason: 'nothing was written', rows: { read: 3, inserted: 3 }, batches: 1 }],
  })
  expect((await p.json(RunsDocument, ['runs'])).runs).toEqual([])
})

test('the plan of a tree names its three steps with their rows and batches', async () => {
  await using p = await treeProject()
  await p.ok('deploy')
  const { plans } = await p.json(PlanDocument, ['plan', 'm.t'])
  expect(plans).toMatchObject([
    {
      shape: 'tree',
      steps: [
        { name: 'roots', rows: 1 },
        { name: 'ancestors', rows: 0 },
        { name: 'children', rows: 2 },
      ],
    },
  ])
  const ran = await p.json(RunDocument, ['run', 'm.t'])
  const show = await p.json(ShowDocument, ['show', ran.runs[0]?.run ?? ''])
  expect(show.steps.map(({ name, rows }) => [name, rows.inserted])).toEqual([
    ['roots', 1],
    ['children', 2],
  ])
})

test('a count beyond 2^53 is text, exact, and a smaller one a number', async () => {
  await using p = await flatProject()
  const ran = await p.json(RunDocument, ['run', 'm.t'])
  p.store('update run set rows_read = 9007199254740993, rows_inserted = 9007199254740991')
  const show = await p.json(ShowDocument, ['show', ran.runs[0]?.run ?? ''])
  expect(show.run.rows).toMatchObject({ read: '9007199254740993', inserted: 9007199254740991 })
  const text = await p.ok('show', ran.runs[0]?.run ?? '')
  expect(text.out).toContain('9 007 199 254 740 993 read')
})

test('an error is one document too, on stdout, with its remedy', async () => {
  await using p = await flatProject()
  const failed = await p.json(ErrorDocument, ['show', 'r-zzzzz'], 2)
  expect(failed.error).toEqual({
    code: 'TM1004',
    message: 'TM1004 unknown run: r-zzzzz',
    remedy: ['tidemark runs   lists them'],
  })
  const usage = await p.json(ErrorDocument, ['run', '--nonsense'], 2)
  expect(usage.error.code).toBe('TM1002')
})

test('with --json what is said besides the document goes to stderr: the deploy, progress, the errors of runs', async () => {
  await using p = await flatProject()
  await p.duckdb('data/a.duckdb', "INSERT INTO src VALUES (NULL, 'x', 'odd', TIMESTAMP '2020-01-01')")
  const { exit, out, err } = await p.cli(['run', 'm.t', '--json'])
  expect(exit).toBe(1)
  expect(RunDocument.parse(JSON.parse(out)).runs).toHaveLength(1)
  expect(err).toContain('deployed 2 connections, module m, task m.t')
  expect(err).toContain('started   lane pushdown')
  expect(err).toContain('TM4004 NULL in the key')
})

test('init, check, deploy and export print their documents', async () => {
  await using home = emptyProject()
  const made = await home.json(InitDocument, ['init', 'shop'])
  expect(made.files).toContain('modules/orders.yaml')
  await using p = await flatProject()
  expect(await p.json(CheckDocument, ['check'])).toEqual({ connections: 2, modules: 1, flows: 1, warnings: [] })
  const added = { kind: 'added', fields: [] }
  const written = ['connection a', 'connection b', 'module m', 'task m.t'].map((subject) => ({ subject, ...added }))
  const rest = { kept: [], absent: [] }
  expect(await p.json(DeployDocument, ['deploy', '--dry-run'])).toEqual({ dry_run: true, written, ...rest })
  expect(await p.json(DeployDocument, ['deploy'])).toEqual({ dry_run: false, written, ...rest })
  p.store(`update task set execution_order = 9`)
  p.edit('modules/m.yaml', 'apply: latest', 'apply: insert-missing')
  expect(await p.json(DeployDocument, ['deploy'])).toMatchObject({
    written: [{ subject: 'task m.t', kind: 'changed', fields: [{ path: 'apply', to: '{ kind: insert-missing }' }] }],
    kept: [{ subject: 'task m.t', kind: 'changed', fields: [{ path: 'order', from: '1', to: '9' }] }],
  })
  const exported = await p.json(ExportDocument, ['export'])
  expect(Object.keys(exported.files)).toContain('modules/m.yaml')
  expect(await p.json(ExportDocument, ['export', 'out'])).toEqual({
    folder: p.path('out'),
    files: Object.keys(exported.files),
  })
})

test('cancel, reset and rewind print their documents', async () => {
  await using p = await flatProject()
  const cut = await p.cli(['run', 'm.t', '--json', '--batch-rows', '1'], { stopAt: /step rows/ })
  const id = RunDocument.parse(JSON.parse(cut.out)).runs[0]?.run ?? ''
  p.store(`update run set state = 'running', finished_at = null`)
  expect(await p.json(CancelDocument, ['cancel', id])).toEqual({ run: id, was: 'running', now: 'cancelled' })
  expect(await p.json(ResetDocument, ['reset', id])).toEqual({ run: id, flow: 'm.t' })
  const ran = await p.json(RunDocument, ['run', 'm.t'])
  const to = '2020-01-01 00:00:01'
  const rewound = await p.json(RewindDocument, ['rewind', 'm.t', '--to', to, '--reason', 'again', '--yes'])
  expect(rewound).toEqual({
    flow: 'm.t',
    scope: {},
    from: ran.runs[0]?.window?.up_to,
    to,
    redelivered: 2,
    supersedes: [],
  })
})

test('connections, explain, migrate, prepare, doctor, completion and version print their documents', async () => {
  await using p = await flatProject()
  const { location } = (await p.json(MigrateDocument, ['migrate', '--print-sql'])) as { location: string }
  expect(await p.json(MigrateDocument, ['migrate'])).toEqual({ up_to_date: true, location })
  await p.ok('deploy')
  const { connections } = await p.json(ConnectionsDocument, ['connections'])
  expect(connections).toMatchObject([
    { id: 'a', kind: 'duckdb', location: p.path('data/a.duckdb'), ok: true },
    { id: 'b', ok: false, detail: expect.stringContaining('TM2001') },
  ])
  expect(await p.json(ExplainDocument, ['explain', '4107'])).toMatchObject({ code: 'TM4107', retry: 'never', exit: 2 })
  expect(await p.json(ExplainDocument, ['explain'])).toMatchObject({ errors: expect.any(Array) })
  expect((await p.json(PrepareDocument, ['prepare', 'b', '--print-sql'])).sql).toHaveLength(5)
  expect((await p.json(DoctorDocument, ['doctor'])).ok).toBe(true)
  expect((await p.json(CompletionDocument, ['completion', 'bash'])).shell).toBe('bash')
  expect((await p.json(VersionDocument, ['version'])).node).toBe(process.versions.node)
})
