/**
 * `tidemark __complete WORD…`, asked by the scripts of `completion`: the words typed after the program's name, the one
 * being typed last. One candidate a line, what it is behind a tab; nothing where files are wanted. Whatever goes wrong
 * is no answer: a shell that completes must never print an error.
 */
import { ERROR_CODES, ERRORS } from '@tidemark/contract/error-codes'
import type { Names } from '../app/app.ts'
import type { Backend } from './backend.ts'
import type { CommandSpec, OptionSpec } from './command.ts'
import { COMMANDS, FAMILIES } from './command-table.ts'
import { findProject } from './find-project.ts'
import type { Io } from './io.ts'
import { SHELLS } from './shells.ts'

interface Candidate {
  readonly word: string
  readonly about: string
}

const GLOBAL: readonly OptionSpec[] = [
  { flags: '--project <dir>', description: 'the folder with tidemark.yaml' },
  { flags: '--json', description: 'one JSON document on stdout' },
  { flags: '--no-color', description: 'no colours' },
  { flags: '--help', description: 'what a command does and its options' },
]

export async function complete(argv: readonly string[], io: Io, backend: Backend): Promise<number> {
  try {
    const found = await candidates(joined(argv), io, backend)
    io.stdout.write(found.map(({ word, about }) => `${word}\t${about}\n`).join(''))
  } catch {
    // no answer
  }
  return 0
}

/** bash takes `--module=orders` and `bu=North` apart at the `=`. */
function joined(argv: readonly string[]): readonly string[] {
  const words: string[] = []
  for (const [i, word] of argv.entries()) {
    const before = words.at(-1)
    const split = word === '=' && before !== undefined
    if (split && before.startsWith('--')) {
      if (i === argv.length - 1) words.push('')
    } else if (split || (i > 0 && argv[i - 1] === '=' && before?.endsWith('=') === true))
      words[words.length - 1] += word
    else words.push(word)
  }
  return words.length === 0 ? [''] : words
}

async function candidates(words: readonly string[], io: Io, backend: Backend): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? ''
  const typed = words.slice(0, -1)
  const { command, family, args, used, open, project } = read(typed)
  const names = (): Promise<Names> => askNames(project, io, backend)
  const inline = /^(--[\w-]+)=(.*)$/s.exec(current)
  if (inline !== null) {
    const [, flag = '', value = ''] = inline
    const option = optionsOf(command).find((o) => flagOf(o) === flag)
    const values = option === undefined ? [] : await valuesOf(placeholderOf(option), names)
    return starting(value, values).map((c) => ({ ...c, word: `${flag}=${c.word}` }))
  }
  if (open !== null) return starting(current, await valuesOf(placeholderOf(open), names))
  if (current.startsWith('-'))
    return starting(
      current,
      optionsOf(command)
        .filter((o) => o.repeat === true || !used.has(flagOf(o)))
        .map((o) => ({ word: flagOf(o), about: o.description })),
    )
  if (command === null) return starting(current, family === null ? firstWords() : below(family))
  const wanted = command.arguments.split(' ').filter((a) => a !== '')
  const argument = wanted[args.length] ?? wanted.findLast((a) => a.includes('...'))
  const values = argument === undefined ? [] : await valuesOf(argument.replaceAll(/[^\w]/g, ''), names)
  return starting(
    current,
    [...(args.length === 0 ? below(command.name) : []), ...values].filter(({ word }) => !args.includes(word)),
  )
}

const firstWords = (): readonly Candidate[] =>
  [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? name))].map((word) => ({
    word,
    about: FAMILIES[word] ?? COMMANDS.find(({ name }) => name === word)?.summary ?? '',
  }))

/** `list` of `rejects list` */
const below = (first: string): readonly Candidate[] =>
  COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name, summary }) => ({
    word: name.slice(first.length + 1),
    about: summary,
  }))

interface Read {
  readonly command: CommandSpec | null
  /** the first word of a command of two, the second not typed yet */
  readonly family: string | null
  readonly args: readonly string[]
  readonly used: ReadonlySet<string>
  /** the option whose value is being typed */
  readonly open: OptionSpec | null
  readonly project: string | null
}

function read(typed: readonly string[]): Read {
  let command: CommandSpec | null = null
  let family: string | null = null
  let open: OptionSpec | null = null
  let project: string | null = null
  const args: string[] = []
  const used = new Set<string>()
  for (const word of typed) {
    const flag = word.split('=')[0] ?? word
    if (open !== null) {
      if (flagOf(open) === '--project') project = word
      open = null
    } else if (word.startsWith('-')) {
      used.add(flag)
      const option = optionsOf(command).find((o) => flagOf(o) === word)
      if (option !== undefined && placeholderOf(option) !== '') open = option
      if (word.startsWith('--project=')) project = word.slice('--project='.length)
    } else if (command === null) {
      const name: string = family === null ? word : `${family} ${word}`
      command = COMMANDS.find((c) => c.name === name) ?? null
      if (command === null && Object.hasOwn(FAMILIES, word)) family = word
    } else {
      const longer: CommandSpec | undefined =
        args.length === 0 ? COMMANDS.find(({ name }) => name === `${command?.name} ${word}`) : undefined
      if (longer === undefined) args.push(word)
      else command = longer
    }
  }
  return { command, family, args, used, open, project }
}

const optionsOf = (command: CommandSpec | null): readonly OptionSpec[] => [...(command?.options ?? []), ...GLOBAL]
const flagOf = ({ flags }: OptionSpec): string => flags.split(' ')[0] ?? flags
/** `module` of `--module <module>`; empty: it takes no value. */
const placeholderOf = ({ flags }: OptionSpec): string => /<([^>]+)>/.exec(flags)?.[1] ?? ''

const starting = (text: string, from: readonly Candidate[]): readonly Candidate[] =>
  from.filter(({ word }) => word.startsWith(text))

/** By what an argument or the value of an option is called in help. */
async function valuesOf(placeholder: string, names: () => Promise<Names>): Promise<readonly Candidate[]> {
  const plain = (words: readonly string[], about: string): readonly Candidate[] =>
    words.map((word) => ({ word, about }))
  switch (placeholder) {
    case 'flow':
      return plain((await names()).flows, 'flow')
    case 'module':
      return plain((await names()).modules, 'module')
    case 'connection':
      return plain((await names()).connections, 'connection')
    case 'run':
      return (await names()).runs.map(({ id, about }) => ({ word: id, about }))
    case 'code':
      return ERROR_CODES.map((word) => ({ word, about: ERRORS[word].title }))
    case 'shell':
      return plain(SHELLS, 'shell')
    case 'lane':
      return plain(['pushdown', 'relay', 'spool'], 'lane')
    default:
      return []
  }
}

async function askNames(project: string | null, io: Io, backend: Backend): Promise<Names> {
  const projectDir = findProject(project, io.cwd)
  await using app = await backend.openApp({
    projectDir,
    config: io.configOf(projectDir),
    actor: 'completion',
    command: 'tidemark __complete',
    hardSignal: new AbortController().signal,
    keepsBytes: true,
  })
  return await app.names()
}
