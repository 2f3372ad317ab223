import { expect, test } from 'vitest'
import { fileFlow, ONE_BY_ONE, openFiles } from '../support/tree-world.ts'

test('a row whose parent went from the target between two batches fails, and does not land without it', async () => {
  await using f = await openFiles()
  await f.add({ root: {}, child: { under: 'root' } })
  let batches = 0
  const run = await f.world.run(fileFlow(), {
    ...ONE_BY_ONE,
    hit: async (point) => {
      if (point === 'batch:recorded' && ++batches === 1) await f.world.target('DELETE FROM dst')
    },
  })
  expect(run).toMatchObject({ state: 'failed', error: { code: 'TM5004' }, batchesDone: 1 })
  expect(await f.landed()).toBe('')
})
