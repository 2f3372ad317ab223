import {
  PlanDocument,
  RunDocument,
  RunsDocument,
  ShowDocument,
  StatusDocument,
  WatermarksDocument,
} from '@tidemark/contract/api'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { App } from '../../src/app/app.ts'
import { play } from '../support/fake-terminal.ts'
import { NO_ROWS_JSON, runDocument, runFacts, runJson, scriptedApp } from '../support/scripted-app.ts'

const nothing = runJson({
  status: 'nothing_to_do',
  run: null,
  reason: 'no rows after 2026-11-20 09:14:02.113',
  rows: NO_ROWS_JSON,
  batches: 0,
  waiting: { rows: 3, until: '2026-11-20T22:02:00.000Z' },
})
const history = {
  group: 'g-2b9x4',
  actor: 'ada',
  command: 'tidemark run --all',
  started_at: '2026-11-20T21:56:00.000Z',
  finished_at: '2026-11-20T21:56:00.200Z',
  attempts: 1,
  superseded_by: null,
}
const failedRun = {
  ...runFacts({ run: 'r-8m2p5', status: 'failed', error: { code: 'TM4107', message: 'Fee' } }),
  ...history,
  attempts: 2,
}

const PLAN: PlanDocument = {
  plans: [
    {
      flow: 'referrals.attachments',
      scope: { business_unit: 'N' },
      source: 'office',
      target: 'office',
      lane: 'pushdown',
      capture: 'watermark',
      apply: 'latest',
      shape: 'tree',
      resumes: 'r-7k3f1',
      window: {
        after: '2026-11-13 22:00:00.000',
        up_to: '2026-11-20 21:57:12.440',
        decided_by: 'held 2 m 48 s behind the clock by transaction 51 of user crm_app',
      },
      nothing_to_do: null,
      waiting: { rows: 12, until: null },
      rows: 48605,
      batches: 99,
      steps: [
        { name: 'roots', rows: 310, batches: 1 },
        { name: 'ancestors', rows: 95, batches: 1 },
        { name: 'children', rows: null, batches: 97 },
      ],
      columns: [
        {
          source: 'stream_id',
          target: 'stream_id',
          source_type: 'uuid',
          type: 'uuid',
          fidelity: 'lossless',
          reason: null,
        },
        { source: 'name', target: 'file_name', source_type: 'text', type: 'text', fidelity: 'lossless', reason: null },
        {
          source: 'parent_path_locator',
          target: 'parent_path_locator',
          source_type: 'text',
          type: 'text',
          fidelity: 'computed in the target, left out',
          reason: null,
        },
      ],
      stops: null,
      create_table: 'CREATE TABLE x (\n  stream_id UUID\n)',
      notes: ['the target cannot hold ModifiedOn: kept in tidemark_position'],
      sql: [{ name: 'roots: capture', text: 'SELECT 1' }],
    },
  ],
}
const STATUS: StatusDocument = {
  flows: [
    {
      flow: 'orders.orders',
      scope: {},
      active: true,
      last_run: { run: 'r-7k3f1', status: 'succeeded', finished_at: '2026-11-20T21:56:00.000Z', error: null },
      watermark: '2026-11-20 21:57:12',
      lag_ms: 420_000,
      complete_at: '2026-11-20T21:55:00.000Z',
      age_ms: 300_000,
      held: null,
      state: '',
      holder: null,
      open_rejects: 0,
      unmatched: 0,
    },
    {
      flow: 'orders.letters',
      scope: { bu: 'N' },
      active: false,
      last_run: {
        run: 'r-8m2p5',
        status: 'failed',
        finished_at: '2026-11-20T20:00:00.000Z',
        error: { code: 'TM4107', message: 'Fee' },
      },
      watermark: null,
      lag_ms: null,
      complete_at: null,
      age_ms: null,
      held: null,
      state: 'fix the definition, then run',
      holder: { owner: 'ada on east', until: '2026-11-20T22:01:00.000Z' },
      open_rejects: 0,
      unmatched: 0,
    },
    {
      flow: 'orders.new',
      scope: {},
      active: true,
      last_run: null,
      watermark: null,
      lag_ms: null,
      complete_at: null,
      age_ms: null,
      held: null,
      state: '',
      holder: null,
      open_rejects: 0,
      unmatched: 0,
    },
  ],
}
const RUNS: RunsDocument = { runs: [{ ...runFacts(), ...history }, failedRun] }
const SHOW: ShowDocument = {
  run: failedRun,
  steps: [
    {
      step: 1,
      name: 'rows',
      status: 'failed',
      batches: 9,
      batches_done: 4,
      rows: { ...NO_ROWS_JSON, read: 4000, inserted: 3900 },
    },
  ],
  workers: [],
  remedy: [],
  plan: { window: {} },
}
const WATERMARKS: WatermarksDocument = {
  watermarks: [
    {
      flow: 'orders.orders',
      scope: {},
      position: '2026-11-20 21:57:12',
      run: 'r-7k3f1',
      updated_at: '2026-11-20T21:56:00.000Z',
      source: 'duckdb data/shop.duckdb',
    },
  ],
}

