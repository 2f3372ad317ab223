/**
 * Plays the scenarios on the live server that TIDEMARK_TEST_SQLSERVER names, and writes down what was said:
 * `node --conditions=tidemark-source packages/engine/test/support/tds-peer/record-tds.ts [NAME…]`. The server must take
 * connections without encryption.
 */
import path from 'node:path'
import { inspect, isDeepStrictEqual } from 'node:util'
import { connectionOf, openSession } from '../../../src/dialects/sqlserver/session.ts'
import { TdsRecorder } from './recorder.ts'
import { writeRecording } from './recording.ts'
import { SCENARIOS } from './scenarios.ts'

const url = process.env['TIDEMARK_TEST_SQLSERVER']
if (url === undefined) throw new Error('TIDEMARK_TEST_SQLSERVER names no server')

const wanted = process.argv.slice(2)
const { options } = connectionOf({ url, tls: { mode: 'disable' } })
for (const { name, play, expected } of SCENARIOS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  await using recorder = await TdsRecorder.to(options.host, options.port ?? 1433)
  {
    const connection = connectionOf({ url, host: '127.0.0.1', port: recorder.port, tls: { mode: 'disable' } })
    await using session = await openSession(connection, 'source')
    const result = await play(session)
    if (!isDeepStrictEqual(result, expected)) throw new Error(`${name} gave ${inspect(result, { depth: 5 })}`)
  }
  const file = path.join(import.meta.dirname, 'recorded', `${name}.json`)
  writeRecording(file, recorder.exchanges)
  console.log(`${name}: ${recorder.exchanges.length} exchanges`)
}
