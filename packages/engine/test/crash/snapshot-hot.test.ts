/** A run whose target keeps its snapshots dies by SIGKILL around the points where it does: both sides are the same in the end. */
import { rmSync } from 'node:fs'
import { RunDocument } from '@tidemark/contract/api'
import { describe, expect, test } from 'vitest'
import type { Project } from '../e2e/project.ts'
import { someOf } from '../support/long.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { changeLater, expectBothKept, mirrored, SETTLED, type TargetRows } from './mirror-wreck.ts'
import { died, HOT_POINTS } from './snapshot-wreck.ts'

interface World extends AsyncDisposable {
  readonly p: Project
  readonly rows: TargetRows
}

const CAPTURE = '{ kind: snapshot, hot: target }'

const WORLDS: Readonly<Record<string, () => Promise<World>>> = {
  DuckDB: async () => {
    const p = await mirrored('live', '{ kind: duckdb, path: data/b.duckdb }', { capture: CAPTURE })
    const rows: TargetRows = (query) => p.rows('data/b.duckdb', query)
    return { p, rows, [Symbol.asyncDispose]: () => p[Symbol.asyncDispose]() }
  },
  PostgreSQL: async () => {
    await using opening = new AsyncDisposableStack()
    const db = opening.use(await TestDatabase.create('18'))
    const p = opening.use(await mirrored('live', `{ kind: postgres, url: "${db.url}" }`, { capture: CAPTURE }))
    const opened = opening.move()
    return { p, rows: (query) => db.rows(query), [Symbol.asyncDispose]: () => opened.disposeAsync() }
  },
}

describe.concurrent.each(Object.keys(WORLDS))('crashes of hot: target in %s', (kind) => {
  const world = (): Promise<World> => WORLDS[kind]?.() ?? Promise.reject(new TypeError(kind))
  const first = Object.keys(WORLDS).indexOf(kind)

  test.for(someOf(5, HOT_POINTS, first))(
    'dies at %s; the next run ends it, and both have it as kept',
    async (point) => {
      await using w = await world()
      await died(w.p, point)
      const { runs } = await w.p.json(RunDocument, ['run', 'm.t'])
      if (!SETTLED.includes(point)) expect(runs[0]?.rows).toMatchObject({ inserted: 2, updated: 4, deleted: 3 })
      expect(runs.at(-1)).toMatchObject({ status: 'nothing_to_do' })
      await expectBothKept(w.p, w.rows)
    },
  )

  test.for(
    someOf(
      6,
      HOT_POINTS.filter((point) => !SETTLED.includes(point)),
      first + 1,
    ),
  )('dies at %s and is given up: its snapshot is in neither', async (point) => {
    await using w = await world()
    await died(w.p, point)
    await w.p.ok('run', 'm.t', '--fresh')
    await expectBothKept(w.p, w.rows)
  })

  test.for(someOf(6, HOT_POINTS, first + 2))(
    'dies at %s and its disk is lost: the run that goes on reports no change that is none',
    async (point) => {
      await using w = await world()
      await died(w.p, point)
      for (const folder of ['.tidemark/snapshots', '.tidemark/tmp'])
        rmSync(w.p.path(folder), { recursive: true, force: true })
      await changeLater(w.p)
      await w.p.ok('run', 'm.t')
      await w.p.ok('run', 'm.t')
      await expectBothKept(w.p, w.rows)
    },
  )
})
