import type { App } from '../app/app.ts'
import type { Backend, OpenAppOptions } from './backend.ts'
import type { Io } from './io.ts'
import type { LogOptions } from './log-options.ts'
import type { OptionReader } from './option-reader.ts'
import type { Screen } from './print/screen.ts'
import type { Style } from './print/style.ts'
import type { ExitCode } from './exit-code.ts'
import type { JsonLog } from './progress/json-log.ts'

export const GROUPS = ['Define', 'Run', 'Look', 'Operate'] as const

export interface OptionSpec {
  /** as in help: `--scope <k=v>` */
  readonly flags: string
  readonly description: string
  /** may be given several times */
  readonly repeat?: boolean
  /** usage error when absent */
  readonly required?: boolean
}

export interface CommandSpec {
  /** one word, or two: `rejects list` */
  readonly name: string
  readonly group: (typeof GROUPS)[number]
  readonly summary: string
  /** as in help: `<run>`, `[flow...]` */
  readonly arguments: string
  /** argument → what it is */
  readonly argumentHelp: Readonly<Record<string, string>>
  readonly options: readonly OptionSpec[]
  /** Loads the code of this command and nothing else. */
  readonly load: () => Promise<Command>
}

/** What was typed after the command's name, flags still to be read. */
export interface CommandInput {
  readonly args: readonly string[]
  readonly options: OptionReader
}

/** Parse, one call of the App, print. Throws what goes wrong. */
export type Command = (context: CommandContext, input: CommandInput) => Promise<ExitCode>

export interface OpenProject {
  readonly hardSignal?: AbortSignal
  /** for a command that promised to write nothing: the store is read from a copy */
  readonly keepsBytes?: boolean
}

export interface CommandContext {
  readonly io: Io
  readonly backend: Backend
  /** `--json` */
  readonly json: boolean
  readonly logs: LogOptions
  /** where what is said besides the answer goes with `--log-format json`; null: as text */
  readonly jsonLog: JsonLog | null
  /** for what goes to stdout */
  readonly screen: Screen
  /** for what goes to stderr */
  readonly noteStyle: Style
  /** Opens the project; `hardSignal` for commands that can be stopped in two steps. */
  readonly openApp: (options?: OpenProject) => Promise<App>
  /** What opening the project needs; throws where there is none. */
  readonly findProject: (options?: OpenProject) => OpenAppOptions
  /** The answer: the document with `--json`, else the text. Called once. */
  readonly answer: (document: unknown, text: () => string) => void
  /** A line on stderr: what is said besides the answer. */
  readonly note: (text: string) => void
}
