import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { IN_MEMORY, openDuckdbFile } from '../../src/drivers/duckdb.ts'

// before anything opens a database: what the machine's zone is, is asked once in a process
process.env['TZ'] = 'Asia/Kathmandu'

const run = promisify(execFile)
const DRIVER = path.resolve(import.meta.dirname, '../../src/drivers/duckdb.ts')

const PROGRAM = `
const { openDuckdbFile, IN_MEMORY } = await import(process.argv[1])
const file = await openDuckdbFile(IN_MEMORY, 'write', { memoryBytes: null, threads: null, tempDir: null })
const said = []
for (const role of ['engine', 'counted', 'engine']) {
  using session = await file.session(role)
  const [row] = await session.rows(
    "SELECT current_setting('TimeZone'), CAST(TIMESTAMPTZ '2024-07-01 12:00:00+00' AS VARCHAR), CAST(TIMESTAMPTZ '2024-07-01 12:00:00' AS VARCHAR), CAST(CAST(DATE '2024-07-01' AS TIMESTAMPTZ) AS VARCHAR)",
  )
  said.push(row)
}
process.stdout.write(JSON.stringify(said))
process.exit(0)
`

test('every session works in UTC, whatever the zone of the machine', async () => {
  const utc = ['UTC', '2024-07-01 12:00:00+00', '2024-07-01 12:00:00+00', '2024-07-01 00:00:00+00']
  for (const zone of ['America/St_Johns', 'Asia/Kathmandu', 'UTC']) {
    const { stdout } = await run(
      process.execPath,
      ['--conditions=tidemark-source', '--input-type=module', '--eval', PROGRAM, DRIVER],
      { env: { ...process.env, TZ: zone } },
    )
    expect([zone, ...(JSON.parse(stdout) as unknown[])]).toEqual([zone, utc, utc, utc])
  }
})

test('a machine that lies elsewhere changes no session', async () => {
  expect(Temporal.Now.zonedDateTimeISO().offset).toBe('+05:45')
  await using opened = await openDuckdbFile(IN_MEMORY, 'write', { memoryBytes: null, threads: null, tempDir: null })
  using session = await opened.session()
  expect(
    await session.rows("SELECT current_setting('TimeZone'), CAST(TIMESTAMPTZ '2024-07-01 12:00:00+00' AS VARCHAR)"),
  ).toEqual([['UTC', '2024-07-01 12:00:00+00']])
})
