/** Snapshots into SQL Server: as what its types are compared, and what is asked of the server for keys that it holds and loses. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FlowRelation, OpenBench } from '../../src/dialects/contract.ts'
import { DuckdbDeparture, openDuckdbDeparture } from '../../src/dialects/duckdb/departure.ts'
import type { EmbeddedBeside } from '../../src/dialects/duckdb/embedded-beside.ts'
import { attachedEnd } from '../../src/dialects/duckdb/source-end.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { embeddedBesideSqlServer, type SqlServerSide } from '../../src/dialects/sqlserver/embedded.ts'
import { writeHeldKeys } from '../../src/dialects/sqlserver/held-keys.ts'
import { TypesAsPlanned } from '../../src/dialects/sqlserver/refuse-batch.ts'
import { connectionOf } from '../../src/dialects/sqlserver/session.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { connectionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import type { Answer } from '../support/tds-peer/peer-session.ts'
import { counted, selected, streamed, transactions } from '../support/tds-peer/replies.ts'
import { statementOf } from '../support/tds-peer/requests.ts'
import type { PeerColumn } from '../support/tds-peer/tokens.ts'

const dir = mkdtempSync(join(tmpdir(), 'tidemark-embedded-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const none = (): never => {
  throw new TypeError('no secret is asked for')
}
const column = (name: string, sourceType: string, targetType: string, cast: string | null = null): PlannedColumn => ({
  source: name,
  target: name,
  sourceType,
  targetType,
  origin: { kind: 'main' },
  cast,
  mask: null,
})
const relationOf = (key: readonly PlannedColumn[], ...others: readonly PlannedColumn[]): FlowRelation => ({
  source: { table: ['src'], joins: [], known: [] },
  target: { table: ['dst'], beside: null, adds: [], rules: { notNull: [], unique: [], folded: [] } },
  key,
  columns: [...key, ...others],
  position: null,
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [],
  steps: [],
})

const NO_TABLE: Answer = (request) => transactions(request) ?? counted(request, 0n)

let files = 0

/** Rows on their way from a DuckDB file. */
async function openSpool(): Promise<DuckdbDeparture> {
  const path = join(dir, `${++files}.duckdb`)
  const limits = { memoryBytes: null, threads: null, tempDir: dir }
  await (await openDuckdbFile(path, 'write', limits))[Symbol.asyncDispose]()
  const source = { id: 'a', kind: 'duckdb', options: { path } }
  const options = { source, target: { id: 'b', options: {} }, mode: 'read', workPath: null, limits, secret: none }
  const spool = await openDuckdbDeparture({ ...options, spools: true } as unknown as OpenBench, attachedEnd)
  if (!(spool instanceof DuckdbDeparture)) throw new TypeError('no departure of DuckDB')
  return spool
}

/** A side that asks no server. */
function besideNobody(spool: DuckdbDeparture, ofOurs = false): EmbeddedBeside {
  const into = connectionOf({ host: 'nowhere', database: 'sales', user: 'u', password: 'p' })
  const catalogs = catalogsOf(into, into, workPlace(null), none, 13)
  const nobody = { into, catalogs, session: null, target: { location: 'nowhere' }, types: new TypesAsPlanned(), ofOurs }
  return embeddedBesideSqlServer(spool, nobody as unknown as SqlServerSide)
}

const ID = column('id', 'BIGINT', 'bigint')

