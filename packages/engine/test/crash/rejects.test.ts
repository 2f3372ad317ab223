/** Rows that a batch kept out are known after a crash as they were before: exactly those of the batches that are in. */
import { afterAll, expect, test } from 'vitest'
import { present } from '../support/present.ts'
import { keptInTarget, quarantining, rejected } from '../support/rejected.ts'
import { crash, Sources } from './crash-world.ts'

const sources = new Sources()
afterAll(() => sources[Symbol.asyncDispose]())

const IN_TWOS = { batchRows: 2, workers: 1 }
const BAD = ['["1"]', '["2"]', '["8"]']

test.for([
  ['batch:before-commit', 0],
  ['batch:after-commit', 0],
  ['batch:after-commit:2', 1],
  ['batch:recorded', 1],
  ['settle:before', 3],
  ['settle:target-done', 3],
] as const)('a batch with rejects dies at %s, and its resume opens each of them once', async ([dieAt, known]) => {
  await using w = await sources.world('flat')
  await w.source('UPDATE src SET name = NULL WHERE id IN (1, 2, 8)')
  await w.target('CREATE TABLE dst (id BIGINT, name VARCHAR NOT NULL, modified_on TIMESTAMP)')
  const flow = quarantining()
  await crash(w, { flow, dieAt })
  expect(await rejected(w)).toHaveLength(known)
  const left = present(await w.store.ledger.findUnfinished(flow.id, '{}'), 'unfinished run')
  const run = await w.resume(left.id, IN_TWOS)
  expect(run).toMatchObject({ state: 'succeeded_with_rejects', rows: { read: 10n, inserted: 7n, rejected: 3n } })
  expect(await rejected(w)).toEqual(BAD.map((key) => `${key} TM5009 open`))
  expect(await w.store.ledger.listRejects(null)).toMatchObject(BAD.map(() => ({ times: 1, run: run.id })))
  expect(await keptInTarget(w)).toEqual([])
})
