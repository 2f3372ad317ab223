import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { row, TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

test('a key that occurs twice in the source is refused before anything is written', async () => {
  await using w = await openWorld()
  await w.source(TABLE, row(1, 'a', '2020-01-01'), row(1, 'b', '2020-01-02'))
  expect(await w.run(flowSpec())).toMatchObject({ state: 'failed', error: { code: 'TM4005' } })
  expect(existsSync(w.targetPath)).toBe(false)
  expect(await w.watermark(flowSpec())).toBeNull()
})