const SCRIPT: Partial<App> = {
  run: async () =>
    runDocument(
      runJson({ flow: 'orders.customers', rows: { ...NO_ROWS_JSON, read: 1200, inserted: 1200 }, duration_ms: 20 }),
      runJson(),
      nothing,
    ),
  plan: async () => PLAN,
  status: async () => STATUS,
  runs: async () => RUNS,
  show: async () => SHOW,
  watermarks: async () => WATERMARKS,
  connections: async () => [
    { id: 'lake', kind: 'duckdb', location: 'lake.duckdb', ok: true, detail: '' },
    { id: 'office', kind: 'sqlserver', location: 'office:1433', ok: false, detail: 'refused' },
  ],
}

const DOCUMENTED = [
  ['run', ['run', '--all'], RunDocument],
  ['resume', ['resume', '--last'], RunDocument],
  ['plan', ['plan', '--all'], PlanDocument],
  ['status', ['status'], StatusDocument],
  ['runs', ['runs'], RunsDocument],
  ['show', ['show', 'r-8m2p5'], ShowDocument],
  ['watermarks', ['watermarks'], WatermarksDocument],
] as const

test.each(DOCUMENTED)(
  '%s --json prints one document of the documented shape and nothing else on stdout',
  async (_, argv, schema) => {
    const { out } = await play([...argv, '--json'], scriptedApp(SCRIPT).app, { tty: true })
    expect(schema.safeParse(JSON.parse(out)).error).toBeUndefined()
    expect(out).not.toContain('\u001B')
  },
)

test('demo prints one JSON document too', async () => {
  const { out, exit } = await play(['demo', '--json'], scriptedApp(SCRIPT).app)
  expect([exit, typeof JSON.parse(out)]).toEqual([0, 'object'])
})

test('a count beyond 2^53 is text in JSON, a smaller one a number', async () => {
  const preview = {
    flow: 'orders.orders',
    scope: {},
    from: null,
    to: '5',
    redelivered: 9007199254740993n,
    supersedes: [],
  }
  const { app } = scriptedApp({ rewind: async () => preview })
  const { out } = await play(['rewind', 'orders.orders', '--to', '5', '--reason', 'x', '--yes', '--json'], app)
  expect(JSON.parse(out)).toMatchObject({ redelivered: '9007199254740993' })
})

const LOOKS = [
  ['run', '--all'],
  ['plan', '--all', '--sql'],
  ['status'],
  ['runs'],
  ['show', 'r-8m2p5'],
  ['watermarks'],
  ['connections'],
  ['explain', 'TM4107'],
]

test('NO_COLOR, --no-color and a pipe get the words that a terminal gets, without an escape', async () => {
  const words = (text: string): readonly string[] =>
    stripVTControlCharacters(text)
      .replaceAll('█', '')
      .split(/\s+/)
      .filter((w) => w !== '')
  for (const argv of LOOKS) {
    const { app } = scriptedApp(SCRIPT)
    const coloured = (await play(argv, app, { tty: true, columns: 300 })).out
    for (const wishes of [{ tty: true, columns: 300, env: { NO_COLOR: '1' } }, {}]) {
      const plain = (await play(argv, app, wishes)).out
      expect(plain).not.toContain('\u001B')
      expect(words(plain)).toEqual(words(coloured))
    }
    expect((await play([...argv, '--no-color'], app, { tty: true })).out).not.toContain('\u001B')
  }
})

test('a run says rows, pace, what moved and what waits', async () => {
  const { out } = await play(['run', '--all'], scriptedApp(SCRIPT).app)
  expect(out).toBe(
    [
      'orders.customers   initial load   1 200 rows            done in 20 ms',
      'orders.orders      initial load   8 931 rows   45 k/s   done in 0.2 s',
      'orders.orders      nothing to do: no rows after 2026-11-20 09:14:02.113; 3 rows younger than the buffer arrive after 22:02 (--buffer 0s takes them now)',
      '2 runs succeeded · 1 run had nothing to do · 10 131 inserted',
      '',
    ].join('\n'),
  )
})

test('nothing to do is one line with its reason, not a summary of zeros', async () => {
  const { app } = scriptedApp({ run: async () => runDocument({ ...nothing, waiting: null }) })
  expect((await play(['run', '--all'], app)).out).toBe(
    'orders.orders   nothing to do: no rows after 2026-11-20 09:14:02.113\n',
  )
})

