import { describe, expect, test } from 'vitest'
import { connectionOf, openSession } from '../../src/dialects/sqlserver/session.ts'
import { SCENARIOS } from '../support/tds-peer/scenarios.ts'

const URL_OF_SERVER = process.env['TIDEMARK_TEST_SQLSERVER']

/** What a peer replays is what a server says: the same scenarios, here with the server itself. */
describe.skipIf(URL_OF_SERVER === undefined)('a live server that TIDEMARK_TEST_SQLSERVER names', () => {
  test.each(SCENARIOS)('does in a session what was recorded of one: $name', async ({ play, expected }) => {
    await using session = await openSession(connectionOf({ url: URL_OF_SERVER }), 'source')
    expect(await play(session)).toEqual(expected)
  })
})
