/** The statements by which a snapshot lands in PostgreSQL: what `live` deletes, and what `forensic` closes and opens. */
import { expect, test } from 'vitest'
import { arrivedRelation } from '../../src/dialects/arrived-relation.ts'
import type { FlowRelation } from '../../src/dialects/contract.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'
import { explainLanding } from '../../src/dialects/postgres/explain-batch.ts'
import { readText } from '../../src/dialects/duckdb/hot-beside.ts'
import { explainHot } from '../../src/dialects/postgres/hot-tables.ts'
import { heldKeys } from '../../src/dialects/postgres/held-keys.ts'
import { sourceNames, targetNames } from '../../src/dialects/postgres/names.ts'
import { postgresKit } from '../../src/dialects/postgres/sql-kit.ts'
import { deleteListed } from '../../src/dialects/relational/delete.sql.ts'
import type { Catalogs } from '../../src/dialects/relational/names.ts'
import { SHARED_STATEMENTS } from '../../src/dialects/relational/statements.ts'
import { HEADER_COLUMNS, type HotHeader } from '../../src/dialects/hot-tables.ts'
import { ident, printable, sql } from '../../src/dialects/sql-text.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { goldenText } from '../support/golden-flows.ts'

const c: Catalogs = {
  kit: postgresKit(180_000),
  source: sourceNames('public'),
  target: targetNames('public'),
  work: (name) => ident('pg_temp', name),
  say: SHARED_STATEMENTS,
  secret: () => new Secret('key'),
}
const column = (name: string, type: string): PlannedColumn => ({
  source: name,
  target: name,
  sourceType: type,
  targetType: type,
  origin: { kind: 'main' },
  cast: null,
  mask: null,
})
const key = [column('id', 'bigint'), column('line', 'character(4)')]
const live: FlowRelation = {
  source: { table: ['orders'], joins: [], known: [] },
  target: {
    table: ['orders'],
    beside: null,
    adds: [],
    rules: { notNull: [], unique: [], folded: [] },
    carries: [{ column: 'customer', type: 'text', value: 'alder' }],
  },
  key,
  columns: [...key, column('customer', 'text'), column('amount', 'numeric(12,2)'), column('ratio', 'double precision')],
  position: null,
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [{ column: 'id', type: 'bigint', values: ['77'] }],
  steps: [],
}

test.each([
  ['live', live],
  ['forensic', { ...live, target: { ...live.target, versions: { batch: '7' } } }],
])('snapshot into PostgreSQL, %s', async (apply, relation) => {
  const spooled = arrivedRelation(relation, (x) => x.targetType, null, false)
  const statements = [
    { name: 'keys', text: printable(heldKeys(c, relation)) },
    { name: 'deletes', text: printable(deleteListed(c, spooled, '[["1", "a"], ["2", "b"]]')) },
    ...explainLanding(c, spooled, 'latest'),
  ]
  await expect(goldenText(statements)).toMatchFileSnapshot(`./postgres/snapshot-${apply}.sql`)
})

test('a snapshot that PostgreSQL keeps', async () => {
  const header = Object.fromEntries(HEADER_COLUMNS.map((name) => [name, `its ${name}`])) as HotHeader
  const put = { id: 's-new', header, rows: sql`(SELECT …)`, count: 1n }
  const change = { kept: ['s-before'], gone: ['s-old', 's-new'], put }
  const of = { store: 'STORE', flow: "o'clock" }
  const texts = explainHot(c.target, of, change, readText(of, change.put), true)
  const statements = texts.map((text) => ({ name: 'hot side in the target', text }))
  await expect(goldenText(statements)).toMatchFileSnapshot('./postgres/snapshot-hot-target.sql')
})
