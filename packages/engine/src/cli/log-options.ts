import { LOG_LEVELS, type LogLevel } from '@tidemark/contract/events'
import type { Io } from './io.ts'
import { type OptionReader, usage } from './option-reader.ts'

export const LOG_FORMATS = ['json', 'pretty'] as const

export interface LogOptions {
  readonly format: (typeof LOG_FORMATS)[number]
  readonly level: LogLevel
  /** asked for: lines also where bars would be drawn */
  readonly chosen: boolean
}

const FORMAT_VARIABLE = 'TIDEMARK_LOG_FORMAT'

/** Throws TM1002 for a format or level that there is not. */
export function parseLogOptions(options: OptionReader, io: Io): LogOptions {
  const level = options.choice('--log-level', LOG_LEVELS)
  const chosen = options.choice('--log-format', LOG_FORMATS)
  const set = variable(io)
  const known = LOG_FORMATS.find((format) => format === set)
  if (chosen === null && set !== '' && known === undefined)
    throw usage(`${FORMAT_VARIABLE} must be json or pretty, not "${set}"`)
  const format = chosen ?? known ?? null
  return { format: format ?? 'pretty', level: level ?? 'info', chosen: format !== null || level !== null }
}

/** Before the command line is understood: an error in it is told in the format that it asks for. */
export function wantsJson(argv: readonly string[], io: Io): boolean {
  const format = argv
    .map((word, i) => (word === '--log-format' ? argv[i + 1] : /^--log-format=(.*)$/.exec(word)?.[1]))
    .findLast((found) => found !== undefined)
  return (format ?? variable(io)) === 'json'
}

const variable = (io: Io): string => io.configOf(null).variable(FORMAT_VARIABLE) ?? ''
