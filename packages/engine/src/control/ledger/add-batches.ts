import type { RunId } from '@tidemark/contract/ids'
import { BATCH, STEP, statesBefore } from '@tidemark/contract/states'
import { AppError } from '../../runtime/app-error.ts'
import type { NewBatch, NewStep } from '../control-store.ts'
import { first } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { holding, mustChange, unexpectedState } from './guard.ts'

/**
 * What a completed capture found, in one transaction. A later capture of the same run replaces what is still open:
 * numbers go on, finished batches stay, and a finished step takes no new ones.
 */
export async function addBatches(
  { session, sql }: StoreParts,
  id: RunId,
  token: bigint,
  captured: string,
  steps: readonly NewStep[],
  batches: readonly NewBatch[],
): Promise<void> {
  await session.transaction(async (tx) => {
    const { state } = await holding(tx, sql, id, token)
    if (state !== 'running') throw unexpectedState(id, state)
    const greatest = (await first(tx, sql.batch.greatest({ run: id }))) ?? 0
    const taken = batches.find((b) => b.batch <= greatest)
    if (taken !== undefined)
      throw new AppError('TM3010', `${id} has a batch ${greatest}, ${taken.batch} is no new number`)
    const done = new Set(
      (await tx.all(sql.batch.steps({ run: id }))).flatMap((s) => (s.state === 'done' ? [s.step] : [])),
    )
    const late = batches.find((b) => done.has(b.step))
    if (late !== undefined) throw unexpectedState(`${id} step ${late.step}`, 'done')

    await tx.all(sql.batch.supersedeBatches({ run: id, states: statesBefore(BATCH, 'supersede') }))
    await tx.all(sql.batch.insertSteps({ run: id, steps }))
    await tx.all(sql.batch.insertBatches({ run: id, batches }))
    await tx.all(sql.batch.recountSteps({ run: id }))
    await tx.all(sql.batch.recountRun({ run: id }))
    // a step whose open batches went away and came back with none
    for (const step of await tx.all(sql.batch.steps({ run: id }))) {
      if (step.state === 'running')
        await tx.all(sql.batch.finishStep({ run: id, step: step.step, states: statesBefore(STEP, 'finish') }))
    }
    mustChange(await tx.all(sql.run.setCaptured({ id, states: ['running'], captured })), id)
  })
}
