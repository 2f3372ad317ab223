import { expect, test } from 'vitest'
import { classify, translate } from '../../src/dialects/sqlserver/errors.ts'
import { count, exec, query, senderOf } from '../../src/dialects/sqlserver/run-sql.ts'
import { param, sql } from '../../src/dialects/sql-text.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { caught, eventually, sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import { refused, selected } from '../support/tds-peer/replies.ts'
import { statementOf } from '../support/tds-peer/requests.ts'
import type { PeerMessage } from '../support/tds-peer/tokens.ts'

/** A statement that names an error is refused by it: `number severity`, or several. */
const refusing = (words: string): Promise<TdsPeer> =>
  TdsPeer.open({
    answer: (request) => {
      const text = statementOf(request) ?? ''
      const errors = text.split(', ').flatMap((one): PeerMessage[] => {
        const [number, severity = 16] = one.split(' ').map(Number)
        return number === undefined || Number.isNaN(number) ? [] : [{ number, severity, message: words }]
      })
      return errors.length === 0
        ? selected(request, [{ name: 'n', type: 'bigint' }], [[41n]])
        : refused(request, ...errors)
    },
  })

const told = async (peer: TdsPeer, text: string) => {
  await using session = await sessionTo(peer)
  const error = await caught(session.rows(text))
  const app = translate(error, 'db')
  return [classify(error), app instanceof AppError ? app.code : null, app instanceof AppError && app.facts['number']]
}

test.each<[string, ...Awaited<ReturnType<typeof told>>]>([
  ['1205 13', 'conflict', 'TM5003', 1205],
  ['1222', 'conflict', 'TM5003', 1222],
  ['3960', 'conflict', 'TM5003', 3960],
  ['41302', 'conflict', 'TM5003', 41302],
  ['8645 17', 'busy', 'TM2013', 8645],
  ['10929', 'busy', 'TM2013', 10929],
  ['40197 20', 'busy', 'TM2013', 40197],
  ['40501 20', 'busy', 'TM2013', 40501],
  ['49920', 'busy', 'TM2013', 49920],
  ['233', 'lost', 'TM2005', 233],
  ['596 21', 'lost', 'TM2005', 596],
  ['10054 20', 'lost', 'TM2005', 10054],
  ['7105 22', 'lost', 'TM2005', 7105],
  ['911', 'missing', 'TM2001', 911],
  ['916 14', 'missing', 'TM2001', 916],
  ['824 24', 'corrupt', 'TM2003', 824],
  ['1105 17', 'full', 'TM2004', 1105],
  ['9002 17', 'full', 'TM2004', 9002],
  ['3967 17', 'full', 'TM2004', 3967],
  ['2627 14', 'constraint', 'TM5001', 2627],
  ['2601 14', 'constraint', 'TM5001', 2601],
  ['547', 'constraint', 'TM5001', 547],
  ['515', 'constraint', 'TM5001', 515],
  ['2628', 'constraint', 'TM5001', 2628],
  ['8152', 'constraint', 'TM5001', 8152],
  ['8115', 'constraint', 'TM5001', 8115],
  ['220', 'constraint', 'TM5001', 220],
  ['245', 'constraint', 'TM5001', 245],
  ['50000', 'constraint', 'TM5001', 50000],
  ['208', 'permanent', 'TM5001', 208],
  ['207', 'permanent', 'TM5001', 207],
  ['229 14', 'permanent', 'TM5001', 229],
  ['102 15', 'permanent', 'TM5001', 102],
  ['33447', 'permanent', 'TM5001', 33447],
  // the first names the cause, the last says that it ended
  ['547, 3621 0', 'constraint', 'TM5001', 547],
  ['1785, 1750', 'permanent', 'TM5001', 1785],
  // a trigger's own words, and that it ended the transaction
  ['50001, 3609', 'constraint', 'TM5001', 3609],
  // what passes by itself says most, wherever it stands
  ['266, 1205 13', 'conflict', 'TM5003', 1205],
])('an error of SQL Server is classified by its number: %s', async (text, ...expected) => {
  await using peer = await refusing('Refused.')
  expect(await told(peer, text)).toEqual(expected)
})

test('a file that has no versions of its own is told with what to do, and quotes no value', async () => {
  const words = 'Cannot access file_stream column in FileTable, because FileTable does not support row versioning.'
  await using peer = await refusing(words)
  await using session = await sessionTo(peer)
  const error = translate(await caught(session.rows('33447')), 'db', 'TM4019', true)
  expect(error).toMatchObject({
    code: 'TM4019',
    detail: `db: ${words}`,
    remedy: [expect.stringContaining('READCOMMITTEDLOCK'), expect.stringContaining('FileTable')],
  })
})

test('a statement that was cancelled or took too long is no refusal of rows', async () => {
  await using peer = await TdsPeer.open({ answer: () => ({ silent: true }) })
  await using session = await sessionTo(peer, { statementTimeoutMs: 60 })
  expect(classify(await caught(session.rows('sleeps')))).toBe('interrupted')
  await using other = await sessionTo(peer)
  const sleeping = caught(other.rows('sleeps'))
  await eventually(() => expect(peer.sessions[1]?.texts).toEqual(['sleeps']))
  other.cancel()
  const error = await sleeping
  expect([classify(error), (translate(error, 'db') as AppError).code]).toEqual(['interrupted', 'TM5001'])
})

test('words that quote a value are left out where the flow masks columns, and those about names are not', async () => {
  const words = 'The duplicate key value is (Ada Lovelace).'
  await using peer = await refusing(words)
  await using session = await sessionTo(peer)
  for (const text of ['2627', '2628', '245', '220', '50000', '102', '8114', '70001']) {
    const error = await caught(session.rows(text))
    expect(translate(error, 'db').message).toContain('Ada')
    const discreet = translate(error, 'db', 'TM5001', true)
    expect(`${discreet.message} ${discreet.stack} ${String((discreet.cause as Error).stack)}`).not.toMatch(/Ada|Love/)
    expect(discreet.message).toContain(`error ${text}, state 1`)
    expect(classify(discreet)).toBe(classify(error))
  }
  for (const text of ['547', '515', '208', '229', '1205', '9002']) {
    const error = await caught(session.rows(text))
    expect(translate(error, 'db', 'TM5001', true).message).toContain(words)
  }
})

test('statements are sent with parameters as SQL Server calls them, and their errors are told with their place', async () => {
  await using peer = await refusing('No.')
  await using session = await sessionTo(peer)
  const statement = sql`SELECT ${param('a')}, ${param(2n)}, ${param(null)}`
  expect(await query(session, statement, 'db')).toEqual([['41']])
  expect(await count(session, statement, 'db')).toBe(41n)
  let begun = 0
  const sender = senderOf(session, 'db', 'TM5001', () => {
    begun++
    return Promise.resolve()
  })
  expect([await sender.count(statement), await sender.query(statement), begun]).toEqual([41n, [['41']], 2])
  expect(peer.sessions[0]?.requests[0]).toMatchObject({
    params: ['SELECT @p1, @p2, @p3', '@p1 nvarchar(4000), @p2 nvarchar(4000), @p3 nvarchar(4000)', 'a', '2', null],
  })
  const refusal = sql`2627 14`
  for (const send of [exec, query, count])
    expect(await caught(send(session, refusal, 'host/db', 'TM4037'))).toMatchObject({
      code: 'TM4037',
      detail: 'host/db: No.',
      facts: { number: 2627 },
    })
  expect(await caught(sender.exec(refusal))).toMatchObject({ code: 'TM5001', detail: 'db: No.' })
})
