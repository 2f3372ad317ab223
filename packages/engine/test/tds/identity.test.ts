import { expect, test } from 'vitest'
import { databaseIdentity } from '../../src/dialects/sqlserver/identity.ts'
import { sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import { refused, selected } from '../support/tds-peer/replies.ts'
import { type PeerRequest, statementOf } from '../support/tds-peer/requests.ts'
import type * as tokens from '../support/tds-peer/tokens.ts'

const named = (...types: readonly tokens.PeerType[]): readonly tokens.PeerColumn[] =>
  types.map((type) => ({ name: '', type }))

interface Database {
  readonly fork: number
  /** the last row version; null: nothing is asked of it from elsewhere */
  readonly version: number | null
  readonly updates?: string
}

function asked(request: PeerRequest): string {
  const value = request.kind === 'rpc' ? request.params[2] : ''
  return typeof value === 'string' ? value : ''
}

const server = (databases: Readonly<Record<string, Database>>): Promise<TdsPeer> =>
  TdsPeer.open({
    answer: (request) => {
      const text = statementOf(request) ?? ''
      if (text.includes('OBJECT_ID')) return selected(request, named('int'), [[1]])
      if (text.includes('recovery_fork_guid')) {
        const one = databases[asked(request)]
        const row = one && [asked(request), 'broker', `fork${one.fork}`, one.updates ?? 'READ_WRITE']
        return selected(request, named('nvarchar', 'nvarchar', 'nvarchar', 'nvarchar'), row ? [row] : [])
      }
      if (text.includes('create_date')) return selected(request, named('nvarchar', 'int', 'nvarchar', 'nvarchar'), [])
      const name = /^EXEC \[(\w+)\]/.exec(text)?.[1] ?? 'sales'
      const version = databases[name]?.version ?? null
      return version === null
        ? refused(request, { number: 33557097, message: 'not here' })
        : selected(request, named('nvarchar'), [[String(version)]])
    },
  })

const identify = async (databases: Readonly<Record<string, Database>>, ...beside: readonly string[]) => {
  await using peer = await server(databases)
  await using session = await sessionTo(peer)
  return await databaseIdentity(session, 'sales', beside, 'here')
}

const SALES = { fork: 1, version: 40 }

test('the identity of a flow that reads the database of its connection names that one alone', async () => {
  expect(await identify({ sales: SALES })).toEqual({ system: 'sqlserver:broker/sales/fork fork1', timeline: '40' })
})

test('each other database that a flow reads has an identity of its own', async () => {
  const found = await identify({ sales: SALES, Meta: { fork: 2, version: 7 } }, 'Meta')
  expect(found).toEqual({
    system: 'sqlserver:broker/sales/fork fork1',
    timeline: '40',
    beside: { Meta: { system: 'sqlserver:broker/Meta/fork fork2', timeline: '7' } },
  })
  const restored = await identify({ sales: SALES, Meta: { fork: 3, version: 7 } }, 'Meta')
  expect(restored.beside?.['Meta']?.system).not.toBe(found.beside?.['Meta']?.system)
})

test('what is not there has no identity, and what is not asked or only read has no state', async () => {
  const databases = {
    sales: SALES,
    Meta: { fork: 2, version: null },
    Copy: { fork: 3, version: 9, updates: 'READ_ONLY' },
  }
  expect((await identify(databases, 'Meta', 'Copy', 'nowhere')).beside).toEqual({
    Meta: { system: 'sqlserver:broker/Meta/fork fork2', timeline: null },
    Copy: { system: 'sqlserver:broker/Copy/fork fork3', timeline: null },
  })
})
