import { test } from 'vitest'
import { rows, TABLE } from '../support/flat.ts'
import { sqlserverEnds } from '../support/sqlserver-ends.ts'
import { openWorldsWith } from '../support/world-ends.ts'
import { flowSpec, openWorld } from '../support/world.ts'
openWorldsWith(() => sqlserverEnds())
test('zz', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  for (const how of [{ batchRows: 10, workers: 1 }, { workers: 1 }]) {
    const run = await w.run(flowSpec(), how)
    ;(await import('node:fs')).appendFileSync('/tmp/b/zz.out', JSON.stringify([run.state, run.error, run.rows], (_, v) => typeof v === 'bigint' ? String(v) : v) + '\n')
    await w.source("UPDATE src SET name = 'new', modified_on = SYSUTCDATETIME() WHERE id < 3")
  }
})
