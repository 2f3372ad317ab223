import { type GroupId, parseGroupId, parseRunId, type RunId } from '@tidemark/contract/ids'
import { RUN, statesBefore } from '@tidemark/contract/states'
import { AppError } from '../../runtime/app-error.ts'
import { newShortId } from '../../runtime/new-id.ts'
import type { Actor, LedgerStore, NewRun, RunRow } from '../control-store.ts'
import { changed, first } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { holding, mustChange, transition, unexpectedState } from './guard.ts'

/** Five characters clash sooner than one thinks (an even chance at 7 000 runs): so the store is asked. */
export async function newRunId({ session, sql }: StoreParts): Promise<RunId> {
  for (;;) {
    const id = parseRunId(`r-${newShortId(5)}`)
    if ((await first(session, sql.run.find({ id }))) === null) return id
  }
}

export async function newGroupId({ session, sql }: StoreParts): Promise<GroupId> {
  for (;;) {
    const id = parseGroupId(`g-${newShortId(5)}`)
    if (!(await changed(session, sql.run.hasGroup({ id })))) return id
  }
}

export async function createGroup({ session, sql }: StoreParts, id: GroupId, by: Actor): Promise<void> {
  if (!(await changed(session, sql.run.insertGroup({ id, by })))) throw new AppError('TM3010', `${id} is there already`)
}

export async function createRun({ session, sql }: StoreParts, run: NewRun, token: bigint | null): Promise<void> {
  await session.transaction(async (tx) => {
    if ((await tx.all(sql.run.insert(run))).length !== 1) throw new AppError('TM3010', `${run.id} is there already`)
    if (token !== null) await holding(tx, sql, run.id, token)
  })
}

export async function getRun({ session, sql }: StoreParts, id: RunId): Promise<RunRow> {
  const run = await first(session, sql.run.find({ id }))
  if (run === null) throw new AppError('TM1004', id, { facts: { run: id } })
  return run
}

/** TM3006 where the run ended or was superseded. */
export async function startRun({ session, sql }: StoreParts, id: RunId, token: bigint, worker: string): Promise<void> {
  await session.transaction(async (tx) => {
    const { state } = await holding(tx, sql, id, token)
    if (RUN[state].start === 'illegal') throw new AppError('TM3006', `${id} is ${state}`, { facts: { run: id, state } })
    mustChange(await tx.all(sql.run.start({ id, states: statesBefore(RUN, 'start'), token, worker })), id)
  })
}

const END_EVENT = { failed: 'fail', cancelled: 'cancel', nothing_to_do: 'find_nothing' } as const

/** A run that began to work and found nothing ends in `settle`, which looks at its batches. */
export async function endRun(
  { session, sql }: StoreParts,
  id: RunId,
  token: bigint,
  end: Parameters<LedgerStore['endRun']>[2],
): Promise<void> {
  await session.transaction(async (tx) => {
    const { state, flow, scope } = await holding(tx, sql, id, token)
    if (end.state === 'nothing_to_do' && state === 'running') throw unexpectedState(id, state)
    const go = transition(RUN, state, END_EVENT[end.state], id)
    if (go === 'ignored') return
    const { reason, error, look = null } = end
    if (look !== null) await tx.all(sql.remembered.putLook({ flow, scope, value: look, run: id }))
    mustChange(await tx.all(sql.run.end({ id, states: go.from, to: go.to, reason, error, rows: null })), id)
  })
}
