import type { Emit } from '@tidemark/contract/events'
import type { CommandContext } from '../command.ts'
import { Bars } from './bars.ts'
import { LiveRegion } from './live-region.ts'
import { LogLines } from './log-lines.ts'
import { noticeOf } from './notices.ts'
import { type EngineEvent, RunTracker } from './run-tracker.ts'

export interface Progress extends Disposable {
  readonly emit: Emit
  readonly tracker: RunTracker
  /** A line that stays, wherever progress is drawn. */
  readonly say: (text: string) => void
}

const FRAME_MS = 100

/** Bars where a person watches, log lines on stderr otherwise, and always with `--json`. */
export function openProgress({ io, json, noteStyle }: CommandContext): Progress {
  const tracker = new RunTracker()
  const notice = (e: EngineEvent): string | null => noticeOf(e, { now: io.now(), zone: io.zone })
  const asEmit =
    (handle: (e: EngineEvent, nowMs: number) => void): Emit =>
    (event, fields) =>
      handle({ event, ...fields } as EngineEvent, performance.now())

  if (json || !io.isTty.stderr || !io.isTty.stdout) {
    const write = (line: string): void => void io.stderr.write(`${line}\n`)
    const lines = new LogLines(tracker, write, notice)
    return { emit: asEmit((e, ms) => lines.handle(e, ms)), tracker, say: write, [Symbol.dispose]: () => {} }
  }

  const bars = new Bars(tracker, new LiveRegion(io.stderr), io.columns, noteStyle, notice)
  const timer = setInterval(() => bars.tick(performance.now()), FRAME_MS).unref()
  return {
    emit: asEmit((e, ms) => bars.handle(e, ms)),
    tracker,
    say: (text) => bars.say(text),
    [Symbol.dispose]: () => {
      clearInterval(timer)
      bars[Symbol.dispose]()
    },
  }
}
