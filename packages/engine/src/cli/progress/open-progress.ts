import type { EngineEvent, Emit } from '@tidemark/contract/events'
import type { CommandContext } from '../command.ts'
import { Bars } from './bars.ts'
import { eventText } from './event-text.ts'
import { LiveRegion } from './live-region.ts'
import { LogLines } from './log-lines.ts'
import { noticeOf } from './notices.ts'
import { RunTracker } from './run-tracker.ts'

export interface Progress extends Disposable {
  readonly emit: Emit
  readonly tracker: RunTracker
  /** A line that stays, wherever progress is drawn. */
  readonly say: (text: string) => void
}

const FRAME_MS = 100

/** Bars where a person watches; log lines on stderr otherwise, with `--json`, and where they are asked for. */
export function openProgress({ io, json, noteStyle, logs, jsonLog, note }: CommandContext): Progress {
  const tracker = new RunTracker()
  const screen = (): { readonly now: Temporal.Instant; readonly zone: string } => ({ now: io.now(), zone: io.zone })
  const asEmit =
    (handle: (e: EngineEvent, nowMs: number) => void): Emit =>
    (event, fields) =>
      handle({ event, ...fields } as EngineEvent, performance.now())

  if (jsonLog !== null) {
    const handle = (e: EngineEvent, ms: number): void => {
      tracker.apply(e, ms)
      jsonLog.event(e)
    }
    return { emit: asEmit(handle), tracker, say: note, [Symbol.dispose]: () => {} }
  }

  if (json || logs.chosen || !io.isTty.stderr || !io.isTty.stdout) {
    const write = (line: string): void => void io.stderr.write(`${line}\n`)
    const lines = new LogLines(tracker, write, (e) => eventText(e, screen()), logs.level)
    return { emit: asEmit((e, ms) => lines.handle(e, ms)), tracker, say: write, [Symbol.dispose]: () => {} }
  }

  const bars = new Bars(tracker, new LiveRegion(io.stderr), io.columns, noteStyle, (e) => noticeOf(e, screen()))
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
