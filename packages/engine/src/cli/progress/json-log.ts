/** What is said besides the answer, as one JSON object a line. The one file that imports pino; loaded only for it. */
import type { EngineEvent, LogLevel } from '@tidemark/contract/events'
import { levelOf } from '@tidemark/contract/events'
import { parseScopeText } from '@tidemark/contract/flow'
import { type Logger, pino } from 'pino'
import { countJson } from '../../app/run-json.ts'
import type { AppError } from '../../runtime/app-error.ts'
import type { Io } from '../io.ts'
import { eventText } from './event-text.ts'

export class JsonLog {
  readonly #io: Io
  readonly #pino: Logger

  constructor(io: Io, level: LogLevel) {
    this.#io = io
    this.#pino = pino(
      {
        level,
        base: null,
        formatters: { level: (label) => ({ level: label }) },
        timestamp: () => `,"time":"${io.now().toString({ smallestUnit: 'millisecond' })}"`,
      },
      // straight to the stream: no thread, no buffer, so nothing is lost at the end of the process
      { write: (line) => void io.stderr.write(line) },
    )
  }

  event(e: EngineEvent): void {
    this.#pino[levelOf(e)](eventFields(e), eventText(e, { now: this.#io.now(), zone: this.#io.zone }))
  }

  /** What a command says besides its events. */
  note(text: string): void {
    this.#pino.info({ event: 'command:note' }, text.trimEnd())
  }

  stopped(text: string): void {
    this.#pino.warn({ event: 'command:stopped' }, text)
  }

  failed({ code, message, remedy }: AppError, stack: string | null): void {
    this.#pino.error({ event: 'command:failed', code, remedy, ...(stack === null ? {} : { stack }) }, message)
  }
}

/** `run`, `flow` and `scope` in every line, null where it is about none of them; the event's own fields after. */
export function eventFields(e: EngineEvent): Readonly<Record<string, unknown>> {
  const { event, ...fields } = e
  const { run, flow, scope, ...own }: Readonly<Record<string, unknown>> = fields
  return {
    event,
    run: run ?? null,
    flow: flow ?? null,
    scope: typeof scope === 'string' ? parseScopeText(scope) : null,
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [snake(name), plain(value)])),
  }
}

const plain = (value: unknown): unknown => (typeof value === 'bigint' ? countJson(value) : value)

export const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
