import { expect, test } from 'vitest'
import { fileFlow, openFiles } from '../support/tree-world.ts'

test('a DuckDB table that refers to itself takes no update of a row that others refer to, and says so', async () => {
  await using f = await openFiles()
  await f.world.target(`CREATE TABLE dst (stream_id VARCHAR PRIMARY KEY, name VARCHAR, path_locator VARCHAR NOT NULL UNIQUE,
    parent_path_locator VARCHAR REFERENCES dst (path_locator), is_directory BOOLEAN, file_stream VARCHAR)`)
  await f.add({ root: { at: 'old' }, folder: { under: 'root', at: 'old' }, one: { under: 'folder', at: 'old' } })
  expect(await f.world.run(fileFlow())).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
  const before = await f.world.targetRows('FROM dst ORDER BY ALL')
  await f.world.source("UPDATE files SET name = 'renamed' WHERE stream_id = 'folder'")
  await f.touch('folder')
  const run = await f.world.run(fileFlow())
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM5001' } })
  expect(run.error?.message).toContain('still referenced by a foreign key')
  expect(await f.world.targetRows('FROM dst ORDER BY ALL')).toEqual(before)
})
