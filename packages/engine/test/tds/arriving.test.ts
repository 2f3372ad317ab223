/** What a batch that arrives asks of the server between its rows. */
import type { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import type { CapturedBatch, FlowRelation, Selection } from '../../src/dialects/contract.ts'
import type { Departure } from '../../src/dialects/departure.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'
import { receive } from '../../src/dialects/sqlserver/arriving.ts'
import { sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import { counted } from '../support/tds-peer/replies.ts'
import { statementOf } from '../support/tds-peer/requests.ts'

const column = (name: string, type: string): PlannedColumn => ({
  source: name,
  target: name,
  sourceType: type,
  targetType: type,
  origin: { kind: 'main' },
  cast: null,
  mask: null,
})
const ID = column('id', 'int')
const RELATION: FlowRelation = {
  source: { table: ['t'], joins: [], known: [] },
  target: { table: ['dbo', 't'], beside: null, adds: [], rules: { notNull: [], unique: [], folded: [] } },
  key: [ID],
  columns: [ID, column('note', 'nvarchar(max)'), column('file', 'varbinary(max)')],
  position: null,
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [],
  steps: [],
}
const BATCH = { flow: RELATION, selection: {} as Selection, split: {} as CapturedBatch }

const departureOf = (csv: string): Departure =>
  ({
    read: () =>
      Promise.resolve({
        sendTo: (into: Writable) =>
          new Promise<bigint>((resolve, reject) => {
            into.on('error', reject)
            into.end(csv, () => resolve(1n))
          }),
      }),
  }) as unknown as Departure

test('columns have room for any value from the first on that needs it, and in every later batch', async () => {
  await using peer = await TdsPeer.open({
    answer: (request) => counted(request, request.kind === 'bulk' ? BigInt(request.count) : 1n),
  })
  await using session = await sessionTo(peer)
  const long = new Set<string>()
  const begun = (): readonly string[] =>
    (peer.sessions[0]?.requests ?? []).flatMap((request) => {
      if (request.kind === 'bulk') return [`${request.count} rows`]
      const text = statementOf(request) ?? ''
      if (text.startsWith('SELECT * INTO')) return [text.includes('[c2] nvarchar(max)') ? 'wider' : text]
      return text.startsWith('insert bulk') ? [text] : []
    })
  const first = `1,short,\\x00\n2,${'x'.repeat(4_000)},\\x00\n3,${'x'.repeat(4_001)},\\x00\n4,${'x'.repeat(5_000)},\\x00\n`
  expect(await receive(session, departureOf(first), RELATION, BATCH, 'here', long)).toMatchObject({ rows: 4n })
  const bulk = (note: string): string =>
    `insert bulk #tidemark_arrived([c1] nvarchar(4000), [c2] nvarchar(${note}), [c3] varbinary(8000), [parts] nvarchar(20), [n] bigint) WITH (KEEP_NULLS)`
  expect(begun()).toEqual([bulk('4000'), '2 rows', 'wider', bulk('max'), '2 rows'])
  expect([...long]).toEqual(['note'])

  const second = '5,short,\\x00\n'
  expect(await receive(session, departureOf(second), RELATION, BATCH, 'here', long)).toMatchObject({ rows: 1n })
  expect(begun().slice(5)).toEqual([bulk('max'), '1 rows'])
})
