/** A run that deletes rows, or closes their versions, dies by SIGKILL at every point between extraction and settle. */
import { RunDocument } from '@tidemark/contract/api'
import { describe, expect, test } from 'vitest'
import type { Project } from '../e2e/project.ts'
import { someOf } from '../support/long.ts'
import { AFTERWARDS, byText, changeLater, expectMirror, mirrored, SETTLED, type TargetRows } from './mirror-wreck.ts'
import { died, POINTS } from './snapshot-wreck.ts'

const TARGET = '{ kind: duckdb, path: data/b.duckdb }'
const rowsIn =
  (p: Project): TargetRows =>
  (query) =>
    p.rows('data/b.duckdb', query)

describe.concurrent.each(['live', 'forensic'])('crashes of apply: %s', (apply) => {
  const first = apply === 'live' ? 0 : 1
  test.for(someOf(8, POINTS, first))(
    'dies at %s; the next run ends it, and every row is deleted and delivered once',
    async (point) => {
      await using p = await mirrored(apply, TARGET)
      await died(p, point)
      const { runs } = await p.json(RunDocument, ['run', 'm.t'])
      if (!SETTLED.includes(point)) expect(runs[0]?.rows).toMatchObject({ inserted: 2, updated: 4, deleted: 3 })
      expect(runs.at(-1)).toMatchObject({ status: 'nothing_to_do' })
      await expectMirror(p, apply, rowsIn(p))
      if (apply === 'forensic')
        expect((await rowsIn(p)('SELECT id, name, batch_in, batch_out FROM dst')).toSorted(byText)).toEqual(AFTERWARDS)
    },
  )

  test.for(someOf(8, POINTS, first + 2))(
    'dies at %s, and the source changes before its rows are delivered',
    async (point) => {
      await using p = await mirrored(apply, TARGET)
      await died(p, point)
      await changeLater(p)
      await p.ok('run', 'm.t')
      await p.ok('run', 'm.t')
      await expectMirror(p, apply, rowsIn(p))
    },
  )

  test.for(
    someOf(
      8,
      POINTS.filter((point) => ![...SETTLED, 'plan:stored'].includes(point)),
      first,
    ),
  )('dies at %s and is given up: what it had done is not done again', async (point) => {
    await using p = await mirrored(apply, TARGET)
    await died(p, point)
    const { runs } = await p.json(RunDocument, ['run', 'm.t', '--fresh'])
    expect(runs.at(-1)?.error).toBeNull()
    await expectMirror(p, apply, rowsIn(p))
  })
})
