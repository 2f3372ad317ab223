import { existsSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../runtime/app-error.ts'

const PROJECT_FILE = 'tidemark.yaml'

/** The folder of the project: the one named, or the nearest one from `cwd` upwards. */
export function findProject(named: string | null, cwd: string): string {
  if (named !== null) {
    const folder = path.resolve(cwd, named)
    if (existsSync(path.join(folder, PROJECT_FILE))) return folder
    throw new AppError('TM1001', `no ${PROJECT_FILE} in ${folder}`)
  }
  for (let folder = path.resolve(cwd); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, PROJECT_FILE))) return folder
    if (folder === path.dirname(folder))
      throw new AppError('TM1001', `no ${PROJECT_FILE} in ${path.resolve(cwd)} or above`)
  }
}
