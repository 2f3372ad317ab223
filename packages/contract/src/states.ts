/**
 * The states of runs, steps and batches, as total tables: a new state or event does not compile until every
 * cell is decided. `illegal` is a defect and throws; `ignored` is a repetition that changes nothing.
 */
export type Cell<S extends string> = S | 'illegal' | 'ignored'
export type TransitionTable<S extends string, E extends string> = Readonly<Record<S, Readonly<Record<E, Cell<S>>>>>

export const RUN_STATES = [
  'planned',
  'running',
  'succeeded',
  'succeeded_with_rejects',
  'nothing_to_do',
  'failed',
  'cancelled',
  'superseded',
] as const
export type RunState = (typeof RUN_STATES)[number]
export type RunEvent =
  | 'start' // the first batch may begin; also a resume, and a take-over from a dead worker
  | 'succeed'
  | 'succeed_with_rejects'
  | 'find_nothing'
  | 'fail'
  | 'cancel'
  | 'supersede'

export const RUN: TransitionTable<RunState, RunEvent> = {
  planned: {
    start: 'running',
    succeed: 'illegal',
    succeed_with_rejects: 'illegal',
    find_nothing: 'nothing_to_do',
    fail: 'failed',
    cancel: 'cancelled',
    supersede: 'superseded',
  },
  running: {
    start: 'running',
    succeed: 'succeeded',
    succeed_with_rejects: 'succeeded_with_rejects',
    find_nothing: 'nothing_to_do',
    fail: 'failed',
    cancel: 'cancelled',
    supersede: 'superseded',
  },
  failed: {
    start: 'running',
    succeed: 'illegal',
    succeed_with_rejects: 'illegal',
    find_nothing: 'illegal',
    fail: 'ignored',
    cancel: 'illegal',
    supersede: 'superseded',
  },
  cancelled: {
    start: 'running',
    succeed: 'illegal',
    succeed_with_rejects: 'illegal',
    find_nothing: 'illegal',
    fail: 'illegal',
    cancel: 'ignored',
    supersede: 'superseded',
  },
  succeeded: ended('succeed'),
  succeeded_with_rejects: ended('succeed_with_rejects'),
  nothing_to_do: ended('find_nothing'),
  superseded: ended('supersede'),
}

function ended(repetition: RunEvent): Readonly<Record<RunEvent, Cell<RunState>>> {
  const row: Record<RunEvent, Cell<RunState>> = {
    start: 'illegal',
    succeed: 'illegal',
    succeed_with_rejects: 'illegal',
    find_nothing: 'illegal',
    fail: 'illegal',
    cancel: 'illegal',
    supersede: 'illegal',
  }
  row[repetition] = 'ignored'
  return row
}

/** Runs in these states can be resumed, and are resumed by the next `run` of their flow and scope. */
export const UNFINISHED_RUN_STATES = [
  'planned',
  'running',
  'failed',
  'cancelled',
] as const satisfies readonly RunState[]

export const STEP_STATES = ['planned', 'running', 'done', 'failed', 'superseded'] as const
export type StepState = (typeof STEP_STATES)[number]
export type StepEvent = 'start' | 'finish' | 'fail' | 'supersede'

export const STEP: TransitionTable<StepState, StepEvent> = {
  planned: { start: 'running', finish: 'illegal', fail: 'failed', supersede: 'superseded' },
  running: { start: 'running', finish: 'done', fail: 'failed', supersede: 'superseded' },
  done: { start: 'illegal', finish: 'ignored', fail: 'illegal', supersede: 'ignored' },
  failed: { start: 'running', finish: 'illegal', fail: 'ignored', supersede: 'superseded' },
  superseded: { start: 'illegal', finish: 'illegal', fail: 'illegal', supersede: 'ignored' },
}

export const BATCH_STATES = ['planned', 'running', 'done', 'failed', 'superseded'] as const
export type BatchState = (typeof BATCH_STATES)[number]
export type BatchEvent = 'claim' | 'commit' | 'fail' | 'supersede'

export const BATCH: TransitionTable<BatchState, BatchEvent> = {
  planned: { claim: 'running', commit: 'illegal', fail: 'illegal', supersede: 'superseded' },
  // a claim on a running batch is the take-over from a worker that died; the marker says whether it had committed
  running: { claim: 'running', commit: 'done', fail: 'failed', supersede: 'superseded' },
  done: { claim: 'illegal', commit: 'ignored', fail: 'illegal', supersede: 'ignored' },
  failed: { claim: 'running', commit: 'illegal', fail: 'ignored', supersede: 'superseded' },
  superseded: { claim: 'illegal', commit: 'illegal', fail: 'illegal', supersede: 'ignored' },
}

/** The next state, or the same one when the event repeats. Throws on an illegal pair: that is a defect of ours. */
export function nextState<S extends string, E extends string>(table: TransitionTable<S, E>, state: S, event: E): S {
  const cell: Cell<S> = table[state][event]
  if (cell === 'illegal') throw new TypeError(`illegal transition: ${event} in state ${state}`)
  return cell === 'ignored' ? state : (cell as S)
}

/** The states from which `event` leads somewhere: the `where state in (…)` of a compare-and-set. */
export function statesBefore<S extends string, E extends string>(table: TransitionTable<S, E>, event: E): readonly S[] {
  return (Object.keys(table) as S[]).filter((s) => table[s][event] !== 'illegal' && table[s][event] !== 'ignored')
}
