import { describe, expect, test } from 'vitest'
import type { Imported } from '../../src/app/import/translate-installation.ts'
import { flowsOf, GWENT, imported, letters, TABLE, told } from '../support/imported.ts'
import {
  COLUMNS,
  configured,
  EXCLUDED,
  highWater,
  NOW,
  type PlainInstallation,
  policy,
  RUN_PROCEDURE,
  script,
  STANDARD_SCRIPTS,
  windowScript,
} from '../support/plain-installation.ts'

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
