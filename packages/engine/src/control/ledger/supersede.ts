import type { FlowId, RunId } from '@tidemark/contract/ids'
import { BATCH, RUN, STEP, statesBefore } from '@tidemark/contract/states'
import type { Actor } from '../control-store.ts'
import type { StoreReader } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { audit } from './audit.ts'
import { mustChange } from './guard.ts'

type Sql = StoreParts['sql']

export interface Superseding {
  readonly flow: FlowId
  /** null: every scope */
  readonly scope: string | null
  /** a run, or `rewind-N`, `accept-change-N`: never superseded by itself */
  readonly supersededBy: string
  readonly by: Actor
}

export async function supersede(
  { session, sql }: StoreParts,
  flow: FlowId,
  scope: string | null,
  supersededBy: string,
  by: Actor,
): Promise<readonly RunId[]> {
  return await session.transaction((tx) => supersedeAll(tx, sql, { flow, scope, supersededBy, by }))
}

/** Within a transaction that is under way. */
export async function supersedeAll(tx: StoreReader, sql: Sql, what: Superseding): Promise<readonly RunId[]> {
  const { flow, scope, supersededBy, by } = what
  const unfinished = await tx.all(sql.run.inStates({ flow, scope, states: statesBefore(RUN, 'supersede') }))
  const others = unfinished.filter(({ id }) => id !== supersededBy)
  for (const { id, state } of others) {
    await supersedeRun(tx, sql, id, supersededBy)
    const before = JSON.stringify({ state })
    const after = JSON.stringify({ state: 'superseded', superseded_by: supersededBy })
    await audit(tx, sql, { action: 'supersede', subject: `run ${id}`, by, before, after })
  }
  return others.map(({ id }) => id)
}

/** The run, its open steps and batches. What is done stays done. */
export async function supersedeRun(tx: StoreReader, sql: Sql, id: RunId, supersededBy: string): Promise<void> {
  mustChange(await tx.all(sql.run.supersede({ id, states: statesBefore(RUN, 'supersede'), supersededBy })), id)
  await tx.all(sql.batch.supersedeBatches({ run: id, states: statesBefore(BATCH, 'supersede') }))
  await tx.all(sql.batch.supersedeSteps({ run: id, states: statesBefore(STEP, 'supersede') }))
}
