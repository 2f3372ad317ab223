import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { counted } from '../print/numbers.ts'

/** `export`, under another name because that one is a keyword: to stdout, or into a folder. */
export const exportYaml: Command = async (context, { args, options }) => {
  await using app = await context.openApp({ keepsBytes: true })
  const files = await app.exportYaml()
  const folder = args[0] === undefined ? null : path.resolve(context.io.cwd, args[0])

  if (folder === null) {
    context.answer({ files: Object.fromEntries(files) }, () =>
      [...files].map(([name, text]) => `# ${name}\n${text.trimEnd()}\n`).join('\n'),
    )
    return 0
  }
  const others = await differing(folder, files)
  if (others.length > 0)
    await confirm(
      context,
      options.flag('--yes'),
      `Write over ${others.join(', ')}?`,
      `export would write over ${others.join(', ')}`,
    )
  for (const [name, text] of files) {
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  context.answer(
    { folder, files: [...files.keys()] },
    () =>
      `${[...files.keys()].map((name) => `${path.join(args[0] ?? '', name)}\n`).join('')}${counted(files.size, 'file')} written\n`,
  )
  return 0
}

/** Files that are there with another text. */
async function differing(folder: string, files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const found: string[] = []
  for (const [name, text] of files) {
    const there = await readFile(path.join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (there !== null && there !== text) found.push(name)
  }
  return found
}
