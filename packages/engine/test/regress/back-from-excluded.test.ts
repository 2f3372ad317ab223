import { expect, test } from 'vitest'
import { fileFlow, openFiles } from '../support/tree-world.ts'

const TARGET = `CREATE TABLE dst (stream_id VARCHAR, name VARCHAR, path_locator VARCHAR, parent_path_locator VARCHAR,
  is_directory BOOLEAN, file_stream VARCHAR, modified_on TIMESTAMP)`
const flow = fileFlow({ over: { excludeKeys: { stream_id: ['secret'] } } })

test('regression: what was added below a folder while it lay under an excluded one arrives when it is back in its place', async () => {
  await using f = await openFiles()
  await f.add({
    secret: { at: 'old' },
    home: { at: 'old' },
    folder: { under: 'home', at: 'old' },
    inner: { under: 'folder', at: 'old' },
  })
  expect(await f.world.run(flow)).toMatchObject({ rows: { inserted: 3n } })
  await f.move('folder', 'secret')
  await f.add({ late: { under: 'inner' } })
  expect(await f.world.run(flow)).toMatchObject({ rows: { inserted: 0n, updated: 0n } })
  await f.move('folder', 'home')
  expect(await f.world.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n } })
  expect((await f.locators())['late']).toBe('/home/folder/inner/late/')
})

test.for(['is not there', 'is empty'])(
  'regression: what lies below a folder that comes from below an excluded one arrives with it, though the target %s',
  async (target) => {
    await using f = await openFiles()
    await f.add({
      secret: { at: 'old' },
      folder: { under: 'secret', at: 'old' },
      inner: { under: 'folder', at: 'old' },
    })
    if (target === 'is empty') await f.world.target(TARGET)
    // nothing can be delivered, and the watermark passes all the same
    expect(await f.world.run(flow)).toMatchObject({ state: 'nothing_to_do' })
    await f.move('folder', null)
    expect(await f.world.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
    expect(await f.locators()).toMatchObject({ folder: '/folder/', inner: '/folder/inner/' })
  },
)
