import { type EngineEvent, LOG_LEVELS, levelOf, type LogLevel } from '@tidemark/contract/events'
import { count, counted } from '../print/numbers.ts'
import { leftText } from '../print/times.ts'
import { oneLine } from '../print/width.ts'
import { paceOf, RunTracker, type TrackedRun } from './run-tracker.ts'

const EVERY_PERCENT = 10
const AT_LEAST_MS = 1_000
const AT_MOST_MS = 5_000

/**
 * Progress where nobody watches: a line at each turn, and in between one for a tenth of the way, never more than one a
 * second. `debug` tells of every batch instead.
 */
export class LogLines {
  readonly #tracker: RunTracker
  readonly #write: (line: string) => void
  readonly #text: (e: EngineEvent) => string
  readonly #level: LogLevel
  readonly #said = new Map<string, { percent: number; ms: number }>()

  constructor(
    tracker: RunTracker,
    write: (line: string) => void,
    text: (e: EngineEvent) => string,
    level: LogLevel = 'info',
  ) {
    this.#tracker = tracker
    this.#write = write
    this.#text = text
    this.#level = level
  }

  handle(e: EngineEvent, nowMs: number): void {
    const run = this.#tracker.apply(e, nowMs)
    const line = this.#lineOf(e, run, nowMs)
    if (line !== null) this.#write(oneLine(line))
  }

  #lineOf(e: EngineEvent, run: TrackedRun | null, nowMs: number): string | null {
    if (e.event === 'run:captured')
      this.#said.set(e.run, { percent: run === null ? 0 : paceOf(run, nowMs).percent, ms: nowMs })
    if (this.#level === 'info' && e.event === 'batch:committed') return run === null ? null : this.#progress(run, nowMs)
    // the answer on stdout says it
    if (this.#level === 'info' && e.event === 'watermark:advanced') return null
    return isLoud(levelOf(e), this.#level) ? this.#text(e) : null
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

const isLoud = (level: LogLevel, wanted: LogLevel): boolean => LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(wanted)
