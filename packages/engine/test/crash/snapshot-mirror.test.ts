/** A run that deletes rows, or closes their versions, dies by SIGKILL at every point between extraction and settle. */
import { SnapshotsDocument } from '@tidemark/contract/snapshot-documents'
import { RunDocument } from '@tidemark/contract/api'
import { describe, expect, test } from 'vitest'
import type { Project } from '../e2e/project.ts'
import { someOf } from '../support/long.ts'
import { changedSince, died, POINTS } from './snapshot-wreck.ts'

const SETTLED = ['settle:after', 'snapshot:kept']

const mirrored = (apply: string): Promise<Project> =>
  changedSince(`      apply: { kind: ${apply}, max_delete: 50% }\n`, 'DELETE FROM src WHERE id IN (9, 10, 11)')

const LIVE = 'SELECT id, name FROM dst WHERE batch_out = 2147483647 ORDER BY id'

async function expectMirror(p: Project, apply: string): Promise<void> {
  const source = await p.rows('data/a.duckdb', 'SELECT id, name FROM src ORDER BY id')
  const target = apply === 'live' ? 'SELECT id, name FROM dst ORDER BY id' : LIVE
  expect(await p.rows('data/b.duckdb', target)).toEqual(source)
  const { snapshots } = await p.json(SnapshotsDocument, ['snapshot', 'list', 'm.t'])
  expect(snapshots.map(({ status, rows }) => [status, rows])).toEqual([
    ['current', source.length],
    ['kept', expect.any(Number)],
  ])
  const next = await p.json(RunDocument, ['run', 'm.t'])
  expect(next.runs).toMatchObject([{ status: 'nothing_to_do', rows: { read: 0, deleted: 0 } }])
  if (apply === 'forensic') await expectSoundVersions(p)
}

/** No version is the one before it over again, none is empty, and none overlaps with another of its key. */
async function expectSoundVersions(p: Project): Promise<void> {
  const unsound = await p.rows(
    'data/b.duckdb',
    `SELECT * FROM (SELECT *, lag(name) OVER k AS name_before, lag(batch_out) OVER k AS out_before FROM dst WINDOW k AS (PARTITION BY id ORDER BY batch_in, batch_out)) AS q
WHERE batch_in > batch_out OR batch_in <= out_before OR (name = name_before AND batch_in = out_before + 1)`,
  )
  expect(unsound).toEqual([])
}

const byText = (a: readonly unknown[], b: readonly unknown[]): number => (a.join(' ') < b.join(' ') ? -1 : 1)

const FOREVER = '2147483647'
const AFTERWARDS = [
  ...['0', '5', '6', '7', '8'].map((id) => [id, `n${id}`, '1', FOREVER]),
  ...['1', '2', '3', '4'].flatMap((id) => [
    [id, `n${id}`, '1', '1'],
    [id, 'other', '2', FOREVER],
  ]),
  ...['9', '10', '11'].map((id) => [id, `n${id}`, '1', '1']),
  ...['20', '21'].map((id) => [id, `n${id}`, '2', FOREVER]),
].toSorted(byText)

describe.concurrent.each(['live', 'forensic'])('crashes of apply: %s', (apply) => {
  const first = apply === 'live' ? 0 : 1
  test.for(someOf(2, POINTS, first))(
    'dies at %s; the next run ends it, and every row is deleted and delivered once',
    async (point) => {
      await using p = await mirrored(apply)
      await died(p, point)
      const { runs } = await p.json(RunDocument, ['run', 'm.t'])
      if (!SETTLED.includes(point)) expect(runs[0]?.rows).toMatchObject({ inserted: 2, updated: 4, deleted: 3 })
      expect(runs.at(-1)).toMatchObject({ status: 'nothing_to_do' })
      await expectMirror(p, apply)
      if (apply === 'forensic')
        expect(
          (await p.rows('data/b.duckdb', 'SELECT id, name, batch_in, batch_out FROM dst')).toSorted(byText),
        ).toEqual(AFTERWARDS)
    },
  )

  test.for(someOf(2, POINTS, first + 1))(
    'dies at %s, and the source changes before its rows are delivered',
    async (point) => {
      await using p = await mirrored(apply)
      await died(p, point)
      await p.duckdb(
        'data/a.duckdb',
        "UPDATE src SET name = 'later' WHERE id IN (3, 7)",
        'DELETE FROM src WHERE id IN (8, 20)',
        "INSERT INTO src VALUES (30, 'n30'), (9, 'back')",
      )
      await p.ok('run', 'm.t')
      await p.ok('run', 'm.t')
      await expectMirror(p, apply)
    },
  )

  test.for(
    someOf(
      3,
      POINTS.filter((point) => ![...SETTLED, 'plan:stored'].includes(point)),
      first,
    ),
  )('dies at %s and is given up: what it had done is not done again', async (point) => {
    await using p = await mirrored(apply)
    await died(p, point)
    const { runs } = await p.json(RunDocument, ['run', 'm.t', '--fresh'])
    expect(runs.at(-1)?.error).toBeNull()
    await expectMirror(p, apply)
  })
})
