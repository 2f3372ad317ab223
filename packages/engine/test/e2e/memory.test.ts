import { RunDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { inTurn } from '../support/long.ts'
import { flatProject } from './project.ts'

const COLUMNS = 400
const ROWS = 130_000

test('a table of hundreds of columns moves with the memory there is by default', async ({ task, skip }) => {
  if (!inTurn(task.name)) skip('on another day')
  await using p = await flatProject()
  const columns = Array.from({ length: COLUMNS }, (_, i) => (i % 2 ? `'text ' || (i % 999) AS c${i}` : `i AS c${i}`))
  await p.duckdb(
    'data/a.duckdb',
    'DROP TABLE src',
    `CREATE TABLE src AS SELECT i AS id, TIMESTAMP '2020-01-01' AS modified_on, ${columns.join(', ')} FROM range(${ROWS}) t(i)`,
  )
  // a process of its own: another test may have opened this one's engine with other limits
  const ended = await p.child(['run', 'm.t', '--json']).ended
  expect(ended.err).not.toContain('Out of Memory')
  expect(RunDocument.parse(JSON.parse(ended.out)).runs).toMatchObject([
    { status: 'succeeded', rows: { inserted: ROWS } },
  ])
})
