import { createRequire } from 'node:module'
import path from 'node:path'

const FOLDER = 'node_modules'

/** The folder of packages that the running program was installed with: real files, thousands of them, on every machine that plays the demo. */
export function installedPackages(): string {
  // any dependency that is installed beside the program leads there
  const file = createRequire(import.meta.url).resolve('pg')
  const parts = file.split(path.sep)
  return parts.slice(0, parts.indexOf(FOLDER) + 1).join(path.sep)
}
