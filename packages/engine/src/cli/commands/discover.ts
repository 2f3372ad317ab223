import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { NAME_PATTERN } from '@tidemark/contract/ids'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { argument, type OptionReader, usage } from '../option-reader.ts'
import { discoverText } from '../print/discover-text.ts'
import { openStatusLine } from '../progress/status-line.ts'
import { StopSignals } from '../stop-signals.ts'

export const discover: Command = async (context, { args, options }) => {
  const wanted = {
    connection: argument(args, 0),
    pattern: args[1] ?? null,
    target: options.text('--target'),
    deep: options.flag('--deep'),
    write: fileOf(options, context.io.cwd),
  }
  using stop = new StopSignals(context.io, context.note, 'Stopping …')
  await using app = await context.openApp({ keepsBytes: true })
  const { document, yaml, inProject } = await withStatusLine()
  if (yaml !== null && wanted.write !== null) await writeAsked(wanted.write.path, yaml)
  const shown = options.text('--write')
  context.answer(document, () => discoverText(document, { file: shown, inProject }, context.screen))
  return 0

  async function withStatusLine() {
    using line = openStatusLine(context)
    return await app.discover(
      wanted,
      (done, of, table) => line.say(`looking at ${table}`, `${done + 1} of ${of}`),
      stop.signal,
    )
  }

  /** What is there already is not written over unasked. */
  async function writeAsked(file: string, text: string): Promise<void> {
    const there = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (there === text) return
    if (there !== null)
      await confirm(context, options.flag('--yes'), `Write over ${file}?`, `discover would write over ${file}`)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

/** The file, and the module in it: named after the file where nobody says. */
function fileOf(options: OptionReader, cwd: string): { readonly module: string; readonly path: string } | null {
  const file = options.text('--write')
  const module = options.text('--module')
  if (file === null) {
    if (module !== null) throw usage('--module names the module of --write FILE')
    return null
  }
  const { base, name, ext } = path.parse(file)
  if (!/^\.ya?ml$/i.test(ext)) throw usage(`--write must be a YAML file such as modules/orders.yaml, not "${file}"`)
  if (base.toLowerCase() === 'tidemark.yaml') throw usage('--write must not be tidemark.yaml: modules/orders.yaml, say')
  const chosen = module ?? name.replaceAll(/[^A-Za-z0-9_-]+/g, '-')
  if (!NAME_PATTERN.test(chosen))
    throw usage(`"${chosen}" is no name for a module (letters, digits, - and _; a letter first): --module NAME`)
  return { module: chosen, path: path.resolve(cwd, file) }
}
