/** `hot: target` where the target is in SQL Server, on the server that TIDEMARK_TEST_SQLSERVER names. */
import { rmSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { snapshotSqlServerEnds } from '../support/snapshot-sqlserver-ends.ts'
import { openSnapshotWorld, snapshotFlow, type SnapshotWorld } from '../support/snapshot-world.ts'
import { dropShared } from '../support/sqlserver-ends.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { openWorldsWith } from '../support/world-ends.ts'

const hot = (over: Parameters<typeof snapshotFlow>[1] = {}) => snapshotFlow({ hot: 'target', keep: 2 }, over)
const flow = hot({ apply: { kind: 'live', maxDelete: { percent: 50 } } })
const report = hot({ apply: { kind: 'none', maxDelete: null } })

/** By number: id, state and how many keys are there. */
const there = (s: SnapshotWorld) =>
  s.w.targetRows(
    `SELECT s.id, s.[state], CAST((SELECT COUNT(*) FROM tidemark.hot_row AS r WHERE r.store = s.store AND r.flow = s.flow AND r.snapshot = s.id) AS nvarchar(20)) FROM tidemark.snapshot AS s ORDER BY s.[number]`,
  )
const hashes = (s: SnapshotWorld, id: string) =>
  s.w.targetRows(`SELECT [key], row_hash, [state] FROM tidemark.hot WHERE snapshot = '${id}' ORDER BY [key]`)

afterAll(() => dropShared())

describe.skipIf(TEST_SERVER === null)('snapshots that SQL Server keeps', { timeout: 300_000 }, () => {
  beforeEach(() => openWorldsWith(() => snapshotSqlServerEnds('duckdb')))

  test('are those of the hot side, as many of them, and a refused brake leaves none', async () => {
    await using s = await openSnapshotWorld()
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(8) t(i)")
    await s.take(flow)
    for (const name of ['x', 'y']) {
      await s.w.source(`UPDATE src SET name = '${name}' WHERE id = 3`)
      expect(await s.take(flow)).toEqual([0, 1, 0, 7])
    }
    const kept = (await s.snapshots()).map(({ id }) => id)
    expect(kept).toHaveLength(2)
    expect(await there(s)).toEqual(kept.map((id) => [id, 'kept', '8']))
    const [, last = ''] = kept
    expect(await hashes(s, last)).toEqual(
      (await s.hot(`SELECT key, row_hash, 'kept' FROM hot_row WHERE snapshot = '${last}' ORDER BY key`)).map((row) => [
        ...row,
      ]),
    )
    await s.w.source('DELETE FROM src WHERE id < 7')
    expect(await s.run(flow)).toMatchObject({ state: 'failed', error: { code: 'TM5007' } })
    expect((await there(s)).map(([id]) => id)).toEqual(kept)
  })

  test('one that the hot side has lost comes back, whatever its keys are', async () => {
    await using s = await openSnapshotWorld()
    await s.w.source(
      `CREATE TABLE src AS SELECT k AS id, 1 AS n FROM (VALUES ('a"; drop'), ('ключ 😀'), (repeat('long ', 2000)), ('blank '), ('blank')) AS t(k)`,
    )
    expect(await s.take(report)).toEqual([5, 0, 0, 0])
    rmSync(s.folder, { recursive: true })
    await s.w.source("UPDATE src SET n = 2 WHERE id = 'blank'")
    expect(await s.take(report)).toEqual([0, 1, 0, 4])
    expect((await there(s)).map(([, state, rows]) => [state, rows])).toEqual([
      ['kept', '5'],
      ['kept', '5'],
    ])
  })
})
