import type { EngineEvent } from '@tidemark/contract/events'
import { bytes, count, counted, rate } from '../print/numbers.ts'
import type { Style } from '../print/style.ts'
import { duration, leftText } from '../print/times.ts'
import { cutEnd, cutMiddle, oneLine, padEnd, textWidth } from '../print/width.ts'
import { bar } from './bar.ts'
import { LiveRegion } from './live-region.ts'
import { paceOf, RunTracker, type TrackedRun } from './run-tracker.ts'

const WIDEST_BAR = 26
const NARROWEST_BAR = 8
const MOST_RUNS = 8
const GAP = '   '

/** Progress on a terminal: one region with a bar for each run that works. `tick` draws; events only count. */
export class Bars implements Disposable {
  readonly #tracker: RunTracker
  readonly #region: LiveRegion
  readonly #columns: () => number
  readonly #style: Style
  readonly #notice: (e: EngineEvent) => string | null

  constructor(
    tracker: RunTracker,
    region: LiveRegion,
    columns: () => number,
    style: Style,
    notice: (e: EngineEvent) => string | null,
  ) {
    this.#tracker = tracker
    this.#region = region
    this.#columns = columns
    this.#style = style
    this.#notice = notice
  }

  handle(e: EngineEvent, nowMs: number): void {
    this.#tracker.apply(e, nowMs)
    const notice = this.#notice(e)
    if (notice !== null) this.say(notice)
  }

  /** A line that stays. */
  say(text: string): void {
    this.#region.printAbove(oneLine(text))
  }

  tick(nowMs: number): void {
    const width = this.#columns() - 1
    const { active, ended } = this.#tracker
    const shown = active.slice(0, MOST_RUNS)
    const label = Math.min(Math.max(0, ...shown.map((run) => textWidth(run.flow))), Math.max(12, Math.floor(width / 3)))
    const lines = shown.flatMap((run) => runLines(run, nowMs, label, width, this.#style))
    const hidden = active.length - shown.length
    const others = [
      hidden > 0 ? `${hidden} more at work` : '',
      ended > 0 ? `${counted(ended, 'run')} ended` : '',
    ].filter((t) => t !== '')
    this.#region.draw(lines.length > 0 && others.length > 0 ? [...lines, this.#style.dim(others.join(', '))] : lines)
  }

  [Symbol.dispose](): void {
    this.#region[Symbol.dispose]()
  }
}

/** One line, and one above it once a run has come past its first step. */
function runLines(run: TrackedRun, nowMs: number, label: number, width: number, style: Style): readonly string[] {
  const past = run.steps.slice(0, -1).map((step) => `${step.name} ✓ ${count(step.rows)}`)
  const name = past.length === 0 ? run.flow : (run.steps.at(-1)?.name ?? run.flow)
  const head = past.length === 0 ? [] : [cutEnd(oneLine([run.flow, `run ${run.run}`, ...past].join(GAP)), width)]
  return [...head, barLine(padEnd(cutMiddle(oneLine(name), label), label), run, nowMs, width, style)]
}

function barLine(label: string, run: TrackedRun, nowMs: number, width: number, style: Style): string {
  const { part, percent: whole, rowsPerSecond, leftMs } = paceOf(run, nowMs)
  if (part === null) return cutEnd([label, 'looking for rows', duration(nowMs - run.startedMs)].join(GAP), width)
  // in the order in which they are left out when the terminal is narrow, the first last
  const facts = [
    `${String(whole).padStart(3)} %`,
    leftMs === null ? '' : leftText(leftMs),
    `${count(run.done)}/${count(run.batches ?? 0)} batches`,
    counted(run.rows, 'row'),
    rowsPerSecond === null ? '' : rate(rowsPerSecond),
    run.bytes === 0n ? '' : bytes(run.bytes),
  ]
  for (let kept = facts.length; kept > 0; kept -= 1) {
    const [percent = '', left = '', ...rest] = facts.slice(0, kept)
    const tail = [percent, ...rest, left].filter((t) => t !== '').join(GAP)
    const room = width - textWidth(label) - textWidth(tail) - 2 * GAP.length
    if (room >= NARROWEST_BAR) return [label, style.good(bar(part, Math.min(WIDEST_BAR, room))), tail].join(GAP)
  }
  return cutEnd(`${label}${GAP}${facts[0]}`, width)
}
