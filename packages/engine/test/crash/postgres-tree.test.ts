/**
 * A tree between two schemas of a PostgreSQL database: a process dies by SIGKILL in each step (roots, missing
 * ancestors, children) and elsewhere, and another goes on.
 * And a flat table that only grows, there and between two databases.
 */
import { describe, expect, test } from 'vitest'
import { FAILPOINTS } from '../../src/runtime/failpoint.ts'
import { LONG, someOf } from '../support/long.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { ProcessProject, type Ways } from '../support/process-project.ts'
import { rowsFrom, TABLE } from './postgres-wreck.ts'
import { dieAndGoOn } from './wreck.ts'

const ENDED = ['lease:after', 'settle:after']
const OWN = ['settle:swapped', 'spool:extracted']
/** The steps have several batches each: the fourth time is among the ancestors or the children. `--long`: the first two too */
const POINTS = FAILPOINTS.filter((point) => !OWN.includes(point)).flatMap((point) =>
  point.startsWith('batch:') ? [...(LONG ? [point, `${point}:2`] : []), `${point}:4`] : [point],
)

const BATCHES = FAILPOINTS.filter((point) => point.startsWith('batch:')).map((point) => `${point}:2`)

/** Roots, ancestors that the flow's `where` leaves out, and two levels of children below those. */
const FILES = [
  `CREATE TABLE office.src (id bigint PRIMARY KEY, name text, modified_on timestamptz NOT NULL, loc text UNIQUE, parent text)`,
  `INSERT INTO office.src SELECT i, 'root', timestamptz '2026-01-01' + i * interval '1 second', 'r' || i, NULL FROM generate_series(1, 6) AS s(i)`,
  `INSERT INTO office.src SELECT 10 + i, 'bare', timestamptz '2026-01-01', 'r' || i || '/b', 'r' || i FROM generate_series(1, 6) AS s(i)`,
  `INSERT INTO office.src SELECT 20 + i, 'bare below', timestamptz '2026-01-01', 'r' || i || '/b/c', 'r' || i || '/b' FROM generate_series(1, 6) AS s(i)`,
  `INSERT INTO office.src SELECT 100 + 10 * i + n, 'file', timestamptz '2026-01-02' + i * interval '1 second', 'r' || i || '/b/c/' || n, 'r' || i || '/b/c'
   FROM generate_series(1, 6) AS s(i), generate_series(1, 3) AS t(n)`,
  `INSERT INTO office.src SELECT 1000 + i, 'file below', timestamptz '2026-01-03', 'r' || i || '/b/c/1/d', 'r' || i || '/b/c/1' FROM generate_series(1, 6) AS s(i)`,
  'ANALYZE office.src',
]
const ROWS = 600
const NEW = 120
const FILES_COUNT = 6 + 6 + 6 + 18 + 6
const TREE = '      shape: { kind: tree, locator: loc, parent: parent }\n'
const WHERE = '[{ column: name, in: [root, file, file below] }]'

const casesOf = (points: readonly string[]) =>
  (['relay', 'pushdown'] as const satisfies readonly Ways[]).flatMap((ways, w) =>
    points.map((point, i) => ({
      ways,
      point,
      version: VERSIONS[(i + w) % 2] ?? '18',
      workers: 1 + (Math.floor(i / 2) % 2),
      by: i % 3 === 0 ? ('resume' as const) : ('run' as const),
    })),
  )

const OF_TREES = someOf(
  2,
  casesOf(POINTS).filter(({ ways }) => ways === 'pushdown'),
)

describe.concurrent('a tree of PostgreSQL', () => {
  test.for(OF_TREES)(
    '$workers workers on PostgreSQL $version: dies at $point, goes on by $by, and no child stands without its parent',
    async (one) => {
      await using p = await ProcessProject.open({ ways: one.ways, version: one.version, where: WHERE, more: TREE })
      await p.a.exec(...FILES)
      const rows = { inserted: FILES_COUNT, updated: 0 }
      const how = await dieAndGoOn(p, { ...one, batchRows: 2, before: { rows: 0, runs: 0 }, rows })
      expect(how).toBe(ENDED.includes(one.point) ? 'ended' : 'went on')
    },
  )
})

/** Three folders, each with what is below it, move below other roots; one file of each is touched. */
const MOVES = [1, 3, 5].flatMap((i) => [
  `UPDATE office.src SET loc = 'r${i + 1}/m' || substr(loc, 5), parent = CASE WHEN loc = 'r${i}/b' THEN 'r${i + 1}' ELSE 'r${i + 1}/m' || substr(parent, 5) END WHERE loc LIKE 'r${i}/b%'`,
  `UPDATE office.src SET modified_on = clock_timestamp() WHERE id = ${100 + 10 * i + 1}`,
])

describe.concurrent('folders that move in a table of PostgreSQL that refers to itself', () => {
  test.for(
    someOf(
      2,
      casesOf(['capture:stored', ...BATCHES, 'settle:before']).filter(({ ways }) => ways === 'pushdown'),
    ),
  )(
    '$workers workers on PostgreSQL $version: dies at $point, goes on by $by, and no folder is torn from what it holds',
    async (one) => {
      await using p = await ProcessProject.open({ ways: one.ways, version: one.version, where: WHERE, more: TREE })
      await p.a.exec(
        ...FILES,
        `CREATE TABLE lake.dst (id bigint PRIMARY KEY, name text, modified_on timestamptz, loc text NOT NULL UNIQUE, parent text REFERENCES lake.dst (loc))`,
      )
      expect(await p.run()).toMatchObject({ status: 'succeeded' })
      await p.a.exec(...MOVES)
      const rows = { inserted: 0, updated: 18 }
      await dieAndGoOn(p, { ...one, batchRows: 2, before: { rows: FILES_COUNT, runs: 1 }, rows })
    },
  )
})

describe.concurrent('insert-missing over PostgreSQL', () => {
  test.for(someOf(3, casesOf(POINTS)))(
    '$ways, $workers workers on PostgreSQL $version: dies at $point, goes on by $by, and arrives once',
    async (one) => {
      await using p = await ProcessProject.open({ ways: one.ways, version: one.version, apply: 'insert-missing' })
      await p.a.exec(TABLE, rowsFrom(1, ROWS))
      expect(await p.run()).toMatchObject({ status: 'succeeded' })
      await p.a.exec(
        `INSERT INTO office.src SELECT i, 'later', clock_timestamp() FROM generate_series(${ROWS + 1}, ${ROWS + NEW}) AS s(i)`,
      )
      const rows = { inserted: NEW, updated: 0 }
      const how = await dieAndGoOn(p, { ...one, batchRows: 30, before: { rows: ROWS, runs: 1 }, rows })
      expect(how).toBe(ENDED.includes(one.point) ? 'ended' : 'went on')
    },
  )
})
