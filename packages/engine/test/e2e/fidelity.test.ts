import { PlanDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject } from './project.ts'

test('a plan reports every column that cannot be held exactly at once, and a run stops before its first row', async () => {
  await using p = await flatProject()
  await p.duckdb(
    'data/a.duckdb',
    'ALTER TABLE src ADD COLUMN fee DECIMAL(38,10) DEFAULT 12345678901234567.0123456789',
    'ALTER TABLE src ADD COLUMN big BIGINT DEFAULT 9007199254740993',
  )
  await p.duckdb(
    'data/b.duckdb',
    'CREATE TABLE dst (id BIGINT, v VARCHAR, part VARCHAR, modified_on TIMESTAMP, fee DOUBLE, big DOUBLE)',
  )
  await p.cli(['deploy', '--yes'])

  const planned = await p.cli(['plan', 'm.t', '--json'])
  expect(planned.exit).toBe(2)
  const [plan] = PlanDocument.parse(JSON.parse(planned.out)).plans
  expect(plan?.columns.map((c) => [c.source, c.fidelity, c.reason])).toEqual([
    ['id', 'lossless', null],
    ['v', 'lossless', null],
    ['part', 'lossless', null],
    ['modified_on', 'lossless', null],
    ['fee', 'refused', 'a DOUBLE does not hold every DECIMAL(38,10): it has binary fractions'],
    ['big', 'refused', 'a DOUBLE does not hold every BIGINT'],
  ])
  expect(plan?.stops).toMatchObject({ code: 'TM4107' })
  expect(plan?.stops?.remedy).toEqual([
    'change the type of the target column fee to DECIMAL(38,10)',
    'change the type of the target column big to BIGINT',
    'or columns: { cast: { fee: DOUBLE, big: DOUBLE } }   a value that does not fit is a reject',
    'or columns: { exclude: [fee, big] }',
  ])
  expect((await p.cli(['plan', 'm.t'])).out).toContain('columns   4 lossless · 0 narrowed · 2 refused\n')

  const run = await p.cli(['run', 'm.t'])
  expect(run.exit).toBe(2)
  expect(run.err).toContain('src.fee is DECIMAL(38,10), the target column is DOUBLE')
  expect(run.err).toContain('src.big is BIGINT, the target column is DOUBLE')
  expect(await p.rows('data/b.duckdb', 'SELECT count(*) FROM dst')).toEqual([['0']])

  await p.duckdb(
    'data/b.duckdb',
    'ALTER TABLE dst ALTER fee TYPE DECIMAL(38,10)',
    'ALTER TABLE dst ALTER big TYPE BIGINT',
  )
  expect((await p.cli(['run', 'm.t'])).exit).toBe(0)
  expect(await p.rows('data/b.duckdb', 'SELECT DISTINCT CAST(fee AS VARCHAR), CAST(big AS VARCHAR) FROM dst')).toEqual([
    ['12345678901234567.0123456789', '9007199254740993'],
  ])
})
