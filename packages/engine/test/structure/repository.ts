/** The repository as the structure tests see it: paths relative to its root, with forward slashes. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const ROOT = path.resolve(import.meta.dirname, '../../../..')

const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', '.git', '.tidemark'])
/** what `npm run demo` leaves behind in a clone */
const LEFT_OUT_OF_ROOT = 'demo'

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(path.join(ROOT, folder), { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name) || (folder === '' && entry.name === LEFT_OUT_OF_ROOT)) continue
    const file = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) yield* walk(file)
    else if (entry.isFile()) yield file
  }
}

export const FILES: readonly string[] = [...walk('')].toSorted()

export const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** TypeScript of the three packages, tests included, and of the examples. */
export const SOURCES: readonly string[] = FILES.filter((file) => /^(packages|examples)\/.*\.tsx?$/.test(file))

/** What is shipped: neither tests nor their support. */
export const SHIPPED: readonly string[] = SOURCES.filter(
  (file) => /^packages\/\w+\/src\//.test(file) && !/\.test\.tsx?$/.test(file),
)

/** Without comments, so that a rule named in one is not taken for code that breaks it. Line comments start a line or follow a blank. */
export const codeOf = (file: string): string =>
  read(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1')

export interface Import {
  readonly file: string
  readonly specifier: string
  readonly typeOnly: boolean
}

const STATIC = /^\s*(?:import|export)\s+(type\s+)?(?:[\w\s{},*$]*?\s*from\s*)?['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g
/** `import('x').T` in a type position needs no exemption: it is read like a dynamic import, the stricter reading. */
export function importsOf(file: string): readonly Import[] {
  const code = codeOf(file)
  return [
    ...[...code.matchAll(STATIC)].map((m) => ({ file, specifier: m[2] ?? '', typeOnly: m[1] !== undefined })),
    ...[...code.matchAll(DYNAMIC)].map((m) => ({ file, specifier: m[1] ?? '', typeOnly: false })),
  ]
}
