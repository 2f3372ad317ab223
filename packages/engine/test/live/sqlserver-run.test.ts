/** Runs between two databases of one SQL Server, on the server that TIDEMARK_TEST_SQLSERVER names. */
import { describe, expect, test } from 'vitest'
import { at, delivered, ids, row, rows, TABLE } from '../support/flat.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { sqlserverEnds } from '../support/sqlserver-ends.ts'
import { openWorldsWith } from '../support/world-ends.ts'
import { flowSpec, openWorld } from '../support/world.ts'

describe.skipIf(TEST_SERVER === null)('runs within one SQL Server', () => {
  openWorldsWith(() => sqlserverEnds())
  const flow = flowSpec()

  test('a first load, a window of changes, and nothing to do', async () => {
    await using w = await openWorld()
    await w.source(TABLE, rows(25))
    expect(await w.run(flow, { batchRows: 10 })).toMatchObject({
      state: 'succeeded',
      rows: { read: 25n, inserted: 25n },
    })
    expect((await ids(w)).length).toBe(25)
    await w.source("UPDATE src SET name = 'new', modified_on = SYSUTCDATETIME() WHERE id < 3", row(99, 'late', at(1)))
    await w.source("INSERT INTO src VALUES (50, 'x', SYSUTCDATETIME())")
    expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: 1n, updated: 3n } })
    expect((await delivered(w)).slice(0, 4)).toEqual([
      ['0', 'new'],
      ['1', 'new'],
      ['2', 'new'],
      ['3', 'n3'],
    ])
    expect(await w.run(flow)).toMatchObject({ state: 'nothing_to_do' })
  })
})
