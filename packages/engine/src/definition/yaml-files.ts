/** Reading YAML files, with errors that name them. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { AppError } from '../runtime/app-error.ts'
import { type ReadYaml, readYaml } from './read-yaml.ts'

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'

/** Absolute paths of the YAML files directly in `dir`, by name; none where there is no such directory. */
export function listYamlFiles(dir: string): readonly string[] {
  try {
    const names = readdirSync(dir, { withFileTypes: true }).filter((e) => !e.isDirectory() && /\.ya?ml$/i.test(e.name))
    return names.map((e) => join(dir, e.name)).sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw new AppError('TM1010', `${dir} cannot be read (${codeOf(error)})`, { cause: error })
  }
}

/** The files that a person named: a file, or the YAML files of a directory. */
export function namedYamlFiles(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new AppError('TM1010', `${path} does not exist`, { remedy: ['mend the path'] })
  if (!stat.isDirectory()) return [path]
  const files = listYamlFiles(path)
  if (files.length === 0) throw new AppError('TM1010', `${path} holds no YAML file`, { remedy: ['mend the path'] })
  return files
}

/** A file as messages name it: relative to the project. */
export const shownPath = (projectDir: string, absolute: string): string =>
  relative(projectDir, absolute).split(sep).join('/')

/** `path` absolute, or relative to `projectDir`; messages show it relative. */
export function readYamlFile(projectDir: string, path: string): ReadYaml {
  const absolute = resolve(projectDir, path)
  const file = shownPath(projectDir, absolute)
  let bytes: Uint8Array
  try {
    bytes = readFileSync(absolute)
  } catch (error) {
    throw new AppError('TM1010', `${file} cannot be read (${codeOf(error)})`, { cause: error, facts: { file } })
  }
  return readYaml(file, decode(bytes, file))
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    const remedy = ['save the file as UTF-8']
    throw new AppError('TM1010', `${file} is not UTF-8`, { cause: error, remedy, facts: { file } })
  }
}
