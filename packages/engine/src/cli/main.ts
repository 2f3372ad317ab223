/** ★1 A command enters here: what was typed → one command → an exit code. The only place that prints an error. */
import os from 'node:os'
import { ERRORS } from '@tidemark/contract/error-codes'
import type { LogLevel } from '@tidemark/contract/events'
import { AppError, asAppError, Cancelled } from '../runtime/app-error.ts'
import type { Config } from '../runtime/config.ts'
import { type Backend, engineBackend, type OpenAppOptions } from './backend.ts'
import { type Parsed, parseCommandLine, UsageProblem } from './build-program.ts'
import type { CommandContext, OpenProject } from './command.ts'
import { findProject } from './find-project.ts'
import type { Io } from './io.ts'
import { jsonText } from './json.ts'
import { type LogOptions, parseLogOptions, wantsJson } from './log-options.ts'
import { OptionReader } from './option-reader.ts'
import { errorDocument, errorText } from './print/error.ts'
import { styleFor } from './print/style.ts'
import type { JsonLog } from './progress/json-log.ts'

/** Runs one command line (without `node` and the program's name); the exit code. Never throws. */
export async function main(
  argv: readonly string[],
  given: Io | null = null,
  backend: Backend = engineBackend,
): Promise<number> {
  const io = given ?? (await import('./process-io.ts')).processIo()
  if (argv[0] === '__complete') return (await import('./complete.ts')).complete(argv.slice(1), io, backend)
  const json = argv.includes('--json')
  let jsonLog = wantsJson(argv, io) ? await openJsonLog(io, 'info') : null
  let name: string | null = null
  try {
    const parsed = parse(argv, io)
    if (parsed === null) return 0
    name = parsed.command.name
    const options = new OptionReader(parsed.options)
    const logs = parseLogOptions(options, io)
    if (jsonLog !== null) jsonLog = await openJsonLog(io, logs.level)
    const command = await parsed.command.load()
    return await command(contextOf(parsed, argv, io, backend, logs, jsonLog), { args: parsed.args, options })
  } catch (error) {
    if (error instanceof Cancelled) return stopped(io, json, jsonLog)
    return report(asAppError(error), name, io, { json, jsonLog, colour: !argv.includes('--no-color') })
  }
}

const openJsonLog = async (io: Io, level: LogLevel): Promise<JsonLog> =>
  new (await import('./progress/json-log.ts')).JsonLog(io, level)

function parse(argv: readonly string[], io: Io): Parsed | null {
  try {
    return parseCommandLine(argv, {
      write: (text) => void io.stdout.write(text),
      width: io.isTty.stdout ? Math.min(io.columns(), HELP_WIDTH) : HELP_WIDTH,
    })
  } catch (error) {
    if (!(error instanceof UsageProblem)) throw error
    const remedy =
      error.command === null
        ? 'tidemark --help   shows the commands'
        : `tidemark ${error.command} --help   shows its options`
    throw new AppError('TM1002', error.message, { remedy: [remedy] })
  }
}

const HELP_WIDTH = 100

function contextOf(
  parsed: Parsed,
  argv: readonly string[],
  io: Io,
  backend: Backend,
  logs: LogOptions,
  jsonLog: JsonLog | null,
): CommandContext {
  const json = parsed.options['json'] === true
  const colour = parsed.options['color'] !== false
  const project = parsed.options['project']
  const note = (text: string): void => {
    if (text === '') return
    if (jsonLog === null) io.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
    else jsonLog.note(text)
  }
  const find = ({
    hardSignal = new AbortController().signal,
    keepsBytes = false,
  }: OpenProject = {}): OpenAppOptions => {
    const projectDir = findProject(typeof project === 'string' ? project : null, io.cwd)
    const config = io.configOf(projectDir)
    const command = ['tidemark', ...argv].join(' ')
    return { projectDir, config, actor: actorOf(config), command, hardSignal, keepsBytes }
  }
  return {
    io,
    backend,
    json,
    logs,
    jsonLog,
    screen: {
      style: styleFor(io, 'stdout', colour),
      width: io.isTty.stdout ? io.columns() : null,
      now: io.now(),
      zone: io.zone,
    },
    noteStyle: styleFor(io, 'stderr', colour && jsonLog === null),
    openApp: async (options) => backend.openApp(find(options)),
    findProject: find,
    answer: (document, text) => void io.stdout.write(json ? jsonText(document) : text()),
    note,
  }
}

/** Who is written into the ledger: TIDEMARK_ACTOR, else the user of the operating system. */
function actorOf({ actor }: Config): string {
  if (actor !== null && actor.trim() !== '') return actor.trim()
  try {
    return os.userInfo().username
  } catch (error) {
    // a container may run under a number that has no name
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

function report(
  error: AppError,
  command: string | null,
  io: Io,
  { json, jsonLog, colour }: { readonly json: boolean; readonly jsonLog: JsonLog | null; readonly colour: boolean },
): number {
  const stack = (io.configOf(null).variable('TIDEMARK_DEBUG') ?? '') === '' ? null : stackOf(error)
  if (json) io.stdout.write(jsonText(errorDocument(error)))
  if (jsonLog !== null) jsonLog.failed(error, stack)
  else {
    if (!json) io.stderr.write(errorText(error, { command }, styleFor(io, 'stderr', colour)))
    if (stack !== null) io.stderr.write(`${stack}\n`)
  }
  return ERRORS[error.code].exit
}

function stackOf(error: AppError): string {
  return error.cause instanceof Error
    ? `${error.stack ?? ''}\ncaused by ${error.cause.stack ?? error.cause.message}`
    : (error.stack ?? '')
}

/** Asked to stop before there was a run to speak of: no error, and no silence either. */
function stopped(io: Io, json: boolean, jsonLog: JsonLog | null): number {
  if (json)
    io.stdout.write(jsonText({ error: { code: 'cancelled', message: 'stopped before anything ended', remedy: [] } }))
  if (jsonLog !== null) jsonLog.stopped('cancelled')
  else if (!json) io.stderr.write('cancelled\n')
  return 130
}
