import { expect, test } from 'vitest'
import type { TaskRow } from '../../control/control-store.ts'
import { namedBy } from './named-by.ts'

const task = (parts: { source?: object; target?: object; rest?: object; type?: string }): TaskRow => {
  const json = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value))
  return {
    module: 'm',
    id: 't',
    executionOrder: 1,
    type: parts.type ?? 'flow',
    sourceConfig: json(parts.source),
    targetConfig: json(parts.target),
    transformationConfig: json(parts.rest),
    isActive: true,
    version: 1,
    updatedAt: '',
    updatedBy: '',
    deployed: null,
  }
}

const OFFICE = { connection: 'office', database: null, home: null }
const inGwent = { connection: 'office', database: 'gwent', home: null }
const FLOW = {
  source: {
    connection: 'office',
    table: 'Blobs.dbo.Letters',
    join: [{ table: 'Meta.dbo.lettersBase', as: 'meta', on: { id: 'id' } }],
    where: [{ column: 'meta.unit', in: { table: '[Gwent].dbo.LA_BU', column: 'businessunit' } }],
  },
  target: { connection: 'lake', table: 'Gwent.dbo.Letters' },
  rest: { key: ['id'], capture: { kind: 'snapshot', archive: { connection: 'inbox' } } },
}

test('a task names a connection wherever it says so', () => {
  expect(namedBy(task(FLOW), OFFICE)).toEqual(['source.connection office'])
  expect(namedBy(task(FLOW), { ...OFFICE, connection: 'inbox' })).toEqual(['capture.archive.connection inbox'])
  expect(namedBy(task({ type: 'sql_query', rest: { connection: 'office', sql: 'ANALYZE' } }), OFFICE)).toEqual([
    'connection office',
  ])
  expect(namedBy(task(FLOW), { ...OFFICE, connection: 'offic' })).toEqual([])
})

test('a database is named by three-part tables on that connection, whatever their case and quotes, and on no other', () => {
  expect(namedBy(task(FLOW), inGwent)).toEqual(['source.where.in.table [Gwent].dbo.LA_BU'])
  expect(namedBy(task(FLOW), { ...inGwent, database: 'Meta' })).toEqual(['source.join.table Meta.dbo.lettersBase'])
  expect(namedBy(task(FLOW), { ...inGwent, connection: 'lake' })).toEqual(['target.table Gwent.dbo.Letters'])
  expect(namedBy(task(FLOW), { ...inGwent, database: 'dbo' })).toEqual([])
  const far = task({
    source: { connection: 'office', table: 'server2.Gwent.dbo.T' },
    target: { connection: 'lake', table: 't' },
  })
  expect(namedBy(far, inGwent)).toEqual(['source.table server2.Gwent.dbo.T'])
})

test('a table without a database is in that of its connection, where that is known', () => {
  const short = task({
    source: { connection: 'office', table: 'dbo.Letters' },
    target: { connection: 'lake', table: 't' },
  })
  expect(namedBy(short, inGwent)).toEqual([])
  expect(namedBy(short, { ...inGwent, home: 'Gwent' })).toEqual(['source.table dbo.Letters'])
})

test.each([
  ['SELECT id FROM Gwent.dbo.Closed', true],
  ['SELECT id FROM [gwent].dbo.Closed', true],
  ['SELECT id FROM "Gwent"..Closed', true],
  ['SELECT id FROM Old.Gwent.Closed', false],
  ['SELECT id FROM Gwent2.dbo.Closed', false],
  ["SELECT id FROM {source} WHERE name = 'Gwent'", false],
])('a database that only the SQL of a step names is found: %s', (queue, found) => {
  const own = task({ ...FLOW, source: { connection: 'office', table: 'a.b.c' }, rest: { steps: { rows: { queue } } } })
  expect(namedBy(own, inGwent)).toEqual(found ? ['steps.rows.queue: its SQL names gwent'] : [])
})
