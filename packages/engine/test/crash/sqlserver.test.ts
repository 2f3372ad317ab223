/**
 * Two schemas of a database on the server that TIDEMARK_TEST_SQLSERVER names: a process dies by SIGKILL at every failpoint, in
 * a first load, in a window of changes and in each step of a tree, and another goes on.
 */
import { describe, expect, test } from 'vitest'
import { FAILPOINTS } from '../../src/runtime/failpoint.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { SqlServerProject } from '../support/sqlserver-project.ts'
import { dieAndGoOn, expectAtRest } from './wreck.ts'

const ROWS = 60
const ENDED = ['lease:after', 'settle:after']
const OWN = ['settle:swapped', 'spool:extracted']
const POINTS = FAILPOINTS.filter((point) => !OWN.includes(point))
const LATER = POINTS.filter((point) => point.startsWith('batch:')).map((point) => `${point}:3`)

const FLAT =
  'CREATE TABLE office.src (id bigint NOT NULL PRIMARY KEY, name nvarchar(100), modified_on datetime2(6) NOT NULL)'
const rowsFrom = (first: number, last: number, name = 'n'): string =>
  `INSERT INTO office.src VALUES ${Array.from({ length: last - first + 1 }, (_, i) => `(${first + i}, N'${name}', DATEADD(second, ${first + i}, CAST('2026-01-01' AS datetime2(6))))`).join(', ')}`

const at = (point: string, i: number) => ({
  point,
  workers: 1 + (i % 2),
  by: i % 3 === 0 ? ('resume' as const) : ('run' as const),
})

/** Roots, ancestors that the flow's `where` leaves out, and files below those. */
const tree = (): string => {
  const node = (id: number, name: string, loc: string, parent: string | null): string =>
    `(${id}, N'${name}', DATEADD(second, ${id}, CAST('2026-01-01' AS datetime2(6))), N'${loc}', ${parent === null ? 'NULL' : `N'${parent}'`})`
  const all = [1, 2, 3].flatMap((i) => [
    node(i, 'root', `r${i}`, null),
    node(10 + i, 'bare', `r${i}/b`, `r${i}`),
    node(20 + i, 'bare', `r${i}/b/c`, `r${i}/b`),
    ...[1, 2].map((n) => node(100 + 10 * i + n, 'file', `r${i}/b/c/${n}`, `r${i}/b/c`)),
    node(1000 + i, 'file', `r${i}/b/c/1/d`, `r${i}/b/c/1`),
  ])
  return `INSERT INTO office.src VALUES ${all.join(', ')}`
}
const NODES = 18

describe.skipIf(TEST_SERVER === null)('crashes within one SQL Server', { timeout: 300_000 }, () => {
  test.for([...POINTS, ...LATER].map(at))(
    'a first load, $workers workers: dies at $point, goes on by $by',
    async (one) => {
      await using p = await SqlServerProject.open()
      await p.db.exec(FLAT, rowsFrom(1, ROWS))
      const death = { ...one, batchRows: 15, before: { rows: 0, runs: 0 }, rows: { inserted: ROWS, updated: 0 } }
      const how = await dieAndGoOn(p, death)
      expect(how).toBe(ENDED.includes(one.point) ? 'ended' : 'went on')
      if (how === 'went on') return
      // captured keys that it left are swept by the next run that has something to do
      await p.db.exec("INSERT INTO office.src VALUES (5000, N'later', SYSUTCDATETIME())")
      expect(await p.run()).toMatchObject({ status: 'succeeded', rows: { inserted: 1 } })
      await expectAtRest(p)
    },
  )

  test.for(['capture:stored', ...LATER, 'settle:target-done'].map(at))(
    'a window of changes, $workers workers: dies at $point, goes on by $by',
    async (one) => {
      await using p = await SqlServerProject.open()
      await p.db.exec(FLAT, rowsFrom(1, ROWS))
      expect(await p.run()).toMatchObject({ status: 'succeeded' })
      await p.db.exec(
        "UPDATE office.src SET name = N'new', modified_on = SYSUTCDATETIME() WHERE id % 4 = 0",
        `INSERT INTO office.src SELECT id + 1000, N'added', SYSUTCDATETIME() FROM office.src WHERE id <= 10`,
      )
      const rows = { inserted: 10, updated: 15 }
      await dieAndGoOn(p, { ...one, batchRows: 5, before: { rows: ROWS, runs: 1 }, rows })
    },
  )

  test.for(POINTS.flatMap((point) => (point.startsWith('batch:') ? [`${point}:2`, `${point}:4`] : [point])).map(at))(
    'a tree, $workers workers: dies at $point, goes on by $by, and no child stands without its parent',
    async (one) => {
      await using p = await SqlServerProject.open({
        where: '[{ column: name, in: [root, file] }]',
        more: '      shape: { kind: tree, locator: loc, parent: parent }\n',
      })
      await p.db.exec(
        'CREATE TABLE office.src (id bigint NOT NULL PRIMARY KEY, name nvarchar(100), modified_on datetime2(6) NOT NULL, loc nvarchar(100) NOT NULL UNIQUE, parent nvarchar(100))',
        tree(),
      )
      const death = { ...one, batchRows: 2, before: { rows: 0, runs: 0 }, rows: { inserted: NODES, updated: 0 } }
      expect(await dieAndGoOn(p, death)).toBe(ENDED.includes(one.point) ? 'ended' : 'went on')
    },
  )
})
