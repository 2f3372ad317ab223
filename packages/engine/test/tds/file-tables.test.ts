import { expect, test } from 'vitest'
import { catalogsOf } from '../../src/dialects/sqlserver/catalogs.ts'
import { readFilesByLocks } from '../../src/dialects/sqlserver/file-tables.ts'
import { tsql } from '../../src/dialects/sqlserver/style.ts'
import { workPlace } from '../../src/dialects/sqlserver/work-area.ts'
import { sourceAs, targetAs } from '../../src/dialects/relational/names.ts'
import { sql } from '../../src/dialects/sql-text.ts'
import { connectionTo, sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import { refused, selected } from '../support/tds-peer/replies.ts'
import { type PeerRequest, statementOf } from '../support/tds-peer/requests.ts'
import type * as tokens from '../support/tds-peer/tokens.ts'

const named = (...types: readonly tokens.PeerType[]): readonly tokens.PeerColumn[] =>
  types.map((type) => ({ name: '', type }))

const valuesOf = (request: PeerRequest): readonly unknown[] => (request.kind === 'rpc' ? request.params.slice(2) : [])

/** `access`: how the files of its databases are written past transactions; a table `Files` has some. */
const server = (access: Readonly<Record<string, number | null>>): Promise<TdsPeer> =>
  TdsPeer.open({
    answer: (request) => {
      const text = statementOf(request) ?? ''
      if (text.includes('non_transacted_access')) {
        const value = access[String(valuesOf(request)[0])]
        return value === null || value === undefined
          ? refused(request, { number: 208, message: 'Invalid object name' })
          : selected(request, named('int'), [[value]])
      }
      if (text.includes('HAS_DBACCESS')) return selected(request, named('int'), [[1]])
      if (text.includes('is_filestream'))
        return selected(request, named('bit', 'nvarchar', 'bit'), [
          [0, 'stream_id', 0],
          ...(valuesOf(request).includes('Files') ? [[0, 'file_stream', 1]] : []),
        ])
      return selected(request, named('int'), [])
    },
  })

test('tables with files that anybody may write are read by locks, others by versions', async () => {
  await using peer = await server({ sales: 2, Archive: 1, Blobs: 2, Old: null })
  await using session = await sessionTo(peer)
  const at = { database: 'sales', schema: 'dbo' }
  const none = (): never => {
    throw new TypeError('no secret is asked for')
  }
  const to = connectionTo(peer)
  const looked = { session, at, where: 'here' }
  const tables = [['Files'], ['Blobs', 'dbo', 'Files'], ['Archive', 'dbo', 'Files'], ['Old', 'dbo', 'Files'], ['Meta']]
  const linked = ['far', 'Blobs', 'dbo', 'Files']
  const c = await readFilesByLocks(
    catalogsOf(to, to, workPlace(null), none, 13),
    { ...looked, tables: [...tables, linked] },
    { ...looked, tables: [['Blobs', 'dbo', 'Files']] },
  )
  const m = sql`m`
  expect([...tables, linked].map((table) => tsql(sourceAs(c, table, m)))).toEqual([
    '[sales].[dbo].[Files] AS m WITH (READCOMMITTEDLOCK)',
    '[Blobs].[dbo].[Files] AS m WITH (READCOMMITTEDLOCK)',
    '[Archive].[dbo].[Files] AS m',
    '[Old].[dbo].[Files] AS m',
    '[sales].[dbo].[Meta] AS m',
    '[far].[Blobs].[dbo].[Files] AS m',
  ])
  expect(tsql(targetAs(c, ['blobs', 'dbo', 'files'], m))).toBe('[blobs].[dbo].[files] AS m WITH (READCOMMITTEDLOCK)')
  expect(tsql(targetAs(c, ['Files'], m))).toBe('[sales].[dbo].[Files] AS m')
  // of a database whose files are its transactions' own no table is looked at
  expect(peer.texts.filter((text) => text.includes('is_filestream'))).toHaveLength(4)
})
