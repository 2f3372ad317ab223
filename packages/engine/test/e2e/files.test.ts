/** Files by the command line: from CSV and Parquet into DuckDB, and from DuckDB into a folder. */
import { RunDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { emptyProject, type Project } from './project.ts'

const PROJECT = `project: test
control: sqlite:.tidemark/control.db
connections:
  inbox: { kind: files, path: data/inbox, csv: { columns: { amount: "decimal(9,2)" } } }
  lake: { kind: duckdb, path: data/lake.duckdb }
  out: { kind: files, path: data/out }
`
const flow = (order: number, id: string, source: string, target: string): string => `  - id: ${id}
    order: ${order}
    flow:
      source: { ${source} }
      target: { ${target} }
      key: [id]
      capture: backfill
      apply: insert-missing
`

async function project(): Promise<Project> {
  const p = emptyProject()
  p.write('tidemark.yaml', PROJECT)
  p.write(
    'modules/m.yaml',
    `module: m\ntasks:\n${flow(1, 'in', 'connection: inbox, table: "orders/*.csv"', 'connection: lake, table: orders')}${flow(2, 'out', 'connection: lake, table: orders', 'connection: out, table: orders')}`,
  )
  p.write('data/inbox/orders/a.csv', 'id,name,amount\n1,,1.50\n2,"",2.25\n')
  return p
}

test('CSV files go into DuckDB and on into a folder of Parquet files, planned, counted and said', async () => {
  await using p = await project()
  await p.ok('deploy')
  const connections = await p.cli(['connections'])
  expect(connections.out).toContain('0 Parquet files, 1 CSV file, 1 MiB')
  const plan = await p.ok('plan', 'm.in')
  expect(plan.out).toContain('spool')
  expect(plan.out).toContain('a CSV file has no row numbers')
  expect((await p.json(RunDocument, ['run', 'm.in', '--dry-run'])).runs).toMatchObject([
    { status: 'dry_run', lane: 'spool', rows: { inserted: 2 } },
  ])
  expect(p.exists('data/lake.duckdb')).toBe(false)
  const { runs } = await p.json(RunDocument, ['run', 'm.in', 'm.out'])
  expect(runs).toMatchObject([
    { status: 'succeeded', lane: 'spool', rows: { inserted: 2 } },
    { status: 'succeeded', lane: 'pushdown', rows: { inserted: 2 } },
  ])
  const read = `SELECT id, name, amount FROM read_parquet('${p.path('data/out/orders')}/*.parquet') ORDER BY id`
  expect(await p.rows('data/lake.duckdb', read)).toEqual([
    ['1', null, '1.50'],
    ['2', '', '2.25'],
  ])
  const refused = await p.cli(['run', 'm.in', '--lane', 'relay'])
  expect(refused).toMatchObject({ exit: 2, err: expect.stringContaining('TM4016') })
})

test('a CSV text that is no value of its column fails the run with file, line and column', async () => {
  await using p = await project()
  await p.ok('deploy')
  p.write('data/inbox/orders/b.csv', 'id,name,amount\n3,x,1.005\n')
  const failed = await p.cli(['run', 'm.in'])
  expect(failed.exit).not.toBe(0)
  expect(`${failed.out}${failed.err}`).toContain('b.csv line 2, amount: "1.005" is no DECIMAL(9,2)')
  p.write('data/inbox/orders/b.csv', 'id,name,amount\n3,x,1.00\n')
  expect((await p.json(RunDocument, ['run', 'm.in'])).runs.at(-1)).toMatchObject({ status: 'nothing_to_do' })
  expect(await p.rows('data/lake.duckdb', 'SELECT count(*) FROM orders')).toEqual([['3']])
})
