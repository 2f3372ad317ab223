/** Relations of the kind of flow that SQL Server is mostly asked for: FileTables in one database, what is known of them in another. */
import type { FlowRelation, Selection } from '../../src/dialects/contract.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'

const column = (name: string, type: string, more: Partial<PlannedColumn> = {}): PlannedColumn => ({
  source: name,
  target: name,
  sourceType: type,
  targetType: type,
  origin: { kind: 'main' },
  cast: null,
  mask: null,
  ...more,
})

const NO_RULES = { notNull: [], unique: [], folded: [] }

/** A flow of one column, its key, out of `src`. */
export function keyAlone(target: readonly string[], type: string): FlowRelation {
  const id = column('id', type)
  return {
    source: { table: ['src'], joins: [], known: ['id'] },
    target: { table: target, beside: null, adds: [], rules: NO_RULES },
    key: [id],
    columns: [id],
    position: null,
    tree: null,
    where: [],
    scope: [],
    excludeKeys: [],
    steps: [],
  }
}

const ID = column('stream_id', 'uniqueidentifier')
const LOCATOR = column('path_locator', 'hierarchyid')
const BLOB = [
  ID,
  column('file_stream', 'varbinary(max)'),
  column('name', 'nvarchar(255)'),
  LOCATOR,
  column('is_directory', 'bit'),
]
const TABLE = ['Gwent_LA_FileTable', 'dbo', 'ReferralAttachment']

/** The position is in the metadata's database, and the target, a FileTable, takes no further column. */
const fileTable: FlowRelation = {
  source: {
    table: ['AdvancedRBSBlob_WCCIS', 'dbo', 'ReferralAttachment'],
    joins: [
      {
        table: ['AdvancedRBS_MetaData', 'dbo', 'cw_referralattachmentBase'],
        as: 'meta',
        on: { stream_id: 'stream_id' },
      },
    ],
    known: [...BLOB.map((x) => x.source), 'parent_path_locator'],
  },
  target: { table: TABLE, beside: null, adds: [], rules: NO_RULES },
  key: [ID],
  columns: BLOB,
  position: {
    ref: { table: 'meta', column: 'ModifiedOn' },
    type: 'datetime',
    clock: 'utc',
    zone: null,
    targetColumn: null,
  },
  tree: { locator: LOCATOR, parent: { source: 'parent_path_locator', sourceType: 'hierarchyid' } },
  where: [
    {
      spec: {
        kind: 'in-table',
        column: { table: 'meta', column: 'OwningBusinessUnit' },
        table: ['Gwent_LA_FileTable', 'dbo', 'LA_BU'],
        source: 'businessunit',
        not: false,
      } as never,
      type: 'uniqueidentifier',
      contents: ['0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b'],
    },
  ],
  scope: [
    {
      column: { table: 'meta', column: 'OwningBusinessUnit' },
      type: 'uniqueidentifier',
      value: '0b1f4c2e-7d53-4f0e-9f4e-1c2d3e4f5a6b',
    },
  ],
  excludeKeys: [{ column: 'stream_id', type: 'uniqueidentifier', values: ['7f8d53ec-b98c-f011-b86b-005056a2dd37'] }],
  steps: [
    { name: 'roots', queue: null, batch: null },
    { name: 'ancestors', queue: null, batch: null },
    { name: 'children', queue: null, batch: null },
  ],
}

const ROW = column('id', 'bigint')
const MODIFIED = column('modified_on', 'datetime2(7)')
const ROWS = [ROW, column('name', 'nvarchar(200)'), column('size', 'decimal(38,10)'), column('at', 'float'), MODIFIED]

const flat: FlowRelation = {
  source: { table: ['office', 'dbo', 'orders'], joins: [], known: ROWS.map((x) => x.source) },
  target: { table: ['orders'], beside: null, adds: [], rules: NO_RULES },
  key: [ROW],
  columns: ROWS,
  position: {
    ref: { table: null, column: 'modified_on' },
    type: 'datetime2(7)',
    clock: 'utc',
    zone: null,
    targetColumn: 'modified_on',
  },
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [],
  steps: [{ name: 'rows', queue: null, batch: null }],
}

const VERSION = column('changed', 'rowversion', { targetType: 'binary(8)' })

const selection = (upTo: string, after: string | null = null): Selection => ({
  window: { after, upTo },
  withNullPosition: false,
  absent: null,
  unmatched: [],
  again: [],
  gained: [],
})

const NEW: Selection = { ...selection(''), window: null, absent: 'key' }
const CODE = column('code', 'nvarchar(20)')

export interface GoldenCase {
  readonly relation: FlowRelation
  readonly selection: Selection
  readonly kind: 'latest' | 'insert-missing'
}

