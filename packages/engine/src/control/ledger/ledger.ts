import type { LedgerStore } from '../control-store.ts'
import { first } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { addBatches } from './add-batches.ts'
import { batchDone, batchFailed, claimBatch } from './batches.ts'
import { attend, claimNext, findWork, join, leave } from './claims.ts'
import { isCancelRequested, requestCancel } from './cancel.ts'
import { createGroup, createRun, endRun, getRun, newGroupId, newRunId, startRun } from './runs.ts'
import { findUnfinished } from './find-unfinished.ts'
import { previewPrune, pruneRuns } from './prune-runs.ts'
import { dismissRejects, listRejects, quarantine } from './rejects.ts'
import { resetRun } from './reset-run.ts'
import { settle } from './settle.ts'
import { supersede } from './supersede.ts'
import { acceptChange, rewind } from './watermarks.ts'

/** The ledger's methods, each in its own file where it changes more than one row. */
export function makeLedger(parts: StoreParts): LedgerStore {
  const { session, sql } = parts
  return {
    newRunId: () => newRunId(parts),
    newGroupId: () => newGroupId(parts),
    createGroup: (id, by) => createGroup(parts, id, by),

    createRun: (run, token) => createRun(parts, run, token),
    getRun: (id) => getRun(parts, id),
    findRun: (id) => first(session, sql.run.find({ id })),
    findUnfinished: (flow, scope) => findUnfinished(parts, flow, scope),
    listRuns: (filter) => session.all(sql.run.list(filter)),

    startRun: (id, token, worker) => startRun(parts, id, token, worker),
    addBatches: (id, token, captured, steps, batches) => addBatches(parts, id, token, captured, steps, batches),
    listSteps: (run) => session.all(sql.batch.steps({ run })),
    listBatches: (run) => session.all(sql.batch.list({ run })),
    claimBatch: (id, batch, token) => claimBatch(parts, id, batch, token),
    claimNext: (id, wave, token, worker) => claimNext(parts, id, wave, token, worker),
    join: (id, token, worker, ttlMs) => join(parts, id, token, worker, ttlMs),
    attend: (id, token, worker, ttlMs) => attend(parts, id, token, worker, ttlMs),
    leave: (id, worker) => leave(parts, id, worker),
    findWork: (id) => findWork(parts, id),
    listWorkers: (run) => session.all(sql.worker.list({ run })),
    quarantine: (id, batch, token, rejects) => quarantine(parts, id, batch, token, rejects),
    batchDone: (id, batch, token, rows, rejects) => batchDone(parts, id, batch, token, rows, rejects),
    batchFailed: (id, batch, token, code, message, worker) =>
      batchFailed(parts, id, batch, token, { code, message }, worker),

    settle: (id, token, settlement) => settle(parts, id, token, settlement),
    endRun: (id, token, end) => endRun(parts, id, token, end),
    supersede: (flow, scope, by, actor) => supersede(parts, flow, scope, by, actor),
    resetRun: (id, by) => resetRun(parts, id, by),
    requestCancel: (id, by) => requestCancel(parts, id, by),
    isCancelRequested: (id) => isCancelRequested(parts, id),

    getWatermark: (flow, scope) => first(session, sql.watermark.find({ flow, scope })),
    listWatermarks: () => session.all(sql.watermark.list()),
    rewind: (flow, scope, expected, to, by) => rewind(parts, flow, scope, expected, to, by),
    acceptChange: (flow, scope, expected, change, by) => acceptChange(parts, flow, scope, expected, change, by),

    listFreshness: () => session.all(sql.remembered.freshness()),
    listUnmatched: (flow) => session.all(sql.remembered.unmatched({ flow })),
    listRejects: (flow, filter) => listRejects(parts, flow, filter),
    dismissRejects: (flow, ids, by) => dismissRejects(parts, flow, ids, by),
    getLook: (flow, scope) => first(session, sql.remembered.look({ flow, scope })),

    previewPrune: (keepMs) => previewPrune(parts, keepMs),
    pruneRuns: (keepMs, by) => pruneRuns(parts, keepMs, by),

    audit: async (action, subject, by, before, after) => {
      await session.all(sql.audit.insert({ action, subject, by, before, after }))
    },
    listAudit: (limit) => session.all(sql.audit.list({ limit })),
  }
}
