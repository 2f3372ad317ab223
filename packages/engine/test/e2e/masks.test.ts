/** The command line over masked columns: whatever it prints, logs and leaves behind, clear values and keys are not in it. */
import { expect, test } from 'vitest'
import { searchFolder } from '../support/search-disk.ts'
import { emptyProject, FLOW_YAML, PROJECT_YAML } from './project.ts'

const CLEAR = 'Clearvalue'
const SECRET = 'Kq-the-key-of-the-mask'
const MASKED = `${FLOW_YAML}      columns: { mask: { id: { hash: env:MASK_KEY }, name: { hash: env:MASK_KEY }, note: redact } }\n`

test('no output, log, file or title of a command holds a clear value or the key of a mask', async () => {
  await using p = emptyProject({
    'tidemark.yaml': PROJECT_YAML,
    'modules/m.yaml': MASKED,
    '.env': `MASK_KEY=${SECRET}\n`,
  })
  await p.duckdb(
    'data/a.duckdb',
    'CREATE TABLE base (id VARCHAR, name VARCHAR, note VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO base SELECT 'key-${CLEAR}-' || i, '${CLEAR}-' || i, '${CLEAR}', TIMESTAMP '2020-01-01' + to_seconds(i) FROM range(30) t(i)`,
    'CREATE VIEW src AS SELECT * FROM base',
  )
  let said = ''
  const say = async (...argv: readonly string[]): Promise<number> => {
    const { exit, out, err } = await p.cli(argv, { env: { TIDEMARK_DEBUG: '1' } })
    said += out + err + process.title
    return exit
  }
  const logged = ['--log-format', 'json', '--log-level', 'debug'] as const
  await say('deploy')
  expect(await say('plan', 'm.t', '--sql')).toBe(0)
  expect(await say('plan', 'm.t', '--json', '--sql')).toBe(0)
  expect(await say('run', 'm.t', '--dry-run')).toBe(0)
  expect(await say('run', 'm.t', '--batch-rows', '10', ...logged)).toBe(0)
  await p.duckdb(
    'data/a.duckdb',
    'CREATE OR REPLACE VIEW src AS SELECT id, CAST(CAST(name AS INTEGER) AS VARCHAR) AS name, note, modified_on FROM base',
  )
  expect(await say('run', 'm.t', '--full', ...logged)).toBe(1)
  expect(await say('resume', '--last', '--json', ...logged)).toBe(1)
  for (const look of [['status'], ['runs'], ['watermarks'], ['doctor'], ['export']]) await say(...look)
  expect(said).toContain('its words are left out')
  expect(said).toContain('[secret]')
  for (const text of [CLEAR, SECRET, Buffer.from(SECRET).toString('hex')])
    expect(said.split('\n').filter((line) => line.includes(text))).toEqual([])
  const byRight = (path: string) => path.includes('a.duckdb') || path.endsWith('.env')
  for (const text of [CLEAR, SECRET]) expect(await searchFolder(p.dir, text, byRight)).toEqual([])
})
