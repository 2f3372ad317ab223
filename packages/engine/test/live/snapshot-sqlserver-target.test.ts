/** Snapshots whose target is in SQL Server, on the server that TIDEMARK_TEST_SQLSERVER names: what that adds to the semantics of all targets. */
import { rmSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { Cancelled } from '../../src/runtime/app-error.ts'
import { snapshotSqlServerEnds } from '../support/snapshot-sqlserver-ends.ts'
import { openSnapshotWorld, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'
import { dropShared } from '../support/sqlserver-ends.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import type { RunWish } from '../support/world.ts'
import { openWorldsWith } from '../support/world-ends.ts'

const mirror = (over: Parameters<typeof snapshotFlow>[1] = {}) =>
  snapshotFlow({}, { apply: { kind: 'live', maxDelete: { percent: 100 } }, ...over })
const live = mirror()

/** Source and target as texts, in the order of the first column. */
async function expectSame(s: SnapshotWorld, columns: string): Promise<void> {
  expect(await s.w.targetRows(`SELECT ${columns} FROM dst ORDER BY 1`)).toEqual(
    await s.w.sourceRows(`SELECT ${columns} FROM src ORDER BY 1`),
  )
}

/** A run that ends when so many batches have committed, as if it had been asked to. */
function stopAfterBatch(nth: number): RunWish {
  const stop = new AbortController()
  let committed = 0
  const hit = (point: string): Promise<void> => {
    if (point === 'batch:after-commit' && ++committed === nth) stop.abort(new Cancelled('enough'))
    return Promise.resolve()
  }
  return { hit, soft: stop.signal, workers: 1, batchRows: 2 }
}

afterAll(() => dropShared())

describe.skipIf(TEST_SERVER === null)('from a DuckDB file into SQL Server', { timeout: 300_000 }, () => {
  beforeEach(() => openWorldsWith(() => snapshotSqlServerEnds('duckdb')))

  test('what a lost extraction had brought to SQL Server goes with the one in its place', async () => {
    await using s = await openSnapshotWorld()
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(12) t(i)")
    await s.run(live)
    await s.w.source("INSERT INTO src SELECT i, 'n' || i FROM range(20, 40) t(i)", 'DELETE FROM src WHERE id IN (4, 5)')
    const stopped = await s.run(live, stopAfterBatch(3))
    expect(stopped.state).toBe('cancelled')
    expect(await s.w.targetRows('SELECT 1 FROM dst WHERE id = 20')).toHaveLength(1)
    for (const suffix of ['', '.wal']) rmSync(s.w.workPath(stopped.id) + suffix, { force: true })
    await s.w.source('DELETE FROM src WHERE id = 20', "UPDATE src SET name = 'x' WHERE id = 21")
    expect(await s.w.resume(stopped.id)).toMatchObject({ state: 'succeeded' })
    await expectSame(s, 'id, name')
    expect(await s.run(live)).toMatchObject({ state: 'nothing_to_do' })
  })
})
