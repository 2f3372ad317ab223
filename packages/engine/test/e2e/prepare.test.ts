import { ErrorDocument, PrepareDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject } from './project.ts'

const TABLES = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'tidemark' ORDER BY 1"
const ALL = [['fence'], ['marker'], ['marker_reject'], ['settled']]

test('prepare makes fence and markers ahead of time, says which, records who did it, and makes nothing twice', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  const made = await p.json(PrepareDocument, ['prepare', 'b', '--yes'])
  expect(made).toMatchObject({
    connection: 'b',
    made: ['tidemark.fence', 'tidemark.marker', 'tidemark.marker_reject', 'tidemark.settled'],
    sql: [],
  })
  expect(await p.rows('data/b.duckdb', TABLES)).toEqual(ALL)
  expect(p.store("select subject, after from audit where action = 'prepare'")).toEqual([
    { subject: 'connection b', after: JSON.stringify(made.made) },
  ])
  expect((await p.json(PrepareDocument, ['prepare', 'b'])).made).toEqual([])
  expect((await p.ok('prepare', 'b')).out).toContain('b is prepared: nothing is missing in ')
  await p.ok('run', 'm.t')
  expect(await p.rows('data/b.duckdb', 'SELECT count(*) FROM dst')).toEqual([['3']])
})

test('what prepare --print-sql prints, run by a DBA, leaves nothing to prepare, and the next run uses it', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  const { out } = await p.ok('prepare', 'b', '--print-sql')
  await p.duckdb('data/b.duckdb', out)
  expect(await p.rows('data/b.duckdb', TABLES)).toEqual(ALL)
  expect((await p.json(PrepareDocument, ['prepare', 'b'])).made).toEqual([])
  // made where only a part is missing
  await p.duckdb('data/b.duckdb', 'DROP TABLE tidemark.settled')
  expect((await p.json(PrepareDocument, ['prepare', 'b', '--yes'])).made).toEqual(['tidemark.settled'])
  await p.ok('run', 'm.t')
})

test('prepare of a connection that is not defined names the one that was meant, and without a yes nothing is made', async () => {
  await using p = await flatProject(3)
  await p.ok('deploy')
  p.store(`insert into connection (id, kind, options) values ('lake', 'duckdb', '{"path":"data/lake.duckdb"}')`)
  const { error } = await p.json(ErrorDocument, ['prepare', 'lakes', '--yes'], 2)
  expect(error.message).toBe('TM1013 reference to nothing: connection lakes is not defined   did you mean lake?')
  const refused = await p.json(ErrorDocument, ['prepare', 'lake'], 2)
  expect(refused.error.code).toBe('TM1020')
  expect(refused.error.message).toContain('would create the database ')
  expect(p.exists('data/lake.duckdb')).toBe(false)
})
