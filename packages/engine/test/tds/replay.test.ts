import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { caught, eventually, sessionTo } from '../support/tds-peer/driver-side.ts'
import { FLUSH } from '../support/tds-peer/packets.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import type { Answer, Reply } from '../support/tds-peer/peer-session.ts'
import { replaying } from '../support/tds-peer/recording.ts'
import { type Scenario, SCENARIOS } from '../support/tds-peer/scenarios.ts'

const RECORDED = path.join(import.meta.dirname, '../support/tds-peer/recorded')
const recordingOf = (name: string): Answer => replaying(path.join(RECORDED, `${name}.json`))

/** As a network may cut it: `change` of every answer. */
const changed =
  (answer: Answer, change: (reply: Reply) => Reply): Answer =>
  (request, session) => {
    const reply = answer(request, session)
    return reply === null || reply.silent === true ? reply : change(reply)
  }

async function* piecesOf(all: Reply['tokens'], bytes: number): AsyncGenerator<Buffer> {
  for await (const token of all ?? [])
    for (let at = 0; at < token.length; at += bytes) {
      yield token.subarray(at, at + bytes)
      yield FLUSH
    }
}

const playedOn = async (peer: TdsPeer, { play }: Scenario): Promise<unknown> => {
  await using session = await sessionTo(peer)
  return await play(session)
}

describe.each(SCENARIOS)('recorded with a live server: $name', (scenario) => {
  test('comes out the same when it is played again', async () => {
    await using peer = await TdsPeer.open({ answer: recordingOf(scenario.name) })
    expect(await playedOn(peer, scenario)).toEqual(scenario.expected)
    expect(peer.sessions[0]?.problem).toBeNull()
    await eventually(() => expect(peer.open).toBe(0))
  })

  test('comes out the same however its bytes arrive', async () => {
    for (const bytes of [1, 7, 500]) {
      const answer = changed(recordingOf(scenario.name), (reply) => ({
        ...reply,
        tokens: piecesOf(reply.tokens, bytes),
      }))
      await using peer = await TdsPeer.open({ answer })
      expect(await playedOn(peer, scenario)).toEqual(scenario.expected)
    }
  })
})

test('an answer that is cut anywhere is never taken for a whole one', async () => {
  const { name, play } = SCENARIOS.find((s) => s.name === 'texts-of-values') ?? {
    name: '',
    play: () => Promise.resolve(),
  }
  const [{ replies }] = JSON.parse(readFileSync(path.join(RECORDED, `${name}.json`), 'utf8')) as [
    { replies: string[][] },
  ]
  const length = Buffer.from((replies[0] ?? []).join(''), 'base64').length
  expect(length).toBeGreaterThan(20_000)
  for (let cutAfter = 1; cutAfter < length; cutAfter += cutAfter < 300 ? 7 : 1_999) {
    await using peer = await TdsPeer.open({ answer: changed(recordingOf(name), (reply) => ({ ...reply, cutAfter })) })
    await using session = await sessionTo(peer)
    expect(await caught(play(session))).toMatchObject({ name: 'ConnectionLost' })
    await eventually(() => expect(peer.open).toBe(0))
  }
})

test('every scenario has its recording, and every recording its scenario', () => {
  expect(readdirSync(RECORDED).toSorted()).toEqual(SCENARIOS.map(({ name }) => `${name}.json`).toSorted())
})

test('what was not recorded is not answered', async () => {
  await using peer = await TdsPeer.open({ answer: recordingOf('parameters') })
  await using session: SqlServerSession = await sessionTo(peer)
  expect(await caught(session.rows('SELECT something else'))).toMatchObject({
    number: 70_000,
    message: expect.stringContaining('SELECT something else'),
  })
})
