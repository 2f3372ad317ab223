/** The statements by which rows leave SQL Server for another engine and arrive from one, as files to be reviewed like code. */
import { describe, expect, test } from 'vitest'
import { arrivedRelation } from '../../src/dialects/arrived-relation.ts'
import type { FlowRelation, Selection } from '../../src/dialects/contract.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'
import { fromSource, rowBytes } from '../../src/dialects/relational/selection.sql.ts'
import { type Sql, sql } from '../../src/dialects/sql-text.ts'
import * as arriving from '../../src/dialects/sqlserver/arriving.sql.ts'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { taken } from '../../src/dialects/sqlserver/cut-ranges.ts'
import * as departing from '../../src/dialects/sqlserver/departing.sql.ts'
import { anyRow, broughtNewRows } from '../../src/dialects/sqlserver/fresh-target.sql.ts'
import { readStatement } from '../../src/dialects/sqlserver/leaving-rows.ts'
import { connectionOf } from '../../src/dialects/sqlserver/session.ts'
import * as ranges from '../../src/dialects/sqlserver/split-range.sql.ts'
import { printed } from '../../src/dialects/sqlserver/style.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { goldenText } from '../support/golden-flows.ts'

const server = { host: 'office', database: 'Office', user: 'tidemark', password: new Secret('x') }
const c = catalogsOf(connectionOf(server), connectionOf(server, 'target'), workPlace(null), () => new Secret('key'), 13)
const named = (name: string, statements: readonly Sql[]) => statements.map((x) => ({ name, text: printed(x) }))

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
const ID = column('id', 'bigint')
const COLUMNS: readonly PlannedColumn[] = [
  ID,
  column('code', 'varchar(20) /* 1252 Latin1_General_CI_AS */'),
  column('name', 'nvarchar(100)', { mask: { kind: 'hash', key: 'env:KEY' }, targetType: 'text' }),
  column('amount', 'decimal(38,10)'),
  column('price', 'money'),
  column('ratio', 'float'),
  column('due', 'date'),
  column('changed', 'datetimeoffset(7)'),
  column('active', 'bit'),
  column('reference', 'uniqueidentifier'),
  column('path', 'hierarchyid'),
  column('note', 'nvarchar(max)'),
  column('file', 'varbinary(max)'),
  column('sheet', 'xml'),
  column('version', 'rowversion'),
]
const relation: FlowRelation = {
  source: { table: ['dbo', 'orders'], joins: [], known: [] },
  target: { table: ['dbo', 'orders'], beside: null, adds: [], rules: { notNull: [], unique: [], folded: [] } },
  key: [ID],
  columns: COLUMNS,
  position: { ref: { table: null, column: 'modified_on' }, type: 'datetime', clock: 'utc', zone: null, targetColumn: null },
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [],
  steps: [],
}
const WINDOW: Selection = {
  window: { after: '2026-01-01 00:00:00.000', upTo: '2026-02-01 00:00:00.000' },
  withNullPosition: false,
  absent: null,
  unmatched: [],
  again: [],
  gained: [],
}
const RANGE = {
  kind: 'order',
  by: 'position',
  after: ['2026-01-02 00:00:00.000', '7'],
  upTo: ['2026-01-03 00:00:00.000', '9'],
} as const

describe('golden SQL of sqlserver and another engine', () => {
  test('rows that leave', async () => {
    const r = departing.uncast(relation)
    const columns = departing.leavingColumns(c, r)
    const rows: ranges.Rows = { from: fromSource(c, relation), where: taken(c, relation, WINDOW) }
    const where = sql`${ranges.inRange(c, relation, RANGE)} AND (${rows.where})`
    const reading = { catalogs: c, relation: r, columns, from: rows.from, where, isSnapshot: false }
    const isIt = sql`${where} AND [m].[id] = 8`
    const copy = departing.copyLarge(columns, rows.from, isIt)
    const size = { rows: 100_000, bytes: 64 * 1024 ** 2 }
    const text = goldenText([
      ...named('keys', [ranges.nullKeys(c, relation, rows), ranges.repeatedKeys(c, relation, rows)]),
      ...named('cut', [ranges.cutByBytes(c, relation, 'position', rows, size, rowBytes(c, relation, false))]),
      ...named('cut by rows', [ranges.cutByRows(c, relation, 'key', rows, size)]),
      ...named('count', [ranges.countRows(rows, rowBytes(c, relation, false))]),
      ...named('read', [readStatement({ ...reading, tail: ranges.inOrder(c, relation, 'position') })]),
      ...named('large', [copy.make, copy.fill, departing.largeColumns(columns, copy.row), copy.drop]),
    ])
    await expect(text).toMatchFileSnapshot('../golden/sqlserver/spool/leaving.sql')
  })

  test('rows that arrive', async () => {
    const held: Readonly<Record<string, string>> = { path: 'nvarchar(max)', sheet: 'nvarchar(max)', version: 'binary(8)' }
    const flow = {
      ...relation,
      columns: COLUMNS.map((x) => ({ ...x, mask: null, targetType: held[x.target] ?? x.sourceType })),
      position: { ...relation.position, targetColumn: 'changed' } as NonNullable<FlowRelation['position']>,
    }
    const r = arrivedRelation(flow, (x) => x.targetType, 'datetimeoffset(7)', true)
    const columns = arriving.arrivedColumns(r)
    const looked = arriving.lookedAt(r)
    const key = { store: 's-1', flow: 'm.orders', scope: '{}', token: 7n }
    const text = goldenText([
      ...named('arrived', [arriving.remakeArrived(columns)]),
      ...named('room', [arriving.makeRoom(arriving.arrivedColumns(r, new Set(['sheet'])))]),
      ...named('fresh', [broughtNewRows(c, key, 'r-abcde'), anyRow(c, r)]),
      ...named('insert', [arriving.insertArrived(c, r, columns)]),
      ...named('stage', arriving.stageArrived(c, r, columns, null)),
      ...named('stage some', arriving.stageArrived(c, r, columns, { first: 1n, last: 500n })),
      ...named('stage with a look', arriving.stageLookedAt(c, looked, columns, null)),
      { name: 'parts', text: arriving.KEEP_PARTS },
    ])
    await expect(text).toMatchFileSnapshot('../golden/sqlserver/spool/arriving.sql')
  })
})
