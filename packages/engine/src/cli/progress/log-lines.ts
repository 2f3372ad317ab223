import { count, counted } from '../print/numbers.ts'
import { duration, leftText } from '../print/times.ts'
import { oneLine } from '../print/width.ts'
import { type EngineEvent, paceOf, RunTracker, type TrackedRun } from './run-tracker.ts'

const EVERY_PERCENT = 10
const AT_LEAST_MS = 1_000
const AT_MOST_MS = 5_000

/** Progress where nobody watches: a line at each turn, and in between one for a tenth of the way, never more than one a second. */
export class LogLines {
  readonly #tracker: RunTracker
  readonly #write: (line: string) => void
  readonly #notice: (e: EngineEvent) => string | null
  readonly #said = new Map<string, { percent: number; ms: number }>()

  constructor(tracker: RunTracker, write: (line: string) => void, notice: (e: EngineEvent) => string | null) {
    this.#tracker = tracker
    this.#write = write
    this.#notice = notice
  }

  handle(e: EngineEvent, nowMs: number): void {
    const run = this.#tracker.apply(e, nowMs)
    const line = this.#notice(e) ?? this.#lineOf(e, run, nowMs)
    if (line !== null) this.#write(oneLine(line))
  }

  #lineOf(e: EngineEvent, run: TrackedRun | null, nowMs: number): string | null {
    switch (e.event) {
      case 'run:planned':
        return `${e.flow}   run ${e.run} ${e.resumed ? 'resumed' : 'started'}   lane ${e.lane}${windowText(e)}`
      case 'run:captured':
        this.#said.set(e.run, { percent: run === null ? 0 : paceOf(run, nowMs).percent, ms: nowMs })
        return `${e.flow}   ${e.run}   ${counted(e.rows, 'row')} in ${counted(e.batches, 'batch', 'batches')}${e.done > 0 ? `, ${count(e.done)} of them in already` : ''}`
      case 'step:started':
        return `${e.flow}   ${e.run}   step ${e.step}   ${counted(e.batches, 'batch', 'batches')}`
      case 'batch:committed':
        return run === null ? null : this.#progress(run, nowMs)
      case 'run:ended':
        return `${e.flow}   ${e.run === null ? '' : `${e.run}   `}${e.status.replaceAll('_', ' ')} after ${duration(e.ms)}${e.code === null ? '' : `   ${e.code}`}`
      default:
        return null
    }
  }

  #progress(run: TrackedRun, nowMs: number): string | null {
    const { percent, leftMs } = paceOf(run, nowMs)
    const before = this.#said.get(run.run) ?? { percent: 0, ms: run.startedMs }
    const waited = nowMs - before.ms
    if (waited < AT_MOST_MS && (waited < AT_LEAST_MS || percent - before.percent < EVERY_PERCENT)) return null
    this.#said.set(run.run, { percent, ms: nowMs })
    return `${run.flow}   ${run.run}   ${percent} %   ${count(run.done)}/${count(run.batches ?? 0)} batches   ${counted(run.rows, 'row')}${leftMs === null ? '' : `   ${leftText(leftMs)}`}`
  }
}

function windowText({ after, upTo }: { readonly after: string | null; readonly upTo: string | null }): string {
  if (upTo === null) return ''
  return after === null ? `   everything up to ${upTo}` : `   ${after} to ${upTo}`
}
