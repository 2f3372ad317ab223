/** Every statement that a store has, each of its forms once, with parameters that mean nothing. */
import { NO_ROWS } from '@tidemark/contract/row-counts'
import { parseFlowId, parseGroupId, parseRunId } from '@tidemark/contract/ids'
import type { StoreStatements } from '../../../src/control/sql/statements.ts'
import type { Statement } from '../../../src/control/store-session.ts'
import { BY, ownerOf, WHOLE } from './store-world.ts'

const run = parseRunId('r-00000')
const flow = parseFlowId('a.b')
const id = parseGroupId('g-00000')
const [token, worker, ttlMs, by] = [1n, 'w', 1000, 'ann']
const wave = { step: 1, first: 1, last: 2, from: 1 }
const states = ['planned', 'running'] as const
const error = { code: 'TM5001', message: 'no' } as const
const connection = { id: 'a', kind: 'duckdb', options: '{}', deployed: null }
const module = { id: 'a', description: null, schedule: null, isActive: true, deployed: null }
const task = { module: 'a', id: 'b', executionOrder: 1, type: 'flow', sourceConfig: null, targetConfig: null }
const row = { ...task, transformationConfig: null, isActive: true, deployed: null }
const mark = { flow, scope: WHOLE, position: null, run, coverage: '{}', source: '{}' }
const newRun = { id: run, group: null, flow, scope: WHOLE, lane: 'x', window: null, waiting: null, plan: '{}', by: BY }

type Texts = readonly (Statement<unknown> | null)[]

export function everyStatement(sql: StoreStatements): readonly Statement<unknown>[] {
  const { schema, catalog, lease, run: runs, batch, worker: workers, watermark, remembered, audit, prune } = sql
  const before = '2026-01-01T00:00:00.000Z'
  const all: readonly Texts[] = [
    [
      schema.lock(),
      schema.look(),
      schema.version(),
      schema.record({ version: 1, name: 'x' }),
      schema.storeId(),
      schema.now(),
    ],
    [catalog.connections(), catalog.modules(), catalog.tasks()],
    [null, connection].map((was) => catalog.putConnection({ row: { ...connection, was }, by })),
    [null, module].map((was) => catalog.putModule({ row: { ...module, was }, by })),
    [catalog.insertTask({ row, by }), catalog.updateTask({ row, version: 1, by })],
    [lease.acquire({ flow, owner: ownerOf('w'), ttlMs, deadToken: null }), lease.renew({ flow, token, ttlMs })],
    [lease.release({ flow, token }), lease.find({ flow }), lease.list()],
    [runs.insertGroup({ id, by: BY }), runs.hasGroup({ id }), runs.insert(newRun), runs.find({ id: run })],
    [runs.newest({ flow, scope: WHOLE }), runs.list({ limit: 1 })],
    [runs.list({ limit: 1, flow, scope: WHOLE, group: id, state: 'running' }), runs.standing({ id: run, token })],
    [runs.start({ id: run, states, token, worker }), runs.setCaptured({ id: run, states, captured: '{}' })],
    [runs.addBatch({ id: run, states, rows: NO_ROWS }), runs.supersede({ id: run, states, supersededBy: 'reset-1' })],
    [runs.end({ id: run, states, to: 'failed', reason: null, error, rows: NO_ROWS })],
    [null, WHOLE].map((scope) => runs.inStates({ flow, scope, states })),
    [runs.clearProgress({ id: run }), runs.requestCancel({ id: run, states, by }), runs.cancelRequested({ id: run })],
    [batch.steps({ run }), batch.list({ run }), batch.standing({ run, batch: 1 }), batch.greatest({ run })],
    [batch.countOpen({ run }), batch.insertSteps({ run, steps: [] }), batch.insertBatches({ run, batches: [] })],
    [batch.supersedeBatches({ run, states }), batch.supersedeSteps({ run, states })],
    [batch.recountSteps({ run }), batch.recountRun({ run }), batch.deleteBatches({ run }), batch.deleteSteps({ run })],
    [batch.claimInStep({ run, batch: 1, states, token }), batch.claim({ run, batch: 1, states, token })],
    [true, false].map((inStep) => batch.claimNext({ run, wave, states, token, worker, inStep })),
    [batch.wave({ run, wave, token }), batch.commit({ run, batch: 1, states, token, rows: NO_ROWS })],
    [
      batch.fail({ run, batch: 1, states, error }),
      batch.addToStep({ run, step: 1, finishFrom: states, rows: NO_ROWS }),
    ],
    [batch.moveStep({ run, step: 1, states, to: 'failed' }), batch.finishStep({ run, step: 1, states })],
    [workers.join({ run, token, worker: ownerOf('w'), ttlMs }), workers.attend({ run, token, worker, ttlMs })],
    [workers.leave({ run, worker }), workers.clear({ run, token }), workers.list({ run }), workers.standing({ run })],
    [watermark.find(mark), watermark.list(), watermark.insert(mark), watermark.update({ ...mark, version: 1 })],
    [remembered.freshness(), remembered.unmatched({ flow }), remembered.openUnmatched({ flow, run, rows: [] })],
    [remembered.closeUnmatched({ flow, run, keys: [], to: 'found' }), remembered.look({ flow, scope: WHOLE })],
    [remembered.putLook({ flow, scope: WHOLE, value: '1', run })],
    [null, flow].map((one) => remembered.rejects({ flow: one, state: 'open', limit: 1 })),
    [null, flow].map((one) => remembered.rejects({ flow: one, state: 'all', limit: null })),
    [remembered.openRejects({ flow, run, batch: 1, rows: [] })],
    [remembered.closeRejects({ flow, run, keys: [], reason: null })],
    [remembered.closeOthersOfBatch({ run, batch: 1, keys: [] })],
    [remembered.dismissRejects({ flow, ids: [1], by: 'dismiss-1', reason: null })],
    [audit.insert({ action: 'a', subject: 's', by: BY, before: null, after: null }), audit.list({ limit: 1 })],
    [prune.lock(), prune.cutoff({ keepMs: 1 }), prune.count({ before }), prune.deleteRuns({ before })],
    [...prune.deleteRemembered({ before }), ...prune.deleteProgress({ before })],
    [prune.deleteGroups({ before }), prune.countGroups({ before })],
  ]
  return all.flat().filter((statement) => statement !== null)
}
