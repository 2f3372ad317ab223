import { Command as Parser, CommanderError, Option } from 'commander'
import type { CommandSpec, OptionSpec } from './command.ts'
import { COMMANDS, FAMILIES } from './command-table.ts'
import type { RawOptions } from './option-reader.ts'

/** What was typed, told apart; null: help was printed. */
export interface Parsed {
  readonly command: CommandSpec
  readonly args: readonly string[]
  readonly options: RawOptions
}

export interface HelpOutput {
  readonly write: (text: string) => void
  readonly width: number
}

/** Thrown for a command line that cannot be understood; `command` is the one it was about. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem'
  readonly command: string | null

  constructor(message: string, command: string | null) {
    super(message)
    this.command = command
  }
}

export function parseCommandLine(argv: readonly string[], help: HelpOutput): Parsed | null {
  let parsed: Parsed | null = null
  const program = buildProgram(help, (command, args, options) => {
    parsed = { command, args, options }
  })
  try {
    if (argv.length === 0) program.outputHelp()
    else program.parse(argv[0] === '--version' ? ['version', ...argv.slice(1)] : argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return null
    // the first word of a family alone: what there is below it is the answer
    if (error.code === 'commander.help') {
      help.write(helpText(argv.find((word) => Object.hasOwn(FAMILIES, word)) ?? null, help.width))
      return null
    }
    // of two that fit, the one of two words
    const named = COMMANDS.findLast(({ name }) => name.split(' ').every((word) => argv.includes(word)))
    throw new UsageProblem(
      error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/, '   did you mean $1?'),
      named?.name ?? null,
    )
  }
  return parsed
}

/** Help of one command as `tidemark COMMAND --help` prints it, or of the program. */
export function helpText(command: string | null, width: number): string {
  const program = buildProgram({ write: () => {}, width }, () => {})
  const found = (command ?? '')
    .split(' ')
    .reduce((at, word) => at?.commands.find((c) => c.name() === word), whole(program))
  return (found ?? program).helpInformation()
}

function buildProgram(
  help: HelpOutput,
  chosen: (command: CommandSpec, args: readonly string[], options: RawOptions) => void,
): Parser {
  const program = new Parser('tidemark')
  program
    .description('Moves changed rows between databases: in batches, resumably, exactly once in effect, with a ledger.')
    .option('--project <dir>', 'the folder with tidemark.yaml; the nearest one upwards when left out')
    .option('--json', 'one JSON document on stdout, logs on stderr')
    .option(
      '--log-format <format>',
      'pretty or json: log lines instead of progress bars; TIDEMARK_LOG_FORMAT does the same',
    )
    .option('--log-level <level>', 'the least that is logged: debug, info, warn or error (default info)')
    .option('--no-color', 'no colours; NO_COLOR does the same')
    .helpOption('-h, --help', 'what a command does and its options')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: help.width, showGlobalOptions: true, styleTitle: (title) => title })
    .configureOutput({
      writeOut: help.write,
      writeErr: () => {},
      getOutHelpWidth: () => help.width,
      getErrHelpWidth: () => help.width,
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done or nothing to do · 1 failed · 2 usage or definition · 3 held by another · 4 with rejects · 130 cancelled',
    )

  for (const spec of COMMANDS) {
    const { parent, name } = placeOf(program, spec)
    const sub = parent
      .command(`${name} ${spec.arguments}`.trim())
      .summary(spec.summary)
      .description(sentence(spec.summary))
      .helpGroup(`${spec.group}:`)
    for (const argument of sub.registeredArguments) argument.description = spec.argumentHelp[argument.name()] ?? ''
    for (const option of spec.options) sub.addOption(optionOf(option))
    sub.copyInheritedSettings(program)
    sub.action(() => chosen(spec, sub.args, sub.optsWithGlobals()))
  }
  return program
}

const whole = (program: Parser): Parser | undefined => program

/** `rejects list` stands below `rejects`, which is made for the first of them and prints what there is. */
function placeOf(program: Parser, spec: CommandSpec): { readonly parent: Parser; readonly name: string } {
  const [word = '', name] = spec.name.split(' ')
  if (name === undefined) return { parent: program, name: word }
  const known = program.commands.find((c) => c.name() === word)
  if (known !== undefined) return { parent: known, name }
  const family = program
    .command(word)
    .summary(FAMILIES[word] ?? '')
    .description(sentence(FAMILIES[word] ?? ''))
  family.helpGroup(`${spec.group}:`).copyInheritedSettings(program)
  return { parent: family, name }
}

function optionOf({ flags, description, repeat, required }: OptionSpec): Option {
  const option = new Option(flags, description).makeOptionMandatory(required === true)
  return repeat === true
    ? option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    : option
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
