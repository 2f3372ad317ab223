/** A value that memory would hold only just leaves SQL Server as CSV, and arrives there, with memory that stays flat. */
import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import type { CapturedBatch, FlowRelation, Selection } from '../../src/dialects/contract.ts'
import type { Departure } from '../../src/dialects/departure.ts'
import type { PlannedColumn } from '../../src/dialects/planned-column.ts'
import { sql } from '../../src/dialects/sql-text.ts'
import { receive } from '../../src/dialects/sqlserver/arriving.ts'
import { KEEP_PARTS } from '../../src/dialects/sqlserver/arriving.sql.ts'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { CsvOut } from '../../src/dialects/sqlserver/csv-out.ts'
import { leavingColumns, uncast } from '../../src/dialects/sqlserver/departing.sql.ts'
import { sendRows } from '../../src/dialects/sqlserver/leaving-rows.ts'
import { connectionOf } from '../../src/dialects/sqlserver/session.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import { Secret } from '../../src/runtime/secret.ts'
import { inTurn } from '../support/long.ts'
import { sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import { counted, selected } from '../support/tds-peer/replies.ts'
import { type PeerBytes, statementOf } from '../support/tds-peer/requests.ts'

const VALUE_BYTES = 512 * 1024 * 1024
const PIECE = 64 * 1024
/** of the process, peer and all */
const FLAT_BYTES = 200 * 1024 * 1024
const LIMIT_MS = 400_000

const server = { host: 'office', database: 'Office', user: 'tidemark', password: new Secret('x') }
const c = catalogsOf(connectionOf(server), connectionOf(server, 'target'), workPlace(null), () => new Secret('key'), 13)
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
const relation: FlowRelation = {
  source: { table: ['t'], joins: [], known: [] },
  target: { table: ['dbo', 't'], beside: null, adds: [], rules: { notNull: [], unique: [], folded: [] } },
  key: [ID],
  columns: [ID, column('file', 'varbinary(max)')],
  position: null,
  tree: null,
  where: [],
  scope: [],
  excludeKeys: [],
  steps: [],
}

/** How far the process grows while it works. */
async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return most - before
}

/** The bytes from `at` on, of a value each of whose pieces differs. */
const piece = (at: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length, 0x5a)
  if (length >= 8) bytes.writeBigUInt64LE(BigInt(at))
  return bytes
}

async function* csvOf(bytes: number): AsyncGenerator<Buffer> {
  yield Buffer.from('1,\\x')
  for (let at = 0; at < bytes; at += PIECE)
    yield Buffer.from(piece(at, Math.min(PIECE, bytes - at)).toString('hex'), 'latin1')
  yield Buffer.from('\n')
}

const hashOf = async (pieces: AsyncIterable<Buffer>): Promise<string> => {
  const hash = createHash('sha256')
  for await (const part of pieces) hash.update(part)
  return hash.digest('hex')
}

test(
  'a value of half a gigabyte leaves in parts',
  async ({ task, skip }) => {
    if (!inTurn(task.name)) skip('on another day')
    const LEFT_OUT = [
      { name: 'c1', type: 'int' },
      { name: 'c2', type: 'varbinary(max)' },
      { name: 'large', type: 'nvarchar' },
    ] as const
    const LARGE = [
      { name: 'a', type: 'int' },
      { name: 'b', type: 'varbinary(max)' },
      { name: 'c', type: 'nvarchar' },
      { name: 'd', type: 'nvarchar' },
    ] as const
    const PART = [{ name: 'part', type: 'varbinary(max)' }] as const
    await using peer = await TdsPeer.open({
      answer: (request) => {
        if (request.kind !== 'rpc' && request.kind !== 'batch') return null
        const text = statementOf(request)
        if (text?.includes('SUBSTRING') === true && request.kind === 'rpc') {
          const [at, length] = request.params.slice(2, 4).map(Number)
          const from = (at ?? 1) - 1
          return selected(request, PART, [[piece(from, Math.max(0, Math.min(length ?? 0, VALUE_BYTES - from)))]])
        }
        if (text?.includes('[large]') === true) return selected(request, LEFT_OUT, [[1, null, '["1"]']])
        if (text?.includes("N'1'") === true) return selected(request, LARGE, [[1, null, '', '1']])
        return null
      },
    })
    await using session = await sessionTo(peer)
    const r = uncast(relation)
    const reading = {
      catalogs: c,
      relation: r,
      columns: leavingColumns(c, r),
      from: sql`t AS m`,
      where: sql`1 = 1`,
      tail: sql``,
      isSnapshot: true,
    }
    const hash = createHash('sha256')
    const into = new Writable({
      write(chunk: Buffer, _, done) {
        hash.update(chunk)
        done()
      },
    })
    const growth = await growthOf(async () => {
      const out = new CsvOut(into, false)
      expect(await sendRows(session, reading, out)).toBe(1n)
      await out.end()
    })
    // the parts of the peer begin where they are asked for
    const PART_BYTES = 2 * 1024 * 1024
    const expected = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('1,\\x')
      for (let at = 0; at < VALUE_BYTES; at += PART_BYTES)
        yield Buffer.from(piece(at, Math.min(PART_BYTES, VALUE_BYTES - at)).toString('hex'), 'latin1')
      yield Buffer.from('\n')
    }
    expect(hash.digest('hex')).toBe(await hashOf(expected()))
    expect(growth).toBeLessThan(FLAT_BYTES)
  },
  LIMIT_MS,
)

test(
  'a value of half a gigabyte arrives while it is sent',
  async ({ task, skip }) => {
    if (!inTurn(task.name)) skip('on another day')
    await using peer = await TdsPeer.open({
      answer: (request) => counted(request, request.kind === 'bulk' ? BigInt(request.count) : 1n),
    })
    await using session = await sessionTo(peer)
    const from = {
      read: () =>
        Promise.resolve({
          sendTo: async (into: Writable) => {
            await pipeline(csvOf(VALUE_BYTES), into)
            return 1n
          },
        }),
    } as unknown as Departure
    const batch = { flow: relation, selection: {} as Selection, split: {} as CapturedBatch }
    const growth = await growthOf(async () => {
      expect(await receive(session, from, relation, batch, 'here', new Set())).toMatchObject({
        rows: 1n,
        columns: [{ inParts: false }, { inParts: true }],
      })
    })
    const kept = peer.sessions[0]?.requests.find((x) => x.kind === 'rpc' && statementOf(x) === KEEP_PARTS)
    const sent = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < VALUE_BYTES; at += PIECE) yield piece(at, Math.min(PIECE, VALUE_BYTES - at))
    }
    const bytes: PeerBytes = { bytes: BigInt(VALUE_BYTES), sha256: await hashOf(sent()) }
    expect(kept?.kind === 'rpc' ? kept.params.at(-1) : null).toEqual(bytes)
    expect(growth).toBeLessThan(FLAT_BYTES)
  },
  LIMIT_MS,
)
