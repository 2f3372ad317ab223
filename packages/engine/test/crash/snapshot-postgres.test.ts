/** A snapshot whose target is in PostgreSQL dies by SIGKILL at points between extraction and settle: every row and version lands once. */
import { readdirSync } from 'node:fs'
import { RunDocument } from '@tidemark/contract/api'
import { describe, expect, test } from 'vitest'
import { someOf } from '../support/long.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { AFTERWARDS, byText, changeLater, expectMirror, mirrored, SETTLED } from './mirror-wreck.ts'
import { died, POINTS } from './snapshot-wreck.ts'

const connection = (db: TestDatabase): string => `{ kind: postgres, url: "${db.url}" }`
const APPLIES = ['live', 'forensic'] as const

describe.concurrent.each(APPLIES)('crashes of apply: %s into PostgreSQL', (apply) => {
  const first = APPLIES.indexOf(apply) * 2

  test.for(someOf(10, POINTS, first))(
    'dies at %s; the next run ends it, and PostgreSQL has every row once',
    async (point) => {
      await using db = await TestDatabase.create('18')
      await using p = await mirrored(apply, connection(db))
      await died(p, point)
      const { runs } = await p.json(RunDocument, ['run', 'm.t'])
      if (!SETTLED.includes(point)) expect(runs[0]?.rows).toMatchObject({ inserted: 2, updated: 4, deleted: 3 })
      await expectMirror(p, apply, (query) => db.rows(query))
      expect(readdirSync(p.path('.tidemark/tmp'))).toEqual([])
      if (apply === 'forensic')
        expect((await db.rows('SELECT id, name, batch_in, batch_out FROM dst')).toSorted(byText)).toEqual(AFTERWARDS)
    },
  )

  test.for(someOf(12, POINTS, first + 1))(
    'dies at %s, and the source changes before PostgreSQL has its rows',
    async (point) => {
      await using db = await TestDatabase.create('18')
      await using p = await mirrored(apply, connection(db))
      await died(p, point)
      await changeLater(p)
      await p.ok('run', 'm.t')
      await p.ok('run', 'm.t')
      await expectMirror(p, apply, (query) => db.rows(query))
    },
  )

  test.for(
    someOf(
      8,
      POINTS.filter((point) => ![...SETTLED, 'plan:stored'].includes(point)),
      first,
    ),
  )('dies at %s and is given up: PostgreSQL keeps what it had, and nothing is done twice', async (point) => {
    await using db = await TestDatabase.create('18')
    await using p = await mirrored(apply, connection(db))
    await died(p, point)
    const { runs } = await p.json(RunDocument, ['run', 'm.t', '--fresh'])
    expect(runs.at(-1)?.error).toBeNull()
    await expectMirror(p, apply, (query) => db.rows(query))
  })
})
