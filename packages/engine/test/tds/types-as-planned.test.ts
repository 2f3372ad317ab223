/** When the catalog is asked whether columns are still of the types that they were planned for. */
import { describe, expect, test } from 'vitest'
import { catalogsOf, placeOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { TypesAsPlanned } from '../../src/dialects/sqlserver/refuse-batch.ts'
import { openSession } from '../../src/dialects/sqlserver/session.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import { keyAlone } from '../support/sqlserver-relations.ts'
import { caught, connectionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import { counted, refused, selected, transactions } from '../support/tds-peer/replies.ts'
import { statementOf } from '../support/tds-peer/requests.ts'
import type { PeerColumn } from '../support/tds-peer/tokens.ts'

const RELATION = keyAlone(['dst'], 'bigint')
const FACETS: readonly PeerColumn[] = Array.from({ length: 8 }, (_, i) => ({ name: `f${i}`, type: 'nvarchar' }))

/** A server whose two tables have one column, of that type. */
async function serverWith(first: 'bigint' | 'int') {
  const now = { type: first, gone: false, looks: 0 }
  const peer = await TdsPeer.open({
    answer: (request) => {
      const told = transactions(request)
      if (told !== null) return told
      const text = statementOf(request) ?? ''
      if (text.includes('delayed_durability')) return selected(request, [{ name: '', type: 'int' }], [[0]])
      if (text.startsWith('SELECT TOP (0)'))
        return now.gone
          ? refused(request, { number: 208, severity: 16, message: "Invalid object name 'src'." })
          : selected(request, [{ name: 'id', type: now.type }], [])
      if (text.startsWith('SELECT b.name')) {
        now.looks++
        return selected(request, FACETS, now.gone ? [] : [[now.type, '0', '8', '19', '0', null, null, 'id']])
      }
      if (text.includes('synonyms')) return selected(request, FACETS.slice(0, 1), [])
      return counted(request, 1n)
    },
  })
  const connection = connectionTo(peer)
  const session = await openSession(connection, 'target')
  const none = (): never => {
    throw new TypeError('no secret is asked for')
  }
  const catalogs = catalogsOf(connection, connection, workPlace(null), none, 13)
  const at = placeOf(connection)
  const types = new TypesAsPlanned()
  return {
    now,
    look: (relation = RELATION) =>
      types.refuseOthers(session, catalogs, relation, { source: at, target: at }, 'here', 'source'),
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]()
      await peer[Symbol.asyncDispose]()
    },
  }
}

describe('the catalog is asked for types', () => {
  test('once, as long as the server describes the columns as it did then', async () => {
    await using server = await serverWith('bigint')
    for (let batch = 0; batch < 3; batch++) await server.look()
    expect(server.now.looks).toBe(1)
  })

  test('again where it describes them otherwise, and the batch is refused', async () => {
    await using server = await serverWith('bigint')
    await server.look()
    server.now.type = 'int'
    expect(await caught(server.look())).toMatchObject({ code: 'TM4108', message: expect.stringContaining('bigint') })
    expect(await caught(server.look())).toMatchObject({ code: 'TM4108' })
    expect(server.now.looks).toBe(3)
  })

  test('again for a relation that was planned for other types', async () => {
    await using server = await serverWith('bigint')
    await server.look()
    const others = RELATION.columns.map((x) => ({ ...x, sourceType: 'int' }))
    expect(await caught(server.look({ ...RELATION, key: others, columns: others }))).toMatchObject({ code: 'TM4108' })
  })

  test('again where the server cannot describe them: what is gone is said', async () => {
    await using server = await serverWith('bigint')
    await server.look()
    server.now.gone = true
    expect(await caught(server.look())).toMatchObject({ code: 'TM4108' })
  })
})