describe('types of SQL Server in the image', () => {
  let spool: DuckdbDeparture
  beforeAll(async () => {
    spool = await openSpool()
  })
  afterAll(() => spool[Symbol.asyncDispose]())

  test.each([
    ['BOOLEAN', 'bit', 'BOOLEAN'],
    ['DECIMAL(38,10)', 'decimal(38,10)', 'DECIMAL(38,10)'],
    ['DECIMAL(9,4)', 'money', 'DECIMAL(19,4)'],
    ['VARCHAR', 'nvarchar(max)', 'VARCHAR'],
    ['BLOB', 'varbinary(max)', 'BLOB'],
    ['UUID', 'uniqueidentifier', 'UUID'],
    ['TIMESTAMP', 'datetime2(6)', 'TIMESTAMP'],
    // what it holds of more digits is not this flow's
    ['TIMESTAMP', 'datetime2(7)', 'TIMESTAMP'],
    ['TIMESTAMP WITH TIME ZONE', 'datetimeoffset(6)', 'TIMESTAMP WITH TIME ZONE'],
    ['TIME', 'time(7)', 'TIME_NS'],
  ])('a %s for %s is a %s', (source, target, own) => {
    const embedded = besideNobody(spool)
    expect(embedded.inOwnTypes(relationOf([ID], column('x', source, target))).columns[1]).toMatchObject({
      targetType: own,
      cast: null,
    })
  })

  test.each([
    ['decimal(10,2)', 'DECIMAL(10,2)'],
    ['datetime2(6)', 'TIMESTAMP'],
    ['nvarchar(max)', 'VARCHAR'],
    ['nvarchar(20)', 'VARCHAR'],
    ['int', 'INTEGER'],
  ])('a cast to %s is done where the image is made, as %s', (cast, own) => {
    const embedded = besideNobody(spool)
    const r = relationOf([ID], column('x', 'VARCHAR', cast, cast))
    expect(embedded.inOwnTypes(r).columns[1]).toMatchObject({ targetType: own, cast: own })
  })

  test.each([
    'nchar(20)',
    'varchar(20) /* 1252 Latin1_General_CI_AS */',
    'datetime2(3)',
    'datetime2(7)',
    'datetimeoffset(6)',
    'tinyint',
    'money',
    'xml',
  ])('a cast to %s, which DuckDB does not have alike, is refused', (cast) => {
    const embedded = besideNobody(spool)
    const r = relationOf([ID], column('x', 'VARCHAR', cast, cast))
    expect(() => embedded.inOwnTypes(r)).toThrow(expect.objectContaining({ code: 'TM4025' }))
  })

  test('a key is of a type in which it is found again, or is refused', () => {
    const embedded = besideNobody(spool)
    const own = (x: PlannedColumn): string | undefined => embedded.inOwnTypes(relationOf([x])).key[0]?.targetType
    expect(own(column('at', 'TIMESTAMP', 'datetime2(6)'))).toBe('TIMESTAMP')
    expect(own(column('at', 'TIMESTAMP WITH TIME ZONE', 'datetimeoffset(6)'))).toBe('TIMESTAMP WITH TIME ZONE')
    for (const x of [
      column('at', 'TIMESTAMP', 'datetime2(7)'),
      column('at', 'TIMESTAMP WITH TIME ZONE', 'datetimeoffset(7)'),
    ])
      expect(() => own(x)).toThrow(expect.objectContaining({ code: 'TM4025' }))
  })

  test('a key of seven digits is its text where it comes from a SQL Server as it is', () => {
    const embedded = besideNobody(spool, true)
    const own = (x: PlannedColumn): string | undefined => embedded.inOwnTypes(relationOf([x])).key[0]?.targetType
    expect(own(column('at', 'datetime2(7)', 'datetime2(7)'))).toBe('VARCHAR')
    expect(() => own(column('at', 'datetime2(3)', 'datetime2(7)'))).toThrow(expect.objectContaining({ code: 'TM4025' }))
  })
})

const KEY = [
  ID,
  column('code', 'VARCHAR', 'nvarchar(20)'),
  column('part', 'BLOB', 'varbinary(8)'),
  column('day', 'TIMESTAMP', 'datetime2(6)'),
]
const CELLS: readonly PeerColumn[] = [
  { name: 'c1', type: 'bigint' },
  { name: 'c2', type: 'nvarchar' },
  { name: 'c3', type: 'varbinary(max)' },
  { name: 'c4', type: 'nvarchar' },
  { name: 'c5', type: 'bit' },
]
const texts = (n: number): readonly PeerColumn[] =>
  Array.from({ length: n }, (_, i) => ({ name: `f${i}`, type: 'nvarchar' }))

test.each([
  ['a snapshot, where there are some', '1', '0', '0', true, false],
  ['versions, where a statement reads by them', '0', '1', '0', false, false],
  ['locks, of which one keeps everybody out', '0', '0', '0', false, true],
  ['itself, in memory', '0', '0', '1', false, false],
])(
  'keys that SQL Server holds come by one statement, under %s',
  async (_, snapshot, versions, memory, begins, locks) => {
    const answer: Answer = (request, session) => {
      const text = statementOf(request) ?? ''
      if (text.includes('[tidemark deletable]'))
        return streamed(request, CELLS, [
          [1, 'Ä"', Buffer.from('00ff', 'hex'), '2026-01-01 00:00:00.123456', 1],
          [2, '', Buffer.alloc(0), '0001-01-01 00:00:00.000000', 0],
        ])
      if (text.includes('snapshot_isolation_state')) return selected(request, texts(2), [[snapshot, versions]])
      if (text.includes('is_memory_optimized')) return selected(request, texts(3), [[memory, 'id', '0']])
      return NO_TABLE(request, session)
    }
    await using peer = await TdsPeer.open({ answer })
    const into = connectionTo(peer)
    const catalogs = catalogsOf(into, into, workPlace(null), none, 13)
    const path = join(dir, 'held.csv')
    expect(await writeHeldKeys(into, catalogs, relationOf(KEY), true, path)).toBe(2n)
    expect(readFileSync(path, 'utf8')).toBe(
      '1,"Ä""",\\x00ff,2026-01-01 00:00:00.123456,t\n2,"",\\x,0001-01-01 00:00:00.000000,f\n',
    )
    const asked: readonly string[] = peer.sessions[0]?.texts ?? []
    expect(asked.filter((text) => text.includes('BEGIN TRANSACTION'))).toEqual(
      begins ? [expect.stringContaining('LEVEL SNAPSHOT;')] : [],
    )
    expect(asked.filter((text) => text.includes('[tidemark deletable]'))).toEqual([
      expect.stringContaining(`FROM [sales].[dbo].[dst] AS t${locks ? ' WITH (TABLOCK)' : ''} WHERE`),
    ])
  },
)
