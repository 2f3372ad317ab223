import { expect, test } from 'vitest'
import { fileFlow, openFiles } from '../support/tree-world.ts'

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
