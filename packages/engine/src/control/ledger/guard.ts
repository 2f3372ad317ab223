import type { RunId } from '@tidemark/contract/ids'
import { nextState, statesBefore, type TransitionTable } from '@tidemark/contract/states'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchStanding, RunStanding } from '../sql/statements.ts'
import { first, type StoreReader } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'

/** Where the run stands. TM1004: there is none of that id. */
export async function standingOf(tx: StoreReader, sql: StoreParts['sql'], id: RunId): Promise<RunStanding> {
  return known(await first(tx, sql.run.standing({ id, token: null })), id)
}

/**
 * First in every transaction by which a worker writes: TM3002 unless `token` is the one of the flow's present holder.
 * The row stays as read until the transaction ends, so what follows is written under the lease or not at all.
 */
export async function holding(tx: StoreReader, sql: StoreParts['sql'], id: RunId, token: bigint): Promise<RunStanding> {
  const standing = known(await first(tx, sql.run.standing({ id, token })), id)
  if (!standing.held) {
    throw new AppError('TM3002', `${standing.flow} is no longer held under token ${token}`, {
      facts: { run: id, flow: standing.flow, token },
    })
  }
  return standing
}

export const nameOf = (run: RunId, batch: number): string => `${run} batch ${batch}`

/** Under the lease, the run running: where the batch stands. */
export async function batchAtWork(
  tx: StoreReader,
  sql: StoreParts['sql'],
  run: RunId,
  batch: number,
  token: bigint,
): Promise<BatchStanding> {
  const { state } = await holding(tx, sql, run, token)
  if (state !== 'running') throw unexpectedState(run, state)
  const standing = await first(tx, sql.batch.standing({ run, batch }))
  if (standing === null) throw new AppError('TM3010', `${nameOf(run, batch)} does not exist`)
  return standing
}

function known(standing: RunStanding | null, id: RunId): RunStanding {
  if (standing === null) throw new AppError('TM1004', id, { facts: { run: id } })
  return standing
}

/** What an event means in a state: go (with the states a compare-and-set may find), or a repetition that changes nothing. */
export function transition<S extends string, E extends string>(
  table: TransitionTable<S, E>,
  state: S,
  event: E,
  subject: string,
): { readonly to: S; readonly from: readonly S[] } | 'ignored' {
  const cell = table[state][event]
  if (cell === 'ignored') return 'ignored'
  if (cell === 'illegal') throw unexpectedState(subject, state)
  return { to: nextState(table, state, event), from: statesBefore(table, event) }
}

export const unexpectedState = (subject: string, state: string): AppError =>
  new AppError('TM3010', `${subject} is ${state}`, { facts: { subject, state } })

/** A compare-and-set must bring its row back: the state read before it is then the state it changed. */
export function mustChange(rows: readonly true[], subject: string): void {
  if (rows.length !== 1) throw new AppError('TM3010', `${subject} changed in between`, { facts: { subject } })
}
