import type { FlowId } from '@tidemark/contract/ids'
import { type RunState, UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { RunRow } from '../control-store.ts'
import { first } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'

export const isUnfinished = (state: RunState): boolean => UNFINISHED_RUN_STATES.some((s) => s === state)

/** Only the newest run counts: an older unfinished one was passed over on purpose. */
export async function findUnfinished(
  { session, sql }: StoreParts,
  flow: FlowId,
  scope: string,
): Promise<RunRow | null> {
  const newest = await first(session, sql.run.newest({ flow, scope }))
  return newest !== null && isUnfinished(newest.state) ? newest : null
}
