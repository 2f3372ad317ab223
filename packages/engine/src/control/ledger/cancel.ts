import type { RunId } from '@tidemark/contract/ids'
import { RUN, statesBefore } from '@tidemark/contract/states'
import { AppError } from '../../runtime/app-error.ts'
import type { Actor } from '../control-store.ts'
import { changed, first } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { audit } from './audit.ts'
import { standingOf, unexpectedState } from './guard.ts'

/** A wish, seen by the run's worker before its next batch. The worker ends the run; a run that ended takes no wishes. */
export async function requestCancel({ session, sql }: StoreParts, id: RunId, by: Actor): Promise<void> {
  await session.transaction(async (tx) => {
    const { state } = await standingOf(tx, sql, id)
    const request = sql.run.requestCancel({ id, states: statesBefore(RUN, 'cancel'), by: by.actor })
    if (!(await changed(tx, request))) throw unexpectedState(id, state)
    await audit(tx, sql, { action: 'cancel', subject: `run ${id}`, by, before: JSON.stringify({ state }), after: null })
  })
}

export async function isCancelRequested({ session, sql }: StoreParts, id: RunId): Promise<boolean> {
  const requested = await first(session, sql.run.cancelRequested({ id }))
  if (requested === null) throw new AppError('TM1004', id, { facts: { run: id } })
  return requested
}
