import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import type { FlowSpec } from '@tidemark/contract/flow'
import { describe, expect, test } from 'vitest'
import type { PlainRow } from '../../src/app/import/blob-delta-reader.ts'
import { readInstallation } from '../../src/app/import/read-installation.ts'
import { type Imported, translateInstallation } from '../../src/app/import/translate-installation.ts'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { deployed, NO_ROWS } from '../definition/definition-texts.ts'
import {
  COLUMNS,
  configured,
  EXCLUDED,
  highWater,
  NOW,
  type PlainInstallation,
  PARENTS_SCRIPT,
  plainReader,
  policy,
  RUN_PROCEDURE,
  script,
  STANDARD_SCRIPTS,
  windowScript,
} from '../support/plain-installation.ts'

const PROJECT = 'project: test\nconnections:\n  office: { kind: duckdb, path: office.duckdb }\n'
const GWENT = 'Gwent_LA_FileTable'
const TABLE = `${GWENT}.dbo.Letters`

const imported = async (installation: PlainInstallation): Promise<Imported> =>
  translateInstallation(await readInstallation(plainReader(installation)), {
    connection: 'office',
    database: 'BlobDeltaJobs',
  })

/** The flows of the modules as `check` reads them; throws what it would refuse. */
function flowsOf({ modules }: Imported): readonly FlowSpec[] {
  const rows = deployed(
    modules.map((m) => m.yaml),
    NO_ROWS,
    PROJECT,
  )
  const { flows, problems } = resolveCatalog(rows, CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  return flows
}

const told = ({ differences }: Imported, kind: string): readonly string[] =>
  differences.filter((d) => d.kind === kind).map((d) => `${d.subjects.join(', ')}: ${d.was} → ${d.now}`)

/** One table with these scripts. */
const letters = (scripts: readonly PlainRow[], more: Readonly<Record<string, readonly PlainRow[]>> = {}) =>
  imported({
    tables: {
      BlobDeltaTableConfig: [configured({ target: GWENT, name: 'Letters' })],
      BlobDeltaHighWatermark: [highWater(TABLE, null)],
      BlobDeltaStepScript: scripts,
      ...more,
    },
    procedures: [RUN_PROCEDURE],
    units: { [`${GWENT}.dbo.LA_BU`]: ['A', 'B'] },
  })

const letter = async (scripts: readonly PlainRow[], more: Readonly<Record<string, readonly PlainRow[]>> = {}) => {
  const done = await letters(scripts, more)
  const [flow] = flowsOf(done)
  if (flow === undefined) throw new Error('there is no flow')
  return { done, flow }
}

describe('25 tables over several databases, two units, one inactive, one custom script and error policies', () => {
  const databases = [GWENT, 'YnysMon_LA_FileTable', 'Wrexham_LA_FileTable']
  const names = [
    'Letters',
    'Referral',
    'Client',
    'Provider',
    'ReferralForm',
    'Genogram',
    'Allergy',
    'FamilyForm',
    'Seclusion',
  ]
  const tables = databases.flatMap((target) => names.map((name) => ({ target, name }))).slice(0, 25)
  const [inactive, custom] = [`${GWENT}.dbo.Genogram`, `${GWENT}.dbo.Client`]
  const everything = (): Promise<Imported> =>
    imported({
      tables: {
        BlobDeltaTableConfig: tables.map((t) =>
          configured({ ...t, more: `${t.target}.dbo.${t.name}` === inactive ? { IsActive: '0' } : {} }),
        ),
        BlobDeltaHighWatermark: tables.flatMap((t, i) => {
          const table = `${t.target}.dbo.${t.name}`
          const day = `2026-11-${String(i + 1).padStart(2, '0')}`
          return [
            highWater(table, `${day} 21:57:12.4412345`, { BusinessUnitId: null }),
            ...['1A', '2B'].map((unit) => highWater(table, `${day} 20:00:00.0000000`, { BusinessUnitId: unit })),
          ]
        }),
        BlobDeltaStepScript: [
          ...STANDARD_SCRIPTS.map((s) => ({ ...s, TableName: null })),
          script(1, windowScript('IS NULL', { where: 'AND m.StateCode = 0' }), { TableName: custom }),
          script(3, windowScript('IS NOT NULL', { where: 'AND m.StateCode = 0' }), { TableName: custom }),
        ],
        BlobDeltaErrorPolicy: [
          policy(208, true, { pattern: 'Invalid object name%' }),
          policy(1205, false),
          policy(2627, false, { step: '3', table: custom }),
          policy(50_000, true, { pattern: 'Script template not found%' }),
        ],
      },
      procedures: [RUN_PROCEDURE],
      units: Object.fromEntries(databases.map((db) => [`${db}.dbo.LA_BU`, ['1A', '2B']])),
    })

  test('a configuration of 25 tables becomes modules that pass check, one for each target database', async () => {
    const done = await everything()
    expect(done.modules.map((m) => [m.id, m.tasks.length])).toEqual([
      ['gwent_la_file-table', 9],
      ['ynys-mon_la_file-table', 9],
      ['wrexham_la_file-table', 7],
    ])
    const flows = flowsOf(done)
    expect(flows).toHaveLength(25)
    expect(flows.filter((f) => !f.active).map((f) => f.id)).toEqual(['gwent_la_file-table.genogram'])
    expect(flows.find((f) => f.id === 'ynys-mon_la_file-table.referral-form')).toMatchObject({
      source: {
        connection: 'office',
        table: ['AdvancedRBSBlob_WCCIS', 'dbo', 'ReferralForm'],
        joins: [
          {
            table: ['AdvancedRBS_Forms', 'dbo', 'cw_referralformBase'],
            as: 'meta',
            on: { stream_id: 'cw_referralformId' },
          },
        ],
        where: [
          {
            kind: 'in-table',
            column: { table: 'meta', column: 'OwningBusinessUnit' },
            table: ['YnysMon_LA_FileTable', 'dbo', 'LA_BU'],
            tableColumn: 'businessunit',
          },
        ],
      },
      target: { connection: 'office', table: ['YnysMon_LA_FileTable', 'dbo', 'ReferralForm'], create: 'never' },
      key: ['stream_id'],
      capture: {
        kind: 'watermark',
        options: {
          position: { table: 'meta', column: 'ModifiedOn' },
          clock: 'utc',
          stampedBy: 'application',
          buffer: { ms: 240 * 60_000 },
          nulls: 'fail',
        },
      },
      apply: { kind: 'latest' },
      shape: { kind: 'tree', locator: 'path_locator', parent: 'parent_path_locator', orphans: null },
      scope: { business_unit: { table: 'meta', column: 'OwningBusinessUnit' } },
      excludeKeys: { stream_id: [EXCLUDED] },
      columns: { include: COLUMNS },
      batch: { rows: 400 },
      steps: { roots: { maxDop: 2 }, ancestors: { maxDop: 1 }, children: { maxDop: 1 } },
      onError: [
        { code: 'TM4001', do: 'fatal' },
        { code: 'TM5003', do: 'retry' },
      ],
    })
    const own = flows.find((f) => f.id === 'gwent_la_file-table.client')
    expect(own?.source.where.at(-1)).toEqual({
      kind: 'compare',
      column: { table: 'meta', column: 'StateCode' },
      operator: '=',
      value: '0',
    })
    expect(own?.onError[0]).toEqual({ code: 'TM5010', step: 'children', do: 'quarantine', attempts: null })
    expect([own?.onReject.kind, own?.shape]).toEqual(['quarantine', expect.objectContaining({ orphans: 'quarantine' })])
    expect(told(done, 'refused')).toEqual([])
  })

  test('every watermark of 25 tables and two units is kept', async () => {
    const { watermarks, modules } = await everything()
    expect(watermarks).toHaveLength(75)
    const flows = modules.flatMap((m) => m.tasks.map((t) => t.name))
    for (const [i, flow] of flows.entries()) {
      const day = `2026-11-${String(i + 1).padStart(2, '0')}`
      expect(watermarks.filter((w) => w.flow === flow)).toEqual([
        { flow, scope: {}, position: `${day} 21:57:12.4412345` },
        { flow, scope: { business_unit: '1A' }, position: `${day} 20:00:00.0000000` },
        { flow, scope: { business_unit: '2B' }, position: `${day} 20:00:00.0000000` },
      ])
    }
  })

  test('what all flows of a module share stands once, in its defaults', async () => {
    const [first] = (await everything()).modules
    expect(first?.yaml.match(/exclude_keys/g)).toHaveLength(1)
    expect(first?.yaml).toMatch(/^# Imported from BlobDeltaJobs on office\./)
    expect(first?.yaml).toContain('active: false')
  })
})

test('the names of a later version and those of BlobMigration are read as well', async () => {
  const later = await imported({
    tables: {
      TableConfig: [configured({ target: GWENT, name: 'Letters' })],
      HighWatermark: [highWater(TABLE, '2026-11-20 01:00:00.0000000')],
      TargetDatabases: [{ TargetDatabase: GWENT, Extract: '0' }],
    },
  })
  expect(later.watermarks).toHaveLength(1)
  expect(flowsOf(later)[0]?.active).toBe(false) // the whole module is off
  const {
    MetadataModifiedOnCol: _m,
    SafetyBufferMinutes: _s,
    ...older
  } = configured({ target: GWENT, name: 'Letters' })
  const migration = await imported({
    tables: {
      BlobMigrationTableConfig: [{ ...older, ExcludedStreamId: EXCLUDED.toLowerCase() }],
      BlobMigrationProgress: [{ RunId: '1' }, { RunId: '2' }],
    },
  })
  expect(flowsOf(migration)[0]).toMatchObject({
    capture: { kind: 'backfill' },
    apply: { kind: 'insert-missing' },
    excludeKeys: { stream_id: [EXCLUDED] },
    columns: { exclude: ['parent_path_locator'] },
  })
  expect(told(migration, 'behaviour').join('\n')).toContain('BlobMigrationProgress: 2 batches → stay where they are')
})

test.each([
  [{ SomeTable: [{ x: '1' }] }, 'no table BlobDeltaTableConfig, nor TableConfig or BlobMigrationTableConfig'],
  [
    { BlobDeltaTableConfig: [{ TableName: 'x' }] },
    'BlobDeltaTableConfig in database BlobDeltaJobs of connection office has no column SourceDatabase',
  ],
  [
    {
      BlobDeltaTableConfig: [configured({ target: GWENT, name: 'Letters' })],
      BlobDeltaHighWatermark: [{ TableName: TABLE, Since: '1' }],
    },
    'no column LastHighWaterModifiedOn or HighWaterModifiedOn',
  ],
])('an installation that lacks a table or a column says which: %#', async (tables, says) => {
  await expect(imported({ tables: tables as PlainInstallation['tables'] })).rejects.toMatchObject({
    code: 'TM1041',
    detail: expect.stringContaining(says),
  })
})

describe('scripts', () => {
  test('standard scripts say nothing that the steps do not do by themselves', async () => {
    const { flow, done } = await letter(STANDARD_SCRIPTS)
    expect(flow.source.where).toHaveLength(1)
    expect(Object.values(flow.steps).map((s) => s.batch)).toEqual([null, null, null])
    expect(told(done, 'refused')).toEqual([])
  })

  test('the parameter of the unit in the words of a CASE, tables spelt out and NOT EXISTS are the same thing', async () => {
    const spelt = (text: string): string =>
      text
        .replace('[SourceTableFull]', 'AdvancedRBSBlob_WCCIS.dbo.Letters')
        .replace('[BusinessUnitTableFull]', '[Gwent_LA_FileTable].[dbo].[LA_BU]')
        .replace('LEFT JOIN [TargetTableFull] t WITH (NOLOCK) ON t.stream_id = f.stream_id', '')
        .replace(
          't.stream_id IS NULL',
          'NOT EXISTS (SELECT 1 FROM [TargetTableFull] x WHERE x.stream_id = f.stream_id)',
        )
        .replace(
          '(@BusinessUnitId IS NULL OR u.businessunit = @BusinessUnitId)',
          '(CASE WHEN @BusinessUnitId IS NULL THEN 1 WHEN u.businessunit = @BusinessUnitId THEN 1 ELSE 0 END = 1)',
        )
    const [first, second, third] = STANDARD_SCRIPTS
    const { flow, done } = await letter([
      { ...first, ScriptBody: spelt(windowScript('IS NULL')) },
      second ?? {},
      { ...third, ScriptBody: spelt(windowScript('IS NOT NULL')) },
    ])
    expect(flow.source.where).toHaveLength(1)
    expect(told(done, 'refused')).toEqual([])
    expect(told(done, 'behaviour').join('\n')).not.toContain('no script of it asks for the parameter')
  })

  test('a parameter of the unit that is commented out is said to have had no effect', async () => {
    const dead = (which: 'IS NULL' | 'IS NOT NULL'): string =>
      windowScript(which).replace('AND (@BusinessUnitId', '-- AND (@BusinessUnitId')
    const { done } = await letter([
      script(1, dead('IS NULL')),
      script(2, PARENTS_SCRIPT),
      script(3, dead('IS NOT NULL')),
    ])
    expect(told(done, 'behaviour').join('\n')).toContain('@BusinessUnitId changes nothing')
  })

  test('conditions become where, in every form that where has words for', async () => {
    const where = `AND m.StateCode IN (0, 1) AND f.name NOT IN (N'a', 'it''s') AND m.Amount >= -1.50 AND (m.ClosedOn IS NULL)
      AND f.is_directory <> 1 AND m.Kind BETWEEN 2 AND 5`
    const { flow } = await letter([
      script(1, windowScript('IS NULL', { where })),
      script(2, PARENTS_SCRIPT),
      script(3, windowScript('IS NOT NULL', { where })),
    ])
    expect(flow.source.where.slice(1)).toMatchObject([
      { kind: 'in-list', column: { column: 'StateCode' }, values: ['0', '1'], not: false },
      { kind: 'in-list', column: { table: null, column: 'name' }, values: ['a', "it's"], not: true },
      { kind: 'compare', operator: '>=', value: '-1.50' },
      { kind: 'null', column: { table: 'meta', column: 'ClosedOn' }, not: false },
      { kind: 'compare', operator: '<>', value: '1' },
      { kind: 'compare', operator: '>=', value: '2' },
      { kind: 'compare', operator: '<=', value: '5' },
    ])
  })

  test('a further table that is joined by columns of the source becomes a join', async () => {
    const more = (text: string): string =>
      text
        .replace('LEFT JOIN', 'INNER JOIN Cases.dbo.CaseFile AS c ON f.case_id = c.id\nLEFT JOIN')
        .replace('ORDER BY', 'AND c.Closed = 0 ORDER BY')
    const { flow } = await letter([
      script(1, more(windowScript('IS NULL'))),
      script(2, PARENTS_SCRIPT),
      script(3, more(windowScript('IS NOT NULL'))),
    ])
    expect(flow.source.joins[1]).toEqual({ table: ['Cases', 'dbo', 'CaseFile'], as: 'c', on: { case_id: 'id' } })
    expect(flow.source.where.at(-1)).toMatchObject({ column: { table: 'c', column: 'Closed' }, value: '0' })
  })

  test('values that a script computes become a template for the batches of its step', async () => {
    const values = [
      'f.[stream_id]',
      'NULL AS file_stream',
      "UPPER(f.name) + N'' -- loud",
      'f.path_locator',
      'CASE WHEN m.[MetadataModifiedOnColumn] IS NULL THEN 0 ELSE f.is_directory END',
    ]
    const { flow } = await letter([
      script(1, windowScript('IS NULL')),
      script(2, PARENTS_SCRIPT),
      script(
        3,
        windowScript('IS NOT NULL', {
          values: [values[0] ?? '', values[1] ?? '', `${values[2]}\n`, values[3] ?? '', values[4] ?? ''],
        }),
      ),
    ])
    expect(flow.steps['children']?.batch).toBe(
      `SELECT f.[stream_id] AS [stream_id],
  NULL AS [file_stream],
  UPPER(f.name) + N'' AS [name],
  f.path_locator AS [path_locator],
  CASE WHEN m.[ModifiedOn] IS NULL THEN 0 ELSE f.is_directory END AS [is_directory]
FROM {source} [f]
JOIN {meta} [m] ON m.[cw_lettersId] = f.stream_id
JOIN {batch} tidemark_batch ON tidemark_batch.[stream_id] = [f].[stream_id]
`.trimEnd(),
    )
  })

  test.each([
    ['two statements', `${windowScript('IS NOT NULL')}\nUPDATE x SET y = 1`, 'more than one statement'],
    ['another verb', 'EXEC dbo.Move @BatchSize', 'INSERT is expected where EXEC stands'],
    [
      'a condition on the clock',
      windowScript('IS NOT NULL', { where: 'AND m.CreatedOn > GETDATE()' }),
      'm.CreatedOn > GETDATE()',
    ],
    [
      'an OR',
      windowScript('IS NOT NULL', { where: 'OR m.StateCode = 1' }),
      'it asks that f.parent_path_locator IS NOT NULL',
    ],
    [
      'other rows than the roots',
      windowScript('IS NOT NULL', { where: 'AND m.StateCode = 1' }),
      'it takes other rows than the script of roots',
    ],
    ['a GROUP BY', windowScript('IS NOT NULL').replace('ORDER BY', 'GROUP BY'), 'it has GROUP in it'],
    [
      'a SELECT in FROM',
      windowScript('IS NOT NULL').replace(
        '[SourceTableFull] AS f WITH (NOLOCK)',
        '(SELECT * FROM [SourceTableFull]) f',
      ),
      'a SELECT in brackets',
    ],
    ['an open text', `${windowScript('IS NOT NULL')} '`, 'a text has no end'],
    [
      'another target',
      windowScript('IS NOT NULL').replace('[TargetTableFull]', 'Other.dbo.T'),
      'it inserts into Other.dbo.T',
    ],
    [
      'values of parameters',
      windowScript('IS NOT NULL', {
        values: ['f.stream_id', 'f.file_stream', '@TableName', 'f.path_locator', 'f.is_directory'],
      }),
      'parameters',
    ],
  ])('a script that is not translated switches its task off and says what to do: %s', async (_, text, says) => {
    const { flow, done } = await letter([
      script(1, windowScript('IS NULL')),
      script(2, PARENTS_SCRIPT),
      script(3, text),
    ])
    expect(flow.active).toBe(false)
    const [refused = ''] = told(done, 'refused')
    expect(refused).toContain('the script of step children')
    expect(refused).toContain(says)
    expect(refused).toContain('then take active: false out')
    // the script itself is kept, as comments
    expect(done.modules[0]?.yaml).toMatch(
      /^# Not taken over: the script of step children, because .* Therefore off: gwent_la_file-table\.letters$/m,
    )
    for (const line of text.trim().split('\n')) expect(done.modules[0]?.yaml).toContain(`#   ${line}`.trimEnd())
  })
})

describe('error policies', () => {
  const policies = (...rows: readonly PlainRow[]) => letter(STANDARD_SCRIPTS, { BlobDeltaErrorPolicy: rows })

  test('fatal, passing and passed over become fatal, retry and quarantine, the narrow before the wide', async () => {
    const { flow } = await policies(
      policy(547, false),
      policy(1222, false, { step: '2' }),
      policy(8152, true, { step: 'Children' }),
    )
    expect(flow.onError.map(({ code, step, do: answer }) => [code, step, answer])).toEqual([
      ['TM5003', 'ancestors', 'retry'],
      ['TM5001', 'children', 'fatal'],
      ['TM5001', null, 'quarantine'],
    ])
    expect([flow.onReject.kind, flow.shape]).toEqual(['quarantine', expect.objectContaining({ orphans: 'quarantine' })])
  })

  test('a policy of one table comes before those of all', async () => {
    const { flow } = await policies(policy(2627, true), policy(2627, false, { table: TABLE }))
    expect(flow.onError.map((p) => p.do)).toEqual(['quarantine', 'fatal'])
  })

  test.each([
    [policy(null, false, { pattern: '%deadlock%' }), 'policies are told by codes, not by messages'],
    [policy(4711, false), 'tidemark show RUN names the code'],
    [policy(2627, false, { pattern: "%'UX_Letters'%" }), 'would be answered so whatever its message'],
    [policy(1105, false), 'it is not about rows'],
    [policy(1205, false, { step: '9' }), 'step 9 is none'],
  ])('what on_error has no words for is said with what to do: %#', async (row, says) => {
    const { flow, done } = await policies(row)
    expect(flow.onError).toEqual([])
    expect(told(done, 'refused').join('\n')).toContain(says)
  })
})

describe('watermarks', () => {
  test('one without a configuration, or of a table without a position, is not lost in silence', async () => {
    const done = await imported({
      tables: {
        BlobDeltaTableConfig: [configured({ target: GWENT, name: 'Letters', more: { MetadataModifiedOnCol: null } })],
        BlobDeltaHighWatermark: [
          highWater('Gone.dbo.Letters', '2026-11-20 01:00:00.0000000'),
          highWater(TABLE, '2026-11-21 01:00:00.0000000'),
        ],
      },
    })
    expect(done.watermarks).toEqual([])
    expect(told(done, 'refused')).toEqual([
      expect.stringContaining('lists the business units'),
      expect.stringContaining('2026-11-20 01:00:00.0000000 of Gone.dbo.Letters → there is no configuration'),
      expect.stringContaining('2026-11-21 01:00:00.0000000'),
    ])
  })

  test('a table that the installation is at work on is told apart from a lease that a crash left behind', async () => {
    const { busy } = await imported({
      tables: {
        BlobDeltaTableConfig: ['A', 'B', 'C', 'D'].map((name) => configured({ target: GWENT, name })),
        BlobDeltaHighWatermark: [
          highWater('A', null, { IsRunning: '1', RunLeaseExpiresAt: '2026-11-23 02:30:00.0000000' }),
          highWater('B', null, { IsRunning: '1', RunLeaseExpiresAt: '2026-11-23 01:30:00.0000000' }),
          highWater('C', null, { IsRunning: '1' }),
          highWater('D', null, { RunLeaseExpiresAt: '2026-11-23 02:30:00.0000000' }),
        ],
      },
      now: NOW,
    })
    expect(busy).toEqual(['A', 'C'])
  })
})

test('every parameter of the procedures is told in our words', async () => {
  const text = told(await letters(STANDARD_SCRIPTS), 'parameter').join('\n')
  for (const parameter of [
    '@Mode',
    '@TableName',
    '@BatchSize',
    '@MaxDOP',
    '@BusinessUnitId',
    '@RunId',
    '@Reset',
    '@TargetDatabase',
    '@DryRun',
  ])
    expect(text).toContain(parameter)
})