test('a delta says what became of the rows it read', async () => {
  const rows = { ...NO_ROWS_JSON, read: 40, inserted: 12, updated: 3, skipped_same: 24, skipped_older: 1 }
  const { app } = scriptedApp({
    run: async () => runDocument(runJson({ rows, window: { after: '1', up_to: '2', decided_by: '' } })),
  })
  expect((await play(['run', '--all'], app)).out).toContain(
    '40 rows   200/s   done in 0.2 s   12 inserted, 3 updated, 24 the same, 1 older\n',
  )
})

test('a dry run says would, and that nothing was written', async () => {
  const { app } = scriptedApp({ run: async () => runDocument(runJson({ status: 'dry_run', run: null })) })
  const { out } = await play(['run', '--all', '--dry-run'], app)
  expect(out).toContain('8 931 would be inserted')
  expect(out).toContain('1 dry run: nothing was written')
})

test('a plan says resume, window, why, waiting, steps, columns, DDL, notes and where the SQL is', async () => {
  const { out } = await play(['plan', 'referrals.attachments'], scriptedApp(SCRIPT).app)
  expect(out).toBe(
    [
      'referrals.attachments business_unit=N   office → office   lane pushdown   capture watermark   apply latest   tree',
      'resumes   run r-7k3f1 first, as it was planned; then the window below',
      'window    2026-11-13 22:00:00.000 < position <= 2026-11-20 21:57:12.440',
      '          held 2 m 48 s behind the clock by transaction 51 of user crm_app',
      'waiting   12 rows younger than the window wait',
      'steps     1 roots               ~ 310 rows      1 batch',
      '          2 ancestors            ~ 95 rows      1 batch',
      '          3 children    rows not known yet   97 batches',
      'columns   2 lossless · 0 narrowed · 1 computed in the target, left out',
      '          parent_path_locator   text   computed in the target, left out',
      '          renamed: name → file_name',
      'creates   CREATE TABLE x (',
      '            stream_id UUID',
      '          )',
      'notes     the target cannot hold ModifiedOn: kept in tidemark_position',
      'SQL       tidemark plan referrals.attachments --sql',
      'Nothing was written. Run it: tidemark run referrals.attachments --scope business_unit=N',
      '',
    ].join('\n'),
  )
  expect((await play(['plan', 'referrals.attachments', '--sql'], scriptedApp(SCRIPT).app)).out).toContain(
    '-- roots: capture\nSELECT 1\n',
  )
})

test('a plan that a run would refuse says every refused column, its reason and what to do', async () => {
  const [first] = PLAN.plans
  const refused = {
    source: 'Fee',
    target: 'Fee',
    source_type: 'DECIMAL(38,10)',
    type: 'DOUBLE',
    fidelity: 'refused',
    reason: 'binary fractions',
  }
  const stops = { code: 'TM4107', message: 'TM4107 column cannot be held exactly: Fee', remedy: ['change it'] }
  const { app } = scriptedApp({
    plan: async () => ({
      plans: first ? [{ ...first, columns: [...first.columns.slice(0, 2), refused], notes: [], sql: [], stops }] : [],
    }),
  })
  const { out, exit } = await play(['plan', 'referrals.attachments'], app)
  expect(exit).toBe(2)
  expect(out).toContain('columns   2 lossless · 0 narrowed · 1 refused\n')
  expect(out).toContain('          Fee   DECIMAL(38,10) → DOUBLE   refused: binary fractions\n')
  expect(out).toContain('TM4107 column cannot be held exactly: Fee\n  change it\n')
  expect(out).toContain('Nothing was written. A run would stop as said above.\n')
})

test('status is a table with ages, lag and what to do', async () => {
  expect((await play(['status'], scriptedApp(SCRIPT).app)).out).toBe(
    [
      'FLOW                  LAST RUN                 WATERMARK             LAG   AGE   STATE',
      'orders.orders         succeeded 4 m ago        2026-11-20 21:57:12   7 m   5 m   –',
      'orders.letters bu=N   failed 2 h ago  TM4107   –                     –     –     switched off · fix the definition, then run · held by ada on east until 22:01',
      'orders.new            never                    –                     –     –     –',
      '',
    ].join('\n'),
  )
})

test('runs shows times in the zone of the person with the offset once', async () => {
  const { out } = await play(['runs'], scriptedApp(SCRIPT).app)
  expect(out.match(/\+00:00/g)).toHaveLength(1)
  expect(out).toContain(
    'r-8m2p5   orders.orders   failed      2026-11-20 21:56:00   0.2 s   8 931      8 931         0   TM4107',
  )
})

