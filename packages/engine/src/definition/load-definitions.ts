/** The YAML of a project as rows for the control tables, and everything that is wrong with it. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { CaptureSchemas } from '@tidemark/contract/capture-schema'
import type { CatalogRows } from '../control/control-store.ts'
import { MODULES_DIR, PROJECT_FILE, type ProjectSpec } from './load-project.ts'
import { type LoadedDefinitions, parseDefinitions } from './parse-definitions.ts'
import { readYaml } from './read-yaml.ts'
import { listYamlFiles, namedYamlFiles, readYamlFile, shownPath } from './yaml-files.ts'

export interface LoadOptions {
  readonly captures: CaptureSchemas
  /** a module file, or a directory of them; null: those of the project */
  readonly path: string | null
  /** connections made by hand count as defined; of tasks switched off by hand, what is not built yet is no problem */
  readonly tables: CatalogRows | null
  /** a module file as it would be: absolute path and text, null for none. It stands for the one that is there */
  readonly instead?: { readonly path: string; readonly text: string | null }
}

/** Throws only where a file cannot be read; problems are for the caller to throw, or to count. */
export function loadDefinitions(
  project: ProjectSpec,
  { captures, path, tables, instead }: LoadOptions,
): LoadedDefinitions {
  const projectFile = join(project.dir, PROJECT_FILE)
  const files =
    path === null ? listYamlFiles(join(project.dir, MODULES_DIR)) : namedYamlFiles(findPath(project.dir, path))
  const modules = files
    .filter((file) => file !== projectFile && file !== instead?.path)
    .map((file) => readYamlFile(project.dir, file))
  if (instead?.text != null) modules.push(readYaml(shownPath(project.dir, instead.path), instead.text))
  return parseDefinitions({ project: readYamlFile(project.dir, PROJECT_FILE), modules }, captures, tables)
}

/** As typed on the command line, or as shown in messages: relative to the project. */
const findPath = (dir: string, path: string): string => (existsSync(resolve(path)) ? resolve(path) : resolve(dir, path))
