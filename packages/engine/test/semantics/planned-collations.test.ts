/** Where a flow compares texts of a SQL Server with values of its own, the plan knows by which collation. */
import { expect, test } from 'vitest'
import type { TableFacts } from '../../src/dialects/contract.ts'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { connectionOf } from '../../src/dialects/sqlserver/session.ts'
import { createSide } from '../../src/dialects/sqlserver/table.sql.ts'
import { tsql } from '../../src/dialects/sqlserver/style.ts'
import { SqlServerTarget } from '../../src/dialects/sqlserver/target.ts'
import { canBeKey, logicalTypeOf, positionClass } from '../../src/dialects/sqlserver/types.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import { predicates } from '../../src/dialects/relational/selection.sql.ts'
import { ident } from '../../src/dialects/sql-text.ts'
import type { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { resolveRelation } from '../../src/plan/relation.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { flowSpec } from '../support/world.ts'

const server = { host: 'office', database: 'Office', user: 'tidemark', password: new Secret('x') }
const into = connectionOf(server, 'target')
const catalogs = catalogsOf(into, into, workPlace(null), () => new Secret('key'), 13)

const table = (collation: string): TableFacts => ({
  columns: [
    { name: 'id', type: 'nvarchar(20)', nullable: false, generated: false, collation },
    { name: 'kind', type: 'nvarchar(20)', nullable: true, generated: false, collation },
    { name: 'at', type: 'datetime2(7)', nullable: false, generated: false },
  ],
  uniqueKeys: [['id']],
  table: ['t'],
  estimatedRows: null,
})

const list = (values: readonly string[]) => ({
  kind: 'in-list' as const,
  column: { table: null, column: 'kind' },
  values,
  not: false,
})

const columns = { include: ['id', 'kind'], exclude: [], add: {}, rename: {}, cast: {}, mask: {} }
const flow = flowSpec({ excludeKeys: { id: ['x'] }, columns })

const { relation } = resolveRelation({
  definition: { ...flow, source: { ...flow.source, where: [list(['a'])] } },
  shapes: {
    source: table('Greek_CI_AS'),
    joins: new Map(),
    lists: new Map(),
    target: table('Turkish_CI_AS'),
    castTypes: new Map(),
    lackedTypes: new Map(),
  },
  scope: {},
  position: null,
  source: { foldsCase: true, canBeKey, positionClass, logicalTypeOf, location: 'office/Source' },
  target: new SqlServerTarget(into, {} as SqlServerSession, catalogs),
})

test('lists of where, excluded keys and keys that are read again are compared as the source does', () => {
  const selection = { window: null, withNullPosition: false, absent: null, unmatched: [], again: ['["y"]'], gained: [] }
  const text = predicates(catalogs, relation, selection, true).map(tsql).join('\n')
  expect(text.match(/l\.\[value\] COLLATE Greek_CI_AS\) <= 40/g)).toHaveLength(5)
  expect(text).not.toMatch(/l\.\[value\]\) <= 40/)
})

test('the table of positions beside a target has keys that compare as those of the target do', () => {
  const position = { ref: { table: null, column: 'at' }, type: 'datetime2(7)', clock: 'utc', zone: null } as const
  const [side = ''] = createSide(
    catalogs,
    { ...relation, position: { ...position, targetColumn: null } },
    ident('v'),
  ).map(tsql)
  expect(side).toContain('([id] nvarchar(20) COLLATE Turkish_CI_AS NOT NULL, [position] datetime2(7) NOT NULL')
})