test('show prints the error of the run with what to do about it', async () => {
  const { out } = await play(['show', 'r-8m2p5'], scriptedApp(SCRIPT).app)
  expect(out).toContain('TM4107 column cannot be held exactly: Fee\n')
  expect(out).toContain('1 rows   failed       4/9   4 000      3 900         0')
  expect(out).toContain('attempts   2')
})

test('show tells which worker has which batch, who owns the run, and whose time was up', async () => {
  const at = '2026-11-20T21:56:00.000Z'
  const since = { since: at, step: 1 }
  const workers: ShowDocument['workers'] = [
    {
      worker: 'x7k2m9',
      who: 'ada, process 41 on office',
      owner: true,
      until: at,
      expired: false,
      batches: [
        { batch: 3, attempt: 1, ...since },
        { batch: 5, attempt: 2, ...since },
      ],
    },
    { worker: 'p3q8r1', who: 'bo, process 7 on lab', owner: false, until: at, expired: true, batches: [] },
  ]
  const run: ShowDocument['run'] = { ...failedRun, status: 'running', error: null }
  const { out } = await play(['show', 'r-8m2p5'], scriptedApp({ show: async () => ({ ...SHOW, run, workers }) }).app)
  expect(out).toMatch(/x7k2m9 +ada, process 41 on office {3}owner +3, 5 \(attempt 2\)\n/)
  expect(out).toMatch(/p3q8r1 +bo, process 7 on lab +none {3}free for others since 2026-11-20 21:56:00\n/)
})

test('a worker that joined says what it brought in, and that the owner settles', async () => {
  const joined = runJson({ status: 'joined', batches: 4, rows: { ...NO_ROWS_JSON, read: 4000, inserted: 4000 } })
  const { app, calls } = scriptedApp({ join: async () => runDocument(joined) })
  const played = await play(['run', '--join', 'r-7k3f1', '--parallel', '3', '--wait', '5m'], app)
  expect(played.exit).toBe(0)
  expect(played.out).toMatch(/joined .* 4 000 rows/)
  expect(played.out).toContain('1 run joined, its owner settles it · 4 000 inserted')
  expect(calls[0]?.slice(0, 2)).toEqual(['join', { run: 'r-7k3f1', parallel: 3, waitMs: 300_000 }])
})

test('explain takes a code in any form, and without one lists them all', async () => {
  for (const code of ['TM4107', 'tm4107', '4107']) {
    expect((await play(['explain', code], scriptedApp().app)).out).toContain('TM4107 column cannot be held exactly\n')
  }
  expect((await play(['explain'], scriptedApp().app)).out).toContain('TM9001   unexpected error')
})

test('migrate --print-sql prints what the store lacks, and outside of a project all of it', async () => {
  const { app, calls } = scriptedApp()
  const printed = await play(['migrate', '--print-sql'], app)
  expect(printed.out).toBe('-- control.db: schema 1 → 2\n-- 0002-later\ncreate table later (id text);\n')
  expect(printed.opened).toMatchObject([{ keepsBytes: true }])
  expect(calls.map(([method]) => method)).toEqual(['pendingMigrations', 'dispose'])
  const outside = await play(['migrate', '--print-sql'], app, { cwd: '/' })
  expect(outside.out).toBe('-- a new control store, schema 0\ncreate table run (id text);\n')
  const named = await play(['migrate', '--print-sql', '--project', '/'], app)
  expect([named.exit, named.err.slice(0, 6)]).toEqual([2, 'TM1001'])
})

test('demo narrates, and a difference at its end is a failure', async () => {
  const fine = await play(['demo'], scriptedApp().app)
  expect([fine.exit, fine.out]).toEqual([0, expect.stringMatching(/^one act\n[^]*npx tidemark status/)])
  const different = await play(['demo', '--files', '.', '--json'], scriptedApp().app)
  expect([different.exit, JSON.parse(different.out), different.err]).toEqual([
    1,
    { project: '/demo', command: 'npx tidemark', acts: [], differences: 1, stays: true },
    'one act\n',
  ])
})

test('demo --postgres takes a URL or nothing, and does not repeat what it was given', async () => {
  const folder = await play(['demo', '--postgres', 'postgers://me:secret@host/db'], scriptedApp().app)
  expect([folder.exit, folder.out, folder.err]).toEqual([2, '', expect.not.stringContaining('secret')])
  const fine = await play(['demo', 'folder', '--postgres', 'postgres://host/db'], scriptedApp().app)
  expect([fine.exit, (await play(['demo', '--postgres'], scriptedApp().app)).exit]).toEqual([0, 0])
})
