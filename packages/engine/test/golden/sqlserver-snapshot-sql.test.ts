/** The statements by which a snapshot lands in SQL Server: what `live` deletes, and what `forensic` closes and opens. */
import { describe, expect, test } from 'vitest'
import { arrivedRelation } from '../../src/dialects/arrived-relation.ts'
import type { FlowRelation } from '../../src/dialects/contract.ts'
import { HEADER_COLUMNS, type HotHeader } from '../../src/dialects/hot-tables.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'
import { type Sql, sql } from '../../src/dialects/sql-text.ts'
import { arrivedColumns, remakeArrived, stageArrived } from '../../src/dialects/sqlserver/arriving.sql.ts'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { goneRelation, nextBatch, removeStaged } from '../../src/dialects/sqlserver/delete.sql.ts'
import { explainLanding } from '../../src/dialects/sqlserver/explain-batch.ts'
import { heldKeysText } from '../../src/dialects/sqlserver/held-keys.ts'
import { explainHot } from '../../src/dialects/sqlserver/hot-tables.ts'
import { connectionOf } from '../../src/dialects/sqlserver/session.ts'
import { printed } from '../../src/dialects/sqlserver/style.ts'
import { createTarget } from '../../src/dialects/sqlserver/table.sql.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { goldenText } from '../support/golden-flows.ts'

const server = { host: 'office', database: 'Office', user: 'tidemark', password: new Secret('x') }
const c = catalogsOf(connectionOf(server), connectionOf(server, 'target'), workPlace(null), () => new Secret('key'), 13)
const named = (name: string, statements: readonly Sql[]) => statements.map((x) => ({ name, text: printed(x) }))

const column = (name: string, type: string): PlannedColumn => ({
  source: name,
  target: name,
  sourceType: type,
  targetType: type,
  origin: { kind: 'main' },
  cast: null,
  mask: null,
})
const key = [
  column('id', 'bigint'),
  column('line', 'nvarchar(4)'),
  column('part', 'varbinary(8)'),
  column('day', 'datetime2(6)'),
]
const live: FlowRelation = {
  source: { table: ['orders'], joins: [], known: [] },
  target: {
    table: ['orders'],
    beside: null,
    adds: [],
    rules: { notNull: [], unique: [], folded: [{ column: 'line', collation: 'Latin1_General_CI_AS' }] },
    carries: [{ column: 'customer', type: 'nvarchar(20)', value: 'alder' }],
  },
  key,
  columns: [...key, column('customer', 'nvarchar(20)'), column('amount', 'decimal(12,2)'), column('ratio', 'float')],
  position: null,
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [{ column: 'id', type: 'bigint', values: ['77'] }],
  steps: [],
}
const forensic: FlowRelation = { ...live, target: { ...live.target, versions: { batch: '7' } } }
const ONE = { identity: null, maxDop: null }

describe('golden SQL of snapshots into sqlserver', () => {
  test.each([
    ['live', live],
    ['forensic', forensic],
    ['one-column', { ...live, key: [column('id', 'bigint')], target: { ...live.target, carries: [] }, excludeKeys: [] }],
  ] as const)('%s', async (apply, relation) => {
    const spooled = arrivedRelation(relation, (x) => x.targetType, null, false)
    const gone = goneRelation(spooled)
    const columns = arrivedColumns(gone)
    const statements = [
      ...named('table', [createTarget(relation, sql`[dbo].[orders]`)]),
      { name: 'keys', text: heldKeysText(c, relation, true) },
      { name: 'keys of a server of ours', text: heldKeysText(c, relation, false) },
      ...(apply === 'forensic' ? named('number', [nextBatch(sql`[dbo].[orders]`, 3n)]) : []),
      ...named('gone', [remakeArrived(columns), ...stageArrived(c, gone, columns, null)]),
      ...named('delete', [removeStaged(c, spooled, true)]),
      ...explainLanding(c, spooled, 'latest', ONE),
    ]
    await expect(goldenText(statements)).toMatchFileSnapshot(`./sqlserver/snapshot-${apply}.sql`)
  })

  test('kept there too', async () => {
    const header = Object.fromEntries(HEADER_COLUMNS.map((name) => [name, `its ${name}`])) as HotHeader
    const put = { id: 's-new', header, rows: sql`(SELECT …)`, count: 1n }
    const change = { kept: ['s-before'], gone: ['s-old', 's-new'], put }
    // what makes the file is said to the embedded engine
    const texts = explainHot(c, { store: 'STORE', flow: "o'clock" }, change, 'COPY', true).filter((x) => x !== 'COPY')
    const statements = texts.map((text) => ({ name: 'hot side in the target', text }))
    await expect(goldenText(statements)).toMatchFileSnapshot('./sqlserver/snapshot-hot-target.sql')
  })
})
