/**
 * `npm run example -- NAME`: plays an example in a folder of its own and exits 0 only when its final comparison finds no
 * difference. `--keep DIR` leaves the project, and `--compare DIR` compares it again. `--on NAME` plays it on another system, where
 * the example has files for one. Without a name it lists the examples.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs, styleText } from 'node:util'
import { type DemoStyle, Narrator } from '../../packages/engine/src/demo/narrator.ts'
import { AppError, Cancelled } from '../../packages/engine/src/runtime/app-error.ts'
import { compare, tellComparison } from './compare.ts'
import { EXAMPLES, listExamples } from './list-examples.ts'
import { NotReady, openDatabases } from './databases.ts'
import { openServer } from './server.ts'
import { Stage, type Story } from './stage.ts'

const USAGE = 'npm run example -- NAME [--on SYSTEM] [--keep DIR] | --compare DIR'

/** Terminals alone get colours, and NO_COLOR is heard: `styleText` looks at both. */
const painted = (format: Parameters<typeof styleText>[0]) => (text: string) =>
  styleText(format, text, { stream: process.stdout })
const STYLE: DemoStyle = { bold: painted('bold'), dim: painted('dim'), good: painted('green'), bad: painted('red') }

const say = (text: string): void => void process.stdout.write(text)
const complain = (...lines: readonly string[]): 2 => {
  process.stderr.write(`${lines.join('\n')}\n`)
  return 2
}

const examplesText = (): string => {
  const examples = listExamples()
  const width = Math.max(...examples.map(({ name }) => name.length))
  return examples.map(({ name, title }) => `  ${name.padEnd(width)}   ${title}\n`).join('')
}

async function main(argv: readonly string[]): Promise<number> {
  const given = readArguments(argv)
  if (typeof given === 'string') return complain(given, `Usage: ${USAGE}`)
  const { keep, compare: again, on, names } = given
  const [name, ...more] = names
  if (again !== null) {
    if (name !== undefined || keep !== null || on !== null) return complain('--compare goes alone', `Usage: ${USAGE}`)
    if (!existsSync(path.join(again, 'sql/compare.sql'))) return complain(`${again} is no example that was kept`)
    return await guarded((signal) => compared(again, signal))
  }
  if (name === undefined) {
    say(`Usage: ${USAGE}\n\n${examplesText()}`)
    return 0
  }
  if (more.length > 0 || !listExamples().some((example) => example.name === name))
    return complain(`There is no example "${names.join(' ')}". There are:`, examplesText())
  const systems = systemsOf(name)
  if (on !== null && !systems.includes(on))
    return complain(
      systems.length === 0
        ? `${name} plays nowhere else: leave --on away`
        : `${name} plays on ${systems.join(', ')}, and not on ${on}`,
    )
  if (keep !== null && isInUse(keep)) return complain(`${keep} is not empty: an example plays in a new or empty folder`)
  return await guarded((signal) => playExample(name, { on, kept: keep }, signal))
}

const isInUse = (folder: string): boolean =>
  existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0)

const systemsOf = (name: string): readonly string[] => {
  const folder = path.join(EXAMPLES, name, 'on')
  return existsSync(folder) ? readdirSync(folder) : []
}

interface Given {
  readonly on: string | null
  readonly keep: string | null
  readonly compare: string | null
  readonly names: readonly string[]
}

/** What is wrong with them, where it is. */
function readArguments(argv: readonly string[]): Given | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { on: { type: 'string' }, keep: { type: 'string' }, compare: { type: 'string' } },
      allowPositionals: true,
    })
    const folder = (given: string | undefined): string | null => (given === undefined ? null : path.resolve(given))
    return { on: values.on ?? null, keep: folder(values.keep), compare: folder(values.compare), names: positionals }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const textOf = (error: unknown): string =>
  error instanceof AppError ? error.detail : error instanceof Error ? error.message : String(error)

/** Exit code 1 for an act that did something else than it says, 2 for something that is not there, 130 for ^C. */
async function guarded(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new Cancelled('the example was stopped')))
  try {
    return await work(stop.signal)
  } catch (error) {
    process.stderr.write(`${textOf(error)}\n`)
    return stop.signal.aborted ? 130 : error instanceof NotReady ? 2 : 1
  }
}

const compared = async (project: string, signal: AbortSignal, narrator = new Narrator(say, STYLE)): Promise<number> =>
  tellComparison(narrator, await compare(project, signal)) === 0 ? 0 : 1

/** What somebody's own play in that folder left behind is none, nor is what plays it. */
const isPartOfExample = (file: string): boolean => {
  const parts = path.relative(EXAMPLES, file).split(path.sep)
  // of another system: it is put over the others when that is named
  if (parts[1] === 'on') return false
  const made = parts.includes('.tidemark') || (parts.includes('data') && parts.at(-1)?.includes('.') === true)
  return !file.endsWith('play.ts') && parts.at(-1) !== '.env' && (!made || parts.at(-1) === '.gitkeep')
}

const databasesGone = (variables: readonly string[]): string =>
  `the server that it played on has ended.\nSet ${variables.join(', ')} to empty databases of yours, and what it plays there stays.`

async function playExample(
  name: string,
  { on, kept }: Pick<Given, 'on'> & { readonly kept: string | null },
  signal: AbortSignal,
): Promise<number> {
  const project = kept ?? mkdtempSync(path.join(os.tmpdir(), `tidemark-${name}-`))
  cpSync(path.join(EXAMPLES, name), project, { recursive: true, filter: isPartOfExample })
  if (on !== null) cpSync(path.join(EXAMPLES, name, 'on', on), project, { recursive: true })
  const narrator = new Narrator(say, STYLE)
  let afterwards = 'an ordinary one, usable with every command.'
  try {
    const story = (await import(`../${name}/play.ts`)) as Story
    const { play, server } = story
    const databases = (on === null ? story.databases : story.on?.[on]) ?? {}
    await using _server = server === undefined ? null : await openServer(server, project, narrator, kept !== null)
    await using opened = await openDatabases(databases, project)
    if (kept !== null && opened.ours) afterwards = databasesGone(Object.keys(databases))
    await play(new Stage({ project, narrator, signal, ...(on === null ? {} : { on }) }))
    return await compared(project, signal, narrator)
  } finally {
    if (kept === null) rmSync(project, { recursive: true, force: true })
    else say(`\nThe project is ${kept}: ${afterwards}\n`)
  }
}

process.exitCode = await main(process.argv.slice(2))
