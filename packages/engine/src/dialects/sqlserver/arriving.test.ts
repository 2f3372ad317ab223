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

const column = (name: string, type = 'int'): PlannedColumn => ({
  source: name,
  target: name,
  sourceType: type,
  targetType: type,
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

test('parts are looked for where a value of the batch came in parts, and nowhere else', () => {
  const r = { ...relation, columns: [column('id'), column('note', 'nvarchar(max)'), column('file', 'varbinary(max)')] }
  const arrived = arriving.arrivedColumns(r)
  const looksIn = (inParts: readonly boolean[]): readonly string[] => {
    const columns = arrived.map((x, i) => ({ ...x, inParts: inParts[i] ?? false }))
    return [...printed(arriving.insertArrived(c, r, columns)).matchAll(/of_column = (\d)/g)].map(([, n]) => n ?? '')
  }
  expect(looksIn(arrived.map(({ inParts }) => inParts))).toEqual(['1', '2'])
  expect(looksIn([false, false, true])).toEqual(['2'])
  expect(looksIn([false, false, false])).toEqual([])
})
