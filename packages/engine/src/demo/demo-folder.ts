/** Where the demo's project is put, and the project as it is before the first act. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../runtime/app-error.ts'
import { PROGRAM } from './command-line.ts'
import type { Definitions } from './demo-database.ts'
import { GITIGNORE, MADE_BY_DEMO, moduleYaml, projectYaml } from './demo-yaml.ts'
import { installedPackages } from './installed-packages.ts'

/** packages/engine/src/demo → the clone; null in an installed package. */
function cloneOf(here: string): string | null {
  const root = path.resolve(here, '../../../..')
  return path.relative(root, here) === path.join('packages', 'engine', 'src', 'demo') ? root : null
}

const isBelow = (folder: string, of: string): boolean => {
  const way = path.relative(of, folder)
  return way === '' || !(way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way))
}

/** `demo/` of the clone that one stands in, which git ignores; elsewhere a folder of its own name. */
export function defaultProject(cwd: string, here = import.meta.dirname): string {
  const clone = cloneOf(here)
  return clone !== null && isBelow(cwd, clone) ? path.join(clone, 'demo') : path.join(cwd, 'tidemark-demo')
}

/** How the program that plays the demo is called in its project: npx finds what is installed above a folder. */
export const commandIn = (project: string): string =>
  isBelow(project, path.dirname(installedPackages())) ? 'npx tidemark' : `node ${PROGRAM}`

/** All that a demo makes: nothing else of a folder is ever removed. */
const MADE = ['tidemark.yaml', 'modules', 'data', '.tidemark', '.gitignore', '.env']

/** Writes the project. A former demo's is replaced; any other folder with something in it is refused. */
export async function makeProject(folder: string, definitions: Definitions): Promise<void> {
  const there = (await namesIn(folder)).filter((name) => name !== '.git')
  if (there.length > 0 && !(await wasMadeByDemo(folder)))
    throw new AppError(
      'TM1021',
      `${folder} holds ${there.slice(0, 3).join(', ')}${there.length > 3 ? ' and more' : ''}`,
      {
        remedy: ['tidemark demo DIR   plays in a new or empty folder'],
      },
    )
  for (const name of MADE) await rm(path.join(folder, name), { recursive: true, force: true })
  for (const name of ['modules', 'data', '.tidemark']) await mkdir(path.join(folder, name), { recursive: true })
  await writeFile(path.join(folder, 'tidemark.yaml'), projectYaml(definitions))
  await writeFile(path.join(folder, 'modules', 'documents.yaml'), moduleYaml(definitions))
  await writeFile(path.join(folder, '.gitignore'), GITIGNORE)
  const { env } = definitions
  if (env.length > 0) await writeFile(path.join(folder, '.env'), `${env.join('\n')}\n`, { mode: 0o600 })
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return []
    throw code === 'ENOTDIR' ? new AppError('TM1021', `${folder} is a file`, { cause: error }) : error
  }
}

async function wasMadeByDemo(folder: string): Promise<boolean> {
  const file = path.join(folder, 'tidemark.yaml')
  return existsSync(file) && (await readFile(file, 'utf8')).startsWith(`${MADE_BY_DEMO}\n`)
}
