/**
 * The same with PostgreSQL as source, target and control store: a process dies by SIGKILL at every failpoint, between two
 * databases and within one, in a first load and in a window of changes, and another goes on.
 */
import { describe, expect, test } from 'vitest'
import { FAILPOINTS } from '../../src/runtime/failpoint.ts'
import { someOf } from '../support/long.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { ProcessProject } from '../support/process-project.ts'
import { rowsFrom, TABLE } from './postgres-wreck.ts'
import { dieAndGoOn, expectAtRest, killed } from './wreck.ts'

const ROWS = 600
const OWN = ['settle:swapped', 'spool:extracted']
const ALL = FAILPOINTS.filter((point) => !OWN.includes(point)).flatMap((point) =>
  point.startsWith('batch:') ? [point, `${point}:3`] : [point],
)
/** a window of changes is staged, where a first load is copied into the table itself */
const OF_CHANGES = ['capture:stored', ...ALL.filter((point) => /^batch:.*:3$/.test(point)), 'settle:target-done']

const CASES = (['relay', 'pushdown'] as const).flatMap((ways, w) =>
  (['first load', 'changes'] as const).flatMap((load) =>
    (load === 'changes' ? OF_CHANGES : ALL).map((point, i) => ({
      ways,
      load,
      point,
      version: VERSIONS[(i + w) % 2] ?? '18',
      workers: 1 + (Math.floor(i / 2) % 2),
      by: i % 3 === 0 ? ('resume' as const) : ('run' as const),
    })),
  ),
)

const REPLACED = [
  ['relay', 'settle:swapped'],
  ['relay', 'settle:before'],
  ['pushdown', 'settle:swapped'],
  ['pushdown', 'batch:before-commit:2'],
] as const

describe.concurrent('crash matrix of PostgreSQL', () => {
  test.for(someOf(3, CASES))(
    '$ways, $load, $workers workers on PostgreSQL $version: dies at $point, goes on by $by',
    async ({ ways, load, point, version, workers, by }) => {
      await using p = await ProcessProject.open({ ways, version })
      await p.a.exec(TABLE, rowsFrom(1, ROWS))
      const isFirst = load === 'first load'
      if (!isFirst) {
        expect(await p.run()).toMatchObject({ status: 'succeeded' })
        await p.a.exec("UPDATE office.src SET name = 'new', modified_on = clock_timestamp() WHERE id % 20 = 0")
        await p.a.exec(
          "INSERT INTO office.src SELECT i, 'added', clock_timestamp() FROM generate_series(1001, 1020) AS s(i)",
        )
      }
      const before = { rows: isFirst ? 0 : ROWS, runs: isFirst ? 0 : 1 }
      const rows: Record<string, number> = isFirst ? { inserted: ROWS } : { inserted: 20, updated: 30 }
      const batchRows = isFirst ? 100 : 10
      if ((await dieAndGoOn(p, { point, workers, by, batchRows, before, rows })) === 'went on') return
      // captured keys that it left are swept by the next run that has something to do
      await p.a.exec("INSERT INTO office.src VALUES (5000, 'later', clock_timestamp())")
      expect(await p.run({ batchRows, parallel: workers })).toMatchObject({
        status: 'succeeded',
        rows: { inserted: 1 },
      })
      await expectAtRest(p)
    },
  )

  test.for(REPLACED)(
    'a table that is replaced by %s, dying at %s, is as it was or as the source is',
    async ([ways, point]) => {
      await using p = await ProcessProject.open({ ways, version: '18', capture: 'backfill', apply: 'replace' })
      await p.a.exec(TABLE, rowsFrom(1, ROWS))
      expect(await p.run()).toMatchObject({ status: 'succeeded' })
      await p.a.exec(
        'DELETE FROM office.src WHERE id > 500',
        "UPDATE office.src SET name = 'new', modified_on = clock_timestamp() WHERE id < 20",
      )
      const wish = { batchRows: 100, parallel: 1 }
      await killed(p, point, wish)
      expect(await p.b.rows('SELECT count(*) FROM lake.dst')).toEqual([[point === 'settle:swapped' ? '500' : '600']])
      expect((await p.runs(wish))[0]).toMatchObject({ error: null, status: 'succeeded' })
      expect(await p.differences()).toEqual([])
      expect(
        await p.b.rows("SELECT relname FROM pg_class WHERE relnamespace = 'lake'::regnamespace AND relkind = 'r'"),
      ).toEqual([['dst']])
    },
  )
})
