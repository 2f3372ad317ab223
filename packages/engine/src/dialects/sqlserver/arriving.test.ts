import { expect, test } from 'vitest'
import type { FlowRelation } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import { Secret } from '../../runtime/secret.ts'
import * as arriving from './arriving.sql.ts'
import { catalogsOf } from './catalogs.ts'
import { connectionOf } from './session.ts'
import { printed } from './style.ts'
import { workPlace } from './work-area.ts'

const server = { host: 'office', database: 'Office', user: 'tidemark', password: new Secret('x') }
const c = catalogsOf(connectionOf(server), connectionOf(server, 'target'), workPlace(null), () => new Secret('key'), 13)

const column = (name: string): PlannedColumn => ({
  source: name,
  target: name,
  sourceType: 'int',
  targetType: 'int',
  origin: { kind: 'main' },
  cast: null,
  mask: null,
})
const columns = ['id', 'n', 'tidemark stage row'].map((name) => column(name))
const relation: FlowRelation = {
  source: { table: ['arrived'], joins: [], known: [] },
  target: { table: ['dbo', 't'], beside: null, adds: [], rules: { notNull: [], unique: [], folded: [] } },
  key: columns.slice(0, 1),
  columns,
  position: null,
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [],
  steps: [],
}

test('rows are numbered under a name that no column of theirs has', () => {
  const arrived = arriving.arrivedColumns(relation)
  const part = { first: 1n, last: 2n }
  const looked = arriving.lookedAt(relation)
  for (const statement of [
    arriving.insertArrived(c, relation, arrived),
    ...arriving.stageArrived(c, relation, arrived, part).slice(-1),
    ...arriving.stageLookedAt(c, looked, arrived, part).slice(-1),
  ]) {
    // a relation with two columns of one name is an error of the server
    const names = [...printed(statement).matchAll(/ AS \[((?!c\d)[^\]]+)\]/g)].map(([, name]) => name)
    expect(names).toContain('n')
    expect(new Set(names).size).toBe(names.length)
  }
})
