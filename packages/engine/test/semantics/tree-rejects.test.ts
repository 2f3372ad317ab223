import { expect, test } from 'vitest'
import { rejected } from '../support/rejected.ts'
import { fileFlow, openFiles } from '../support/tree-world.ts'

const TARGET = `CREATE TABLE dst (stream_id VARCHAR CHECK (stream_id <> 'bad'), name VARCHAR, is_directory BOOLEAN,
  path_locator VARCHAR, parent_path_locator VARCHAR, file_stream VARCHAR)`
const quarantine = { onReject: { kind: 'quarantine', max: 100 } } as const

async function withBadFolder() {
  const f = await openFiles()
  await f.add({ r: {}, bad: { under: 'r' }, good: { under: 'r' } })
  await f.add({ below: { under: 'bad' }, beside: { under: 'good' } })
  await f.add({ deep: { under: 'below' } })
  await f.world.target(TARGET)
  return f
}

test('below a folder that was kept out nothing lands: orphans quarantine keeps the rows as rejects', async () => {
  await using f = await withBadFolder()
  const run = await f.world.run(fileFlow({ orphans: 'quarantine', over: quarantine }))
  expect(run).toMatchObject({ state: 'succeeded_with_rejects', rows: { inserted: 3n, rejected: 3n } })
  expect(await f.world.targetRows('SELECT stream_id FROM dst ORDER BY 1')).toEqual([['beside'], ['good'], ['r']])
  expect(await rejected(f.world)).toEqual(['["bad"] TM5001 open', '["below"] TM5004 open', '["deep"] TM5004 open'])
})

test('below a folder that was kept out the run fails unless orphans may be kept out too', async () => {
  await using f = await withBadFolder()
  const run = await f.world.run(fileFlow({ over: quarantine }))
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM5004' } })
  expect(run.error?.message).toContain('["below"]')
})