export const SQLSERVER_CASES: Readonly<Record<string, GoldenCase>> = {
  'filetable-tree-side-position': {
    relation: fileTable,
    selection: {
      ...selection('2026-03-01 10:00:00.000', '2026-02-28 06:00:00.000'),
      unmatched: ['["11111111-1111-1111-1111-111111111111"]'],
      again: ['["22222222-2222-2222-2222-222222222222"]'],
      gained: [{ where: 0, values: ['33333333-3333-3333-3333-333333333333'] }],
    },
    kind: 'latest',
  },
  'filetable-tree-backfill': {
    relation: { ...fileTable, position: null },
    selection: NEW,
    kind: 'insert-missing',
  },
  'latest-flat': { relation: flat, selection: selection('2026-03-01 10:00:00.0000000', '2026-02-28'), kind: 'latest' },
  'latest-flat-first': { relation: flat, selection: selection('2026-03-01 10:00:00.0000000'), kind: 'latest' },
  'latest-flat-nulls-always': {
    relation: flat,
    selection: { ...selection('2026-03-01 10:00:00.0000000', '2026-02-28'), withNullPosition: true },
    kind: 'latest',
  },
  'latest-flat-local-clock': {
    relation: { ...flat, position: flat.position && { ...flat.position, clock: 'local', zone: 'Europe/London' } },
    selection: selection('2026-10-25 01:30:00.0000000'),
    kind: 'latest',
  },
  'latest-flat-rowversion': {
    relation: {
      ...flat,
      columns: [...ROWS, VERSION],
      position: {
        ref: { table: null, column: 'changed' },
        type: 'rowversion',
        clock: 'rowversion',
        zone: null,
        targetColumn: 'changed',
      },
    },
    selection: selection('0x00000000000007d1', '0x00000000000007d0'),
    kind: 'latest',
  },
  'latest-flat-side-position': {
    relation: { ...flat, position: flat.position && { ...flat.position, targetColumn: null } },
    selection: selection('2026-03-01 10:00:00.0000000'),
    kind: 'latest',
  },
  'latest-flat-rejects': {
    relation: {
      ...flat,
      target: {
        ...flat.target,
        rules: { notNull: ['name'], unique: [['name'], ['size', 'at']], folded: [] },
      },
    },
    selection: selection('2026-03-01 10:00:00.0000000'),
    kind: 'latest',
  },
  'latest-text-key': {
    relation: {
      ...flat,
      key: [CODE],
      columns: [CODE, ...ROWS],
      target: {
        ...flat.target,
        rules: { ...NO_RULES, folded: [{ column: 'code', collation: 'Latin1_General_CI_AS' }] },
      },
    },
    selection: selection('2026-03-01 10:00:00.0000000'),
    kind: 'latest',
  },
  'latest-text-collation': {
    relation: {
      ...flat,
      key: [{ ...CODE, sourceCollation: 'Greek_CI_AS' }],
      columns: [{ ...CODE, sourceCollation: 'Greek_CI_AS' }, ...ROWS],
      position: flat.position && { ...flat.position, targetColumn: null },
      target: {
        ...flat.target,
        rules: { ...NO_RULES, folded: [{ column: 'code', collation: 'Latin1_General_CI_AS' }] },
      },
      where: [
        {
          spec: { kind: 'in-list', column: { table: null, column: 'name' }, values: ['a'], not: false },
          type: 'nvarchar(200)',
          collation: 'Turkish_CI_AS',
          contents: null,
        },
      ],
      excludeKeys: [{ column: 'code', type: 'nvarchar(20)', collation: 'Greek_CI_AS', values: ['x'] }],
    },
    selection: { ...selection('2026-03-01 10:00:00.0000000'), again: ['["y"]'] },
    kind: 'latest',
  },
  'latest-flat-columns': {
    relation: {
      ...flat,
      columns: [
        ROW,
        column('place', 'nvarchar(200)', {
          source: 'name',
          targetType: 'nvarchar(200)',
          mask: { kind: 'redact', text: '[gone]' },
        }),
        column('size', 'decimal(38,10)', { cast: 'decimal(10,2)', targetType: 'decimal(10,2)' }),
        column('at', 'float', { mask: { kind: 'null' } }),
        column('site', 'nvarchar(10)', { origin: { kind: 'value', value: "ea'st" } }),
        MODIFIED,
      ],
    },
    selection: selection('2026-03-01 10:00:00.0000000'),
    kind: 'latest',
  },
  'insert-missing-flat': {
    relation: flat,
    selection: selection('2026-03-01 10:00:00.0000000'),
    kind: 'insert-missing',
  },
  'insert-missing-backfill': {
    relation: { ...flat, position: null, steps: [{ name: 'rows', queue: null, batch: null, maxDop: 4 }] },
    selection: NEW,
    kind: 'insert-missing',
  },
  'latest-templates': {
    relation: {
      ...flat,
      steps: [
        {
          name: 'rows',
          queue: {
            pieces: [
              { kind: 'text', text: 'SELECT x.id FROM ' } as never,
              { kind: 'token', name: 'source' },
              { kind: 'text', text: ' AS x WHERE x.modified_on > ' } as never,
              { kind: 'bound', name: 'after' },
              { kind: 'text', text: ' AND x.modified_on <= ' } as never,
              { kind: 'bound', name: 'up_to' },
            ],
          },
          batch: {
            pieces: [
              { kind: 'text', text: 'SELECT s.* FROM ' } as never,
              { kind: 'token', name: 'source' },
              { kind: 'text', text: ' AS s JOIN ' } as never,
              { kind: 'token', name: 'batch' },
              { kind: 'text', text: ' AS b ON b.id = s.id' } as never,
            ],
          },
        },
      ],
    },
    selection: selection('2026-03-01 10:00:00.0000000', '2026-02-28'),
    kind: 'latest',
  },
}
