import { describe, expect, test } from 'vitest'
import { connectionOf, openSession } from '../../src/dialects/sqlserver/session.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { SCENARIOS } from '../support/tds-peer/scenarios.ts'

/** What a peer replays is what a server says: the same scenarios, here with the server itself. */
describe.skipIf(TEST_SERVER === null)('a live server that TIDEMARK_TEST_SQLSERVER names', () => {
  test.each(SCENARIOS)('does in a session what was recorded of one: $name', async ({ play, expected }) => {
    await using session = await openSession(connectionOf({ url: TEST_SERVER }), 'source')
    expect(await play(session)).toEqual(expected)
  })
})
