/**
 * A snapshot whose target is in the SQL Server that TIDEMARK_TEST_SQLSERVER names dies by SIGKILL at points between extraction and
 * settle: every row and version lands once.
 */
import { readdirSync, rmSync } from 'node:fs'
import { RunDocument } from '@tidemark/contract/api'
import { describe, expect, test } from 'vitest'
import { someOf } from '../support/long.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { AFTERWARDS, byText, changeLater, expectBothKept, expectMirror, mirrored, SETTLED } from './mirror-wreck.ts'
import { died, HOT_POINTS, POINTS } from './snapshot-wreck.ts'

const connection = (db: SqlServerDatabase): string => `{ kind: sqlserver, url: env:OFFICE_URL, database: ${db.name} }`
const ENV = `OFFICE_URL=${TEST_SERVER}\n`
const APPLIES = ['live', 'forensic'] as const

describe.skipIf(TEST_SERVER === null).each(APPLIES)(
  'crashes of apply: %s into SQL Server',
  { timeout: 600_000 },
  (apply) => {
    const first = APPLIES.indexOf(apply) * 2

    test.for(someOf(8, POINTS, first))(
      'dies at %s; the next run ends it, and SQL Server has every row once',
      async (point) => {
        await using db = await SqlServerDatabase.create()
        await using p = await mirrored(apply, connection(db), { env: ENV })
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
      'dies at %s, and the source changes before SQL Server has its rows',
      async (point) => {
        await using db = await SqlServerDatabase.create()
        await using p = await mirrored(apply, connection(db), { env: ENV })
        await died(p, point)
        await changeLater(p)
        await p.ok('run', 'm.t')
        await p.ok('run', 'm.t')
        await expectMirror(p, apply, (query) => db.rows(query))
      },
    )
  },
)

describe.skipIf(TEST_SERVER === null)('crashes of hot: target in SQL Server', { timeout: 600_000 }, () => {
  const kept = (db: SqlServerDatabase) =>
    mirrored('live', connection(db), { env: ENV, capture: '{ kind: snapshot, hot: target }' })

  test.for(someOf(4, HOT_POINTS, 3))('dies at %s; the next run ends it, and both have it as kept', async (point) => {
    await using db = await SqlServerDatabase.create()
    await using p = await kept(db)
    await died(p, point)
    const { runs } = await p.json(RunDocument, ['run', 'm.t'])
    if (!SETTLED.includes(point)) expect(runs[0]?.rows).toMatchObject({ inserted: 2, updated: 4, deleted: 3 })
    await expectBothKept(p, (query) => db.rows(query))
  })

  test.for(someOf(6, HOT_POINTS, 2))(
    'dies at %s and its disk is lost: the run that goes on reports no change that is none',
    async (point) => {
      await using db = await SqlServerDatabase.create()
      await using p = await kept(db)
      await died(p, point)
      for (const folder of ['.tidemark/snapshots', '.tidemark/tmp'])
        rmSync(p.path(folder), { recursive: true, force: true })
      await changeLater(p)
      await p.ok('run', 'm.t')
      await p.ok('run', 'm.t')
      await expectBothKept(p, (query) => db.rows(query))
    },
  )
})
