import { expect, test } from 'vitest'
import { probe } from '../../src/dialects/sqlserver/probe.ts'
import { caught } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import type { Answer } from '../support/tds-peer/peer-session.ts'
import { refused, selected } from '../support/tds-peer/replies.ts'
import type * as tokens from '../support/tds-peer/tokens.ts'

interface Server {
  readonly product?: string
  readonly edition?: number
  readonly compatibility?: number
  readonly snapshot?: number
  readonly committed?: number
  readonly sees?: number
  /** what came with 2016 */
  readonly knowsJson?: boolean
  readonly updateability?: string
}

const named = (...types: readonly tokens.PeerType[]): readonly tokens.PeerColumn[] =>
  types.map((type) => ({ name: '', type }))

const being =
  (server: Server): Answer =>
  (request) => {
    const text = request.kind === 'batch' ? request.text : ''
    const { product = '16.0.4085.2', edition = 3, compatibility = 160, snapshot = 1, committed = 0, sees = 1 } = server
    if (text.includes('ProductVersion'))
      return selected(request, named('nvarchar', 'int', 'int'), [[product, edition, compatibility]])
    if (text.includes('OPENJSON'))
      return server.knowsJson === false
        ? refused(request, { number: 208, message: "Invalid object name 'OPENJSON'." })
        : selected(request, named('int'), [])
    if (text.includes("IN ('U', 'V')")) return selected(request, named('int', 'int'), [[12, 1]])
    if (text.includes('snapshot_isolation_state'))
      return selected(request, named('int', 'int', 'int', 'nvarchar', 'nvarchar', 'nvarchar'), [
        [snapshot, committed, sees, 'ann', server.updateability ?? 'READ_WRITE', 'sales'],
      ])
    return null
  }

const said = async (server: Server): Promise<string> => {
  await using peer = await TdsPeer.open({ answer: being(server) })
  const options = { host: '127.0.0.1', port: peer.port, database: 'sales', user: 'ann', password: 'pw' }
  return await probe({ ...options, tls: { mode: 'disable' } })
}

const NEITHER =
  'neither SNAPSHOT nor READ_COMMITTED_SNAPSHOT is allowed, so reading waits for writers and deletes are looked at twice'

test.each<[Server, string]>([
  [{}, '12 tables, 1 view, SQL Server 2022 (16.0.4085.2), read under SNAPSHOT'],
  [
    { product: '13.0.5026.0', compatibility: 130, snapshot: 0, committed: 1 },
    '12 tables, 1 view, SQL Server 2016 (13.0.5026.0), read under READ_COMMITTED_SNAPSHOT',
  ],
  [{ snapshot: 0 }, `12 tables, 1 view, SQL Server 2022 (16.0.4085.2), ${NEITHER}`],
  [
    { product: '12.0.2000.8', edition: 5, sees: 0 },
    '12 tables, 1 view, Azure SQL Database (12.0.2000.8), read under SNAPSHOT, open transactions of others are not seen, late commits are left to the buffer: GRANT VIEW DATABASE STATE TO [ann]',
  ],
  [
    { product: '12.0.2000.8', edition: 8 },
    '12 tables, 1 view, Azure SQL Managed Instance (12.0.2000.8), read under SNAPSHOT',
  ],
  [
    { sees: 0, updateability: 'READ_ONLY' },
    '12 tables, 1 view, SQL Server 2022 (16.0.4085.2), read under SNAPSHOT, sales takes no writes, open transactions of others are not seen, late commits are left to the buffer: GRANT VIEW SERVER STATE TO [ann]',
  ],
])('a database of SQL Server is told in one line: %j', async (server, line) => {
  expect(await said(server)).toBe(line)
})

test.each<[Server, RegExp]>([
  [{ product: '12.0.6024.0', knowsJson: false }, /is SQL Server 2014; .* 2016 and later/],
  [{ product: '10.50.1600.1', knowsJson: false }, /is SQL Server 10\.50\.1600\.1/],
  [{ compatibility: 120, knowsJson: false }, /has compatibility level 120/],
  [{ edition: 6, product: '12.0.2000.8' }, /is Azure Synapse Analytics, which has no fence/],
])('a server of Microsoft that is too old, or no database for rows, is refused: %j', async (server, words) => {
  expect(await caught(said(server))).toMatchObject({ code: 'TM2001', detail: expect.stringMatching(words) })
})
