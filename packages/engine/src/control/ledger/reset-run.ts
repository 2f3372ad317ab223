import type { RunId } from '@tidemark/contract/ids'
import type { Actor } from '../control-store.ts'
import { first } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { audit } from './audit.ts'
import { isUnfinished } from './find-unfinished.ts'
import { standingOf, unexpectedState } from './guard.ts'
import { supersedeRun } from './supersede.ts'

/** Forgets how far an unfinished run came; the audit keeps it. The rows in the target stay. */
export async function resetRun({ session, sql }: StoreParts, id: RunId, by: Actor): Promise<void> {
  await session.transaction(async (tx) => {
    const { state } = await standingOf(tx, sql, id)
    if (!isUnfinished(state)) throw unexpectedState(id, state)
    const run = await first(tx, sql.run.find({ id }))
    const before = JSON.stringify({
      state,
      batches: run?.batches,
      batches_done: run?.batchesDone,
      attempts: run?.attempts,
    })
    const after = JSON.stringify({ state: 'superseded', batches: 0, batches_done: 0 })
    const number = await audit(tx, sql, { action: 'reset', subject: `run ${id}`, by, before, after })
    await supersedeRun(tx, sql, id, `reset-${number}`)
    await tx.all(sql.batch.deleteBatches({ run: id }))
    await tx.all(sql.batch.deleteSteps({ run: id }))
    await tx.all(sql.run.clearProgress({ id }))
  })
}
