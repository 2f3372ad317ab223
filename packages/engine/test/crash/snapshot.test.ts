/** A process that takes a snapshot dies by SIGKILL at every point between extraction, hot side, apply and settle. */
import { readdirSync } from 'node:fs'
import { SnapshotsDocument, SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { describe, expect, test } from 'vitest'
import type { Project } from '../e2e/project.ts'
import { someOf } from '../support/long.ts'
import { changedSince, died, POINTS } from './snapshot-wreck.ts'

const takenOnce = (): Promise<Project> => changedSince('', 'DELETE FROM src WHERE id = 11')

/** Whatever happened before: the target has all of the source, two snapshots stay with their images, and nothing is left to do. */
async function expectWhole(p: Project, gone: readonly string[]): Promise<void> {
  const source = await p.rows('data/a.duckdb', 'SELECT id, name FROM src ORDER BY id')
  const target = await p.rows('data/b.duckdb', 'SELECT id, name FROM dst ORDER BY id')
  expect(target.filter(([id]) => !gone.includes(id ?? ''))).toEqual(source)
  expect(target.map(([id]) => id).filter((id) => gone.includes(id ?? ''))).toEqual(gone)
  const { snapshots } = await p.json(SnapshotsDocument, ['snapshot', 'list', 'm.t'])
  expect(snapshots.map(({ status }) => status)).toEqual(['current', 'kept'])
  expect(snapshots[0]).toMatchObject({ rows: source.length, previous: snapshots[1]?.snapshot })
  expect(readdirSync(p.path('.tidemark/snapshots/m.t')).sort()).toEqual(
    snapshots.map(({ snapshot }) => `${snapshot}.parquet`).sort(),
  )
  expect(readdirSync(p.path('.tidemark/tmp'))).toEqual([])
  const next = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
  expect(next.runs).toMatchObject([{ status: 'nothing_to_do', rows: { read: 0 } }])
  expect(next.snapshots).toMatchObject([{ difference: { new: 0, changed: 0, deleted: 0, unchanged: source.length } }])
}

describe.concurrent('crashes of a snapshot', () => {
  test.for(someOf(6, POINTS))(
    'dies at %s; the next run ends it, and no row is lost, doubled or reported twice',
    async (point) => {
      await using p = await takenOnce()
      await died(p, point)
      // whoever looks meanwhile finds what settled, and the one in the making
      const { snapshots } = await p.json(SnapshotsDocument, ['snapshot', 'list'])
      expect(snapshots.filter(({ status }) => status === 'current')).toHaveLength(1)
      // the run had settled: what is due is a new snapshot
      const settled = point === 'settle:after' || point === 'snapshot:kept'
      const next = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
      if (settled) expect(next.runs).toMatchObject([{ status: 'nothing_to_do' }])
      else {
        expect(next.runs.map(({ status }) => status)).toEqual(['succeeded', 'nothing_to_do'])
        expect(next.runs[0]?.rows).toMatchObject({ inserted: 2, updated: 4, deleted: 0 })
      }
      await expectWhole(p, ['11'])
    },
  )

  test.for(someOf(6, POINTS, 2))('dies at %s, and the source changes before the next run', async (point) => {
    await using p = await takenOnce()
    await died(p, point)
    await p.duckdb(
      'data/a.duckdb',
      "UPDATE src SET name = 'later' WHERE id IN (3, 7)",
      'DELETE FROM src WHERE id IN (10, 20)',
      "INSERT INTO src VALUES (30, 'n30')",
    )
    await p.ok('run', 'm.t')
    const target = await p.rows('data/b.duckdb', 'SELECT id FROM dst ORDER BY id')
    // 20 was delivered where the first extraction still had it
    const had20 = target.some(([id]) => id === '20')
    await p.ok('run', 'm.t')
    await expectWhole(p, ['10', '11', ...(had20 ? ['20'] : [])])
  })

  test.for(
    someOf(
      8,
      POINTS.filter((point) => !['settle:after', 'snapshot:kept', 'plan:stored'].includes(point)),
    ),
  )(
    'dies at %s and is given up: its snapshot goes, and the next one is compared with the last that settled',
    async (point) => {
      await using p = await takenOnce()
      const before = (await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots[0]?.snapshot
      await died(p, point)
      const next = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t', '--fresh'])
      expect(next.runs).toMatchObject([{ status: 'succeeded' }])
      expect(next.snapshots).toMatchObject([{ previous: before, difference: { deleted: 1 } }])
      await expectWhole(p, ['11'])
    },
  )
})
