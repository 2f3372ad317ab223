import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { NAME_PATTERN } from '@tidemark/contract/ids'
import { AppError } from '../../runtime/app-error.ts'
import type { Command } from '../command.ts'
import { customersCsv, ordersCsv, VIEWS } from '../starter/starter-data.ts'
import { GITIGNORE, MODULE_YAML, projectYaml } from '../starter/starter-yaml.ts'

const DATABASE = 'data/shop.duckdb'

export const init: Command = async (context, { args }) => {
  const named = args[0] ?? '.'
  const folder = path.resolve(context.io.cwd, named)
  await refuseUsed(folder)

  const name = path.basename(folder)
  const files: readonly (readonly [name: string, text: string])[] = [
    ['tidemark.yaml', projectYaml(NAME_PATTERN.test(name) ? name : 'shop')],
    ['modules/orders.yaml', MODULE_YAML],
    ['data/customers.csv', customersCsv()],
    ['data/orders.csv', ordersCsv(context.io.now())],
    ['.gitignore', GITIGNORE],
  ]
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), text, { flag: 'wx' })
  }
  await context.backend.makeDatabase(path.join(folder, DATABASE), VIEWS)

  context.answer({ folder, files: [...files.map(([file]) => file), DATABASE] }, () => {
    const into = named === '.' ? '' : `${named.replace(/[\\/]$/, '')}/`
    const goThere = named === '.' ? '' : `cd ${named} && `
    return [
      `Created ${into}tidemark.yaml, modules/orders.yaml and two small CSV files to play with.`,
      `Next: ${goThere}tidemark run --all`,
      'Then: change a line of data/orders.csv, set its updated_at to the present (UTC), and   tidemark run --all --buffer 0s',
      '',
    ].join('\n')
  })
  return 0
}

/** A repository made beforehand is no content. */
async function refuseUsed(folder: string): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error.code === 'ENOTDIR' ? new AppError('TM1021', `${folder} is a file`, { cause: error }) : error
  })
  const content = there.filter((name) => name !== '.git')
  if (content.length > 0)
    throw new AppError(
      'TM1021',
      `${folder} holds ${content.slice(0, 3).join(', ')}${content.length > 3 ? ' and more' : ''}`,
    )
}
