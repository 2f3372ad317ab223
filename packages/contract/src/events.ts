/** Everything the engine ever says while it works. Progress bars, logs and tests listen to the same map. */
import type { FlowId, RunId } from './ids.ts'

export interface EngineEvents {
  'lease:waiting': { flow: FlowId; holder: string; until: string }
  'file:waiting': { flow: FlowId; path: string; detail: string }
  'run:planned': {
    run: RunId
    flow: FlowId
    scope: string
    resumed: boolean
    lane: string
    after: string | null
    upTo: string | null
    decidedBy: string | null
  }
  'run:captured': { run: RunId; flow: FlowId; scope: string; rows: bigint; batches: number; done: number }
  'step:started': { run: RunId; flow: FlowId; scope: string; step: string; batches: number }
  'worker:joined': { run: RunId; flow: FlowId; scope: string; worker: string; token: bigint }
  'worker:waiting': { run: RunId; flow: FlowId; scope: string; waitsFor: string }
  'worker:left': { run: RunId; flow: FlowId; scope: string; worker: string; batches: number; rows: bigint }
  'batch:claimed': { run: RunId; flow: FlowId; scope: string; step: string; batch: number; attempt: number }
  'batch:committed': {
    run: RunId
    flow: FlowId
    scope: string
    step: string
    batch: number
    rows: bigint
    bytes: bigint
    alreadyIn: boolean
    durationMs: number
  }
  'batch:retry': {
    run: RunId
    flow: FlowId
    scope: string
    batch: number
    attempt: number
    code: string
    message: string
  }
  'lease:lost': { flow: FlowId; token: bigint }
  'watermark:advanced': { run: RunId; flow: FlowId; scope: string; from: string | null; to: string | null }
  'run:remarked': {
    run: RunId
    flow: FlowId
    scope: string
    code: string
    message: string
    /** what to do about it */
    remedy: readonly string[]
  }
  'run:ended': {
    run: RunId | null
    flow: FlowId
    scope: string
    status: string
    reason: string | null
    inserted: bigint
    updated: bigint
    skipped: bigint
    durationMs: number
    code: string | null
    message: string | null
    /** what to do about this very error; empty where there is none */
    remedy: readonly string[]
  }
}

export type EventName = keyof EngineEvents
/** One event as a value. */
export type EngineEvent = { [K in EventName]: { readonly event: K } & EngineEvents[K] }[EventName]

export type Emit = <K extends EventName>(event: K, fields: EngineEvents[K]) => void
export const silent: Emit = () => {}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface EventEntry<K extends EventName> {
  readonly level: LogLevel
  /** where the level depends on how it ended */
  readonly levelOfStatus?: Readonly<Record<string, LogLevel>>
  readonly when: string
  /** field → what it is; logs name it in snake_case */
  readonly fields: Readonly<Record<Exclude<keyof EngineEvents[K], 'run' | 'flow' | 'scope'>, string>>
}

/** What each event means to a reader of logs. An event or a field without its line does not compile. */
export const EVENTS: { readonly [K in EventName]: EventEntry<K> } = {
  'lease:waiting': {
    level: 'warn',
    when: 'the flow is run by another; this run waits, as `--wait` allows',
    fields: { holder: 'who holds it', until: 'when its lease ends unless renewed' },
  },
  'file:waiting': {
    level: 'warn',
    when: 'a database file is held by another; this run waits',
    fields: { path: 'the file', detail: 'who has it' },
  },
  'run:planned': {
    level: 'info',
    when: 'a run begins, or goes on',
    fields: {
      resumed: 'it was unfinished',
      lane: 'how the rows travel',
      after: 'where its window begins; null: at the beginning',
      upTo: 'where its window ends; null: it has none',
      decidedBy: 'what decided the end of the window',
    },
  },
  'run:captured': {
    level: 'info',
    when: 'it is known which rows the run moves, and in how many batches',
    fields: { rows: 'rows to move', batches: 'of the whole run', done: 'batches that were in already' },
  },
  'step:started': {
    level: 'info',
    when: 'a step of the run begins',
    fields: { step: 'its name', batches: 'of this step, still to do' },
  },
  'worker:joined': {
    level: 'debug',
    when: 'a worker takes part in a run: its owner, or one that joined by `run --join`',
    fields: { worker: 'its name in the ledger', token: 'of the lease under which it works' },
  },
  'worker:waiting': {
    level: 'info',
    when: 'a worker has nothing to do at present, since others have it',
    fields: { waitsFor: 'what it waits for' },
  },
  'worker:left': {
    level: 'info',
    when: 'a worker that had joined is through; what it had not ended is free for others',
    fields: { worker: 'its name in the ledger', batches: 'that it brought in', rows: 'read by them' },
  },
  'batch:claimed': {
    level: 'debug',
    when: 'a worker begins a batch, before anything is read',
    fields: {
      step: 'the step it belongs to',
      batch: 'its number in the run',
      attempt: 'above 1: it failed before, or its worker died or left',
    },
  },
  'batch:committed': {
    level: 'debug',
    when: 'the rows of a batch are in the target',
    fields: {
      step: 'the step it belongs to',
      batch: 'its number in the run',
      rows: 'rows read',
      bytes: 'their size, estimated',
      alreadyIn: 'a former worker had committed it before it died',
      durationMs: 'how long it took',
    },
  },
  'batch:retry': {
    level: 'warn',
    when: 'a batch met another writer and is tried again',
    fields: {
      batch: 'its number in the run',
      attempt: 'the one that failed',
      code: 'of the error',
      message: 'the error',
    },
  },
  'lease:lost': {
    level: 'error',
    when: 'another may run the flow now: the batches in flight are rolled back',
    fields: { token: 'of the lease that was lost' },
  },
  'watermark:advanced': {
    level: 'info',
    when: 'a run settled: the next one begins where it ended',
    fields: { from: 'the watermark before; null: there was none', to: 'the watermark now' },
  },
  'run:remarked': {
    level: 'warn',
    when: 'a run settled, and something besides its rows is left undone: a later run makes up for it',
    fields: {
      code: 'of the error',
      message: 'what is left undone, and why',
      remedy: 'what to do about it, line by line',
    },
  },
  'run:ended': {
    level: 'info',
    levelOfStatus: { failed: 'error', cancelled: 'warn', skipped: 'warn', succeeded_with_rejects: 'warn' },
    when: 'a run ended, or a flow that has no run was left out',
    fields: {
      status: 'as in `--json`',
      reason: 'why there was nothing to do, or why it was stopped or skipped',
      inserted: 'rows',
      updated: 'rows',
      skipped: 'rows that the target held already',
      durationMs: 'how long this attempt took',
      code: 'of the error; null: none',
      message: 'the error; null: none',
      remedy: 'what to do about it, line by line',
    },
  },
}

export function levelOf(e: EngineEvent): LogLevel {
  const entry: EventEntry<EventName> = EVENTS[e.event]
  return (e.event === 'run:ended' ? entry.levelOfStatus?.[e.status] : undefined) ?? entry.level
}
